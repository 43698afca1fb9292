"""The lines a log view keeps: numbered, bounded by bytes; while the view is held, the lines being read are protected.

Every line has a number that never changes (0 for the first line ever added). The lines are kept in segments with
consecutive numbers; between two segments lines were dropped, and one marker takes their place. While the view follows,
the oldest lines are dropped when the buffer is full. While it is held, the lines that existed when the hold began are
pinned, and room for new ones is made in this order: the oldest pinned lines, up to a margin above the reader; as long
as pinned lines take more than three quarters of the capacity, that margin too and then the newest pinned lines; the
oldest of the new lines.

Invariants: `bytes` never exceeds `capacity`, held or not; numbers ascend; every line added since the last `clear` is
either kept or counted in `dropped`. To keep something else by number (search hits, marks): watch `first` and
`dropped_ranges`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from sys import getsizeof
from typing import Final

from k9py.logs import marker_text
from k9py.logs.buffer.chunked_lines import ChunkedLines
from k9py.logs.line import WHOLE_STREAM, LogLine

DEFAULT_CAPACITY: Final = 64 << 20
"""Bytes."""
LINE_BYTES: Final = 128
"""Bytes a kept line costs besides its text: struct, datetime, slot in the list, rounding (tests/unit measures it)."""
_TRIM_FRACTION: Final = 32
"""A 32nd of the capacity is freed at a time: many lines in one move of memory, without holding the event loop."""
_CHUNK_LINES: Final = 512
MARGIN_LINES: Final = 500
"""Lines above the reader's top line that are kept longer than those before them."""


def size_of(line: LogLine) -> int:
    """Return the bytes a kept line costs."""
    return getsizeof(line.text) + LINE_BYTES


class _Segment:
    """Lines with consecutive numbers."""

    __slots__ = ("bytes", "first", "lines")

    def __init__(self, first: int) -> None:
        self.first = first
        self.lines = ChunkedLines()
        self.bytes = 0

    @property
    def end(self) -> int:
        return self.first + len(self.lines)

    def drop_oldest(self, wanted: int, max_lines: int) -> tuple[int, int]:
        """Drop the oldest lines, `max_lines` at most, until `wanted` bytes are free; return (lines, bytes) dropped."""
        count = freed = 0
        for line in self.lines:
            if freed >= wanted or count >= max_lines:
                break
            count, freed = count + 1, freed + size_of(line)
        self.lines.drop_oldest(count)
        self.first += count
        self.bytes -= freed
        return count, freed

    def drop_newest(self, wanted: int) -> tuple[int, int]:
        """Drop the newest lines until `wanted` bytes are free; return (lines, bytes) dropped."""
        count = freed = 0
        for line in reversed(self.lines):
            if freed >= wanted:
                break
            count, freed = count + 1, freed + size_of(line)
        self.lines.drop_newest(count)
        self.bytes -= freed
        return count, freed


