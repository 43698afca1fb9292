"""Writes log lines to standard output, and what concerns them to standard error: gaps, restarts, queued containers.

Invariant: an `OutputWriter` holds at most what one call was given; the caller waits with it. A reader that has left is
noticed even while there is nothing to write. `LogReporter` repeats a message only after it has changed, and prints
nothing that is not printable.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Iterable, Mapping
from typing import Final, TextIO

from k9py.api.text import printable
from k9py.cli.ansi import paint_tone
from k9py.cli.logs.line_format import source_name
from k9py.logs.follow.status import StreamCounts
from k9py.logs.line import WHOLE_STREAM, LogLine, Marker
from k9py.views.values import Tone

_CHUNK_BYTES: Final = 4096
"""Bytes that a writable pipe takes whole (PIPE_BUF)."""

_MARKER_TONES: Final[Mapping[Marker, Tone]] = {
    "gap": Tone.STUCK,
    "start": Tone.BUSY,
    "end": Tone.MUTED,
    "note": Tone.UNKNOWN,
}


class OutputWriter:
    """Writes to a standard stream as fast as its reader takes it, without holding the event loop.

    A text stream that is not one of this process is written to immediately.

    Args:
        stream: standard output or standard error; nothing else may write to it meanwhile.
        as_written: write UTF-8 whatever the stream's encoding is, and undecodable bytes as they were.
    """

    def __init__(self, stream: TextIO, *, as_written: bool = False) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        errors = getattr(stream, "errors", None) or "strict"
        self._errors = "replace" if errors == "strict" else errors
        if as_written:
            self._encoding, self._errors = "utf-8", "surrogateescape"
        try:
            self._descriptor: int | None = stream.fileno()
        except (OSError, ValueError):
            self._descriptor = None

    async def write(self, text: str) -> None:
        """Write text; return when it is out. Raises OSError; BrokenPipeError when the reader has left."""
        if self._descriptor is None:
            self._stream.write(text)
            return
        data = memoryview(text.encode(self._encoding, self._errors))
        while data:
            await _wait_until_writable(self._descriptor)
            try:
                data = data[os.write(self._descriptor, data[:_CHUNK_BYTES]) :]
            except BlockingIOError:  # another process has made it non-blocking, and filled it first
                await asyncio.sleep(0)

    @property
    def is_closed_by_reader(self) -> bool:
        """True when the reader of a pipe has left, as far as the system reports it."""
        if self._descriptor is None or not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._descriptor, 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


async def _wait_until_writable(descriptor: int) -> None:
    """Return when the stream takes a chunk; immediately for a file or a Windows console, which cannot be waited for."""
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
        return  # a plain file, or a loop without writers: the write blocks as files do
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)


class LogReporter:
    """Prints messages about the logs; each comes after the lines before it where both go to one terminal."""

    def __init__(self, err: TextIO, *, colour: bool) -> None:
        self._writer = OutputWriter(err)
        self._colour = colour
        self._problem = ""
        self._has_queued = False

    async def print(self, messages: Iterable[str], tone: Tone = Tone.PLAIN) -> None:
        """Print messages that are printable already."""
        for message in messages:
            await self._writer.write(f"{paint_tone(f'kdash: {message}', tone if self._colour else Tone.PLAIN)}\n")

    async def print_marker(self, line: LogLine) -> None:
        """Print what happened between two lines."""
        source = "" if line.target == WHOLE_STREAM else f"{source_name(line.target)}: "
        await self.print([f"{source}{printable(line.text)}"], _MARKER_TONES.get(line.marker, Tone.PLAIN))

    async def print_counts(self, counts: StreamCounts) -> None:
        """Print that the containers take turns, when that begins."""
        if counts.queued and not self._has_queued:
            message = f"reading {counts.open} of {counts.wanted} containers at a time, in turns"
            await self.print([message], _MARKER_TONES["note"])
        self._has_queued = counts.queued > 0

    async def print_problem(self, problem: str) -> None:
        """Print why new pods are not detected, and when they are again ("")."""
        if problem == self._problem:
            return
        self._problem = problem
        await self.print([problem or "new pods are detected again"])
