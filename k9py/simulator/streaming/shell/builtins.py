"""Commands that read or change the shell that runs them.

To add one, write `async def name(shell: Shell, process: Process) -> int` and decorate it with `@builtin("name")`.
"""

import asyncio
from collections.abc import Callable

from k9py.simulator.streaming.shell.filesystem import error_text
from k9py.simulator.streaming.shell.interpreter import Builtin, LoopControl, Shell, ShellExit
from k9py.simulator.streaming.shell.lexer import ShellSyntaxError
from k9py.simulator.streaming.shell.parser import parse
from k9py.simulator.streaming.shell.pipes import LineReader
from k9py.simulator.streaming.shell.process import CommandError, Process
from k9py.simulator.streaming.shell.redirects import Streams

BUILTINS: dict[str, Builtin] = {}


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    """Register a builtin under its names."""

    def register(function: Builtin) -> Builtin:
        for name in names:
            BUILTINS[name] = function
        return function

    return register


def _streams(process: Process) -> Streams:
    return Streams(process.stdin, process.stdout, process.stderr)


@builtin("cd")
async def cd(shell: Shell, process: Process) -> int:
    given = process.arguments[1] if len(process.arguments) > 1 else shell.variables.get("HOME", "/")
    if given == "-":
        given = shell.variables.get("OLDPWD", shell.directory)
    path = process.tidy_path(given)
    try:
        process.files.directory(path)
    except OSError as error:
        raise CommandError(f"{given}: {error_text(error)}") from None
    shell.variables["OLDPWD"], shell.directory = shell.directory, path
    return 0


@builtin("exit", "return", "logout")
async def leave(shell: Shell, process: Process) -> int:
    given = process.arguments[1] if len(process.arguments) > 1 else str(shell.status)
    if not given.lstrip("-").isdecimal():
        await process.complain(f"Illegal number: {given}")
        raise ShellExit(2)
    raise ShellExit(int(given) & 0xFF)


@builtin("exec")
async def exec_command(shell: Shell, process: Process) -> int:
    if len(process.arguments) < 2:
        return 0
    raise ShellExit(await shell.start(list(process.arguments[1:]), _streams(process)))


@builtin("break", "continue")
async def control_loop(shell: Shell, process: Process) -> int:
    raise LoopControl(is_continue=process.name == "continue")


@builtin("export")
async def export(shell: Shell, process: Process) -> int:
    for argument in process.arguments[1:]:
        name, equals, value = argument.partition("=")
        if equals:
            shell.variables[name] = value
        shell.exported.add(name)
    if len(process.arguments) == 1:
        for name in sorted(shell.exported & set(shell.variables)):
            await process.print(f"export {name}='{shell.variables[name]}'")
    return 0


@builtin("unset")
async def unset(shell: Shell, process: Process) -> int:
    for name in process.arguments[1:]:
        shell.variables.pop(name, None)
    return 0


@builtin("set", "trap", "umask", "ulimit", "alias")
async def accept(shell: Shell, process: Process) -> int:
    if process.name == "set" and "--" in process.arguments:
        at = list(process.arguments).index("--")
        shell.positional = (shell.positional[0], *process.arguments[at + 1 :])
    return 0


@builtin("shift")
async def shift(shell: Shell, process: Process) -> int:
    shell.positional = (shell.positional[0], *shell.positional[2:])
    return 0


@builtin("eval", ".", "source")
async def evaluate(shell: Shell, process: Process) -> int:
    text = " ".join(process.arguments[1:])
    if process.name != "eval":
        text = process.files.read(process.path(process.arguments[1])).decode("utf-8", "surrogateescape")
    try:
        return await shell.execute(parse(text), _streams(process))
    except ShellSyntaxError as error:
        raise CommandError(str(error), 2) from None


@builtin("read")
async def read(shell: Shell, process: Process) -> int:
    names = [argument for argument in process.arguments[1:] if not argument.startswith("-")] or ["REPLY"]
    line = await LineReader(process.stdin).line()
    words = line.decode("utf-8", "surrogateescape").rstrip("\n").split(None, len(names) - 1)
    for number, name in enumerate(names):
        shell.variables[name] = words[number] if number < len(words) else ""
    return 0 if line.endswith(b"\n") else 1


@builtin("command", "type", "which")
async def describe(shell: Shell, process: Process) -> int:
    arguments = list(process.arguments[1:])
    if process.name == "command" and not (arguments and arguments[0] in ("-v", "-V")):
        return await shell.start(arguments, _streams(process)) if arguments else 0
    status = 0
    for name in arguments[1:] if process.name == "command" else arguments:
        base = name.rpartition("/")[2]
        is_installed = process.machine.is_installed(base)
        if name in BUILTINS and process.name != "which":
            await process.print(name if process.name == "command" else f"{name} is a shell builtin")
        elif is_installed:
            path = f"/usr/bin/{base}"
            await process.print(path if process.name != "type" else f"{name} is {path}")
        else:
            status = 1 if process.name != "command" else 127
            if process.name == "type":
                await process.complain(f"{name}: not found")
    return status


@builtin("wait")
async def wait(shell: Shell, process: Process) -> int:
    await asyncio.gather(*shell.jobs, return_exceptions=True)
    shell.jobs.clear()
    return 0


@builtin("jobs")
async def jobs(shell: Shell, process: Process) -> int:
    for number, job in enumerate(shell.jobs, 1):
        await process.print(f"[{number}]  {'Done' if job.done() else 'Running'}")
    return 0


@builtin("history")
async def history(shell: Shell, process: Process) -> int:
    for number, line in enumerate(process.machine.history, 1):
        await process.print(f"{number:5d}  {line}")
    return 0
