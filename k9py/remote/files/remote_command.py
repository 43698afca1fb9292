"""Short commands in a container: run to their end, with bounded output; and what their failures mean.

Invariant: no output of a container is kept beyond a limit, and none of it reaches a message without `printable`. A
command is a list of words, never a text that a shell splits: a path is one word whatever is in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from k9py.api.errors import KdashError, NotFoundError, RefusedError
from k9py.api.streams import CommandEnd, ContainerCommands, ContainerRef, ContainerStream, OutputChannel
from k9py.api.text import bounded, printable
from k9py.remote.command_end import NOT_EXECUTABLE, NOT_FOUND, is_program_missing

T = TypeVar("T")

BATCH: Final = 256 * 1024
"""Bytes that are passed to a thread at once."""
MAX_STDERR: Final = 16 * 1024
"""Bytes of standard error that are kept: the last ones."""
_KILLED: Final = (128 + 9, 128 + 15)
"""Exit codes after SIGKILL and SIGTERM."""
_FULL: Final = ("no space left", "quota exceeded")
"""What the line of a full disk has; of tar it may not be the first one."""


class MissingCommandError(RefusedError):
    """The image does not have the command."""


class CommandFailedError(RefusedError):
    """A command in the container failed; the message is its own."""


class CommandKilledError(KdashError):
    """A command in the container was ended by a signal."""


class ContainerFullError(KdashError):
    """There is no space left in the container."""


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What a command wrote, and how it ended.

    Args:
        stdout: the first bytes, at most the limit.
        is_cut: it wrote more.
    """

    stdout: bytes
    stderr: bytes
    end: CommandEnd
    is_cut: bool = False

    @property
    def has_succeeded(self) -> bool:
        """Whether the exit code is 0."""
        return self.end.exit_code == 0


