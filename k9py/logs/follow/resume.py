"""How far a log has been delivered, and what a reopened stream proves about the lines in between.

The rule: a log is reopened some seconds before the last delivered lines. The server repeats those, and what follows
them is new, whatever its timestamps say: they may step back (two pipes of one container, a corrected clock). Where the
last lines do not come again they are not in that log, so no line of it was delivered, and lines may be missing.
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

OVERLAP_LINES: Final = 32
"""Lines by which a log is recognised."""

STEP_BACK: Final = timedelta(seconds=5)
"""How far timestamps may step back from one line to the next: a log is reopened that much before its last lines."""

_MAX_WITHHELD_BYTES: Final = 8 << 20
"""Bytes withheld at most until it is known whether they were delivered."""


@dataclass(slots=True)
class ResumePosition:
    """The last lines delivered of one log.

    Args:
        last: timestamp of the last line that has one; None before the first.
        latest: the latest timestamp of all.
        recent: hash and time of the last lines that have a timestamp.
        repeat_count: how many of them, counted from the last, are equal.
        untimed: hashes of the lines without a timestamp after those: a kubelet may write them only once.
        partial_line: the line after them that the last stream ended inside. It is not delivered (or shown as it stood):
            a stream that has it lacks nothing before it.
    """

    last: Timestamp | None = None
    latest: Timestamp | None = None
    recent: deque[tuple[int, datetime]] = field(default_factory=lambda: deque(maxlen=OVERLAP_LINES))
    repeat_count: int = 0
    untimed: deque[int] = field(default_factory=lambda: deque(maxlen=OVERLAP_LINES))
    partial_line: PartialLine | None = None

    @property
    def at(self) -> datetime | None:
        """The last timestamp; None before the first line that has one."""
        return self.last.at if self.last else None

    @property
    def since(self) -> datetime | None:
        """The time from which a log is read to meet the last lines again; None to read all of it."""
        return min(at for _, at in self.recent) - STEP_BACK if self.recent else None

    def advance(
        self,
        lines: Sequence[bytes],
        log_lines: Sequence[LogLine],
        last: Timestamp | None,
        latest: Timestamp | None,
    ) -> None:
        """Record that lines were delivered, given as bytes and as the `LogLine` made of each."""
        equal = next((count for count, line in enumerate(reversed(lines)) if line != lines[-1]), len(lines))
        begin = 0 if equal == len(lines) else max(0, len(lines) - max(equal, OVERLAP_LINES))
        for line, log_line in zip(lines[begin:], log_lines[begin:], strict=True):
            line_hash = hash(line)
            if log_line.timestamp is None or line_timestamp(line) is None:
                self.untimed.append(line_hash)
                continue
            self.repeat_count = self.repeat_count + 1 if self.recent and self.recent[-1][0] == line_hash else 1
            self.recent.append((line_hash, log_line.timestamp))
            self.untimed.clear()
        self.last, self.latest = last, latest

    def clear(self) -> None:
        """Start over: nothing of the log that comes was delivered."""
        self.last = self.latest = self.partial_line = None
        self.recent.clear()
        self.untimed.clear()
        self.repeat_count = 0


class ResumeFilter:
    """Drops the lines of a reopened log that were delivered before.

    `is_proven`: the last delivered lines came again, so nothing is missing. `is_decided`: it is known which lines are
    new. `undecided_lines`: where it is decided and not proven, the lines before the deciding one, which are new if the
    log is that of the current run.

    Args:
        contains_position: whether the log contains the last delivered lines, where that was looked up: if not, its
            first line is new; if so, the first after those it begins with.
    """

    def __init__(self, position: ResumePosition, *, contains_position: bool | None = None) -> None:
        delivered = [line_hash for line_hash, _ in position.recent]
        self._delivered = [delivered[0]] * position.repeat_count if len(set(delivered)) == 1 else delivered
        self._latest = None if contains_position is False else position.latest
        self._contains_position = contains_position
        partial = position.partial_line
        self._partial_line = partial if partial is not None and line_timestamp(partial) is not None else None
        self._withheld: list[bytes] = []
        self._hashes: list[int] = []  # of the withheld lines that have a timestamp
        self._indexes: list[int] = []  # and where in `_withheld` those are
        self._untimed = set(position.untimed)
        self._size = 0
        self._is_complete = contains_position is not False
        self.is_proven = False
        self.is_decided = False
        self.is_reported = False
        self.undecided_lines: Sequence[bytes] = ()

    @property
    def is_withholding(self) -> bool:
        """True while lines came of which it is not known whether they are new."""
        return bool(self._withheld)

    def new_lines(self, batch: Sequence[bytes]) -> Sequence[bytes]:
        """Return the lines of the batch, and of those withheld, that are known to be new."""
        if self.is_decided:
            return self._skip_untimed(batch) if self._untimed else batch
        begin = len(self._hashes)
        times: list[Timestamp] = []
        for index, line in enumerate(batch, len(self._withheld)):
            if (time := line_timestamp(line)) is not None:
                times.append(time)
                self._hashes.append(hash(line))
                self._indexes.append(index)
        self._withheld += batch
        length = len(self._delivered)
        for at in range(max(begin, length - 1), len(self._hashes)):
            is_last = self._hashes[at] == self._delivered[-1]
            if is_last and self._hashes[at + 1 - length : at + 1] == self._delivered:
                return self._prove(at + 1)
        if (index_of_partial := self._index_of_partial(len(self._withheld) - len(batch))) is not None:
            return self._decide(index_of_partial, is_proven=True)
        for at, time in enumerate(times, begin):
            if self._latest is None or time > self._latest:
                if overlap := self._overlap(at):
                    return self._prove(overlap)
                self.undecided_lines = self._withheld[: self._indexes[at]]
                return self._decide(self._indexes[at], is_proven=False)
        if self._contains_position and (overlap := self._overlap(len(self._hashes))):
            return self._prove(overlap)
        self._limit_withheld(batch)
        return ()

    def _index_of_partial(self, begin: int) -> int | None:
        """Return where the line that a stream ended inside is, from an index on.

        Only delivered lines may precede it, otherwise it is one of them that begins alike. In a log whose beginning was
        dropped here it is where it comes first.
        """
        if self._partial_line is None:
            return None
        indexes = range(begin, len(self._withheld))
        for index in reversed(indexes) if self._is_complete else indexes:
            if self._partial_line.is_beginning_of(self._withheld[index]):
                count = bisect_left(self._indexes, index)
                if not self._is_complete or self._hashes[:count] == self._delivered[len(self._delivered) - count :]:
                    return index
        return None

    def finish(self) -> Sequence[bytes]:
        """Return the lines that are known to be new now that the log has ended normally."""
        if self.is_decided:
            return ()
        if overlap := self._overlap(len(self._hashes)):
            return self._prove(overlap)
        if self._hashes:
            self.undecided_lines = self._withheld
            self._decide(0, is_proven=False)
        return ()

    def _overlap(self, limit: int) -> int:
        """Return how many of the last delivered lines this log begins with, the older ones having been rotated away."""
        lengths = range(min(limit, len(self._delivered)), 0, -1) if self._is_complete else ()
        return next((length for length in lengths if self._hashes[:length] == self._delivered[-length:]), 0)

    def _prove(self, count: int) -> Sequence[bytes]:
        """Decide that the first `count` lines with a timestamp were delivered, or come before those that were."""
        return self._skip_untimed(self._decide(self._indexes[count - 1] + 1, is_proven=True))

    def _skip_untimed(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """Return the lines after those without a timestamp that were delivered before."""
        for index, line in enumerate(lines):
            if hash(line) not in self._untimed:
                self._untimed.clear()
                return lines[index:]
        return ()

    def _decide(self, index: int, *, is_proven: bool) -> Sequence[bytes]:
        self.is_decided, self.is_proven = True, is_proven
        fresh = self._withheld[index:]
        self._withheld, self._hashes, self._indexes = [], [], []
        return fresh

    def _limit_withheld(self, batch: Sequence[bytes]) -> None:
        """Drop the older half of the withheld lines when they take too much memory."""
        self._size += sum(map(len, batch))
        if self._size > _MAX_WITHHELD_BYTES:
            half = len(self._withheld) // 2
            self._size -= sum(map(len, self._withheld[:half]))
            del self._withheld[:half]
            begin = next((at for at, index in enumerate(self._indexes) if index >= half), len(self._indexes))
            self._hashes, self._indexes = self._hashes[begin:], [index - half for index in self._indexes[begin:]]
            self._is_complete = False


def line_timestamp(line: bytes) -> Timestamp | None:
    """Return the timestamp of a line; None when it has none."""
    return parse_timestamp(split_line(line)[0])
