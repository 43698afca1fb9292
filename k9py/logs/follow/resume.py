"""How far a log has been delivered, and what a stream opened again proves about it.

The rule: a log is opened again some seconds before the last lines delivered; the server repeats them, and what stands
behind them is new, whatever its timestamps say: they may step back (two pipes of one container, a clock put right).
Where they do not come again they are not in that log, so no line of it was delivered, and lines may be missing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from k9py.logs.line import LogLine, Timestamp, parse_timestamp, split_line
from k9py.logs.source import PartialLine

KEPT: Final = 32
"""Lines by which a log is known again."""

STEPS_BACK: Final = timedelta(seconds=5)
"""What timestamps may step back from one line to the next: a log is opened again so long before the last lines."""

_MOST_WITHHELD: Final = 8 << 20
"""Bytes kept until it is known whether they were delivered."""


@dataclass(slots=True)
class Position:
    """The last lines delivered.

    Args:
        last: timestamp of the last line that has one; None before the first.
        highest: the latest timestamp of all.
        recent: the last lines that have a timestamp, as their hash and that.
        same: how many of them, the last ones, are alike.
        behind: lines without a timestamp that came behind those: a kubelet may say them once and not again.
        open_line: the line behind them that the last stream ended inside, not delivered (or shown as it stood): where
            a stream has it, nothing is missing before it.
    """

    last: Timestamp | None = None
    highest: Timestamp | None = None
    recent: deque[tuple[int, datetime]] = field(default_factory=lambda: deque(maxlen=KEPT))
    same: int = 0
    behind: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    open_line: PartialLine | None = None

    @property
    def at(self) -> datetime | None:
        """The last timestamp; None before the first line that has one."""
        return self.last.at if self.last else None

    @property
    def since(self) -> datetime | None:
        """From when on a log is to be read to meet the last lines again; None to read all of it."""
        return min(at for _, at in self.recent) - STEPS_BACK if self.recent else None

    def move(
        self, lines: Sequence[bytes], taken: Sequence[LogLine], last: Timestamp | None, highest: Timestamp | None
    ) -> None:
        """Lines were delivered, as bytes and as what was made of them."""
        alike = next((count for count, line in enumerate(reversed(lines)) if line != lines[-1]), len(lines))
        begin = 0 if alike == len(lines) else max(0, len(lines) - max(alike, KEPT))
        for line, one in zip(lines[begin:], taken[begin:], strict=True):
            if one.timestamp is None or first_stamp(line) is None:
                self.behind.append(hash(line))
                continue
            self.same = self.same + 1 if self.recent and self.recent[-1][0] == hash(line) else 1
            self.recent.append((hash(line), one.timestamp))
            self.behind.clear()
        self.last, self.highest = last, highest

    def clear(self) -> None:
        """Nothing of the log that comes was delivered."""
        self.last = self.highest = self.open_line = None
        self.recent.clear()
        self.behind.clear()
        self.same = 0


class Resume:
    """Drops the lines of a log opened again that were delivered before.

    `proven`: ours came again, so nothing is missing. `done`: it is known what is new. `unplaced`: where it is done and
    not proven, lines that came before the one that decided: they are new too if the log is the present one.

    Args:
        is_there: whether ours, or the last of them, are in this log, where that was looked for: then its first line
            is new, or what is behind those it begins with.
    """

    def __init__(self, position: Position, *, is_there: bool | None = None) -> None:
        ours = [one for one, _ in position.recent]
        self._ours = [ours[0]] * position.same if len(set(ours)) == 1 else ours
        self._highest = None if is_there is False else position.highest
        self._is_there = is_there
        begun = position.open_line
        self._open_line = begun if begun is not None and first_stamp(begun) is not None else None
        self._withheld: list[bytes] = []
        self._hashes: list[int] = []  # of those that have a timestamp, and where they stand
        self._places: list[int] = []
        self._behind = set(position.behind)
        self._size = 0
        self._is_whole = is_there is not False
        self.proven = False
        self.done = False
        self.is_told = False
        self.unplaced: Sequence[bytes] = ()

    @property
    def withholds(self) -> bool:
        """True while lines came of which it is not known whether they are new."""
        return bool(self._withheld)

    def after(self, batch: Sequence[bytes]) -> Sequence[bytes]:
        """Return the lines of the batch that are known to be new."""
        if self.done:
            return self._not_said_before(batch) if self._behind else batch
        begin = len(self._hashes)
        moments: list[Timestamp] = []
        for place, line in enumerate(batch, len(self._withheld)):
            if (moment := first_stamp(line)) is not None:
                moments.append(moment)
                self._hashes.append(hash(line))
                self._places.append(place)
        self._withheld += batch
        length = len(self._ours)
        for index in range(max(begin, length - 1), len(self._hashes)):
            if self._hashes[index] == self._ours[-1] and self._hashes[index + 1 - length : index + 1] == self._ours:
                return self._prove(index + 1)
        if (at := self._place_of_open_line(len(self._withheld) - len(batch))) is not None:
            return self._settle(at, proven=True)
        for index, moment in enumerate(moments, begin):
            if self._highest is None or moment > self._highest:
                if overlap := self._overlap(index):
                    return self._prove(overlap)
                self.unplaced = self._withheld[: self._places[index]]
                return self._settle(self._places[index], proven=False)
        if self._is_there and (overlap := self._overlap(len(self._hashes))):
            return self._prove(overlap)
        self._bound(batch)
        return ()

    def _place_of_open_line(self, begin: int) -> int | None:
        """Return where the line that a stream ended inside stands: only lines of ours may come before it.

        Else it is one of them that begins alike. A log of which the beginning was let go has it where it comes first.
        """
        if self._open_line is None:
            return None
        places = range(begin, len(self._withheld))
        for place in reversed(places) if self._is_whole else places:
            if self._open_line.is_beginning_of(self._withheld[place]):
                count = bisect_left(self._places, place)
                if not self._is_whole or self._hashes[:count] == self._ours[len(self._ours) - count :]:
                    return place
        return None

    def end(self) -> Sequence[bytes]:
        """The log has ended in order: return what is known to be new by that."""
        if self.done:
            return ()
        if overlap := self._overlap(len(self._hashes)):
            return self._prove(overlap)
        if self._hashes:
            self.unplaced = self._withheld
            self._settle(0, proven=False)
        return ()

    def _overlap(self, most: int) -> int:
        """Return how many of our last lines this log, of which the older were rotated away, begins with."""
        lengths = range(min(most, len(self._ours)), 0, -1) if self._is_whole else ()
        return next((length for length in lengths if self._hashes[:length] == self._ours[-length:]), 0)

    def _prove(self, count: int) -> Sequence[bytes]:
        """So many of the lines that have a timestamp are ours, or before ours."""
        return self._not_said_before(self._settle(self._places[count - 1] + 1, proven=True))

    def _not_said_before(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        for index, line in enumerate(lines):
            if hash(line) not in self._behind:
                self._behind.clear()
                return lines[index:]
        return ()

    def _settle(self, index: int, *, proven: bool) -> Sequence[bytes]:
        self.done, self.proven = True, proven
        fresh = self._withheld[index:]
        self._withheld, self._hashes, self._places = [], [], []
        return fresh

    def _bound(self, batch: Sequence[bytes]) -> None:
        self._size += sum(map(len, batch))
        if self._size > _MOST_WITHHELD:
            half = len(self._withheld) // 2
            self._size -= sum(map(len, self._withheld[:half]))
            del self._withheld[:half]
            kept = next((index for index, place in enumerate(self._places) if place >= half), len(self._places))
            self._hashes, self._places = self._hashes[kept:], [place - half for place in self._places[kept:]]
            self._is_whole = False


def first_stamp(line: bytes) -> Timestamp | None:
    """Return the timestamp of a line; None when it has none."""
    return parse_timestamp(split_line(line)[0])
