"""Byte streams between processes and their streams, with a bound.

Invariant: a writer waits while a pipe holds `CAPACITY` bytes; nothing is dropped. A pipe whose reader has closed it
breaks: writing raises BrokenPipeError, as SIGPIPE ends a real process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

CAPACITY = 64 * 1024


class ByteReader(Protocol):
    """What a process reads."""

    async def read(self, limit: int = CAPACITY) -> bytes:
        """Return the next bytes, at least one; b"" at the end."""
        ...


class ByteWriter(Protocol):
    """What a process writes to."""

    async def write(self, data: bytes) -> None:
        """Write bytes; waits while there is no room. Raises BrokenPipeError."""
        ...


class Pipe:
    """A pipe: one writer, one reader."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._changed = asyncio.Event()
        self._is_closed = False
        self._is_broken = False

    async def write(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            while len(self._held) >= CAPACITY and not self._is_broken:
                await self._wait()
            if self._is_broken or self._is_closed:
                raise BrokenPipeError
            piece = data[at : at + CAPACITY - len(self._held)]
            at += len(piece)
            self._held += piece
            self._notify()

    def close(self) -> None:
        """End what is written."""
        self._is_closed = True
        self._notify()

    def stop_reading(self) -> None:
        """Break the pipe: nobody reads any more."""
        self._is_broken = True
        self._held.clear()
        self._notify()

    async def read(self, limit: int = CAPACITY) -> bytes:
        while not self._held:
            if self._is_closed or self._is_broken:
                return b""
            await self._wait()
        data = bytes(self._held[:limit])
        del self._held[:limit]
        self._notify()
        return data

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _notify(self) -> None:
        # Both ends may wait at once only for different states, so one event that wakes everybody is enough.
        self._changed.set()


class NoInput:
    """An input that is at its end: /dev/null."""

    async def read(self, limit: int = CAPACITY) -> bytes:
        return b""


class FixedInput:
    """An input with fixed content: a file."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    async def read(self, limit: int = CAPACITY) -> bytes:
        data = self._content[self._at : self._at + limit]
        self._at += len(data)
        return data


class Discard:
    """An output that nobody reads: /dev/null."""

    async def write(self, data: bytes) -> None:
        await asyncio.sleep(0)


class CallbackWriter:
    """An output that a function sends on, in chunks of at most 32 KiB, as the runtime does."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._send = send

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), 32 * 1024):
            await self._send(data[at : at + 32 * 1024])


async def read_all(reader: ByteReader) -> bytes:
    """Return everything until the end."""
    content = bytearray()
    while data := await reader.read():
        content += data
    return bytes(content)


class LineReader:
    """Reads lines from a byte stream."""

    def __init__(self, reader: ByteReader) -> None:
        self._reader = reader
        self._held = b""

    async def line(self) -> bytes:
        """Return the next line with its newline; b"" at the end."""
        while b"\n" not in self._held:
            data = await self._reader.read()
            if not data:
                rest, self._held = self._held, b""
                return rest
            self._held += data
        line, newline, self._held = self._held.partition(b"\n")
        return line + newline
