"""A stream whose beginning was awaited: whether a command runs at all is known before a terminal is handed over to it.

Invariant: no output is lost or read twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from k9py.api.streams import ContainerStream, OutputChannel
from k9py.remote.wrapped_stream import WrappedStream

START_SECONDS: Final = 1.0
"""Seconds to wait for the first output; a command that writes nothing has started by then."""

Output = tuple[OutputChannel, bytes]


class StartedStream(WrappedStream):
    """A `ContainerStream` whose first output has been read already, if there was some.

    Attributes:
        first: the first output; b"" when there is none yet.
        has_ended: there was no output at all.
    """

    def __init__(self, stream: ContainerStream) -> None:
        super().__init__(stream)
        self._iterator = aiter(stream.output())
        self._next: asyncio.Task[Output | None] | None = None
        self.first = b""
        self.has_ended = False

    async def wait(self, seconds: float) -> None:
        """Wait for the first output. Raises ConnectionFailedError: the stream was lost."""
        self._next = asyncio.create_task(self._read())
        await asyncio.wait([self._next], timeout=seconds)
        if self._next.done():
            output = self._next.result()
            self.first, self.has_ended = (b"" if output is None else output[1]), output is None

    async def close(self) -> None:
        """End what still waits for the first output."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)

    async def _read(self) -> Output | None:
        return await anext(self._iterator, None)

    async def output(self) -> AsyncIterator[Output]:
        """Yield what it writes, from the beginning."""
        while self._next is not None:
            output = await asyncio.shield(self._next)
            if output is None:
                return
            self._next = None
            yield output
        async for output in self._iterator:
            yield output


@asynccontextmanager
async def start(stream: ContainerStream) -> AsyncIterator[StartedStream]:
    """Wait until a command has written something or has ended. Raises ConnectionFailedError."""
    started = StartedStream(stream)
    try:
        await started.wait(START_SECONDS)
        yield started
    finally:
        await started.close()
