"""A stream that is the same as another one, for those that change only what is read from it."""

from __future__ import annotations

from k9py.api.streams import CommandEnd, ContainerStream


class WrappedStream:
    """All of a `ContainerStream` but its output."""

    def __init__(self, stream: ContainerStream) -> None:
        self._stream = stream

    async def send(self, data: bytes) -> None:
        """Write to its standard input."""
        await self._stream.send(data)

    async def close_stdin(self) -> None:
        """End its standard input. Raises RefusedError: the protocol cannot."""
        await self._stream.close_stdin()

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal."""
        await self._stream.resize(columns, rows)

    async def end(self) -> CommandEnd:
        """Wait for its end. Raises ConnectionFailedError: the stream was lost."""
        return await self._stream.end()
