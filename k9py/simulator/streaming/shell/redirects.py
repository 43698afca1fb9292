"""Redirections of a command: to and from files, devices and other descriptors.

Invariant: a file is created or emptied before the command starts; what is written is in it when the command has ended.
"""

import asyncio
import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace

from k9py.simulator.streaming.shell.filesystem import Device, error_text
from k9py.simulator.streaming.shell.pipes import ByteReader, ByteWriter, Discard, FixedInput, NoInput
from k9py.simulator.streaming.shell.process import CommandError, Process
from k9py.simulator.streaming.shell.syntax import Redirect

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Streams:
    """What a command reads and writes."""

    stdin: ByteReader
    stdout: ByteWriter
    stderr: ByteWriter

    def with_output(self, descriptor: int, writer: ByteWriter) -> "Streams":
        return replace(self, stdout=writer) if descriptor == 1 else replace(self, stderr=writer)


class FileOutput:
    """Collects what is written to a file and appends it in large pieces."""

    def __init__(self, process: Process, path: str) -> None:
        self._process = process
        self._path = path
        self._held = bytearray()

    async def write(self, data: bytes) -> None:
        self._held += data
        if len(self._held) >= _PIECE:
            self.finish()
            await asyncio.sleep(0)

    def finish(self) -> None:
        """Write what is held to the file."""
        held, self._held = bytes(self._held), bytearray()
        if held:
            self._process.files.write(self._path, held, self._process.machine.now(), append=True)


class Files:
    """The files that a command writes by redirection."""

    def __init__(self) -> None:
        self._outputs: list[FileOutput] = []

    def open(self, process: Process, path: str) -> FileOutput:
        output = FileOutput(process, path)
        self._outputs.append(output)
        return output

    def finish(self) -> None:
        """Write what is held: the command has ended."""
        for output in self._outputs:
            output.finish()


def redirected(process: Process, redirects: Sequence[tuple[Redirect, str]], streams: Streams) -> tuple[Streams, Files]:
    """Return the streams after redirections, each with its expanded target, and the files that must be finished.

    Raises:
        CommandError: a file cannot be opened.
    """
    files = Files()
    for redirect, target in redirects:
        try:
            streams = _apply(process, redirect, target, streams, files)
        except OSError as error:
            raise CommandError(f"{target}: {error_text(error)}") from None
    return streams, files


def _apply(process: Process, redirect: Redirect, target: str, streams: Streams, files: Files) -> Streams:
    path = process.path(target)
    match redirect.operator:
        case "<<<":
            return replace(streams, stdin=FixedInput(target.encode("utf-8", "surrogateescape") + b"\n"))
        case "<":
            is_device = isinstance(process.files.find(path), Device)
            return replace(streams, stdin=NoInput() if is_device else FixedInput(process.files.read(path)))
        case ">&":
            source = {"1": streams.stdout, "2": streams.stderr, "-": Discard()}.get(target)
            if source is None:
                raise OSError(errno.EBADF, "Bad file descriptor")
            return streams.with_output(redirect.descriptor, source)
        case _:
            pass
    if path == "/dev/tty" and process.terminal is not None:
        return streams.with_output(redirect.descriptor, process.terminal)
    written = process.files.write(path, b"", process.machine.now(), append=redirect.operator == ">>")
    return streams.with_output(redirect.descriptor, Discard() if written is None else files.open(process, path))
