"""Lines on their way from one container's log to the merge: taken in slices, counted for the next resume.

Invariant: what was handed to the sink and what `position` says are one: nothing is awaited between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from k9py.logs.line import LogLine, Marker, split_line, stamp
from k9py.logs.tailing.clock import Clock
from k9py.logs.tailing.resume import Position
from k9py.logs.tailing.runs import Runs
from k9py.logs.tailing.turns import SLICE_LINES, Turns

_SLICE_BYTES: Final = 250_000
"""Bytes taken in at a time, where lines are long."""


class Sink(Protocol):
    """Where a tail's lines go: an `Intake` of the merge."""

    def open(self, *, holds: bool, followed: bool = True, settle: float = 1.0) -> None:
        """Its log was opened."""
        ...

    def add(self, lines: Sequence[LogLine]) -> None:
        """Take lines in their order."""
        ...

    async def room(self) -> None:
        """Wait until more may come."""
        ...

    def fits(self, lines: Sequence[bytes]) -> int:
        """Return how many of the next lines may come now; 0: others have used up the room."""
        ...

    def close(self) -> None:
        """Nothing comes for now."""
        ...


class Delivery:
    """Makes lines of bytes and hands them on.

    `count` is how many lines were handed on in all; `is_waiting`: some have come that wait for room.
    """

    def __init__(self, sink: Sink, runs: Runs, clock: Clock, turns: Turns) -> None:
        self.position = Position()
        self.count = 0
        self._heard = 0.0
        self.is_waiting = False
        self._sink = sink
        self._runs = runs
        self._clock = clock
        self._turns = turns

    @property
    def heard(self) -> float:
        """When something came last, by the monotonic clock: now while something is there and waits for room.

        A stream nobody listens to is not silent.
        """
        return self._clock.monotonic() if self.is_waiting else self._heard

    def hear(self) -> None:
        """Something came, or was said: the stream is alive."""
        self._heard = self._clock.monotonic()

    async def deliver(self, batch: Sequence[bytes]) -> None:
        """Hand lines over in slices, waiting for room where nothing may be dropped."""
        self.hear()
        start = 0
        while start < len(batch):
            await self._room()
            async with self._turns.turn():
                piece = _slice(batch, start)
                fitting = self._sink.fits(piece)  # others may have used the room meanwhile
                if fitting:
                    self.take(piece[:fitting])
                    start += fitting
        self.hear()

    async def _room(self) -> None:
        self.is_waiting = True
        try:
            await self._sink.room()
        finally:
            self.is_waiting = False
            self.hear()

    def take(self, lines: Sequence[bytes]) -> None:
        """Hand lines over at once."""
        position, target = self.position, self._runs.writing
        last, highest = position.last, position.highest
        at = last.at if last else None
        taken: list[LogLine] = []
        for line in lines:
            raw, text = split_line(line)
            if raw and (moment := stamp(raw)) is not None:
                last, at = moment, moment.at
                if highest is None or moment > highest:
                    highest = moment
            elif raw:  # looked like a timestamp and was none: it belongs to the text
                text = f"{raw} {text}"
            taken.append(LogLine(target, at, text))
        if taken:
            position.move(lines, taken, last, highest)
        self.count += len(taken)
        self._sink.add(taken)

    def begin_anew(self) -> None:
        """Another log begins: what was delivered says nothing about it."""
        self.position.clear()

    def mark(self, marker: Marker, text: str) -> None:
        """Put a marker behind the last line."""
        self._sink.add([LogLine(self._runs.writing, self.position.at, text, marker)])


def _slice(batch: Sequence[bytes], start: int) -> Sequence[bytes]:
    """Return the next lines that are worked on without a pause: so many, or so long."""
    size = 0
    for end in range(start, min(start + SLICE_LINES, len(batch))):
        size += len(batch[end])
        if size >= _SLICE_BYTES:
            return batch[start : end + 1]
    return batch[start : start + SLICE_LINES]
