"""Lines on their way from one container's log to the merge: taken in slices, counted for the next resume.

Invariant: what was handed to the sink and what `position` says are one: nothing is awaited between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from k9py.logs.follow.resume import Position
from k9py.logs.follow.runs import Runs
from k9py.logs.line import LogLine, Marker, parse_timestamp, split_line, undecoded_bytes
from k9py.logs.source import LogTarget, PartialLine
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

SLICE_LINES: Final = 500
"""Lines taken in at a time: about a millisecond of work."""

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

    def __init__(self, sink: Sink, runs: Runs, clock: Clock, time_slicer: TimeSlicer) -> None:
        self.position = Position()
        self.count = 0
        self._heard = 0.0
        self.is_waiting = False
        self._is_aside = False
        self._open_target = runs.writing
        self._is_shown = False
        self._sink = sink
        self._runs = runs
        self._clock = clock
        self._time_slicer = time_slicer

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
            async with self._time_slicer.slice():
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

    def take(self, lines: Sequence[bytes], target: LogTarget | None = None) -> None:
        """Hand lines over at once, as those of the run that is delivered now, or of another."""
        position, target = self.position, target or self._runs.writing
        last, highest = position.last, position.highest
        at = last.at if last else None
        taken: list[LogLine] = []
        for line in lines:
            raw, text = split_line(line)
            if raw and (moment := parse_timestamp(raw)) is not None:
                last, at = moment, moment.at
                if highest is None or moment > highest:
                    highest = moment
            elif raw:  # looked like a timestamp and was none: it belongs to the text
                text = f"{raw} {text}"
            taken.append(LogLine(target, at, text, undecoded=undecoded_bytes(line, text)))
        if taken:
            position.move(lines, taken, last, highest)
        self.count += len(taken)
        self._sink.add(taken)

    def settle(self, batch: Sequence[bytes]) -> Sequence[bytes]:
        """Return what of new lines is to be delivered now.

        A line that a stream ended inside is kept back until a stream has it whole, has the same of it once more (so the
        container wrote no line end), or has another line in its place. It is part of no `position`: what is read next
        begins before it.
        """
        if not batch:
            return batch
        ours, lines = self.position.open_line, list(batch)
        if ours is not None and self._is_aside:
            if any(ours.is_beginning_of(line) for line in batch):
                self.position.open_line, self._is_aside = None, False
            return batch
        if ours is not None:
            first = lines[0]
            if not ours.is_beginning_of(first):
                self.flush()
            elif isinstance(first, PartialLine) and len(first) == len(ours):
                self._show(first)
                return lines[1:]
            elif self._is_shown:
                self._show_rest(first)
                del lines[0]
                if isinstance(first, PartialLine):
                    self.position.open_line = first
                    return lines
            self.position.open_line = None
        last = lines[-1] if lines else b""
        if isinstance(last, PartialLine):
            del lines[-1]
            self.position.open_line, self._is_shown = (last if _has_text(last) else None), False
            self._open_target = self._runs.writing
        return lines

    def flush(self) -> None:
        """Deliver the line that a stream ended inside: no more of it will come."""
        if self._is_aside:
            return
        rest, self.position.open_line = self.position.open_line, None
        if rest is not None and self._is_shown:
            self._count_in(bytes(rest), self._made(rest, ""))
        elif rest is not None:
            self.take([bytes(rest)], self._open_target)

    def set_aside(self) -> None:
        """What comes now, of the former run, may have been written before the line that a stream ended inside."""
        self._is_aside = self.position.open_line is not None

    def take_back(self) -> None:
        """The former run was read: that line is of the present one, unless it came."""
        self._is_aside = False

    def _show(self, line: PartialLine) -> None:
        """Hand on what there is of a line, which the next streams will bring again."""
        if not self._is_shown:
            self._is_shown = True
            text = split_line(line)[1]
            self._hand_on(self._made(line, text, undecoded_bytes(line, text)))

    def _show_rest(self, line: bytes) -> None:
        """Hand on the rest of a line of which the beginning was shown."""
        rest = line[len(self.position.open_line or b"") :]
        text = rest.decode("utf-8", "replace")
        made = self._made(line, text, undecoded_bytes(rest, text))
        if made.text:
            self._hand_on(made)
        if not isinstance(line, PartialLine):
            self._count_in(line, made)

    def _made(self, line: bytes, text: str, undecoded: bytes = b"") -> LogLine:
        moment = parse_timestamp(split_line(line[:64])[0])
        return LogLine(self._runs.writing, moment.at if moment else self.position.at, text, undecoded=undecoded)

    def _hand_on(self, line: LogLine) -> None:
        self.count += 1
        self._sink.add([line])

    def _count_in(self, line: bytes, made: LogLine) -> None:
        """A line that was shown in parts is delivered: what is read next begins behind it."""
        last, highest = parse_timestamp(split_line(line[:64])[0]), self.position.highest
        if last is not None:
            self.position.move([line], [made], last, max(last, highest) if highest else last)

    def begin_anew(self) -> None:
        """Another log begins: what was delivered says nothing about it."""
        self.flush()
        self.position.clear()

    def mark(self, marker: Marker, text: str) -> None:
        """Put a marker behind the last line, which is whole by then unless all is to go on."""
        if marker != "note":
            self.flush()
        self._sink.add([LogLine(self._runs.writing, self.position.at, text, marker)])


def _has_text(line: bytes) -> bool:
    """Tell whether a line goes on behind its timestamp: one cut inside that says nothing yet."""
    raw, blank, _ = line[:64].partition(b" ")
    return bool(blank) or not raw[:4].isdigit()


def _slice(batch: Sequence[bytes], start: int) -> Sequence[bytes]:
    """Return the next lines that are worked on without a pause: so many, or so long."""
    size = 0
    for end in range(start, min(start + SLICE_LINES, len(batch))):
        size += len(batch[end])
        if size >= _SLICE_BYTES:
            return batch[start : end + 1]
    return batch[start : start + SLICE_LINES]
