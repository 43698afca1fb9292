"""Who may hold the event loop while lines are taken in: the tails of a stream work one after the other, in slices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from k9py.runtime.clock import Clock

SLICE_LINES: Final = 500
"""Lines taken in at a time: about a millisecond of work."""

_SECONDS: Final = 0.004


class Turns:
    """Lets one tail at a time work, and the event loop pass when the slice of all of them is used up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._end = clock.monotonic()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for our turn; nothing is awaited inside it."""
        async with self._one_at_a_time:
            if self._clock.monotonic() >= self._end:
                await asyncio.sleep(0)
                self._end = self._clock.monotonic() + _SECONDS
            yield
