"""Which patterns count as new, stopped or changed, and which differences are not significant."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level
from k9py.logs.templates.compare import ComparedPattern, PatternComparison, all_patterns, compare_patterns
from k9py.logs.templates.counts import PatternCounts
from tests.unit.logs.templates.lines import NEW, OLD, at, counted, line, never, steady

_BOTH = [*steady(OLD, "INFO handled {}", every=1, minutes=10), *steady(NEW, "INFO handled {}", every=1, minutes=10)]


def compared(lines: list[LogLine], *, established: bool = True) -> PatternComparison:
    return compare_patterns(counted(lines, established=established), "new", ["old"])


def kinds(comparison: PatternComparison) -> dict[str, str]:
    return {entry.template: entry.change for entry in comparison.rows}


def the(comparison: PatternComparison, pattern: str) -> ComparedPattern:
    (row,) = [entry for entry in comparison.rows if entry.template == pattern]
    return row


def test_patterns_of_only_the_new_revision_are_new_errors_first() -> None:
    lines = [
        *steady(NEW, "INFO warm {}", every=1, minutes=10),
        *steady(NEW, "ERROR lost {}", every=60, minutes=10),
        *_BOTH,
    ]
    comparison = compared(lines)
    assert kinds(comparison) == {"ERROR lost <num>": "new", "INFO warm <num>": "new", "INFO handled <num>": "same"}
    lost = comparison.rows[0]
    assert (lost.level, lost.template, lost.new_count, lost.old_count) == (Level.ERROR, "ERROR lost <num>", 10, 0)
    assert lost.is_sure
    assert lines[lost.example_number].text == lost.example == "ERROR lost 0"


def test_a_line_seen_once_is_marked_and_not_sure() -> None:
    comparison = compared([*_BOTH, line(NEW, 300, "ERROR odd")])
    assert (the(comparison, "ERROR odd").note, the(comparison, "ERROR odd").is_sure) == ("once", False)


def test_a_new_pattern_is_not_sure_if_the_old_revision_was_hardly_observed() -> None:
    old = steady(OLD, "INFO handled {}", every=1, minutes=0.2)
    new = [*steady(NEW, "INFO handled {}", every=1, minutes=10), *steady(NEW, "WARN slow {}", every=60, minutes=10)]
    slow = the(compared([*old, *new]), "WARN slow <num>")
    assert (slow.change, slow.is_sure) == ("new", False)


def test_stopped_is_reported_only_where_enough_lines_were_due() -> None:
    often = steady(OLD, "INFO synced {}", every=6, minutes=10)
    rarely = steady(OLD, "INFO rotated {}", every=200, minutes=10)
    assert kinds(compared([*often, *rarely, *_BOTH])) == {
        "INFO synced <num>": "stopped",
        "INFO rotated <num>": "same",
        "INFO handled <num>": "same",
    }
    new = steady(NEW, "INFO handled {}", every=1, minutes=0.3)
    old = steady(OLD, "INFO handled {}", every=1, minutes=10)
    assert "stopped" not in kinds(compared([*often, *old, *new])).values()


def test_an_example_of_what_stopped_is_of_the_old_revision() -> None:
    lines = [*_BOTH, *steady(OLD, "INFO synced {}", every=6, minutes=10)]
    stopped = the(compared(lines), "INFO synced <num>")
    assert lines[stopped.example_number].target is OLD


def test_rates_differ_by_their_time_not_by_their_counts() -> None:
    old = steady(OLD, "INFO handled {}", every=1, minutes=20)
    new = steady(NEW, "INFO handled {}", every=1, minutes=4)
    assert kinds(compared([*old, *new])) == {"INFO handled <num>": "same"}


def test_more_and_fewer_need_a_ratio_and_no_chance() -> None:
    old = [
        *steady(OLD, "WARN retry {}", every=10, minutes=10),
        *steady(OLD, "INFO hit {}", every=2, minutes=10),
        *steady(OLD, "INFO miss {}", every=2, minutes=10),
        *steady(OLD, "INFO odd {}", every=250, minutes=10),
    ]
    new = [
        *steady(NEW, "WARN retry {}", every=2.5, minutes=10),
        *steady(NEW, "INFO hit {}", every=8, minutes=10),
        *steady(NEW, "INFO miss {}", every=1.2, minutes=10),
        *steady(NEW, "INFO odd {}", every=100, minutes=10),
    ]
    comparison = compared([*_BOTH, *old, *new])
    assert kinds(comparison) == {
        "WARN retry <num>": "more",
        "INFO hit <num>": "fewer",
        "INFO miss <num>": "same",
        "INFO odd <num>": "same",
        "INFO handled <num>": "same",
    }
    ratio = the(comparison, "WARN retry <num>").ratio
    assert ratio is not None
    assert round(ratio) == 4


def test_the_same_behaviour_of_both_hardly_ever_differs() -> None:
    chance = random.Random(4)
    lines = [
        line(target, chance.uniform(0, 600), f"INFO {word} it is so {number}")
        for target in (OLD, NEW)
        for word in ("aa", "bb", "cc", "dd", "ee", "ff", "gg")
        for number in range(int(chance.gauss(60, 8)))
    ]
    assert set(kinds(compared(sorted(lines, key=lambda entry: entry.timestamp or at(0)))).values()) == {"same"}


def test_what_comes_at_a_known_start_is_no_change_of_rate() -> None:
    starting = NEW._replace(container_id="containerd://fresh")
    counts = counted([])
    counts.set_start_times({OLD.container_id: at(-3600), starting.container_id: at(600)})
    opening = [line(starting, 600 + number / 10, f"INFO reading part {number}") for number in range(100)]
    new = steady(starting, "INFO handled {}", every=1, minutes=10, start=600)
    old = [*steady(OLD, "INFO handled {}", every=1, minutes=20), line(OLD, 5, "INFO reading part 1")]
    counts.add(0, [*old, *opening, *new], never)
    assert kinds(compare_patterns(counts, "new", ["old"])) == {
        "INFO reading part <num>": "same",
        "INFO handled <num>": "same",
    }


def test_lines_of_a_start_are_compared_with_how_an_old_container_starts() -> None:
    young = [line(NEW, 1, "listening on :8080"), line(NEW, 2, "ERROR no cache"), line(NEW, 20, "INFO handled 3")]
    old = steady(OLD, "INFO handled {}", every=1, minutes=5)
    alone = compared([*old, *young], established=False)
    assert (the(alone, "listening on :<num>").note, the(alone, "listening on :<num>").is_sure) == (
        "at startup",
        False,
    )
    counts = counted([*old, *young], established=False)
    counts.add_baseline("old", [line(OLD, 0, "listening on :9090"), line(OLD, 0, "up")])
    known = compare_patterns(counts, "new", ["old"])
    assert kinds(known) == {"listening on :<num>": "same", "ERROR no cache": "new", "INFO handled <num>": "same"}
    assert (the(known, "ERROR no cache").note, the(known, "ERROR no cache").is_sure) == ("once", True)


def test_a_start_pattern_that_the_new_revision_repeats_all_the_time_is_more_frequent() -> None:
    counts = counted([*_BOTH, *steady(NEW, "INFO reconnecting {}", every=5, minutes=10)])
    counts.add_baseline("old", [line(OLD, 0, "INFO reconnecting 1")])
    row = the(compare_patterns(counts, "new", ["old"]), "INFO reconnecting <num>")
    assert (row.change, row.old_rate) == ("more", 0.0)


def test_without_old_revisions_nothing_is_compared_and_errors_come_first() -> None:
    counts = counted([*_BOTH, *steady(NEW, "ERROR lost {}", every=60, minutes=10)])
    alone = all_patterns(counts)
    assert [(entry.change, entry.template, entry.new_count) for entry in alone.rows] == [
        ("same", "ERROR lost <num>", 10),
        ("same", "INFO handled <num>", 1200),
    ]
    assert [entry.new_count for entry in compare_patterns(counts, "new", ()).rows] == [10, 600]


def test_lines_without_times_give_counts_and_no_rates() -> None:
    counts = PatternCounts()
    counts.add(0, [LogLine(target, None, "INFO handled 1") for target in (OLD, NEW, NEW)], never)
    (row,) = compare_patterns(counts, "new", ["old"]).rows
    assert (row.change, row.new_count, row.old_count, row.new_rate, row.old_rate) == ("same", 2, 1, None, None)


@given(
    st.lists(
        st.builds(
            line,
            st.sampled_from([NEW, OLD]),
            st.floats(0, 600),
            st.sampled_from(["INFO a", "ERROR b", "WARN c", "d 1", "e"]),
        ),
        max_size=60,
    )
)
def test_every_pattern_has_one_row_and_no_count_is_invented(lines: list[LogLine]) -> None:
    comparison = compared(lines, established=False)
    assert len({entry.template for entry in comparison.rows}) == len(comparison.rows)
    assert sum(entry.new_count for entry in comparison.rows) == comparison.new_lines
    assert sum(entry.old_count for entry in comparison.rows) == comparison.old_lines
    for row in comparison.rows:
        assert (row.change == "new") == (row.old_count == 0)
        assert row.change != "stopped" or row.new_count == 0
        assert lines[row.example_number].text == row.example


def test_an_error_of_a_container_that_never_gets_beyond_its_start_stands_first() -> None:
    crash = [line(NEW, 1, "starting"), line(NEW, 2, "ERROR no PAYMENT_URL")]
    proxy = steady(NEW._replace(container="proxy"), "GET /{}", every=1, minutes=10)
    old = steady(OLD, "INFO handled {}", every=1, minutes=10)
    rows = compared([*old, *crash, *proxy], established=False).rows
    assert (rows[0].template, rows[0].note, rows[0].is_significant) == ("ERROR no PAYMENT_URL", "at startup", True)


def test_patterns_that_a_crashing_container_never_reaches_have_not_stopped() -> None:
    sidecar = steady(NEW._replace(container="proxy"), "GET /{}", every=1, minutes=10)
    old = steady(OLD, "INFO handled {}", every=1, minutes=10)
    comparison = compared([*old, line(NEW, 1, "ERROR no PAYMENT_URL"), *sidecar])
    assert kinds(comparison)["INFO handled <num>"] == "same"


def test_a_revision_that_was_only_restarted_is_no_old_one() -> None:
    again = NEW._replace(revision="new-restarted", pod="checkout-again", uid="again", container_id="containerd://again")
    lines = [
        *_BOTH,
        *steady(NEW, "ERROR lost {}", every=30, minutes=10),
        *steady(again, "INFO handled {}", every=1, minutes=10),
    ]
    assert kinds(compare_patterns(counted(lines), "new-restarted", ["old", "new"]))["ERROR lost <num>"] == "stopped"
    together = compare_patterns(counted(lines), "new-restarted", ["old", "new"], ["new"])
    assert kinds(together)["ERROR lost <num>"] == "new"
