"""Lines on their way from one container's log to the merge: decoded in slices, and counted for the next resume.

Invariant: what was passed to the sink and what `position` says agree: nothing is awaited between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from k9py.logs.follow.container_run import ContainerRuns
from k9py.logs.follow.resume import ResumePosition
from k9py.logs.line import LogLine, Marker, parse_timestamp, split_line, undecoded_bytes
from k9py.logs.source import LogTarget, PartialLine
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

SLICE_LINES: Final = 500
"""Lines decoded at a time: about a millisecond of work."""

_SLICE_BYTES: Final = 250_000
"""Bytes decoded at a time, where lines are long."""


class LineSink(Protocol):
    """Where the lines of one container go: a `MergeInput`."""

    def open(self, *, holds_others: bool, is_followed: bool = True, settle_seconds: float = 1.0) -> None:
        """Record that the container's log was opened."""
        ...

    def add(self, lines: Sequence[LogLine]) -> None:
        """Take lines, in the container's order."""
        ...

    async def wait_for_room(self) -> None:
        """Wait until more lines may come."""
        ...

    def room_for(self, lines: Sequence[bytes]) -> int:
        """Return how many of the next lines may come now; 0 when other containers have used up the room."""
        ...

    def close(self) -> None:
        """Record that nothing comes for now."""
        ...


