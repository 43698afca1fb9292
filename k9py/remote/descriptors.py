"""Read and write file descriptors from the event loop: terminals, pipes, files.

Invariant: the event loop never waits for a descriptor, and no descriptor that another process shares is made
non-blocking: that would apply to the other process too. A terminal is opened a second time instead; to a pipe at most
as many bytes are written at once as it takes when it is writable.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from k9py.runtime.time_slice import TimeSlice

CHUNK: Final = 65536
"""Bytes that are read or written at once."""
_PIPE_CHUNK: Final = 4096 if os.name == "posix" else CHUNK
"""Bytes that a writable pipe takes without waiting (`PIPE_BUF`)."""


async def wait_readable(descriptor: int) -> None:
    """Wait until a descriptor can be read, or is at its end. A regular file always can."""
    loop = asyncio.get_running_loop()
    await _wait(lambda done: loop.add_reader(descriptor, done), lambda: loop.remove_reader(descriptor))


async def wait_writable(descriptor: int) -> None:
    """Wait until a descriptor can be written to, or nobody reads it any more. A regular file always can."""
    loop = asyncio.get_running_loop()
    await _wait(lambda done: loop.add_writer(descriptor, done), lambda: loop.remove_writer(descriptor))


async def _wait(add: Callable[[Callable[[], None]], object], remove: Callable[[], object]) -> None:
    ready = asyncio.get_running_loop().create_future()

    def done() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        add(done)
    except (PermissionError, NotImplementedError):  # epoll knows no regular files; Windows knows none of these
        await asyncio.sleep(0)
        return
    try:
        await ready
    finally:
        remove()


async def read_descriptor(descriptor: int) -> bytes:
    """Return the next bytes, b"" at the end. Raises OSError."""
    while True:
        await wait_readable(descriptor)
        try:
            return os.read(descriptor, CHUNK)
        except BlockingIOError:  # another reader was faster
            continue


class DescriptorWriter:
    """Writes to a descriptor: exactly the bytes, as fast as they are taken.

    Args:
        descriptor: it stays open.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._owned = -1
        self._never_waits = stat.S_ISREG(os.fstat(descriptor).st_mode) or not hasattr(select, "poll")
        if not self._never_waits and os.isatty(descriptor):
            with suppress(OSError):
                self._owned = self._descriptor = open_terminal(descriptor)
                self._never_waits = True
        self._slice = TimeSlice()

    async def write(self, data: bytes) -> None:
        """Write all of the data. Raises OSError (BrokenPipeError: nobody reads it)."""
        left = memoryview(data)
        while left:
            if not self._never_waits and not self._is_writable():
                await wait_writable(self._descriptor)
            try:
                left = left[os.write(self._descriptor, left[: CHUNK if self._never_waits else _PIPE_CHUNK]) :]
            except BlockingIOError:
                await wait_writable(self._descriptor)
            await self._slice.yield_if_over()

    def _is_writable(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close what was opened for it."""
        if self._owned >= 0:
            os.close(self._owned)
            self._owned = -1


def open_terminal(descriptor: int) -> int:
    """Open the terminal of a descriptor a second time, non-blocking; the caller closes it. Raises OSError."""
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(os.ttyname(descriptor), flags)
    except OSError:  # its name is that of another mount namespace
        return os.open("/dev/tty", flags)
