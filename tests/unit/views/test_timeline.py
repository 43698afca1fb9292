"""The timeline as both front ends show it: rows, the strip of time, details, JSON."""

from __future__ import annotations

from datetime import timedelta

from k9py.api.meta import ObjectRef
from k9py.cluster.timeline import TimelineReport
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.views.timeline import (
    COLUMNS,
    coverage_text,
    detail_lines,
    report_values,
    row,
    row_key,
    strip_lines,
)
from k9py.views.values import StyledLine, Tone
from tests.factories.meta import NOW, before, key

HOUR_AGO = NOW - timedelta(hours=1)


def entry(
    seconds: float = 60, what: str = "data changed", kind: EntryKind = EntryKind.CHANGE, **more: object
) -> TimelineEntry:
    about = more.pop("about", key("ConfigMap", "app"))
    assert isinstance(about, ObjectRef)
    return TimelineEntry(before(seconds), about, kind, what, **more)  # type: ignore[arg-type]


def text(line: StyledLine) -> str:
    return "".join(piece for piece, _ in line)


def test_a_row_has_a_cell_for_each_column_and_is_no_object_of_the_cluster() -> None:
    made = row(entry(by="argocd", source="managedFields", count=3), NOW)

    assert [cell.text for cell in made.cells] == [
        "", "11:59:00", "shop", "cm/app", "data changed (×3)", "argocd", "managedFields",
    ]  # fmt: skip
    assert len(made.cells) == len(COLUMNS)
    assert made.key != key("ConfigMap", "app")


def test_rows_of_two_entries_never_share_a_key_and_are_ordered_by_time() -> None:
    one, other = entry(60, "a"), entry(60, "b")
    newer = entry(59.5, "a")

    assert len({row_key(one), row_key(other), row_key(newer)}) == 3
    assert row(newer, NOW).rank < row(one, NOW).rank


def test_text_of_the_cluster_is_made_safe() -> None:
    hostile = entry(what="x\x1b[31m", by="a\nb", about=key("ConfigMap", "n\x07"), details=("d\x1b]0;x\x07",))
    made = row(hostile, NOW)
    lines = detail_lines(hostile, NOW)

    shown = [cell.text for cell in made.cells] + [text(line) for line in lines]
    assert not any(character in part for part in shown for character in "\x1b\x07\n")


def test_the_strip_counts_changes_and_marks_beginnings_and_the_cursor() -> None:
    entries = (
        entry(3599),
        *(entry(1800, f"change {number}") for number in range(4)),
        entry(1790, "pod created", EntryKind.POD),
        entry(900, "began", EntryKind.FINDING),
    )
    bars, axis = strip_lines(entries, HOUR_AGO, NOW, 60, at=before(300))

    assert text(bars) == "▃" + "·" * 29 + "█" + "·" * 29
    assert text(axis)[:6] == "1h ago"
    assert text(axis)[45] == "▲"
    assert text(axis)[55] == "◆"
    assert text(axis)[-3:] == "now"
    assert ("▲", Tone.FAIL) in axis


def test_a_strip_of_nothing_is_flat_and_entries_outside_stay_inside() -> None:
    bars, _ = strip_lines((), HOUR_AGO, NOW, 20)
    assert text(bars) == "·" * 20
    bars, _ = strip_lines((entry(9999), entry(-50)), HOUR_AGO, NOW, 20)
    assert text(bars)[0] == text(bars)[-1] == "▃"


def test_what_is_not_known_is_said() -> None:
    complete = TimelineReport(NOW, HOUR_AGO, None, ())
    partly = TimelineReport(NOW, HOUR_AGO, None, (), 3, (("Secret", "forbidden"),), is_complete=False)

    assert coverage_text(complete) == ""
    assert coverage_text(partly) == "reading… · 3 older entries left out · not readable: Secret"
    assert "by      unknown" in [text(line) for line in detail_lines(entry(), NOW)]


def test_the_json_names_its_schema_and_every_fact() -> None:
    made = entry(by="", details=("a → b",), is_approximate=True)
    values = report_values(TimelineReport(NOW, HOUR_AGO, key("Deployment", "web"), (made,), 0, (("Node", "no"),)))

    assert values["schema"] == "kdash.timeline/v1"
    assert values["since"] == "2026-11-22T11:00:00Z"
    assert values["object"]["name"] == "web"
    assert values["unread"] == [{"kind": "Node", "reason": "no"}]
    [shown] = values["entries"]
    assert shown == {
        "at": "2026-11-22T11:59:00Z",
        "approximate": True,
        "object": {"kind": "ConfigMap", "namespace": "shop", "name": "app", "group": ""},
        "kind": "change",
        "what": "data changed",
        "count": 1,
        "first": None,
        "by": None,
        "source": "",
        "warning": False,
        "details": ["a → b"],
    }


def test_a_label_of_the_strip_that_a_mark_would_cut_is_left_out() -> None:
    _, axis = strip_lines((), HOUR_AGO, NOW, 60, at=before(60))
    assert text(axis) == "1h ago" + " " * 53 + "◆"
    _, axis = strip_lines((entry(3500, "began", EntryKind.FINDING),), HOUR_AGO, NOW, 60)
    assert text(axis) == " ▲" + " " * 55 + "now"
