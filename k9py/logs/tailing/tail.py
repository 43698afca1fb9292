"""One container's log, followed for as long as it is wanted: resumed without doubling a line, gaps admitted.

Invariant: every line the server has is delivered once, or a `gap` marker stands where it may be missing. How: a broken
stream is opened again at the last timestamp; the server then repeats the lines of that moment (the apiserver passes on
whole seconds only, so up to a second of lines). Ours are skipped by count, and having met them again proves that
nothing is missing. If they do not come again, the container was restarted or its log rotated: the previous container's
log is asked for the rest, and only when that proves nothing either is a gap told.

What the server refuses for now (container not started, image missing) becomes a note, told once, and is tried again.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from enum import Enum

from k9py.logs.line import LogLine, Marker, Stamp, split_line, stamp
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.tailing.clock import Clock
from k9py.objects.errors import ApiError, BadRequestError, ForbiddenError, KdashError, NotFoundError
from k9py.objects.times import duration

FIRST_DELAY = 1.0
LONGEST_DELAY = 10.0
FORBIDDEN_DELAY = 60.0
GAP_WORTH_SAYING = 2.0
"""Seconds without a connection below which a proven continuation is not remarked on."""


_UNKNOWN_TO_THE_NODE = "could not find the requested resource"
"""How the API server passes on a kubelet's 404: the pod is there, and its node has not heard of it (or forgot it). A
pod the API server itself does not have is `pods "x" not found`."""


class TailState(Enum):
    """Where a tail stands, for the count on the screen."""

    OPENING = "opening"
    FOLLOWING = "following"
    WAITING = "waiting"  # refused or broken: will try again
    ENDED = "ended"


class Tail:
    """Follows one target and hands each line to `emit`.

    Args:
        tail_lines: lines of the past to begin with.
        previous: read the container's former run once, and end.
        caught_up: called when the first lines, or the reason for their absence, have been handed over.
    """

    def __init__(
        self,
        source: LogSource,
        target: LogTarget,
        clock: Clock,
        emit: Callable[[LogLine], None],
        *,
        tail_lines: int = 200,
        previous: bool = False,
        caught_up: Callable[[LogTarget], None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.target = target
        self.state = TailState.OPENING
        self._source = source
        self._clock = clock
        self._emit = emit
        self._tail_lines = tail_lines
        self._previous = previous
        self._caught_up = caught_up
        self._rng = rng or random.Random()
        self._leaving = False
        self._attempt = 0
        self._last_raw = ""
        self._last_text = ""
        self._last: Stamp | None = None
        self._seen_at_last = 0
        self._lost_at: float | None = None
        self._told = ""

    def leave(self) -> None:
        """Do not open again once the present stream has ended: the pod is no longer among those wanted."""
        self._leaving = True

    async def run(self) -> None:
        """Follow until the pod is gone. Raises nothing but cancellation."""
        try:
            while True:
                again = await self._once()
                if not again or self._leaving:
                    break
                self.state = TailState.WAITING
                await self._clock.sleep(self._delay)
        finally:
            self.state = TailState.ENDED
            self._first_lines_done()

    async def _once(self) -> bool:
        """Open and read one stream; tell whether to try again."""
        self._delay = self._back_off()
        try:
            await self._read()
        except NotFoundError as error:
            if self._previous and "previous" in error.message:
                self._mark("note", error.message)
                return False
            if self._previous or _UNKNOWN_TO_THE_NODE not in error.message:
                self._mark("end", "the pod is gone")
                return False
            self._tell("the node does not know this pod yet")
        except BadRequestError as error:
            self._tell(error.message)
            if self._previous:
                return False
        except ForbiddenError as error:
            self._tell(f"no right to read this log: {error.message}")
            self._delay = FORBIDDEN_DELAY
        except KdashError as error:
            self._tell(f"log interrupted: {error.message}")
            if self._lost_at is None:
                self._lost_at = self._clock.monotonic()
            if isinstance(error, ApiError) and error.retry_after is not None:
                self._delay = max(self._delay, error.retry_after)
        else:
            if self._previous:
                self._mark("end", "end of the previous container's log")
                return False
        self._first_lines_done()
        return True

    async def _read(self) -> None:
        resume = self._last is not None
        opened = self._source.open_log(
            self.target,
            follow=not self._previous,
            tail_lines=None if resume else self._tail_lines,
            since_time=self._last.at if self._last else None,
            previous=self._previous,
        )
        async with opened as batches:
            self.state = TailState.FOLLOWING
            if resume:
                await self._read_resumed(batches)
            else:
                async for batch in batches:
                    self._take(batch)

    async def _read_resumed(self, batches: AsyncIterator[list[bytes]]) -> None:
        """Skip what was seen; on the first new line say what can be said of the time between."""
        skip = _Resume(self._last, self._last_raw, self._last_text, self._seen_at_last)
        said = False
        async for batch in batches:
            fresh = skip.after(batch)
            if not said and skip.proven:
                said = True
                self._say_reconnected()
            if not said and fresh:
                said = True
                await self._bridge(fresh[0])
            self._take(fresh)

    async def _bridge(self, first_line: bytes) -> None:
        """Fill the time between the last line and the first new one from the previous container, or admit a gap."""
        skip = _Resume(self._last, self._last_raw, self._last_text, self._seen_at_last)
        whole = False
        lost_since = self._last
        try:
            async with self._source.open_log(
                self.target, follow=False, since_time=self._last.at if self._last else None, previous=True
            ) as batches:
                async for batch in batches:
                    rest = skip.after(batch)
                    if not skip.proven and rest:
                        break
                    self._take(rest)
                else:
                    whole = skip.proven
        except KdashError:
            # No previous container, or it broke off: continuity is not proven, which is what the marker then says.
            whole = False
        if whole:
            self._mark("start", "the container was restarted")
        else:
            first = stamp(split_line(first_line)[0])
            until = f"{first.at:%H:%M:%S}" if first else "now"
            since = f"{lost_since.at:%H:%M:%S}" if lost_since else "the start"
            self._mark(
                "gap",
                f"the container was restarted or its log rotated{self._away()}: "
                f"lines between {since} and {until} may be missing",
            )
        self._lost_at = None
        self._told = ""

    def _say_reconnected(self) -> None:
        """Ours came again. Not progress when the stream had ended in order: an ended container repeats its end."""
        if self._lost_at is None:
            return
        away = self._clock.monotonic() - self._lost_at
        if away >= GAP_WORTH_SAYING or self._told:
            self._mark("note", f"reconnected after {duration(away)}: no line is missing")
        self._lost_at = None
        self._told = ""
        self._attempt = 0

    def _away(self) -> str:
        if self._lost_at is None:
            return ""
        return f" while not connected for {duration(self._clock.monotonic() - self._lost_at)}"

    def _take(self, batch: list[bytes]) -> None:
        if not batch:
            return
        self._attempt = 0
        self._lost_at = None
        self._told = ""
        emit, target, last_raw, seen = self._emit, self.target, self._last_raw, self._seen_at_last
        at, last_text = self._last.at if self._last else None, self._last_text
        for line in batch:
            raw, text = split_line(line)
            if raw == last_raw and raw:
                seen += 1
            elif raw and (moment := stamp(raw)) is not None:
                last_raw, seen, self._last, at = raw, 1, moment, moment.at
            elif raw:  # looked like a timestamp and was none: it belongs to the text
                text = f"{raw} {text}"
            emit(LogLine(target, at, text))
            last_text = text
        self._last_raw, self._last_text, self._seen_at_last = last_raw, last_text, seen
        self._first_lines_done()

    def _tell(self, words: str) -> None:
        if words != self._told:
            self._told = words
            self._mark("note", words)

    def _mark(self, marker: Marker, words: str) -> None:
        at: datetime | None = self._last.at if self._last else None
        self._emit(LogLine(self.target, at, words, marker))

    def _first_lines_done(self) -> None:
        if self._caught_up is not None:
            told, self._caught_up = self._caught_up, None
            told(self.target)

    def _back_off(self) -> float:
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(self._attempt, 8))
        self._attempt += 1
        return delay * self._rng.uniform(0.8, 1.2)


class _Resume:
    """Drops the lines of a resumed stream that were seen before.

    `proven`: ours came again, so nothing is missing. `done`: a line after ours has come.
    """

    def __init__(self, last: Stamp | None, raw: str, text: str, seen: int) -> None:
        self._last = last
        self._raw = raw
        self._text = text
        self._left = seen
        self.proven = False
        self.done = False

    def after(self, batch: list[bytes]) -> list[bytes]:
        """Return the lines of the batch that are new."""
        if self.done:
            return batch
        for index, line in enumerate(batch):
            raw, text = split_line(line)
            if raw == self._raw and self._left > 0 and (self._left > 1 or text == self._text):
                self._left -= 1
                self.proven = self._left == 0
                continue
            if raw == self._raw:
                self.done = True
                return batch[index:]
            moment = stamp(raw)
            if self._last is not None and moment is not None and moment < self._last:
                continue
            if moment is None and not self.proven:
                continue  # the rest of a line seen before
            self.done = True
            return batch[index:]
        return []
