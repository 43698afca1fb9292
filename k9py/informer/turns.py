"""Who may hold the event loop, and for how long: all informers of one loop share one `Turns`.

Invariant: between two passes of the event loop the informers that share a `Turns` together work for little more than
one slice; what a single object costs is the only thing that can exceed it. Work that may be long (decoding pages and
bursts, comparing a relist with what is stored, telling subscribers of it) is done in turns and looks at `over`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from k9py.runtime.clock import Clock

SLICE = 0.004
"""Seconds of work between two passes of the event loop. A keypress waits at most this long for us."""


class Turns:
    """Lets one informer at a time work, and lets the event loop pass when the slice is used up."""

    def __init__(self, clock: Clock, seconds: float = SLICE) -> None:
        self._clock = clock
        self._seconds = seconds
        self._one_at_a_time = asyncio.Lock()
        self._end = clock.monotonic()

    @property
    def over(self) -> bool:
        """Tell whether the slice is used up: stop, and take another turn for the rest."""
        return self._clock.monotonic() >= self._end

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for our turn; never await anything inside it."""
        async with self._one_at_a_time:
            if self.over:
                await asyncio.sleep(0)
                self._end = self._clock.monotonic() + self._seconds
            yield
