"""So many connections at once: who may hold one, in fair turns.

Invariant: at most `limit` holders; who waits is served in the order of asking. While someone waits, the one who has
been served longest yields after its turn, and asks again from the end. Whoever is refused or backs off holds none.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from k9py.runtime.clock import Clock

TURN: Final = 10.0
"""Seconds of a turn while others wait."""

FIRST_TURN: Final = 2.0
"""Seconds of a turn while someone waits who has had none yet: everyone's beginning is shown soon."""


class Holder(Protocol):
    """What takes turns."""

    def yield_turn(self) -> None:
        """Let go of the connection soon; what it awaits is given up."""
        ...


class StreamSlots:
    """A fair semaphore whose holders yield by the clock.

    Args:
        limit: connections at once, at least 1.
    """

    def __init__(self, clock: Clock, limit: int) -> None:
        self.limit = max(1, limit)
        self._clock = clock
        self._held: dict[Holder, float] = {}
        self._waiting: deque[tuple[Holder, asyncio.Future[None]]] = deque()
        self._yielding: set[Holder] = set()
        self._served: set[Holder] = set()

    @asynccontextmanager
    async def turn(self, holder: Holder) -> AsyncIterator[None]:
        """Wait for a connection, and hold it inside the context."""
        await self._acquire(holder)
        try:
            yield
        finally:
            self._release(holder)

    async def _acquire(self, holder: Holder) -> None:
        if len(self._held) < self.limit and not self._waiting:
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

    def _hold(self, holder: Holder) -> None:
        self._held[holder] = self._clock.monotonic()
        self._served.add(holder)

    def _release(self, holder: Holder) -> None:
        self._held.pop(holder, None)
        self._yielding.discard(holder)
        while self._waiting and len(self._held) < self.limit:
            next_one, granted = self._waiting.popleft()
            if granted.cancelled():
                continue
            self._hold(next_one)
            granted.set_result(None)

    def forget(self, holder: Holder) -> None:
        """This one will not ask again."""
        self._served.discard(holder)

    def tick(self) -> None:
        """Let those yield whose turn is over, as many as wait; call it about once a second."""
        wanted = len(self._waiting) - len(self._yielding)
        if wanted <= 0:
            return
        newcomer = any(holder not in self._served for holder, _ in self._waiting)
        turn = FIRST_TURN if newcomer else TURN
        now = self._clock.monotonic()
        over = [one for one, since in self._held.items() if now - since >= turn and one not in self._yielding]
        for holder in over[:wanted]:  # a dict keeps the order of holding: the longest served come first
            self._yielding.add(holder)
            holder.yield_turn()
