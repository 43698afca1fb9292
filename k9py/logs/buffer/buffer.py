"""The lines a log view keeps: numbered, bounded by bytes; while the view is held, what it reads is kept beside the new.

Every line has a number that never changes (0 for the first line ever added). The lines stand in runs of numbers without
a hole; between two runs lines were let go, and one marker line stands there for them. Followed, the oldest lines are
let go when there is no room. Held, what was there when the hold began is pinned, and room for new lines is made in this
order: the oldest pinned lines up to a margin above the reader; as long as the pinned ones take more than three quarters
of the room, that margin too and then the newest pinned ones; the oldest of the new lines.

Invariants: `bytes` is never above `capacity`, held or not; numbers ascend; every line added since the last `clear` is
either kept or counted in `dropped`. To keep something else by number (search hits, marks): look at `first` and `lost`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from sys import getsizeof
from typing import Final

from k9py.logs.buffer.lines import Lines
from k9py.logs.line import WHOLE_STREAM, LogLine

DEFAULT_CAPACITY: Final = 64 << 20
"""Bytes."""
LINE_BYTES: Final = 128
"""Bytes a kept line costs beside its text: struct, datetime, slot in the list, rounding (tests/unit measures it)."""
_TRIM_FRACTION: Final = 32
"""A 32nd of the room is freed at a time: one move of memory for many lines, and no long hold of the loop."""
_CHUNK_LINES: Final = 512
KEPT_ABOVE: Final = 500
"""Lines above the one the reader has on top that are kept longer than those before them."""


def size_of(line: LogLine) -> int:
    """Return the bytes a kept line costs."""
    return getsizeof(line.text) + LINE_BYTES


class _Run:
    """Lines whose numbers have no hole."""

    __slots__ = ("bytes", "first", "lines")

    def __init__(self, first: int) -> None:
        self.first = first
        self.lines = Lines()
        self.bytes = 0

    @property
    def end(self) -> int:
        return self.first + len(self.lines)

    def drop_oldest(self, wanted: int, most: int) -> tuple[int, int]:
        """Let go of the oldest lines, at most so many, until so many bytes are free; return (lines, bytes) let go."""
        count = freed = 0
        for line in self.lines:
            if freed >= wanted or count >= most:
                break
            count, freed = count + 1, freed + size_of(line)
        self.lines.drop_oldest(count)
        self.first += count
        self.bytes -= freed
        return count, freed

    def drop_newest(self, wanted: int) -> tuple[int, int]:
        """Let go of the newest lines until so many bytes are free; return (lines, bytes) let go."""
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
        """What the lines kept take."""
        self.dropped = 0
        """Lines let go for want of room since the last `clear`, in all."""
        self.held = False
        self._slack = capacity // _TRIM_FRACTION
        self._runs = [_Run(0)]
        self._base = 0
        self._top = 0

    # -- what is kept -------------------------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """Number of the oldest line kept."""
        return self._runs[0].first

    @property
    def end(self) -> int:
        """Number the next line will get."""
        return self._runs[-1].end

    @property
    def dropped_before_first(self) -> int:
        """Lines let go before the oldest one kept."""
        return self.first - self._base

    @property
    def dropped_ranges(self) -> list[tuple[int, int]]:
        """(first, end) numbers of the lines let go between kept ones; mostly there are none."""
        runs = self._runs
        return [(a.end, b.first) for a, b in pairwise(runs) if a.end < b.first]

    def __len__(self) -> int:
        """Lines that can be shown, the markers for lost ones included."""
        return sum(len(run.lines) for run in self._runs) + len(self.dropped_ranges)

    # -- adding and holding -------------------------------------------------------------------------------------------

    def extend(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end and make room for them."""
        run = self._runs[-1]
        added = sum([getsizeof(line.text) for line in lines]) + LINE_BYTES * len(lines)
        run.lines.add(lines)
        run.bytes += added
        self.bytes += added
        if self.bytes > self.capacity:
            self._make_room(self.bytes - self.capacity + self._slack)

    def hold(self, top: int) -> None:
        """Pin every line kept now, for a reader who has that number on top. To be called at each move of the reader."""
        self.held = True
        self._top = top
        self._join()
        if len(self._runs[-1].lines):
            self._runs.append(_Run(self.end))

    def release(self) -> None:
        """Pin nothing any more: the oldest lines go first."""
        self.held = False
        self._join()

    def clear(self) -> None:
        """Forget all lines and counts; numbers go on."""
        self._base = self.end
        self._runs = [_Run(self._base)]
        self.bytes = self.dropped = 0
        self.held = False

    def _join(self) -> None:
        """Make one run of the last two when no line is lost between them."""
        if len(self._runs) > 1 and self._runs[-2].end == self._runs[-1].first:
            newest = self._runs.pop()
            self._runs[-1].lines.add(newest.lines)
            self._runs[-1].bytes += newest.bytes

    def _make_room(self, wanted: int) -> None:
        runs = self._runs
        if not self.held:
            self._drop_oldest(wanted, len(runs))
            return
        wanted -= self._drop_oldest(wanted, len(runs) - 1, before=self._top - KEPT_ABOVE)
        spare = sum(run.bytes for run in runs[:-1]) - self.capacity * 3 // 4
        freed = self._drop_oldest(min(wanted, spare), len(runs) - 1, before=self._top)
        wanted, spare = wanted - freed, spare - freed
        while wanted > 0 and spare > 0 and len(runs) > 1:
            count, freed = runs[-2].drop_newest(min(wanted, spare))
            self._count(count, freed)
            wanted, spare = wanted - freed, spare - freed
            if not len(runs[-2].lines):
                del runs[-2]
        if wanted > 0:
            self._count(*runs[-1].drop_oldest(wanted, len(runs[-1].lines)))

    def _drop_oldest(self, wanted: int, runs: int, before: int | None = None) -> int:
        """Let go of the oldest lines of the first so many runs; return the bytes that are free now."""
        free = 0
        while runs > 0 and free < wanted:
            run = self._runs[0]
            most = len(run.lines) if before is None else max(0, before - run.first)
            count, freed = run.drop_oldest(wanted - free, most)
            self._count(count, freed)
            free += freed
            if len(run.lines) or len(self._runs) == 1:
                break
            del self._runs[0]
            runs -= 1
        return free

    def _count(self, lines: int, freed: int) -> None:
        self.dropped += lines
        self.bytes -= freed

    # -- reading ------------------------------------------------------------------------------------------------------

    def number_at(self, index: int) -> int:
        """Return the number of the line at an index from the oldest, 0. A loss has the number of its last lost line."""
        end = None
        for run in self._runs:
            if end is not None and end < run.first:
                if index == 0:
                    return run.first - 1
                index -= 1
            if index < len(run.lines):
                return run.first + index
            index -= len(run.lines)
            end = run.end
        raise IndexError(index)

    def index_of(self, number: int) -> int:
        """Return the index of the line with that number, or of the first kept one after it (or the length)."""
        index, end = 0, None
        for run in self._runs:
            if end is not None and end < run.first:
                if number < run.first:
                    return index
                index += 1
            if number < run.end:
                return index + max(0, number - run.first)
            index += len(run.lines)
            end = run.end
        return index

    def line(self, number: int) -> LogLine | None:
        """Return the line with that number, a marker for lost ones, None when it is not kept."""
        end = None
        for run in self._runs:
            if run.first <= number < run.end:
                return run.lines[number - run.first]
            if end is not None and number == run.first - 1 and end <= number:
                return _loss(run.first - end)
            end = run.end
        return None

    def slice_from(self, number: int, count: int) -> list[tuple[int, LogLine]]:
        """Return up to `count` kept lines with their numbers, from that number on."""
        found: list[tuple[int, LogLine]] = []
        end = None
        for run in self._runs:
            if end is not None and end < run.first and number < run.first:
                found.append((run.first - 1, _loss(run.first - end)))
            if number < run.end:
                start = max(0, number - run.first)
                lines = run.lines.part(start, count - len(found))
                found += zip(range(run.first + start, run.end), lines, strict=False)
            if len(found) >= count:
                break
            end = run.end
        return found[:count]

    def lines_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        """Yield the kept lines from a number on, before `end`; lines may be added and let go while it runs.

        Where lines are let go from now on there is a marker for them.
        """
        return self._lines_between(max(number, self.first), min(end, self.end))

    def _lines_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        while number < end:
            if gone := self.dropped_since(number, end):
                yield gone
                number = gone[0] + 1
                continue
            for at, line in self.slice_from(number, _CHUNK_LINES):
                if at >= end:
                    return
                yield at, line
                number = at + 1

    def dropped_since(self, number: int, end: int) -> tuple[int, LogLine] | None:
        """Return a marker for the lines from that number on, before `end`, that are older than those kept now."""
        lines = min(self.first, end) - number
        if lines <= 0:
            return None
        text = f"{lines:,} line{'' if lines == 1 else 's'} let go here while they were being read: no room for more"
        return number + lines - 1, LogLine(WHOLE_STREAM, None, text, "gap")


def _loss(lines: int) -> LogLine:
    text = f"{lines:,} line{'' if lines == 1 else 's'} let go here: the view was held and there was no room for more"
    return LogLine(WHOLE_STREAM, None, text, "gap")
