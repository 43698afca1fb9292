"""Processes of a container: what a command gets, the table of commands, and how one is run and ended.

Owns: `Process`, the registry, exit codes. To add a command, write `async def name(process: Process) -> int` in a module
of `commands/` and decorate it with `@command("name")`.
Invariant: a process ends with an exit code, whatever happens in it: a signal is 128 plus its number, a broken pipe 141,
a usage error 1 or 2 with a message on stderr.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from k9py.simulator.streaming.shell.filesystem import FileSystem, error_text, join
from k9py.simulator.streaming.shell.pipes import ByteReader, ByteWriter
from k9py.simulator.streaming.shell.terminal import Terminal

SIGINT, SIGKILL, SIGPIPE, SIGTERM, SIGHUP = 2, 9, 13, 15, 1
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class CommandError(Exception):
    """A command that fails: its message for stderr, without the command's name, and its exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class CannotStartError(Exception):
    """The container runtime cannot start a command; the message is runc's."""


class Clock(Protocol):
    """The clock of the cluster."""

    def now(self) -> Any: ...

    async def sleep(self, seconds: float) -> None: ...


@dataclass(eq=False, slots=True)
class Entry:
    """A line of `ps`: a process that runs."""

    pid: int
    command: str
    user: str
    started: float
    task: "asyncio.Task[int] | None" = None
    signal: int = 0


@dataclass(eq=False, slots=True)
class Machine:
    """The container that processes run in.

    Args:
        hostname: of the pod.
        files: its file system.
        environment: of its main process.
        clock: the cluster's.
        user: name of the user its processes run as.
        has_shell: its image has sh, and the commands that come with it.
        has_bash: its image has bash.
        has_tar: its image has tar.
        kernel: what `uname -r` prints.
        main_command: of process 1.
        end_main: ends process 1, and so the container, with an exit code.
    """

    hostname: str
    files: FileSystem
    environment: dict[str, str]
    clock: Clock
    user: str = "root"
    working_directory: str = "/"
    has_shell: bool = True
    has_bash: bool = True
    has_tar: bool = True
    kernel: str = "6.8.0-45-generic"
    main_command: str = ""
    end_main: Callable[[int], None] = lambda _code: None
    processes: dict[int, Entry] = field(default_factory=dict)
    next_pid: int = 7
    history: list[str] = field(default_factory=list)

    def now(self) -> float:
        """Return the time as seconds since 1970."""
        return float(self.clock.now().timestamp())

    def is_installed(self, name: str) -> bool:
        """Return whether its image has a command."""
        match name:
            case "bash":
                return self.has_shell and self.has_bash
            case "tar":
                return self.has_shell and self.has_tar
            case _:
                return self.has_shell and name in COMMANDS

    def end_all(self) -> None:
        """Kill every process: the container has ended."""
        for entry in tuple(self.processes.values()):
            kill(entry, SIGKILL)


@dataclass(eq=False, slots=True)
class Process:
    """One process: what its command reads and writes."""

    machine: Machine
    arguments: Sequence[str]
    stdin: ByteReader
    stdout: ByteWriter
    stderr: ByteWriter
    environment: dict[str, str]
    directory: str = "/"
    terminal: Terminal | None = None
    parent: int = 0

    @property
    def name(self) -> str:
        return self.arguments[0].rpartition("/")[2]

    @property
    def files(self) -> FileSystem:
        return self.machine.files

    def path(self, given: str) -> str:
        """Return an absolute path; `..` is left in it for the file system, because links may be on the way."""
        return given if given.startswith("/") else f"{self.directory.rstrip('/')}/{given}"

    def tidy_path(self, given: str) -> str:
        """Return an absolute path without `.` and `..`."""
        return join(self.directory, given)

    async def print(self, text: str) -> None:
        """Write a line of text; surrogate escapes are the bytes that they stand for."""
        await self.stdout.write(text.encode("utf-8", "surrogateescape") + b"\n")

    async def complain(self, text: str) -> None:
        """Write `NAME: TEXT` to stderr."""
        await self.stderr.write(f"{self.name}: {text}\n".encode("utf-8", "surrogateescape"))

    def started(self, arguments: Sequence[str], **changes: Any) -> "Process":
        """Return a child process with the same streams, unless `changes` has others."""
        values: dict[str, Any] = {
            "machine": self.machine, "stdin": self.stdin, "stdout": self.stdout, "stderr": self.stderr,
            "environment": self.environment, "directory": self.directory, "terminal": self.terminal,
        }  # fmt: skip
        return Process(arguments=arguments, **{**values, **changes})


