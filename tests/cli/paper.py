"""An output stream in memory whose reader can wait for words, at a terminal or not."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds a test waits for words before it gives up."""


class Paper(io.StringIO):
    """A stream whose reader waits for words."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self._written = asyncio.Event()

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    async def until(self, holds: Callable[[str], bool]) -> str:
        """Return all that was written once that holds."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self.getvalue()):
                self._written.clear()
                await self._written.wait()
        return self.getvalue()

    async def has(self, words: str) -> str:
        """Return all that was written once the words are in it."""
        return await self.until(lambda text: words in text)
