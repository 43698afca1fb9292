"""The lines a log view keeps, without a screen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.logs.keeping.buffer import LogBuffer
from k9py.logs.keeping.scan import LineScan
from k9py.objects.search_pattern import compile_search
from k9py.tui.widgets.log_view import LineKind, LogLine
from k9py.tui.widgets.log_view.line import MAX_LINE_CHARACTERS, SourceColors, cleaned


def lines(first: int, count: int) -> list[LogLine]:
    return [LogLine(f"line {number}") for number in range(first, first + count)]


def texts(buffer: LogBuffer) -> list[str]:
    return [line.text for _, line in buffer.slice_from(buffer.first, len(buffer))]


def test_the_oldest_lines_are_dropped_and_counted() -> None:
    buffer = LogBuffer(16)
    buffer.extend(lines(0, 100))
    assert texts(buffer) == [f"line {number}" for number in range(84, 100)]
    assert (buffer.first, buffer.end, buffer.dropped) == (84, 100, 84)


def test_a_held_buffer_keeps_what_was_there_and_marks_what_it_lost_after_it() -> None:
    buffer = LogBuffer(16)
    buffer.extend(lines(0, 16))
    buffer.hold()
    buffer.extend(lines(16, 60))
    shown = texts(buffer)
    assert shown[:16] == [f"line {number}" for number in range(16)]
    assert shown[16] == "44 lines dropped while this view was held"
    assert shown[17:] == [f"line {number}" for number in range(60, 76)]
    assert (marker := buffer.line(59)) is not None
    assert marker.kind is LineKind.GAP


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 40), st.sampled_from(["hold", "release"])), max_size=30))
def test_numbers_ascend_and_lead_to_their_lines_whatever_is_added_held_and_released(steps: list[int | str]) -> None:
    buffer, added = LogBuffer(16), 0
    for step in steps:
        if step == "hold":
            buffer.hold()
        elif step == "release":
            buffer.release()
        elif isinstance(step, int):
            buffer.extend(lines(added, step))
            added += step
    numbers = [buffer.number_at(index) for index in range(len(buffer))]
    assert numbers == sorted(set(numbers))
    assert [buffer.index_of(number) for number in numbers] == list(range(len(buffer)))
    for number in numbers:
        line = buffer.line(number)
        assert line is not None
        assert line.kind is LineKind.GAP or line.text == f"line {number}"
    kept = len(buffer) - (1 if buffer.gap else 0)
    assert kept + buffer.dropped == added
    assert kept <= 2 * 18


def test_a_scan_finds_the_same_lines_in_slices_as_at_once_and_follows_the_buffer() -> None:
    pattern = compile_search("7")
    assert pattern is not None
    sliced, whole, buffer = LineScan(pattern, with_markers=False), LineScan(pattern, with_markers=False), LogBuffer(500)
    for start in range(0, 1200, 300):
        buffer.extend(lines(start, 300))
        while not sliced.advance(buffer, lambda: True):
            pass
    whole.advance(buffer, lambda: False)
    wanted = [number for number, line in buffer.slice_from(buffer.first, len(buffer)) if "7" in line.text]
    assert sliced.matches.numbers == whole.matches.numbers == wanted


def test_a_filter_never_hides_notices_and_gaps() -> None:
    pattern = compile_search("nothing like this")
    assert pattern is not None
    buffer = LogBuffer(10)
    buffer.extend([LogLine("a"), LogLine("lines may be missing", kind=LineKind.GAP), LogLine("b")])
    scan = LineScan(pattern, with_markers=True)
    scan.advance(buffer, lambda: False)
    assert scan.matches.numbers == [1]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]52;c;aGk=\x07copied", "copied"),
        ("a\tb", "a   b"),
        ("over\rwrite", "over write"),
        ("rtl\u202eevil", "rtl\ufffdevil"),
        ("bell\x07", "bell\ufffd"),
        ("日本語 ok", "日本語 ok"),
        ("[bold]no markup[/]", "[bold]no markup[/]"),
    ],
)
def test_lines_are_made_printable(raw: str, shown: str) -> None:
    assert cleaned(LogLine(raw)).text == shown


def test_a_printable_line_is_kept_as_it_is() -> None:
    line = LogLine("ok", "a", "b")
    assert cleaned(line) is line


def test_a_giant_line_is_cut_and_says_so() -> None:
    text = cleaned(LogLine("x" * (MAX_LINE_CHARACTERS + 5))).text
    assert text.endswith("… 5 more characters")


def test_sources_keep_their_colour_and_share_one_only_when_all_are_taken() -> None:
    colors = SourceColors(lambda: 12)
    first = {f"pod-{number}": colors.index(f"pod-{number}") % 12 for number in range(12)}
    assert len(set(first.values())) == 12
    assert {name: colors.index(name) % 12 for name in first} == first
    assert SourceColors(lambda: 12).index("pod-0") % 12 == first["pod-0"]


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [("error", "ERROR x", True), ("Error", "ERROR x", False), ("a[", "see a[0]", True), (r"\d{3}", "status 503", True)],
)
def test_searches(typed: str, text: str, found: bool) -> None:
    pattern = compile_search(typed)
    assert pattern is not None
    assert bool(pattern.search(text)) is found
