"""The lines a log view keeps: a ring, and while the view is held, the lines on the screen pinned beside it.

Every line has a number that never changes (0 for the first line ever added). Followed, the oldest lines are dropped
when there are more than `capacity`. Held, what was there when the hold began is kept, new lines go to a ring of their
own of the same capacity, and if that overflows one marker line stands for what was dropped between the two.
Invariants: at most `2 * capacity + slack` lines are kept; numbers are ascending; every line that was dropped is
counted in `dropped`, and a held reader's lines keep their numbers and places.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from k9py.logs.line import ALL, LogLine

_TRIM_FRACTION: Final = 8
"""Lines are dropped an eighth of the capacity at a time: one move of memory for many lines."""


class LogBuffer:
    """Numbered lines, bounded."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("capacity must be at least 1 line")
        self.capacity = capacity
        self.dropped = 0
        """Lines dropped for want of room, in all."""
        self._slack = capacity // _TRIM_FRACTION
        self._pinned: list[LogLine] = []
        self._pinned_first = 0
        self._recent: list[LogLine] = []
        self._recent_first = 0

    @property
    def held(self) -> bool:
        """True while lines are pinned."""
        return bool(self._pinned)

    @property
    def first(self) -> int:
        """Number of the oldest line kept."""
        return self._pinned_first if self._pinned else self._recent_first

    @property
    def end(self) -> int:
        """Number the next line will get."""
        return self._recent_first + len(self._recent)

    @property
    def gap(self) -> int:
        """Lines dropped between the pinned and the recent ones."""
        if not self._pinned:
            return 0
        return self._recent_first - (self._pinned_first + len(self._pinned))

    def __len__(self) -> int:
        """Lines that can be shown, the marker for a gap included."""
        return len(self._pinned) + (1 if self.gap else 0) + len(self._recent)

    def extend(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end, dropping the oldest recent ones when there are too many."""
        self._recent += lines
        excess = len(self._recent) - self.capacity
        if excess > self._slack:
            del self._recent[:excess]
            self._recent_first += excess
            self.dropped += excess

    def hold(self) -> None:
        """Pin every line kept now."""
        if not self._pinned:
            self._pinned, self._pinned_first = self._recent, self._recent_first
            self._recent, self._recent_first = [], self._pinned_first + len(self._pinned)

    def release(self) -> None:
        """Go back to one ring; pinned lines that have no room any more are dropped."""
        if not self._pinned:
            return
        if self.gap:
            self.dropped += len(self._pinned)
        else:
            self._recent = self._pinned + self._recent
            self._recent_first = self._pinned_first
        self._pinned = []
        self.extend(())

    def clear(self) -> None:
        """Forget all lines; numbers go on."""
        self._recent_first = self.end
        self._recent = []
        self._pinned = []

    def number_at(self, index: int) -> int:
        """Return the number of the line at an index from the oldest, 0. A gap has the number of its last lost line."""
        pinned = len(self._pinned)
        if index < pinned:
            return self._pinned_first + index
        return self._recent_first + index - pinned - (1 if self.gap else 0)

    def index_of(self, number: int) -> int:
        """Return the index of the line with that number, or of the first kept one after it (or the length)."""
        pinned = len(self._pinned)
        if pinned and number < self._pinned_first + pinned:
            return max(0, number - self._pinned_first)
        gap = 1 if self.gap else 0
        return min(len(self), max(pinned, pinned + gap + number - self._recent_first))

    def line(self, number: int) -> LogLine | None:
        """Return the line with that number, a marker for a gap, None when it is not kept."""
        place = number - self._recent_first
        if 0 <= place < len(self._recent):
            return self._recent[place]
        place = number - self._pinned_first
        if 0 <= place < len(self._pinned):
            return self._pinned[place]
        if self._pinned and number == self._recent_first - 1 and self.gap:
            text = f"{self.gap:,} lines dropped while this view was held"
            return LogLine(ALL, None, text, "gap")
        return None

    def slice_from(self, number: int, count: int) -> Iterator[tuple[int, LogLine]]:
        """Yield up to `count` kept lines with their numbers, from that number on."""
        index = self.index_of(number)
        for at in range(index, min(index + count, len(self))):
            found = self.number_at(at)
            line = self.line(found)
            if line is not None:
                yield found, line


class Matches:
    """The ascending numbers of lines that match something; follows the buffer."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def add(self, numbers: Sequence[int]) -> None:
        """Add numbers greater than all there are."""
        self.numbers += numbers

    def forget_before(self, number: int) -> None:
        """Drop the numbers of lines that are no longer kept."""
        if self.numbers and self.numbers[0] < number:
            del self.numbers[: bisect_left(self.numbers, number)]

    def following(self, number: int) -> int | None:
        """Return the first match after that line, None when there is none."""
        at = bisect_left(self.numbers, number + 1)
        return self.numbers[at] if at < len(self.numbers) else None

    def preceding(self, number: int) -> int | None:
        """Return the last match before that line, None when there is none."""
        at = bisect_left(self.numbers, number)
        return self.numbers[at - 1] if at > 0 else None

    def position(self, number: int) -> int:
        """Return how many matches are at or before that line."""
        return bisect_left(self.numbers, number + 1)
