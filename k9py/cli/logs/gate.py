"""Keeps the network waiting while the reader of the output is slow, so that nothing is dropped and nothing piles up.

Invariant: a closed gate takes no further batch from any log; the server's own buffers and TCP then hold the containers'
lines until it is opened. A dashboard must drop instead, because it may not fall behind; a pipe may.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

from k9py.logs.source import LogSource, LogTarget


class Gate:
    """A LogSource before another, which can be closed."""

    def __init__(self, source: LogSource) -> None:
        self._source = source
        self._opened = asyncio.Event()
        self._opened.set()

    def set_open(self, is_open: bool) -> None:
        """Let batches through, or keep them waiting."""
        if is_open:
            self._opened.set()
        else:
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
            await self._opened.wait()
            yield batch
