"""A command in a container whose output and end a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from k9py.api.errors import RefusedError
from k9py.api.streams import CommandEnd, OutputChannel


class FakeStream:
    """A `ContainerStream`.

    Args:
        closes_stdin: the protocol can end standard input (v5).

    Attributes:
        sent: what was written to its standard input.
        sizes: the sizes that were set.
        takes: cleared while the connection is full.
        is_open: its context is entered.
    """

    def __init__(self, *, closes_stdin: bool = True) -> None:
        self._closes_stdin = closes_stdin
        self._output: asyncio.Queue[tuple[OutputChannel, bytes] | CommandEnd | Exception] = asyncio.Queue()
        self._end: CommandEnd | None = None
        self.sent = bytearray()
        self.sizes: list[tuple[int, int]] = []
        self.is_stdin_closed = False
        self.takes = asyncio.Event()
        self.takes.set()
        self.is_open = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[FakeStream]:
        """Enter and leave its context."""
        self.is_open = True
        try:
            yield self
        finally:
            self.is_open = False

    def write(self, data: bytes, channel: OutputChannel = OutputChannel.STDOUT) -> None:
        """Let it write."""
        self._output.put_nowait((channel, data))

    def finish(self, end: CommandEnd | Exception) -> None:
        """Let it end, or lose it."""
        self._output.put_nowait(end)

    async def output(self) -> AsyncIterator[tuple[OutputChannel, bytes]]:
        while self._end is None:
            match await self._output.get():
                case CommandEnd() as end:
                    self._end = end
                case Exception() as error:
                    raise error
                case output:
                    yield output

    async def send(self, data: bytes) -> None:
        await self.takes.wait()
        self.sent += data

    async def close_stdin(self) -> None:
        if not self._closes_stdin:
            raise RefusedError("the protocol v4 cannot end standard input")
        self.is_stdin_closed = True

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def end(self) -> CommandEnd:
        assert self._end is not None
        return self._end
