"""Output on its way to a terminal: bounded, and dropped by Ctrl+C where the terminal is behind.

A terminal of the kernel drops its pending output when Ctrl+C is typed (`ISIG` without `NOFLSH`). Between a command in a
pod and this terminal many megabytes may be pending, and as long as nobody reads them, servers on the way may not pass
the Ctrl+C on either. So from a Ctrl+C on, output is read as fast as it comes and dropped but for its end, until there
is a pause. Invariant: nothing is dropped while the terminal keeps up.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

MAX_BUFFERED: Final = 1 << 18
"""Bytes that wait for the terminal; then the server waits."""
PIECE: Final = 4096
"""Bytes that are drawn at once: a Ctrl+C waits for no more."""
BEHIND: Final = 1 << 14
"""Waiting bytes from which on a terminal counts as behind."""
_PAUSE: Final = 0.1
"""Seconds without output after which it is drawn again."""
_KEPT: Final = 1024
"""Bytes that are kept of what is dropped: a prompt follows without a pause."""
_INTERRUPT: Final = re.compile(rb"\x03|\x1b\[99;5(?::1)?u")


def is_interrupt(typed: bytes) -> bool:
    """Return whether Ctrl+C is among a few typed keys; text that is pasted does not count."""
    return len(typed) < 32 and _INTERRUPT.search(typed) is not None


class OutputBuffer:
    """Passes output on to a terminal.

    Args:
        draw: draws some output; waits while the terminal takes none.
    """

    def __init__(self, draw: Callable[[bytes], Awaitable[None]]) -> None:
        self._draw = draw
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._has_ended = False
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._kept: bytes | None = None

    def interrupt(self) -> None:
        """Drop what waits, and what comes until there is a pause, if the terminal is behind."""
        if self._kept is None and self._size >= BEHIND:
            self._kept = b"".join(self._waiting)[-_KEPT:]
            self._waiting.clear()
            self._size = 0
            self._has_room.set()
            self._changed.set()

    async def put(self, data: bytes) -> None:
        """Add output; waits while too much of it waits."""
        if self._kept is None:
            await self._has_room.wait()
        if self._kept is not None:
            self._kept = (self._kept + data)[-_KEPT:]
        else:
            self._waiting.append(data)
            self._size += len(data)
            if self._size >= MAX_BUFFERED:
                self._has_room.clear()
        self._changed.set()

    def end(self) -> None:
        """Note that no more output comes."""
        self._has_ended = True
        self._changed.set()

    async def run(self) -> None:
        """Draw until the end of the output. Raises what `draw` does."""
        while True:
            self._changed.clear()
            if self._kept is not None and (self._has_ended or not await self._change_soon()):
                await self._draw(b"\x18" + self._kept[self._kept.find(b"\n") + 1 :])  # CAN ends a sequence that was cut
                self._kept = None
            elif self._waiting:
                await self._draw_first()
            elif self._has_ended and self._kept is None:
                return
            elif self._kept is None:
                await self._changed.wait()

    async def _change_soon(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE):
                return await self._changed.wait()
        return False

    async def _draw_first(self) -> None:
        data = self._waiting.popleft()
        if len(data) > PIECE:
            self._waiting.appendleft(data[PIECE:])
            data = data[:PIECE]
        self._size -= len(data)
        if self._size < MAX_BUFFERED:
            self._has_room.set()
        await self._draw(data)