class LineDelivery:
    """Turns bytes into `LogLine`s and passes them on.

    `count` is how many lines were passed on in all. `is_waiting` is True while lines wait for room in the sink.

    A line that a stream ended inside is the partial line: it is held back until its rest has come. It is part of no
    `position`: the next stream begins before it.
    """

    def __init__(self, sink: LineSink, runs: ContainerRuns, clock: Clock, time_slicer: TimeSlicer) -> None:
        self.position = ResumePosition()
        self.count = 0
        self.is_waiting = False
        self._last_activity = 0.0
        self._is_partial_aside = False
        self._is_partial_shown = False
        self._partial_target = runs.delivered
        self._sink = sink
        self._runs = runs
        self._clock = clock
        self._time_slicer = time_slicer

    @property
    def last_activity(self) -> float:
        """When something came last, by the monotonic clock: now, while lines wait for room.

        A stream whose lines nobody takes is not silent.
        """
        return self._clock.monotonic() if self.is_waiting else self._last_activity

    def touch(self) -> None:
        """Record that the stream is alive."""
        self._last_activity = self._clock.monotonic()

    async def deliver(self, batch: Sequence[bytes]) -> None:
        """Pass lines on in slices, waiting for room where nothing may be dropped."""
        self.touch()
        start = 0
        while start < len(batch):
            await self._wait_for_room()
            async with self._time_slicer.slice():
                piece = _slice(batch, start)
                fitting = self._sink.room_for(piece)  # others may have used the room meanwhile
                if fitting:
                    self._pass_on(piece[:fitting])
                    start += fitting
        self.touch()

    async def _wait_for_room(self) -> None:
        self.is_waiting = True
        try:
            await self._sink.wait_for_room()
        finally:
            self.is_waiting = False
            self.touch()

    def _pass_on(self, lines: Sequence[bytes], target: LogTarget | None = None) -> None:
        """Pass lines on, as those of the run that is delivered now or of another `target`."""
        position, target = self.position, target or self._runs.delivered
        last, latest = position.last, position.latest
        at = last.at if last else None
        log_lines: list[LogLine] = []
        for line in lines:
            raw, text = split_line(line)
            if raw and (timestamp := parse_timestamp(raw)) is not None:
                last, at = timestamp, timestamp.at
                if latest is None or timestamp > latest:
                    latest = timestamp
            elif raw:  # it looked like a timestamp and was none: it belongs to the text
                text = f"{raw} {text}"
            log_lines.append(LogLine(target, at, text, undecoded=undecoded_bytes(line, text)))
        if log_lines:
            position.advance(lines, log_lines, last, latest)
        self.count += len(log_lines)
        self._sink.add(log_lines)

    def mark(self, marker: Marker, text: str) -> None:
        """Add a marker after the last line; a partial line counts as whole by then, unless it is a mere note."""
        if marker != "note":
            self.flush_partial()
        self._sink.add([LogLine(self._runs.delivered, self.position.at, text, marker)])

    def start_new_log(self) -> None:
        """Forget the position: another log begins, about which the delivered lines say nothing."""
        self.flush_partial()
        self.position.clear()

    # -- the line that a stream ended inside --------------------------------------------------------------------------

    def hold_back_partial(self, batch: Sequence[bytes]) -> Sequence[bytes]:
        """Return the new lines to deliver now: all except a partial one at the end.

        The partial line is held back until a stream brings it whole, brings the same part of it again (the container
        wrote no line end), or brings another line in its place.
        """
        if not batch:
            return batch
        partial, lines = self.position.partial_line, list(batch)
        if partial is not None and self._is_partial_aside:
            if any(partial.is_beginning_of(line) for line in batch):
                self.position.partial_line, self._is_partial_aside = None, False
            return batch
        if partial is not None:
            first = lines[0]
            if not partial.is_beginning_of(first):
                self.flush_partial()
            elif isinstance(first, PartialLine) and len(first) == len(partial):
                self._show_partial(first)
                return lines[1:]
            elif self._is_partial_shown:
                self._show_rest(first)
                del lines[0]
                if isinstance(first, PartialLine):
                    self.position.partial_line = first
                    return lines
            self.position.partial_line = None
        last = lines[-1] if lines else b""
        if isinstance(last, PartialLine):
            del lines[-1]
            self.position.partial_line = last if _has_text(last) else None
            self._is_partial_shown = False
            self._partial_target = self._runs.delivered
        return lines

    def flush_partial(self) -> None:
        """Deliver the partial line: no more of it will come."""
        if self._is_partial_aside:
            return
        partial, self.position.partial_line = self.position.partial_line, None
        if partial is not None and self._is_partial_shown:
            self._advance_past(bytes(partial), self._log_line(partial, ""))
        elif partial is not None:
            self._pass_on([bytes(partial)], self._partial_target)

    def set_partial_aside(self) -> None:
        """Keep the partial line while the previous run is read, whose lines may come before it."""
        self._is_partial_aside = self.position.partial_line is not None

    def restore_partial(self) -> None:
        """Return to the partial line after the previous run was read: it belongs to the current one, unless it came."""
        self._is_partial_aside = False

    def _show_partial(self, line: PartialLine) -> None:
        """Show what there is of a line, which the next streams will bring again."""
        if not self._is_partial_shown:
            self._is_partial_shown = True
            text = split_line(line)[1]
            self._pass_on_shown(self._log_line(line, text, undecoded_bytes(line, text)))

    def _show_rest(self, line: bytes) -> None:
        """Show the rest of a line whose beginning was shown."""
        rest = line[len(self.position.partial_line or b"") :]
        text = rest.decode("utf-8", "replace")
        log_line = self._log_line(line, text, undecoded_bytes(rest, text))
        if log_line.text:
            self._pass_on_shown(log_line)
        if not isinstance(line, PartialLine):
            self._advance_past(line, log_line)

    def _log_line(self, line: bytes, text: str, undecoded: bytes = b"") -> LogLine:
        timestamp = parse_timestamp(split_line(line[:64])[0])
        at = timestamp.at if timestamp else self.position.at
        return LogLine(self._runs.delivered, at, text, undecoded=undecoded)

    def _pass_on_shown(self, log_line: LogLine) -> None:
        self.count += 1
        self._sink.add([log_line])

    def _advance_past(self, line: bytes, log_line: LogLine) -> None:
        """Move the position past a line that was shown in parts."""
        last, latest = parse_timestamp(split_line(line[:64])[0]), self.position.latest
        if last is not None:
            self.position.advance([line], [log_line], last, max(last, latest) if latest else last)


def _has_text(line: bytes) -> bool:
    """Return whether a line goes beyond its timestamp: one cut inside that says nothing yet."""
    raw, blank, _ = line[:64].partition(b" ")
    return bool(blank) or not raw[:4].isdigit()


def _slice(batch: Sequence[bytes], start: int) -> Sequence[bytes]:
    """Return the next lines to decode without a pause: `SLICE_LINES`, or about `_SLICE_BYTES` of long ones."""
    size = 0
    for end in range(start, min(start + SLICE_LINES, len(batch))):
        size += len(batch[end])
        if size >= _SLICE_BYTES:
            return batch[start : end + 1]
    return batch[start : start + SLICE_LINES]
