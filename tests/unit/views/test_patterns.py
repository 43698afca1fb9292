"""The patterns table: rows and texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k9py.logs.parsing.level import Level
from k9py.logs.templates.compare import ComparedPattern, PatternComparison
from k9py.views import patterns
from k9py.views.values import Row, Tone

NAMES = {"n": "revision 8", "o": "revision 7", "p": "revision 6"}


def pattern(identity: int = 1, **changes: Any) -> ComparedPattern:
    """Return a pattern that both revisions write ten times a minute."""
    usual = ComparedPattern("same", Level.INFO, "INFO it <num>", 100, 100, 10.0, 10.0, "INFO it 1", 7, identity)
    return usual._replace(**changes)


def comparison(*rows: ComparedPattern, **changes: Any) -> PatternComparison:
    """Return a comparison of ten container-minutes on both sides."""
    return PatternComparison(rows, 10.0, 10.0, 1000, 1000, 0, 0)._replace(**changes)


def shown(*rows: ComparedPattern, compared: bool = True, **changes: Any) -> list[Row]:
    """Return the rows in the order of the table."""
    return sorted(patterns.rows(comparison(*rows, **changes), compared=compared), key=lambda row: (row.rank, row.key))


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


def test_columns_are_named_by_the_revisions_where_they_have_numbers() -> None:
    def titles(old: tuple[str, ...], names: dict[str, str]) -> list[str]:
        return [column.title for column in patterns.columns("n", old, names)]

    assert titles(("o",), NAMES) == ["CHANGE", "LINES", "r8/min", "r7/min", "PATTERN"]
    assert titles(("o", "p"), NAMES) == ["CHANGE", "LINES", "r8/min", "old/min", "PATTERN"]
    assert titles(("o",), {"n": "web-5d9", "o": ""}) == ["CHANGE", "LINES", "new/min", "old/min", "PATTERN"]
    assert titles((), NAMES) == ["LINES", "lines/min", "PATTERN"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"change": "new"}, "new"),
        ({"change": "new", "is_sure": False}, "maybe new"),
        ({"change": "new", "note": "once", "is_sure": False}, "new, once"),
        ({"change": "new", "note": "at startup", "is_sure": False}, "new, start"),
        ({"change": "stopped", "new_count": 0, "new_rate": 0.0}, "gone"),
        ({"change": "more", "new_rate": 32.0}, "3.2× more"),
        ({"change": "more", "old_rate": 0.0}, "more"),
        ({"change": "fewer", "new_rate": 0.5}, "20× fewer"),
    ],
)
def test_what_changed_is_rendered_as_text(changes: dict[str, Any], message: str) -> None:
    (row,) = shown(pattern(**changes))
    assert row.cells[0].text == message


@pytest.mark.parametrize(
    ("rate", "count", "text"),
    [
        (None, 3, "?"),
        (None, 0, "–"),
        (0.0, 0, "0"),
        (0.0, 5, "start"),
        (0.02, 1, "<0.1"),
        (1.26, 9, "1.3"),
        (1234.5, 9, "1,234"),
    ],
)
def test_a_rate_that_is_not_known_is_not_zero(rate: float | None, count: int, text: str) -> None:
    (row,) = shown(pattern(change="new", new_rate=rate, new_count=count))
    assert row.cells[2].text == text


def test_what_is_sure_and_severe_comes_first_and_what_is_the_same_is_left_out() -> None:
    rows = shown(
        pattern(1),
        pattern(2, change="new", level=Level.ERROR, is_sure=False),
        pattern(3, change="fewer", new_rate=1.0),
        pattern(4, change="stopped", new_count=0, new_rate=0.0),
        pattern(5, change="new"),
        pattern(6, change="new", level=Level.WARN),
        pattern(7, change="new", level=Level.ERROR, new_count=3),
        pattern(8, change="new", level=Level.ERROR, new_count=3000),
        pattern(9, change="more", new_rate=30.0),
    )
    assert [int(row.key.name) for row in rows] == [8, 7, 6, 5, 4, 9, 3, 2]
    assert [row.tone for row in rows[:4]] == [Tone.FAIL, Tone.FAIL, Tone.WARN, Tone.PLAIN]
    assert rows[-1].tone is Tone.WARN, "an error that is perhaps not new is no failure of the release"


@pytest.mark.parametrize(
    ("notes", "others", "text", "tone"),
    [
        (("once", "once", "once"), 1, "3 more seen once", Tone.MUTED),
        (("once", ""), 1, "2 more possibly new", Tone.MUTED),
        (("once", "once"), 0, "2 seen once", Tone.MUTED),
    ],
)
def test_what_may_be_chance_is_one_line_until_it_is_expanded(
    notes: tuple[str, ...], others: int, text: str, tone: Tone
) -> None:
    sure = [pattern(90 + at, change="new") for at in range(others)]
    chance = [
        pattern(at, change="new", note=note, is_sure=False, new_count=1 if note == "once" else 2, old_count=0)
        for at, note in enumerate(notes)
    ]
    compared = comparison(*sure, *chance)
    folded = patterns.rows(compared, compared=True, folded=True)
    assert [row.key for row in folded[len(sure) :]] == [patterns.FOLD_KEY]
    assert (texts(folded[-1])[-1], folded[-1].tone) == (text, tone)
    unfolded = sorted(patterns.rows(compared, compared=True, folded=False), key=lambda row: (row.rank, row.key))
    assert unfolded[len(sure)].key == patterns.FOLD_KEY
    assert len(unfolded) == len(sure) + 1 + len(chance)


def test_errors_among_what_may_be_chance_are_counted_on_its_line() -> None:
    chance = [pattern(at, change="new", is_sure=False, level=Level.ERROR if at else Level.INFO) for at in range(3)]
    (row,) = patterns.rows(comparison(*chance), compared=True, folded=True)
    assert (texts(row)[-1], row.tone) == ("3 possibly new, 2 of them errors", Tone.WARN)


def test_one_line_that_may_be_chance_is_not_worth_folding() -> None:
    (row,) = patterns.rows(comparison(pattern(1, change="new", is_sure=False)), compared=True, folded=True)
    assert row.key != patterns.FOLD_KEY


def test_an_error_that_stopped_is_no_failure() -> None:
    (row,) = shown(pattern(change="stopped", level=Level.ERROR, new_count=0, old_count=40, new_rate=0.0))
    assert (row.tone, texts(row)[1]) == (Tone.PLAIN, "40")


def test_a_line_that_came_once_is_shown_itself_unless_it_is_a_record() -> None:
    once: dict[str, Any] = {"change": "new", "note": "once", "new_count": 1, "old_count": 0}
    (plain,) = shown(pattern(**once, example="ERROR no PAYMENT_URL"))
    (record,) = shown(pattern(**once, example='{"msg":"it"}'))
    assert (texts(plain)[-1], texts(record)[-1]) == ("ERROR no PAYMENT_URL", "INFO it <num>")


def test_lines_of_more_patterns_than_are_kept_and_rows_left_out_are_shown() -> None:
    many = [pattern(number, change="new") for number in range(patterns.MAX_ROWS + 2)]
    rows = shown(*many, new_others=1200)
    assert len(rows) == patterns.MAX_ROWS + 2
    assert {texts(row)[-1] for row in rows[-2:]} == {
        "and 2 more patterns",
        "1,200 lines of other patterns (too many to compare)",
    }


def test_one_revision_alone_is_shown_without_change() -> None:
    (row,) = shown(pattern(), compared=False)
    assert texts(row) == ["100", "10", "INFO it <num>"]


def test_the_title_counts_what_is_sure_and_what_is_not() -> None:
    rows = (pattern(1, change="new"), pattern(2, change="new", is_sure=False), pattern(3, change="more"))
    assert patterns.summary(comparison(*rows)) == "1 new, 1 possibly new, 0 gone, 1 changed"
    assert patterns.comparison_title("n", ("o",), NAMES) == "revision 8 against 7"
    assert patterns.comparison_title("n", ("o", "p"), NAMES) == "revision 8 against 2 older revisions"


def test_an_empty_table_shows_why() -> None:
    def empty_text(
        compared: PatternComparison | None, old: tuple[str, ...] = ("o",), *, uncounted: int = 0, skipped: int = 0
    ) -> str:
        return patterns.empty_text(compared, "n", old, NAMES, uncounted=uncounted, skipped=skipped)

    assert empty_text(None, ()) == "only one revision is running: nothing to compare yet"
    assert empty_text(None) == "no lines yet"
    assert empty_text(comparison(new_lines=0)) == "revision 8 has no logs yet"
    for early in (None, comparison(), comparison(new_lines=0), comparison(old_lines=0)):
        assert empty_text(early, uncounted=1030) == "counting 1,030 lines…", (
            "nothing is concluded before they are counted"
        )
    assert empty_text(comparison(new_lines=0), skipped=9) == "no lines of revision 8 counted: too many at once"
    assert empty_text(comparison(old_lines=0)) == "no logs of revision 7 read: nothing to compare with"
    assert empty_text(comparison(old_minutes=0.5)) == (
        "revision 8 logs the same as revision 7: observed 10 container-minutes of the new and 30 container-seconds of "
        "the old, startup excluded"
    )


def test_names_and_lines_of_a_cluster_are_made_harmless() -> None:
    evil = {"n": "revision 8\x1b[2J", "o": "re\x9bv"}
    shown_texts = [
        patterns.comparison_title("n", ("o",), evil),
        patterns.empty_text(comparison(new_lines=0), "n", ("o",), evil),
        *[column.title for column in patterns.columns("n", ("o",), evil)],
        *texts(shown(pattern(change="new", example="a\x1b]0;x\x07", new_count=1, old_count=0))[0]),
    ]
    assert all(text.isprintable() for text in shown_texts)


def test_an_example_is_shown_as_the_log_shows_it_with_the_time_of_the_first() -> None:
    first = datetime(2026, 1, 1, 12, 0, 3, tzinfo=UTC)
    record = '{"time":"2026-01-01T12:00:03Z","level":"error","msg":"it broke","order":"o-1"}'
    row = pattern(change="new", example=record, first_at=first)
    assert patterns.example_text(row) == "since 12:00:03 UTC · ERROR it broke  order=o-1"
    assert patterns.example_text(pattern(change="new", note="once", example="it broke")) == "it broke"


def test_new_errors_are_those_that_are_sure_without_their_fields() -> None:
    compared = comparison(
        pattern(1, change="new", level=Level.ERROR, template="no voucher: <num> {order, trace_id}"),
        pattern(2, change="new", level=Level.FATAL, template="it ends"),
        pattern(3, change="new", level=Level.WARN, template="slow"),
        pattern(4, change="new", level=Level.ERROR, template="perhaps", is_sure=False),
        pattern(5, change="more", level=Level.ERROR, template="more often"),
    )
    assert patterns.new_errors(compared) == ("no voucher: <num>", "it ends")
