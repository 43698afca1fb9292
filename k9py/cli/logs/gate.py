"""Keeps the network waiting while the reader of the output is slow, so that nothing is dropped and nothing piles up.

Invariant: a closed gate takes no further batch from any log; the server's own buffers and TCP then hold the containers'
lines until it is opened. A dashboard must drop instead, because it may not fall behind; a pipe may.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Final

from k9py.logs.source import LogSource, LogTarget

LINES: Final = 8_000
BYTES: Final = 2_000_000
"""What may pass between two openings of what is followed. The stream drops what is too much for it: 50,000 lines or 16
million characters, of which it may hold back those of half a second, five openings, to put them in order."""


class Gate:
    """A LogSource before another, which can be closed.

    Args:
        limited: it closes by itself when so much has passed that the stream might have to drop some.
    """

    def __init__(self, source: LogSource, *, limited: bool) -> None:
        self._source = source
        self._limited = limited
        self._lines = LINES
        self._bytes = BYTES
        self._opened = asyncio.Event()
        self._opened.set()

    def open(self) -> None:
        """Let batches through."""
        self._lines, self._bytes = LINES, BYTES
        self._opened.set()

    def close(self) -> None:
        """Keep batches waiting."""
        self._opened.clear()

    @asynccontextmanager
    async def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        """Open the other's log; see `LogSource`."""
        opened = self._source.open_log(
            target,
            follow=follow,
            tail_lines=tail_lines,
            since_time=since_time,
            since_seconds=since_seconds,
            limit_bytes=limit_bytes,
            previous=previous,
        )
        async with opened as batches, aclosing(self._passed(batches)) as passed:
            yield passed

    async def _passed(self, batches: AsyncIterator[list[bytes]]) -> AsyncGenerator[list[bytes], None]:
        async for batch in batches:
            while not self._opened.is_set():  # another one may have used up what was left
                await self._opened.wait()
            if self._limited:
                self._lines -= len(batch)
                self._bytes -= sum(map(len, batch))
                if self._lines <= 0 or self._bytes <= 0:
                    self.close()
            yield batch
