"""Something awaited that another part of the program may give up, without a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable


class Interruptible:
    """Awaits one thing at a time; `interrupt` gives it up. Cancellation of the task itself goes through as ever."""

    def __init__(self) -> None:
        self._scope: asyncio.Timeout | None = None

    async def run(self, work: Awaitable[object]) -> bool:
        """Await the work; return True when it was given up."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scope = scope
                await work
        except TimeoutError:
            if scope.expired():
                return True
            raise
        finally:
            self._scope = None
        return False

    def interrupt(self) -> None:
        """Give up what is awaited; nothing happens when nothing is."""
        if self._scope is not None:
            scope, self._scope = self._scope, None
            scope.reschedule(0.0)