Command = Callable[[Process], Awaitable[int]]
COMMANDS: dict[str, Command] = {}


def command(*names: str) -> Callable[[Command], Command]:
    """Register a command under its names."""

    def register(function: Command) -> Command:
        for name in names:
            COMMANDS[name] = function
        return function

    return register


def options_of(
    arguments: Sequence[str], flags: str, valued: str = "", long: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Split arguments into options and operands, as getopt does.

    Args:
        arguments: without the command's name.
        flags: letters without a value.
        valued: letters with a value.
        long: the letter of each long option, as {"all": "a"}.

    Returns:
        The value of each option by letter ("" for a flag), and the operands.

    Raises:
        CommandError: an unknown option.
    """
    options: dict[str, str] = {}
    operands: list[str] = []
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--":
            return options, operands + left
        if argument.startswith("--"):
            name, _, value = argument[2:].partition("=")
            letter = (long or {}).get(name)
            if letter is None:
                raise CommandError(f"unrecognized option '--{name}'", 2)
            if letter in valued and "=" not in argument:
                value = left.pop(0) if left else ""
            options[letter] = value
            continue
        if not argument.startswith("-") or argument == "-":
            operands.append(argument)
            continue
        for at, letter in enumerate(argument[1:], 1):
            if letter in valued:
                options[letter] = argument[at + 1 :] or (left.pop(0) if left else "")
                break
            if letter not in flags:
                raise CommandError(f"invalid option -- '{letter}'", 2)
            options[letter] = ""
    return options, operands


def kill(entry: Entry, signal: int) -> None:
    """Send a signal that ends a process."""
    if entry.task is not None and not entry.task.done() and not entry.signal:
        entry.signal = signal
        entry.task.cancel()


async def run(process: Process, function: Command) -> int:
    """Run a command as an entry of `ps` and return its exit code.

    It runs as a task of its own, so that a signal ends it alone; when the caller is cancelled, it is ended, too.
    """
    machine = process.machine
    pid = machine.next_pid
    machine.next_pid += 1
    entry = Entry(pid, " ".join(process.arguments), machine.user, machine.now())
    entry.task = asyncio.create_task(guarded(process, function))
    machine.processes[pid] = entry
    try:
        return await asyncio.shield(entry.task)
    except asyncio.CancelledError:
        if entry.task.cancelled() and entry.signal:
            return 128 + entry.signal
        entry.task.cancel()
        await asyncio.gather(entry.task, return_exceptions=True)
        raise
    finally:
        del machine.processes[pid]


async def guarded(process: Process, function: Command) -> int:
    """Run a command in this task; errors become messages and exit codes."""
    try:
        return await function(process)
    except BrokenPipeError:
        return 128 + SIGPIPE
    except CommandError as error:
        await _complain(process, str(error))
        return error.code
    except ConnectionError:
        return 128 + SIGHUP
    except OSError as error:
        await _complain(process, error_text(error))
        return 2 if error.errno == errno.EINVAL else 1
    except RecursionError:
        await _complain(process, "too deeply nested")
        return 2


async def _complain(process: Process, text: str) -> None:
    try:
        await process.complain(text)
    except (BrokenPipeError, ConnectionError):
        return
