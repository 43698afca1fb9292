"""Ascending numbers of kept lines, such as search hits, kept in step with a buffer: eight bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort

from k9py.logs.buffer.buffer import LogBuffer


class LineNumbers:
    """Ascending line numbers without duplicates."""

    def __init__(self) -> None:
        self.values = array("q")

    def __len__(self) -> int:
        return len(self.values)

    def __contains__(self, number: int) -> bool:
        at = bisect_left(self.values, number)
        return at < len(self.values) and self.values[at] == number

    def add(self, number: int) -> None:
        """Add a number that is not contained yet; fast when it is greater than all others."""
        if not self.values or number > self.values[-1]:
            self.values.append(number)
        else:
            insort(self.values, number)

    def discard(self, number: int) -> None:
        """Remove a number, if it is contained."""
        if number in self:
            del self.values[bisect_left(self.values, number)]

    def forget_dropped(self, buffer: LogBuffer) -> bool:
        """Remove the numbers of lines that are no longer kept; return whether there were any."""
        before = len(self.values)
        if self.values and self.values[0] < buffer.first:
            del self.values[: bisect_left(self.values, buffer.first)]
        for first, end in buffer.dropped_ranges:
            del self.values[bisect_left(self.values, first) : bisect_left(self.values, end)]
        return len(self.values) != before

    def following(self, number: int) -> int | None:
        """Return the first number after that one, None when there is none."""
        at = bisect_left(self.values, number + 1)
        return self.values[at] if at < len(self.values) else None

    def preceding(self, number: int) -> int | None:
        """Return the last number before that one, None when there is none."""
        at = bisect_left(self.values, number)
        return self.values[at - 1] if at > 0 else None

    def rank(self, number: int) -> int:
        """Return how many numbers are less than or equal to that one."""
        return bisect_left(self.values, number + 1)
