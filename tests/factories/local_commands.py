"""A container that is a directory of this machine: its commands run here, as ContainerCommands.

Paths of its files are inside `root`, which is what the words of commands name. Streams can be cut after some bytes,
commands can be missing, and output can be replaced: what a hostile container sends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from k9py.api.errors import ConnectionFailedError, RefusedError
from k9py.api.streams import CommandEnd, ContainerRef, ContainerStream, OutputChannel

CONTAINER = ContainerRef("shop", "web-1", "app")


@dataclass
class LocalCommands:
    """Runs commands of this machine in a directory.

    Args:
        root: their working directory.
        missing: commands that the image does not have.
        outputs: what a command prints in place of running it, by its first word.
        cut_after: bytes of the output of `cut` after which the stream is lost, once for each item.
        cut_input_after: bytes of input after which the stream is lost, once for each item.
        has_half_close: False: a server that cannot end standard input.
    """

    root: str
    missing: frozenset[str] = frozenset()
    outputs: dict[str, bytes] = field(default_factory=dict)
    cut: str = ""
    cut_after: list[int] = field(default_factory=list)
    cut_input_after: list[int] = field(default_factory=list)
    has_half_close: bool = True
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def open_exec(
        self, container: ContainerRef, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        return self._open(command, stdin=stdin)

    @asynccontextmanager
    async def _open(self, command: Sequence[str], *, stdin: bool) -> AsyncGenerator[ContainerStream, None]:
        self.ran.append(tuple(command))
        words = command[0]
        cut = self.cut_after.pop(0) if self.cut_after and words == self.cut else None
        cut_input = self.cut_input_after.pop(0) if self.cut_input_after and stdin else None
        if words in self.missing or words in self.outputs:
            yield _Canned(self.outputs.get(words), words)
            return
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.root,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},
        )
        running = _Running(process, cut, cut_input, has_half_close=self.has_half_close)
        try:
            yield running
        finally:
            await running.stop_reading()
            if process.stdin is not None:
                process.stdin.close()
            if process.returncode is None and not stdin:
                process.kill()  # what it prints is not read any more; one with input ends with it
            assert process.stdout is not None
            assert process.stderr is not None
            await asyncio.gather(process.stdout.read(), process.stderr.read(), process.wait())

    def open_attach(
        self, container: ContainerRef, *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        raise NotImplementedError


class _Canned:
    def __init__(self, output: bytes | None, command: str) -> None:
        self._output, self._command = output, command

    async def output(self) -> AsyncIterator[tuple[OutputChannel, bytes]]:
        data = self._output or b""
        for at in range(0, len(data), 1000):
            yield OutputChannel.STDOUT, data[at : at + 1000]

    async def send(self, data: bytes) -> None:
        await asyncio.sleep(0)

    async def close_stdin(self) -> None: ...

    async def resize(self, columns: int, rows: int) -> None: ...

    async def end(self) -> CommandEnd:
        if self._output is None:
            message = f'exec failed: exec: "{self._command}": executable file not found in $PATH'
            return CommandEnd(None, "InternalError", message)
        return CommandEnd(0)


class _Running:
    def __init__(
        self, process: asyncio.subprocess.Process, cut: int | None, cut_input: int | None, *, has_half_close: bool
    ) -> None:
        self._process, self._cut, self._cut_input = process, cut, cut_input
        self._has_half_close = has_half_close
        self._is_lost = False
        self._sent = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def stop_reading(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def output(self) -> AsyncIterator[tuple[OutputChannel, bytes]]:
        queue: asyncio.Queue[tuple[OutputChannel, bytes]] = asyncio.Queue(4)
        assert self._process.stdout is not None
        assert self._process.stderr is not None

        async def read(reader: asyncio.StreamReader, channel: OutputChannel) -> None:
            while data := await reader.read(8192):
                await queue.put((channel, data))
            await queue.put((channel, b""))

        self._tasks = [
            asyncio.create_task(read(self._process.stdout, OutputChannel.STDOUT)),
            asyncio.create_task(read(self._process.stderr, OutputChannel.STDERR)),
        ]
        passed = ended = 0
        while ended < 2:
            channel, data = await queue.get()
            if not data:
                ended += 1
                continue
            if channel is OutputChannel.STDOUT and self._cut is not None and passed + len(data) >= self._cut:
                yield channel, data[: self._cut - passed]
                raise ConnectionFailedError("the stream was lost")
            passed += len(data)
            yield channel, data
        if self._is_lost:
            raise ConnectionFailedError("the stream was lost")

    async def send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        if self._cut_input is not None:
            data = data[: max(0, self._cut_input - self._sent)]
        self._sent += len(data)
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return
        if self._cut_input is not None and self._sent >= self._cut_input:
            self._is_lost = True
            self._process.stdin.close()
            raise ConnectionFailedError("the stream was lost")

    async def close_stdin(self) -> None:
        if not self._has_half_close:
            raise RefusedError("this server cannot end standard input")
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def resize(self, columns: int, rows: int) -> None: ...

    async def end(self) -> CommandEnd:
        code = await self._process.wait()
        return CommandEnd(0) if code == 0 else CommandEnd(code, "NonZeroExitCode", f"exit code {code}")