class LogBuffer:
    """Numbered lines, bounded.

    Args:
        capacity: bytes.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        if capacity < LINE_BYTES:
            raise ValueError(f"capacity must be at least {LINE_BYTES} bytes")
        self.capacity = capacity
        self.bytes = 0
        """What the kept lines take."""
        self.dropped = 0
        """Lines dropped to make room since the last `clear`, in all."""
        self.held = False
        self._slack = capacity // _TRIM_FRACTION
        self._segments = [_Segment(0)]
        self._base = 0
        self._top = 0

    # -- what is kept -------------------------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """Number of the oldest line kept."""
        return self._segments[0].first

    @property
    def end(self) -> int:
        """Number the next line will get."""
        return self._segments[-1].end

    @property
    def dropped_before_first(self) -> int:
        """Lines dropped before the oldest one kept."""
        return self.first - self._base

    @property
    def dropped_ranges(self) -> list[tuple[int, int]]:
        """(first, end) numbers of the lines dropped between kept ones; mostly there are none."""
        return [
            (segment.end, following.first)
            for segment, following in pairwise(self._segments)
            if segment.end < following.first
        ]

    def __len__(self) -> int:
        """Lines that can be shown, including the markers for dropped ones."""
        return sum(len(segment.lines) for segment in self._segments) + len(self.dropped_ranges)

    # -- adding and holding -------------------------------------------------------------------------------------------

    def extend(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end and make room for them."""
        segment = self._segments[-1]
        added = sum([getsizeof(line.text) for line in lines]) + LINE_BYTES * len(lines)
        segment.lines.extend(lines)
        segment.bytes += added
        self.bytes += added
        if self.bytes > self.capacity:
            self._make_room(self.bytes - self.capacity + self._slack)

    def hold(self, top: int) -> None:
        """Pin every line kept now. Call it at each move of the reader.

        Args:
            top: number of the line at the top of the reader's screen.
        """
        self.held = True
        self._top = top
        self._join()
        if len(self._segments[-1].lines):
            self._segments.append(_Segment(self.end))

    def release(self) -> None:
        """Unpin all lines: the oldest are dropped first."""
        self.held = False
        self._join()

    def clear(self) -> None:
        """Forget all lines and counts; numbers continue."""
        self._base = self.end
        self._segments = [_Segment(self._base)]
        self.bytes = self.dropped = 0
        self.held = False

    def _join(self) -> None:
        """Join the last two segments when no line was dropped between them."""
        if len(self._segments) > 1 and self._segments[-2].end == self._segments[-1].first:
            newest = self._segments.pop()
            self._segments[-1].lines.extend(newest.lines)
            self._segments[-1].bytes += newest.bytes

    def _make_room(self, wanted: int) -> None:
        segments = self._segments
        if not self.held:
            self._drop_oldest(wanted, len(segments))
            return
        wanted -= self._drop_oldest(wanted, len(segments) - 1, before=self._top - MARGIN_LINES)
        spare = sum(segment.bytes for segment in segments[:-1]) - self.capacity * 3 // 4
        freed = self._drop_oldest(min(wanted, spare), len(segments) - 1, before=self._top)
        wanted, spare = wanted - freed, spare - freed
        while wanted > 0 and spare > 0 and len(segments) > 1:
            count, freed = segments[-2].drop_newest(min(wanted, spare))
            self._count_dropped(count, freed)
            wanted, spare = wanted - freed, spare - freed
            if not len(segments[-2].lines):
                del segments[-2]
        if wanted > 0:
            self._count_dropped(*segments[-1].drop_oldest(wanted, len(segments[-1].lines)))

    def _drop_oldest(self, wanted: int, segment_count: int, before: int | None = None) -> int:
        """Drop the oldest lines until `wanted` bytes are free; return the bytes that are.

        Args:
            segment_count: only lines of the first segments are dropped.
            before: only lines before that number are dropped.
        """
        free = 0
        while segment_count > 0 and free < wanted:
            segment = self._segments[0]
            max_lines = len(segment.lines) if before is None else max(0, before - segment.first)
            count, freed = segment.drop_oldest(wanted - free, max_lines)
            self._count_dropped(count, freed)
            free += freed
            if len(segment.lines) or len(self._segments) == 1:
                break
            del self._segments[0]
            segment_count -= 1
        return free

    def _count_dropped(self, lines: int, freed: int) -> None:
        self.dropped += lines
        self.bytes -= freed

    # -- reading ------------------------------------------------------------------------------------------------------

    def number_at(self, index: int) -> int:
        """Return the number of the line at an index from the oldest, 0.

        A marker for dropped lines has the number of the last of them.
        """
        end = None
        for segment in self._segments:
            if end is not None and end < segment.first:
                if index == 0:
                    return segment.first - 1
                index -= 1
            if index < len(segment.lines):
                return segment.first + index
            index -= len(segment.lines)
            end = segment.end
        raise IndexError(index)

    def index_of(self, number: int) -> int:
        """Return the index of the line with that number, or of the first kept one after it (or the length)."""
        index, end = 0, None
        for segment in self._segments:
            if end is not None and end < segment.first:
                if number < segment.first:
                    return index
                index += 1
            if number < segment.end:
                return index + max(0, number - segment.first)
            index += len(segment.lines)
            end = segment.end
        return index

    def line(self, number: int) -> LogLine | None:
        """Return the line with that number, a marker for dropped ones, None when it is not kept."""
        end = None
        for segment in self._segments:
            if segment.first <= number < segment.end:
                return segment.lines[number - segment.first]
            if end is not None and number == segment.first - 1 and end <= number:
                return _drop_marker(segment.first - end)
            end = segment.end
        return None

    def slice_from(self, number: int, count: int) -> list[tuple[int, LogLine]]:
        """Return up to `count` kept lines with their numbers, from that number on."""
        numbered: list[tuple[int, LogLine]] = []
        end = None
        for segment in self._segments:
            if end is not None and end < segment.first and number < segment.first:
                numbered.append((segment.first - 1, _drop_marker(segment.first - end)))
            if number < segment.end:
                start = max(0, number - segment.first)
                lines = segment.lines.part(start, count - len(numbered))
                numbered += zip(range(segment.first + start, segment.end), lines, strict=False)
            if len(numbered) >= count:
                break
            end = segment.end
        return numbered[:count]

    def lines_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        """Yield the kept lines from a number on, before `end`; lines may be added and dropped while it runs.

        Lines that are dropped from now on are replaced by a marker.
        """
        return self._lines_between(max(number, self.first), min(end, self.end))

    def _lines_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        while number < end:
            if dropped := self.dropped_since(number, end):
                yield dropped
                number = dropped[0] + 1
                continue
            for at, line in self.slice_from(number, _CHUNK_LINES):
                if at >= end:
                    return
                yield at, line
                number = at + 1

    def dropped_since(self, number: int, end: int) -> tuple[int, LogLine] | None:
        """Return a marker for the lines from that number on, before `end`, that were dropped since they were read."""
        lines = min(self.first, end) - number
        if lines <= 0:
            return None
        return number + lines - 1, LogLine(WHOLE_STREAM, None, marker_text.dropped_while_read(lines), "gap")


def _drop_marker(lines: int) -> LogLine:
    return LogLine(WHOLE_STREAM, None, marker_text.dropped_while_paused(lines), "gap")
