"""Ascending numbers of kept lines, such as those a search found, kept in step with a buffer: eight bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort

from k9py.logs.buffer.buffer import LogBuffer


class Numbers:
    """Ascending line numbers without duplicates."""

    def __init__(self) -> None:
        self.all = array("q")

    def __len__(self) -> int:
        return len(self.all)

    def __contains__(self, number: int) -> bool:
        at = bisect_left(self.all, number)
        return at < len(self.all) and self.all[at] == number

    def add(self, number: int) -> None:
        """Add a number that is not there; mostly one greater than all there are."""
        if not self.all or number > self.all[-1]:
            self.all.append(number)
        else:
            insort(self.all, number)

    def discard(self, number: int) -> None:
        """Take a number out, if it is there."""
        if number in self:
            del self.all[bisect_left(self.all, number)]

    def forget(self, buffer: LogBuffer) -> bool:
        """Take out the numbers of lines that are no longer kept; True when there were any."""
        before = len(self.all)
        if self.all and self.all[0] < buffer.first:
            del self.all[: bisect_left(self.all, buffer.first)]
        for first, end in buffer.lost:
            del self.all[bisect_left(self.all, first) : bisect_left(self.all, end)]
        return len(self.all) != before

    def following(self, number: int) -> int | None:
        """Return the first one after that number, None when there is none."""
        at = bisect_left(self.all, number + 1)
        return self.all[at] if at < len(self.all) else None

    def preceding(self, number: int) -> int | None:
        """Return the last one before that number, None when there is none."""
        at = bisect_left(self.all, number)
        return self.all[at - 1] if at > 0 else None

    def position(self, number: int) -> int:
        """Return how many are at or before that number."""
        return bisect_left(self.all, number + 1)
