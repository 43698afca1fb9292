"""Writes to a standard stream as fast as its reader takes it, without holding the event loop.

Invariant: at most what one call was given waits here; whoever writes waits with it. A reader that has left is noticed
also while there is nothing to write.
"""

from __future__ import annotations

import asyncio
import os
import select
from typing import Final, TextIO

_PIECE: Final = 4096
"""Bytes a pipe that says it can be written to takes whole (PIPE_BUF)."""


class Outlet:
    """A stream of this process; any other text stream is written to at once.

    Args:
        stream: standard output or standard error; nothing else may write to it meanwhile.
        untouched: text goes out as UTF-8 whatever the stream's encoding is, and bytes that were none as they were.
    """

    def __init__(self, stream: TextIO, *, untouched: bool = False) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        errors = getattr(stream, "errors", None) or "strict"
        self._errors = "replace" if errors == "strict" else errors
        if untouched:
            self._encoding, self._errors = "utf-8", "surrogateescape"
        try:
            self._descriptor: int | None = stream.fileno()
        except (OSError, ValueError):
            self._descriptor = None

    async def write(self, text: str) -> None:
        """Write text; return when it is out. Raises OSError, BrokenPipeError when the reader has left."""
        if self._descriptor is None:
            self._stream.write(text)
            return
        left = memoryview(text.encode(self._encoding, self._errors))
        while left:
            await _writable(self._descriptor)
            try:
                left = left[os.write(self._descriptor, left[:_PIECE]) :]
            except BlockingIOError:  # someone else has made it non-blocking, and was quicker
                await asyncio.sleep(0)

    @property
    def is_left(self) -> bool:
        """Tell whether the reader of a pipe has left, as far as the system says."""
        if self._descriptor is None or not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._descriptor, 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


async def _writable(descriptor: int) -> None:
    """Return when the stream takes a piece; at once for what cannot be waited for (a file, a console of Windows)."""
    try:
        if select.select((), (descriptor,), (), 0)[1]:
            return
    except (OSError, ValueError):
        return
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_writer(descriptor, wake)
    except (NotImplementedError, PermissionError):
        return  # a plain file, or a loop that cannot tell: it is written to at once, and blocks as files do
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)
