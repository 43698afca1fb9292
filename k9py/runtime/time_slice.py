"""Cooperative time slicing: long work on the event loop, cut into slices of a few milliseconds.

Invariant: the event loop is held for one slice, plus what a single step of the work costs. The work checks the slice
between its steps; nothing else in k9py measures time to decide when to yield.

- `TimeSlice`: one piece of work; `is_over` fits every `advance(should_pause)`.
- `run_in_slices`: calls such an `advance` until it is done.
- `TimeSlicer`: many tasks that share one slice, so that together they do not hold the loop longer than one alone.
- `StepSlicer`: many tasks whose short steps await something, such as bytes that are passed on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

SLICE_SECONDS: Final = 0.004
"""Seconds of work between two passes of the event loop. A key press waits at most this long for us."""


class TimeSlice:
    """A budget of time for work that never awaits in between; starts when it is made.

    Args:
        seconds: length of a slice.
        monotonic: returns seconds; `Clock.monotonic` where there is a clock.
    """

    __slots__ = ("_end", "_monotonic", "_seconds")

    def __init__(self, seconds: float = SLICE_SECONDS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def is_over(self) -> bool:
        """Return whether the slice is used up: yield to the event loop, then continue."""
        return self._monotonic() >= self._end

    def restart(self) -> None:
        """Begin the next slice, after the event loop had its pass."""
        self._end = self._monotonic() + self._seconds

    async def next(self) -> None:
        """Let the event loop run, then begin the next slice."""
        await asyncio.sleep(0)
        self.restart()

    async def yield_if_over(self) -> bool:
        """Let the event loop run if the slice is used up.

        Returns:
            Whether other code ran: what was read before may have changed.
        """
        if not self.is_over():
            return False
        await self.next()
        return True


async def run_in_slices(
    advance: Callable[[Callable[[], bool]], bool],
    seconds: float = SLICE_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Call `advance` once in each pass of the event loop, from the next pass on, until it returns True.

    Args:
        advance: works until it is done or until the function it is given returns True; returns whether it is done.
    """
    done = False
    while not done:
        await asyncio.sleep(0)
        done = advance(TimeSlice(seconds, monotonic).is_over)


class TimeSlicer:
    """Lets one of several tasks work at a time, and the event loop run when their common slice is used up.

    Args:
        monotonic: returns seconds; `Clock.monotonic`.
    """

    def __init__(self, monotonic: Callable[[], float], seconds: float = SLICE_SECONDS) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._end = monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the common slice is used up: leave `slice`, and enter it again for the remaining work."""
        return self._monotonic() >= self._end

    @asynccontextmanager
    async def slice(self) -> AsyncIterator[None]:
        """Wait for the other tasks and, if the slice is used up, for the event loop; await nothing inside."""
        async with self._lock:
            if self.is_over:
                await asyncio.sleep(0)
                self._end = self._monotonic() + self._seconds
            yield


class StepSlicer:
    """Lets many tasks do short steps, as many in one pass of the event loop as fit into one slice.

    Unlike `TimeSlicer`, it costs next to nothing while there is little to do, and a step may await: the task calls
    `wait` before each. Tasks that find the slice used up continue in order in the following passes.

    Args:
        monotonic: returns seconds.
        batch: tasks that continue in one pass: they have not worked yet, so their time is not known.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, seconds: float = SLICE_SECONDS, batch: int = 8
    ) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._batch = batch
        self._end = monotonic() + seconds
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Return when there is time for a step: mostly at once."""
        if not self._waiting:
            now = self._monotonic()
            if now < self._end:
                return
            if now >= self._end + self._seconds:  # nobody has worked for a while: a pass of its own
                self._end = now + self._seconds
                return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._begin, loop)
        self._waiting.append(turn)
        await turn

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin the slice of this pass."""
        self._end = self._monotonic() + self._seconds
        for _ in range(min(self._batch, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
        if self._waiting:
            loop.call_soon(self._begin, loop)
