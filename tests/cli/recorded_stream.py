"""An in-memory output stream whose reader can wait for text; optionally a terminal."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds until a wait fails."""


class RecordedStream(io.StringIO):
    """An output stream that a test can wait on."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self._written = asyncio.Event()

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    async def wait_until(self, holds: Callable[[str], bool]) -> str:
        """Return the output once a condition on it holds."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self.getvalue()):
                self._written.clear()
                await self._written.wait()
        return self.getvalue()

    async def wait_for(self, text: str) -> str:
        """Return the output once it contains a text."""
        return await self.wait_until(lambda output: text in output)
