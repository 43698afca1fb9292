"""Limits how many logs are open at a time: streams take fair turns in holding a connection.

Invariant: at most `limit` holders; those who wait are served in the order of asking. While someone waits, the one that
has held its slot longest yields after its turn, and asks again from the end of the queue. A stream that is refused or
backs off holds none.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from k9py.runtime.clock import Clock

TURN_SECONDS: Final = 10.0
"""Seconds of a turn while others wait."""

FIRST_TURN_SECONDS: Final = 2.0
"""Seconds of a turn while someone waits who has had none yet, so that the beginning of every log is shown soon."""


class SlotHolder(Protocol):
    """What takes turns."""

    def yield_slot(self) -> None:
        """Give up the connection soon, and any read in progress."""
        ...


class StreamSlots:
    """A fair semaphore whose holders yield by the clock.

    Args:
        limit: connections at a time, at least 1.
    """

    def __init__(self, clock: Clock, limit: int) -> None:
        self.limit = max(1, limit)
        self._clock = clock
        self._held_since: dict[SlotHolder, float] = {}
        self._waiting: deque[tuple[SlotHolder, asyncio.Future[None]]] = deque()
        self._yielding: set[SlotHolder] = set()
        self._served: set[SlotHolder] = set()

    @asynccontextmanager
    async def slot(self, holder: SlotHolder) -> AsyncIterator[None]:
        """Wait for a slot, and hold it inside the context."""
        await self._acquire(holder)
        try:
            yield
        finally:
            self._release(holder)

    async def _acquire(self, holder: SlotHolder) -> None:
        if len(self._held_since) < self.limit and not self._waiting:
            self._hold(holder)
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (holder, granted)
        self._waiting.append(entry)
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                self._release(holder)
            elif entry in self._waiting:
                self._waiting.remove(entry)
            raise

    def _hold(self, holder: SlotHolder) -> None:
        self._held_since[holder] = self._clock.monotonic()
        self._served.add(holder)

    def _release(self, holder: SlotHolder) -> None:
        self._held_since.pop(holder, None)
        self._yielding.discard(holder)
        while self._waiting and len(self._held_since) < self.limit:
            waiting, granted = self._waiting.popleft()
            if granted.cancelled():
                continue
            self._hold(waiting)
            granted.set_result(None)

    def forget(self, holder: SlotHolder) -> None:
        """Forget a holder that will not ask again."""
        self._served.discard(holder)

    def tick(self) -> None:
        """Ask holders whose turn is over to yield, one for each that waits; call it about once a second."""
        wanted = len(self._waiting) - len(self._yielding)
        if wanted <= 0:
            return
        has_newcomer = any(holder not in self._served for holder, _ in self._waiting)
        turn = FIRST_TURN_SECONDS if has_newcomer else TURN_SECONDS
        now = self._clock.monotonic()
        overdue = [
            holder for holder, since in self._held_since.items() if now - since >= turn and holder not in self._yielding
        ]
        for holder in overdue[:wanted]:  # a dict keeps the order of insertion: the longest held come first
            self._yielding.add(holder)
            holder.yield_slot()
