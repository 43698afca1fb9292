"""Counting: every line once, in bounds, whatever the slices."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count as numbers

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.templates import counts as counting
from k9py.logs.templates.counts import PatternCounts
from k9py.logs.templates.observation import Observations, Phase
from tests.unit.logs.templates.lines import NEW, OLD, at, counted, line, never

_TEXTS = st.one_of(
    st.sampled_from(
        ["", "   ", "  at x.y(Z.java:3)", "up 1", "up 22", "ERROR it broke", '{"msg":"a"}', "\x1b[31mred\x1b[0m"]
    ),
    st.text(max_size=30),
)
_LINES = st.lists(
    st.builds(
        LogLine,
        st.sampled_from([NEW, OLD, WHOLE_STREAM]),
        st.one_of(st.none(), st.integers(0, 300).map(at)),
        _TEXTS,
        st.sampled_from(["", "", "", "", "gap", "start", "end", "note"]),
    ),
    max_size=40,
)


def snapshot(counts: PatternCounts) -> object:
    return (
        [
            (
                entry.template,
                {revision: (tally.lines_by_phase, tally.example) for revision, tally in entry.tallies.items()},
            )
            for entry in counts.patterns.values()
        ],
        {
            revision: (heard.lines, heard.seconds_by_phase)
            for revision, heard in counts.observations.by_revision.items()
        },
        counts.uncategorized_lines,
        counts.continuation_lines,
    )


def pausing(every: int) -> Callable[[], bool]:
    ticks = numbers(1)
    return lambda: next(ticks) % every == 0


@given(_LINES)
def test_every_line_is_counted_once(lines: list[LogLine]) -> None:
    counts = counted(lines)
    in_patterns = sum(tally.count for entry in counts.patterns.values() for tally in entry.tallies.values())
    output = sum(1 for entry in lines if not entry.marker)
    assert in_patterns + counts.continuation_lines + sum(counts.uncategorized_lines.values()) == output == counts.lines


@given(_LINES, st.integers(1, 3))
def test_slices_change_nothing(lines: list[LogLine], every: int) -> None:
    whole, sliced = counted(lines, established=False), PatternCounts()
    taken, should_pause = 0, pausing(every)
    while taken < len(lines):
        more = sliced.add(taken, lines[taken:], should_pause)
        assert more > 0
        taken += more
    assert snapshot(sliced) == snapshot(whole)


@given(_LINES)
def test_what_is_kept_of_lines_is_printable(lines: list[LogLine]) -> None:
    for pattern in counted(lines).patterns.values():
        kept = [pattern.template.text, *(tally.example for tally in pattern.tallies.values())]
        assert [plain_text(text) for text in kept] == kept


def test_the_number_of_patterns_is_bounded_and_other_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MAX_PATTERNS", 10)
    letters = "abcdefghijklmnopqrst"
    counts = counted([line(NEW, index, letter * 3) for index, letter in enumerate(letters * 2)])
    assert len(counts.patterns) == 10
    assert counts.uncategorized_lines == {"new": 20}


def test_lines_of_a_stack_trace_belong_to_the_line_above() -> None:
    trace = [
        "ERROR it broke",
        "    at shop.Pay(Pay.java:41)",
        "\tat shop.Cart(Cart.java:7)",
        "",
        "  WARN indented, but a line",
    ]
    counts = counted([line(NEW, 0, text) for text in trace])
    assert [entry.text for entry in counts.patterns] == ["ERROR it broke", "  WARN indented, but a line"]
    assert counts.continuation_lines == 3


def test_an_example_is_the_first_line_while_it_is_kept_then_the_last() -> None:
    counts = counted([line(NEW, number, f"up {number}") for number in range(10)])
    (pattern,) = counts.patterns.values()
    tally = pattern.tallies["new"]
    assert (counts.example_number(tally), tally.example) == (0, "up 0")
    counts.forget_before(5)
    assert counts.example_number(tally) == 9


def test_first_and_last_seen_are_the_times_of_the_lines_whatever_their_order() -> None:
    counts = counted([line(NEW, seconds, "up") for seconds in (5, 2, 9, 7)])
    (pattern,) = counts.patterns.values()
    tally = pattern.tallies["new"]
    assert (tally.first_at, tally.last_at) == (at(2), at(9))


def seconds_by_phase(runs: Observations, revision: str = "new") -> dict[str, float]:
    return {
        phase.name: runs.by_revision[revision].seconds_by_phase[phase]
        for phase in Phase
        if runs.by_revision[revision].seconds_by_phase[phase]
    }


def test_time_is_the_span_of_a_containers_lines_summed_over_containers() -> None:
    other = NEW._replace(pod="web-new-2", container_id="containerd://n2")
    counts = PatternCounts()
    counts.set_start_times({NEW.container_id: at(-3600), other.container_id: at(-3600)})
    lines = [line(NEW, 100, "a"), line(other, 130, "a"), line(NEW, 160, "a"), line(other, 140, "a"), line(NEW, 90, "a")]
    counts.add(0, lines, never)
    assert seconds_by_phase(counts.observations) == {"STEADY": 80.0}
    assert counts.observations.by_revision["new"].lines == 5


def test_the_first_seconds_after_a_known_start_are_the_beginning() -> None:
    counts = PatternCounts()
    counts.set_start_times({NEW.container_id: at(0)})
    counts.add(0, [line(NEW, seconds, "up") for seconds in (10, 29, 31, 60)], never)
    assert seconds_by_phase(counts.observations) == {"STARTING": 20.0, "STEADY": 30.0}
    (pattern,) = counts.patterns.values()
    assert pattern.tallies["new"].lines_by_phase == [2, 2, 0]


def test_without_a_known_start_the_first_seconds_are_perhaps_one() -> None:
    counts = counted([line(NEW, seconds, "up") for seconds in (10, 29, 31, 60)], established=False)
    assert seconds_by_phase(counts.observations) == {"MAYBE_STARTING": 30.0, "STEADY": 20.0}
    (pattern,) = counts.patterns.values()
    assert pattern.tallies["new"].lines_by_phase == [1, 0, 3]


def test_a_start_marker_begins_a_run() -> None:
    lines = [
        line(NEW, 0, "up"),
        line(NEW, 100, "up"),
        LogLine(NEW, at(500), "web started", "start"),
        line(NEW, 510, "up"),
    ]
    counts = counted([*lines, line(NEW, 560, "up")])
    assert seconds_by_phase(counts.observations) == {"STEADY": 150.0}  # the kubelet's start time takes precedence
    unknown = counted([*lines, line(NEW, 560, "up")], established=False)
    assert seconds_by_phase(unknown.observations) == {"MAYBE_STARTING": 30.0, "STEADY": 100.0, "STARTING": 20.0}


def test_a_baseline_is_known_and_not_counted() -> None:
    counts = PatternCounts()
    counts.add_baseline("old", [line(OLD, 0, "listening on :8080"), line(OLD, 0, "listening on :9090")])
    (pattern,) = counts.patterns.values()
    assert pattern.baseline_revisions == {"old"}
    assert counts.baseline_revisions == {"old"}
    assert not pattern.tallies
    assert counts.lines == 0


def test_the_beginning_of_a_rotated_log_shows_what_is_written_and_not_how_a_container_starts() -> None:
    counts = PatternCounts()
    counts.set_start_times({OLD.container_id: at(0)})
    counts.add_baseline("old", [line(OLD, 900, "tax table read")])
    assert [entry.baseline_revisions for entry in counts.patterns.values()] == [{"old"}]
    assert counts.baseline_revisions == frozenset()
    counts.add_baseline("old", [line(OLD, 1, "up")])
    assert counts.baseline_revisions == frozenset(), "the start of one of its containers is still not known"


def test_a_baseline_is_learnt_in_slices() -> None:
    counts, lines = PatternCounts(), [line(OLD, 0, text) for text in ("up", "listening on :8080", "ready")]
    begin = counts.add_baseline("old", lines, lambda: True)
    assert (begin, [entry.text for entry in counts.patterns]) == (1, ["up"])
    assert counts.add_baseline("old", lines, never, begin=begin) == 3
    assert [entry.baseline_revisions for entry in counts.patterns.values()] == [{"old"}] * 3


def test_of_a_long_line_only_the_beginning_is_looked_at_but_of_a_record_all() -> None:
    begin = "cannot read " + "x" * counting.MAX_READ
    counts = PatternCounts()
    long = '{"level":"error","msg":"cannot read","body":"' + "y" * counting.MAX_READ + '"}'
    lines = [line(NEW, 0, f"{begin}{end}") for end in ("\x1b[31m", "\x01" * 60_000, " ERROR")] + [line(NEW, 0, long)]
    counts.add(0, lines, never)
    assert sorted(
        (entry.level.name, sum(t.count for t in entry.tallies.values())) for entry in counts.patterns.values()
    ) == [
        ("ERROR", 1),
        ("UNKNOWN", 3),
    ]
