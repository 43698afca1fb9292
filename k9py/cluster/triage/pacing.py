"""When a pass of triage begins, and how it shares the event loop.

Invariants: the loop is never held for more than a slice; after a pass comes a pause of several times its length, so
that diagnosis takes a bounded share of the processor whatever changes, unless somebody waits for the result.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice

SHORTEST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 3.0
"""Seconds between two passes."""

PAUSE_RATIO: Final = 14.0
"""How many times longer a pause is than the pass before it took."""


class PassSlices:
    """Lets the event loop run after each slice of a pass, and measures the pass without what ran in between."""

    def __init__(self) -> None:
        self._began = time.thread_time()
        self._slice = TimeSlice()

    @property
    def busy(self) -> float:
        """Processor seconds of the pass."""
        return time.thread_time() - self._began

    async def pause(self) -> bool:
        """Let the event loop run if the slice is used up; return whether it did."""
        if not self._slice.is_over():
            return False
        began = time.thread_time()
        await self._slice.next()
        self._began += time.thread_time() - began
        return True


class Pace:
    """Decides when the next pass begins."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._waiters = 0

    def wake(self) -> None:
        """Begin a pass: something has changed."""
        self._wake.set()

    @property
    def is_hurried(self) -> bool:
        """Whether somebody waits for the result."""
        return self._waiters > 0

    def hurry(self) -> None:
        """Make no pauses, until `relax` is called as often."""
        self._waiters += 1
        self._hurry.set()

    def relax(self) -> None:
        """Undo one call of `hurry`."""
        self._waiters -= 1
        if not self._waiters:
            self._hurry.clear()

    async def wait(self, seconds: float | None) -> None:
        """Wait until something has changed, or for a time."""
        if seconds is None:
            await self._wake.wait()
        elif not self._wake.is_set():
            await self._sleep(seconds, self._wake)
        self._wake.clear()

    async def pause(self, busy: float) -> None:
        """Pause after a pass that took some processor seconds."""
        if self._hurry.is_set():
            await asyncio.sleep(0)
        else:
            await self._sleep(min(max(busy * PAUSE_RATIO, SHORTEST_PAUSE), LONGEST_PAUSE), self._hurry)

    async def _sleep(self, seconds: float, event: asyncio.Event) -> None:
        """Wait for a time or for an event, whichever comes first."""
        tasks = (asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(event.wait()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
