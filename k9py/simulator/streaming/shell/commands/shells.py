"""`sh` and `bash`: a line at a time from a terminal, a script from a pipe or a file, or `-c`.

Invariant: ^C ends the running command or the line that is typed, never the shell; ^D in an empty line and `exit` end
it.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from k9py.simulator.streaming.shell.builtins import BUILTINS
from k9py.simulator.streaming.shell.expansion import matching_names
from k9py.simulator.streaming.shell.filesystem import Directory, error_text
from k9py.simulator.streaming.shell.interpreter import LoopControl, Shell, ShellExit
from k9py.simulator.streaming.shell.lexer import IncompleteError, ShellSyntaxError
from k9py.simulator.streaming.shell.line_editor import LineEditor, LineInterruptedError
from k9py.simulator.streaming.shell.parser import parse
from k9py.simulator.streaming.shell.pipes import LineReader
from k9py.simulator.streaming.shell.process import COMMANDS, SIGINT, CommandError, Process, command
from k9py.simulator.streaming.shell.terminal import Terminal

_PASTE_ON, _PASTE_OFF = b"\x1b[?2004h", b"\x1b[?2004l"


@command("sh", "bash", "ash", "dash")
async def sh(process: Process) -> int:
    arguments = list(process.arguments[1:])
    flags = ""
    while arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        flag = arguments.pop(0)
        flags += flag[1:] if not flag.startswith("--") else ""
    if "c" in flags:
        if not arguments:
            raise CommandError("-c requires an argument", 2)
        shell = Shell(process, BUILTINS, tuple(arguments[1:]))
        return await _run_script(shell, arguments[0])
    if arguments:
        shell = Shell(process, BUILTINS, tuple(arguments))
        try:
            script = process.files.read(process.path(arguments[0]))
        except OSError as error:
            raise CommandError(f"{arguments[0]}: {error_text(error)}", 127) from None
        return await _run_script(shell, script.decode("utf-8", "surrogateescape"))
    shell = Shell(process, BUILTINS)
    if process.terminal is not None and process.stdin is process.terminal:
        return await _interact(shell, process.terminal)
    return await _read_script(shell)


async def _run_script(shell: Shell, text: str) -> int:
    try:
        return await shell.execute(parse(text), shell.streams)
    except ShellExit as end:
        return end.code
    except LoopControl:
        return 0
    except ShellSyntaxError as error:
        raise CommandError(str(error), 2) from None
    finally:
        await shell.end_jobs()


async def _read_script(shell: Shell) -> int:
    """Run commands from a pipe as they arrive."""
    lines, held = LineReader(shell.process.stdin), ""
    try:
        while line := await lines.line():
            held += line.decode("utf-8", "surrogateescape")
            try:
                commands = parse(held)
            except IncompleteError:
                continue
            except ShellSyntaxError as error:
                await shell.process.complain(str(error))
                return 2
            held = ""
            await shell.execute(commands, shell.streams)
        return shell.status
    except ShellExit as end:
        return end.code
    except LoopControl:
        return 0
    finally:
        await shell.end_jobs()


async def _interact(shell: Shell, terminal: Terminal) -> int:
    """Read and run lines until the shell is left."""
    is_bash = shell.process.name == "bash"
    editor = LineEditor(terminal, shell.process.machine.history, lambda text: _completions(shell, text))
    held = ""
    try:
        while True:
            prompt = "> " if held else _prompt(shell)
            try:
                if is_bash:
                    await terminal.write(_PASTE_ON)
                line = await editor.read(prompt)
            except LineInterruptedError:
                held, shell.status = "", 128 + SIGINT
                continue
            finally:
                if is_bash:
                    await terminal.write(_PASTE_OFF)
            if line is None:
                await terminal.write(b"exit\n" if is_bash else b"\n")
                return shell.status
            held += line + "\n"
            try:
                commands = parse(held)
            except IncompleteError:
                continue
            except ShellSyntaxError as error:
                held, shell.status = "", 2
                await shell.process.complain(str(error))
                continue
            held = ""
            with contextlib.suppress(LoopControl):
                shell.status = await _run_interruptibly(shell, terminal, shell.execute(commands, shell.streams))
    except ShellExit as end:
        return end.code
    finally:
        await shell.end_jobs()


async def _run_interruptibly(shell: Shell, terminal: Terminal, work: Coroutine[Any, Any, int]) -> int:
    """Run a command in the foreground; ^C ends it."""
    task = asyncio.ensure_future(work)
    signals: list[int] = []

    def interrupt(signal: int) -> None:
        signals.append(signal)
        task.cancel()

    before, terminal.interrupt = terminal.interrupt, interrupt
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not (signals and task.done()):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        await terminal.write(b"\n")
        return 128 + signals[0]
    finally:
        terminal.interrupt = before
        terminal.is_raw = False


def _prompt(shell: Shell) -> str:
    machine = shell.process.machine
    home = shell.variables.get("HOME", "")
    directory = shell.directory
    if home and f"{directory}/".startswith(f"{home}/"):
        directory = f"~{directory[len(home) :]}"
    return f"{machine.user}@{machine.hostname}:{directory}{'#' if machine.user == 'root' else '$'} "


def _completions(shell: Shell, text: str) -> list[str]:
    """Return what the last word of a line can be: a command, or a path."""
    word = text.rpartition(" ")[2]
    if not text.strip(" ").count(" ") and word == text.strip() and "/" not in word:
        machine = shell.process.machine
        known = {*BUILTINS, *filter(machine.is_installed, COMMANDS)}
        return sorted(name for name in known if name.startswith(word))
    names = matching_names(shell.process.files, shell.directory, f"{word}*")
    completed = []
    for name in names:
        path = shell.process.started([], directory=shell.directory).path(name)
        try:
            is_directory = isinstance(shell.process.files.find(path), Directory)
        except OSError:
            is_directory = False
        completed.append(f"{name}/" if is_directory else name)
    return completed
