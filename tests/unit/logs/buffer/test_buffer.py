"""The lines a log view keeps, bounded by bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from sys import getsizeof

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.logs.buffer.buffer import LINE_BYTES, MARGIN_LINES, LogBuffer, size_of
from k9py.logs.line import LogLine
from tests.retained import retained_bytes
from tests.unit.logs.buffer.making import SIZE, WEB, line, lines, texts


def test_the_oldest_lines_are_dropped_and_counted() -> None:
    buffer = LogBuffer(16 * SIZE)
    buffer.extend(lines(0, 100))
    assert texts(buffer) == [entry.text for entry in lines(84, 16)] or texts(buffer) == [
        entry.text for entry in lines(85, 15)
    ]
    assert buffer.end == 100
    assert buffer.dropped_before_first == buffer.dropped == buffer.first == 100 - len(buffer)
    assert buffer.bytes == len(buffer) * SIZE


def test_a_held_buffer_keeps_what_was_there_and_marks_what_it_lost_after_it() -> None:
    buffer = LogBuffer(40 * SIZE)
    buffer.extend(lines(0, 30))
    buffer.hold(0)
    buffer.extend(lines(30, 60))
    shown = texts(buffer)
    assert shown[:30] == [entry.text for entry in lines(0, 30)]
    assert shown[30].endswith("lines dropped here: the log buffer was full while the view was paused")
    assert shown[-1] == "line 00089"
    ((first, end),) = buffer.dropped_ranges
    assert first == 30
    assert shown[31:] == [entry.text for entry in lines(end, 90 - end)]
    assert shown[30].startswith(f"{end - first} lines")
    marker = buffer.line(end - 1)
    assert marker is not None
    assert marker.marker == "gap"
    assert buffer.dropped_before_first == 0
    assert buffer.dropped == end - first


def test_lines_above_the_reader_are_dropped_before_newer_ones() -> None:
    buffer = LogBuffer(1000 * SIZE)
    buffer.extend(lines(0, 1000))
    buffer.hold(900)
    buffer.extend(lines(1000, 300))
    assert not buffer.dropped_ranges
    assert 300 <= buffer.first <= 400
    buffer.extend(lines(1300, 1000))
    assert buffer.first == 900 - MARGIN_LINES
    assert buffer.dropped_ranges


def test_huge_lines_above_the_reader_are_dropped_before_those_being_read() -> None:
    buffer = LogBuffer(40 * SIZE)
    buffer.extend(lines(0, 40))
    buffer.hold(35)
    buffer.extend(lines(40, 30))
    assert [buffer.line(number) for number in range(35, 40)] == lines(35, 5)


def test_holding_everything_leaves_a_quarter_of_the_capacity_for_new_lines() -> None:
    buffer = LogBuffer(40 * SIZE)
    buffer.extend(lines(0, 40))
    buffer.hold(0)
    buffer.extend(lines(40, 200))
    ((first, end),) = buffer.dropped_ranges
    assert first in (29, 30)
    assert 230 <= end <= 232
    assert buffer.end == 240


def test_a_reader_who_scrolls_to_new_lines_keeps_them() -> None:
    buffer = LogBuffer(40 * SIZE)
    buffer.extend(lines(0, 20))
    buffer.hold(19)
    buffer.extend(lines(20, 20))
    buffer.hold(30)
    buffer.extend(lines(40, 200))
    assert buffer.line(30) == lines(30, 1)[0]
    assert buffer.end == 240


def test_after_a_release_the_loss_is_still_reported_until_what_is_before_it_has_gone() -> None:
    buffer = LogBuffer(40 * SIZE)
    buffer.extend(lines(0, 30))
    buffer.hold(0)
    buffer.extend(lines(30, 60))
    buffer.release()
    assert buffer.dropped_ranges
    buffer.extend(lines(90, 40))
    assert not buffer.dropped_ranges
    assert texts(buffer) == [entry.text for entry in lines(buffer.first, 130 - buffer.first)]


def test_clearing_drops_lines_and_counts_but_numbers_continue() -> None:
    buffer = LogBuffer(16 * SIZE)
    buffer.extend(lines(0, 100))
    buffer.clear()
    assert (len(buffer), buffer.bytes, buffer.dropped, buffer.dropped_before_first, buffer.first, buffer.end) == (
        0,
        0,
        0,
        0,
        100,
        100,
    )


def test_reading_continues_while_lines_are_added_and_dropped() -> None:
    buffer = LogBuffer(2000 * SIZE)
    buffer.extend(lines(0, 2000))
    seen: list[int] = []
    marked: list[int] = []
    for number, entry in buffer.lines_between(0, buffer.end):
        (marked if entry.marker else seen).append(number)
        if number == 700:
            buffer.extend(lines(2000, 1000))
    assert seen == sorted(set(seen))
    assert seen[-1] == 1999
    assert len(seen) < 2000
    assert len(marked) == 1
    assert marked[0] not in seen


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60), st.booleans()), max_size=12))
def test_what_is_dropped_while_lines_are_read_is_marked_and_counted(moves: list[tuple[int, int, bool]]) -> None:
    buffer = LogBuffer(700 * SIZE)
    buffer.extend(lines(0, 690))
    reading, reported, last = buffer.lines_between(0, buffer.end), 0, -1
    for read, added, clears in [*moves, (10_000, 0, False)]:
        for number, entry in islice(reading, read):
            assert number > last
            reported += int(entry.text.split()[0].replace(",", "")) if entry.marker else 1
            last = number
        buffer.extend(lines(buffer.end, added * 20))
        if clears:
            buffer.clear()
    assert reported == 690


def test_a_capacity_without_room_for_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        LogBuffer(10)


def test_the_bytes_counted_for_a_line_are_what_it_costs() -> None:
    count = 20_000
    buffer = LogBuffer()
    for start in range(0, count, 100):
        buffer.extend([LogLine(WEB, datetime.fromtimestamp(start + n, UTC), f"{start + n:0120}") for n in range(100)])
    used = retained_bytes(buffer, apart_from=WEB)
    assert used <= buffer.bytes <= 1.15 * used


step = st.one_of(
    st.lists(st.integers(0, 3000), max_size=40),
    st.tuples(st.just("hold"), st.integers(0, 400)),
    st.just("release"),
    st.just("clear"),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(step, max_size=30), st.integers(LINE_BYTES, 40 * SIZE))
def test_the_bound_holds_and_numbers_lead_to_their_lines(
    steps: list[list[int] | tuple[str, int] | str], capacity: int
) -> None:
    buffer, added, since_clear = LogBuffer(capacity), list[str](), 0
    for step in steps:
        if isinstance(step, list):
            batch = [line(f"{len(added) + at}:{'x' * length}") for at, length in enumerate(step)]
            buffer.extend(batch)
            added += [entry.text for entry in batch]
            since_clear += len(batch)
        elif isinstance(step, tuple):
            buffer.hold(step[1])
        elif step == "release":
            buffer.release()
        else:
            buffer.clear()
            since_clear = 0
        assert buffer.bytes <= buffer.capacity
        numbers = [buffer.number_at(index) for index in range(len(buffer))]
        assert numbers == sorted(set(numbers))
        assert [buffer.index_of(number) for number in numbers] == list(range(len(buffer)))
        lines = buffer.slice_from(0, len(buffer) + 5)
        assert [number for number, _ in lines] == numbers
        assert list(buffer.lines_between(0, buffer.end)) == lines
        kept = 0
        for number, entry in lines:
            assert buffer.line(number) == entry
            if not entry.marker:
                kept += size_of(entry)
                assert entry.text == added[number]
        assert kept == buffer.bytes
        assert len([entry for _, entry in lines if not entry.marker]) + buffer.dropped == since_clear
        assert len([entry for _, entry in lines if entry.marker]) == len(buffer.dropped_ranges)
        assert buffer.end == len(added)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 39), st.lists(st.integers(1, 60), max_size=20))
def test_a_held_page_that_fits_is_never_dropped(first: int, batches: list[int]) -> None:
    buffer, page = LogBuffer(40 * SIZE), 10
    buffer.extend(lines(0, 40))
    first = max(first, buffer.first)
    buffer.hold(first)
    added = 40
    for count in batches:
        buffer.extend(lines(added, count))
        added += count
    for number in range(first, min(first + page, 40)):
        assert buffer.line(number) == lines(number, 1)[0]


def test_the_size_of_a_line_counts_wide_text_as_it_is_kept() -> None:
    assert size_of(line("日本")) == getsizeof("日本") + LINE_BYTES