class StderrTail:
    """The last bytes of standard error."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        """Keep bytes, and drop what came long before."""
        self._bytes += data
        if len(self._bytes) > MAX_STDERR:
            del self._bytes[: -MAX_STDERR // 2]

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)


async def run_command(
    commands: ContainerCommands,
    container: ContainerRef,
    words: Sequence[str],
    *,
    limit: int = 256 * 1024,
) -> CommandOutput:
    """Run a command to its end.

    Args:
        limit: bytes of standard output that are kept; more of it ends the command.

    Raises:
        MissingCommandError: the image does not have it.
        KdashError: it could not be started, or the stream was lost.
    """
    stdout, stderr, is_cut = bytearray(), StderrTail(), False
    async with commands.open_exec(container, words) as stream:
        async for channel, data in stream.output():
            if channel is OutputChannel.STDERR:
                stderr.add(data)
                continue
            room = limit - len(stdout)
            stdout += data[:room]
            if len(data) > room:
                is_cut = True
                break
        end = CommandEnd(0) if is_cut else await stream.end()
    check_is_there(words[0], end, bytes(stderr))
    return CommandOutput(bytes(stdout), bytes(stderr), end, is_cut)


async def pump(stream: ContainerStream, sink: Callable[[bytes], None], stderr: StderrTail) -> CommandEnd:
    """Pass standard output to a function that blocks, in a thread, while more is read; return how the command ended.

    At most two batches are kept: one that is written, one that is filled. When this is cancelled or fails, the function
    is not running any more.

    Raises:
        ConnectionFailedError: the stream was lost; what came before has been passed on.
    """
    batch: list[bytes] = []
    size = 0
    writing: asyncio.Future[None] | None = None

    async def flush() -> None:
        nonlocal batch, size, writing
        if writing is not None:
            await asyncio.shield(writing)
            writing = None
        if batch:
            writing = asyncio.ensure_future(asyncio.to_thread(sink, b"".join(batch)))
            batch, size = [], 0

    try:
        try:
            async for channel, data in stream.output():
                if channel is OutputChannel.STDERR:
                    stderr.add(data)
                    continue
                batch.append(data)
                size += len(data)
                if size >= BATCH or writing is None or writing.done():
                    await flush()
        finally:
            await flush()
            await flush()
        return await stream.end()
    finally:
        await _settle(writing)


async def exchange(
    stream: ContainerStream,
    source: AsyncIterator[bytes] | None,
    sink: Callable[[bytes], None],
    stderr: StderrTail,
) -> CommandEnd:
    """Send bytes to a command while its output is passed on as by `pump`; stop sending when it ends.

    Args:
        source: its standard input, None for none.

    Raises:
        RefusedError: the protocol of this server cannot end standard input.
        KdashError: the stream was lost, or the source failed.
    """
    if source is None:
        return await pump(stream, sink, stderr)
    pumping = asyncio.ensure_future(pump(stream, sink, stderr))
    sending = asyncio.ensure_future(_send_all(stream, source))
    try:
        await asyncio.wait({pumping, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not pumping.done():
            sending.result()
        return await pumping
    finally:
        pumping.cancel()
        sending.cancel()
        await asyncio.gather(pumping, sending, return_exceptions=True)


async def _send_all(stream: ContainerStream, source: AsyncIterator[bytes]) -> None:
    async for data in source:
        await stream.send(data)
    await stream.close_stdin()


async def single(data: bytes) -> AsyncIterator[bytes]:
    """Yield bytes that are there already."""
    yield data


async def _settle(writing: asyncio.Future[None] | None) -> None:
    """Wait for a thread, whatever happens to this task meanwhile: it uses files that are closed next."""
    while writing is not None and not writing.done():
        try:
            await asyncio.shield(asyncio.gather(writing, return_exceptions=True))
        except asyncio.CancelledError:
            continue


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a function that blocks in a thread; when this is cancelled, wait for its end."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await _settle(running)  # type: ignore[arg-type]
        raise


def check_is_there(command: str, end: CommandEnd, stderr: bytes) -> None:
    """Raise MissingCommandError if the image does not have the command."""
    if is_program_missing(end, stderr) or end.exit_code in (NOT_EXECUTABLE, NOT_FOUND):
        raise MissingCommandError(f"the container has no {printable(command)}", "a debug container has it: kdash debug")


@contextmanager
def needs_either(command: str, error: MissingCommandError) -> Iterator[None]:
    """Copy a file with tar, because an image has no such command; name both if it has no tar either.

    Raises:
        MissingCommandError: it has neither.
    """
    try:
        yield
    except MissingCommandError:
        raise MissingCommandError(f"the container has neither {command} nor tar", error.hint) from error


def failure(end: CommandEnd, stderr: bytes, what: str) -> KdashError:
    """Return the error of a command that failed.

    Args:
        what: what was not done, such as "/data cannot be read".
    """
    full = next((line for line in _lines(stderr) if any(sign in line.lower() for sign in _FULL)), "")
    text = full or first_line(stderr) or (end.message if end.exit_code is None else "")
    lower = text.lower()
    reason = bounded(text) or f"exit code {end.exit_code}"
    if end.exit_code in _KILLED:
        hint = "its container was stopped, or has no memory left: look at the pod, then run it again with --resume"
        return CommandKilledError(f"{what}: the command was killed ({reason})", hint)
    if "permission denied" in lower or "operation not permitted" in lower:
        return CommandFailedError(f"{what}: {reason}", "the user that the container runs as may not do this")
    if full:
        hint = "free space in the container, where what has arrived stays until it is continued or removed"
        return ContainerFullError(f"{what}: {reason}", hint)
    if "read-only file system" in lower:
        return CommandFailedError(f"{what}: {reason}", "copy to a volume, such as an emptyDir, that is writable")
    if "no such file or directory" in lower or "nonexistent" in lower:
        return NotFoundError(f"{what}: {reason}", "check the path: kdash exec POD -- ls lists files")
    return CommandFailedError(f"{what}: {reason}")


def first_line(stderr: bytes) -> str:
    """Return the first line of standard error that says something."""
    return next(iter(_lines(stderr)), "")


def _lines(stderr: bytes) -> list[str]:
    return [line.strip() for line in stderr.decode(errors="surrogateescape").splitlines() if line.strip()]
