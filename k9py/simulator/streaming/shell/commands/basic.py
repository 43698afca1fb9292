"""Commands about the process, its container and its terminal: true, sleep, env, id, ps, kill, stty, test and others."""

import asyncio
import re
import time

from k9py.simulator.streaming.shell.filesystem import Directory, File, Link
from k9py.simulator.streaming.shell.process import (
    COMMANDS,
    NOT_FOUND,
    SIGTERM,
    CommandError,
    Process,
    command,
    kill,
    options_of,
    run,
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "TERM": SIGTERM}
_IDS = {"root": 0, "nobody": 65534}


@command("true", ":")
async def true(process: Process) -> int:
    return 0


@command("false")
async def false(process: Process) -> int:
    return 1


@command("sleep")
async def sleep(process: Process) -> int:
    given = process.arguments[1] if len(process.arguments) > 1 else ""
    try:
        seconds = 1e9 if given == "infinity" else float(given.rstrip("smhd")) * _UNITS.get(given[-1:], 1)
    except ValueError:
        raise CommandError(f"invalid time interval '{given}'") from None
    await process.machine.clock.sleep(seconds)
    return 0


@command("env", "printenv")
async def env(process: Process) -> int:
    environment, arguments = dict(process.environment), list(process.arguments[1:])
    if process.name == "printenv" and arguments:
        value = environment.get(arguments[0])
        if value is None:
            return 1
        await process.print(value)
        return 0
    while arguments and (arguments[0] == "-i" or "=" in arguments[0]):
        name, equals, value = arguments.pop(0).partition("=")
        environment = {**environment, name: value} if equals else {}
    if arguments:
        child = process.started(arguments, environment=environment)
        if not process.machine.is_installed(child.name):
            raise CommandError(f"'{arguments[0]}': No such file or directory", NOT_FOUND)
        return await run(child, COMMANDS[child.name])
    for name, value in environment.items():
        await process.print(f"{name}={value}")
    return 0


@command("id", "whoami", "groups")
async def identity(process: Process) -> int:
    user = process.machine.user
    number = _IDS.get(user, int(user) if user.isdecimal() else 1000)
    name = user if not user.isdecimal() else ""
    flags = "".join(process.arguments[1:])
    if process.name == "whoami" or {"u", "n"} <= set(flags):
        await process.print(name or str(number))
    elif "u" in flags or "g" in flags:
        await process.print(str(number))
    else:
        shown = f"{number}({name})" if name else str(number)
        await process.print(f"uid={shown} gid={shown} groups={shown}")
    return 0


@command("hostname")
async def hostname(process: Process) -> int:
    await process.print(process.machine.hostname)
    return 0


@command("uname")
async def uname(process: Process) -> int:
    flags = "".join(process.arguments[1:])
    if "a" in flags:
        await process.print(
            f"Linux {process.machine.hostname} {process.machine.kernel} #45-Ubuntu SMP x86_64 GNU/Linux"
        )
    else:
        await process.print(
            {"r": process.machine.kernel, "m": "x86_64", "n": process.machine.hostname}.get(flags[1:2], "Linux")
        )
    return 0


@command("date")
async def date(process: Process) -> int:
    form = next(
        (argument[1:] for argument in process.arguments[1:] if argument.startswith("+")), "%a %b %e %H:%M:%S UTC %Y"
    )
    now = process.machine.now()
    await process.print(time.strftime(form.replace("%s", str(int(now))), time.gmtime(now)))
    return 0


@command("nproc")
async def nproc(process: Process) -> int:
    await process.print("2")
    return 0


@command("ps")
async def ps(process: Process) -> int:
    await process.print(f"{'PID':>5} {'USER':<8} {'TIME':>6} COMMAND")
    machine = process.machine
    rows = [(1, machine.main_command or "/app/server", 0.0)]
    rows += [(entry.pid, entry.command, machine.now() - entry.started) for entry in machine.processes.values()]
    for pid, text, seconds in rows:
        await process.print(f"{pid:>5} {machine.user:<8} {int(seconds) // 60:>3}:{int(seconds) % 60:02d} {text}")
    return 0


@command("kill", "pkill", "killall")
async def kill_(process: Process) -> int:
    arguments = list(process.arguments[1:])
    signal = SIGTERM
    if arguments and arguments[0].startswith("-"):
        given = arguments.pop(0)[1:].upper().removeprefix("SIG")
        signal = int(given) if given.isdecimal() else _SIGNALS.get(given, SIGTERM)
    status = 0
    machine = process.machine
    for argument in arguments:
        if process.name != "kill":
            entries = [entry for entry in machine.processes.values() if entry.command.split(" ")[0] == argument]
        elif argument == "1":
            machine.end_main(128 + signal)
            continue
        else:
            entries = [entry for pid, entry in machine.processes.items() if str(pid) == argument]
        if not entries:
            await process.complain(f"({argument}) - No such process")
            status = 1
        for entry in entries:
            if signal:
                kill(entry, signal)
    await asyncio.sleep(0)
    return status


@command("stty")
async def stty(process: Process) -> int:
    terminal = process.terminal
    if terminal is None or process.stdin is not terminal:
        raise CommandError("'standard input': Inappropriate ioctl for device")
    match list(process.arguments[1:]):
        case ["size"]:
            await process.print(f"{terminal.rows} {terminal.columns}")
        case ["raw", *_]:
            terminal.is_raw = True
        case ["sane" | "cooked", *_]:
            terminal.is_raw = False
        case ["cols" | "columns", number]:
            terminal.resize(int(number), terminal.rows)
        case ["rows", number]:
            terminal.resize(terminal.columns, int(number))
        case _:
            await process.print(f"speed 38400 baud; rows {terminal.rows}; columns {terminal.columns}; line = 0;")
    return 0


@command("tty")
async def tty(process: Process) -> int:
    has_terminal = process.terminal is not None and process.stdin is process.terminal
    await process.print("/dev/pts/0" if has_terminal else "not a tty")
    return 0 if has_terminal else 1


@command("clear", "reset")
async def clear(process: Process) -> int:
    await process.stdout.write(b"\x1b[H\x1b[2J\x1b[3J")
    return 0


@command("basename", "dirname")
async def basename(process: Process) -> int:
    _, operands = options_of(process.arguments[1:], "z")
    above, _, name = operands[0].rstrip("/").rpartition("/") if operands else ("", "", "")
    await process.print(name.removesuffix("".join(operands[1:2])) if process.name == "basename" else above or ".")
    return 0


@command("timeout", "nohup", "nice", "xargs")
async def wrapped(process: Process) -> int:
    arguments = list(process.arguments[1:])
    while arguments and arguments[0].startswith("-"):
        arguments.pop(0)
    seconds = float(arguments.pop(0).rstrip("s")) if process.name == "timeout" and arguments else None
    if process.name == "xargs":
        content = bytearray()
        while data := await process.stdin.read():
            content += data
        arguments += content.decode("utf-8", "surrogateescape").split()
    if not arguments or not process.machine.is_installed(arguments[0].rpartition("/")[2]):
        raise CommandError(f"failed to run command '{''.join(arguments[:1])}': No such file or directory", NOT_FOUND)
    child = process.started(arguments)
    work = asyncio.ensure_future(run(child, COMMANDS[child.name]))
    limit = asyncio.ensure_future(process.machine.clock.sleep(1e9 if seconds is None else seconds))
    try:
        await asyncio.wait((work, limit), return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else 124
    finally:
        work.cancel()
        limit.cancel()
        await asyncio.gather(work, limit, return_exceptions=True)


@command("test", "[")
async def test(process: Process) -> int:
    arguments = list(process.arguments[1:])
    if process.name == "[":
        if arguments[-1:] != ["]"]:
            raise CommandError("missing ]", 2)
        arguments.pop()
    return 0 if _holds(process, arguments) else 1


def _holds(process: Process, arguments: list[str]) -> bool:
    """Return whether an expression of `test` holds. Raises CommandError."""
    for word in ("-o", "-a"):
        if word in arguments[1:-1]:
            at = arguments.index(word, 1)
            sides = _holds(process, arguments[:at]), _holds(process, arguments[at + 1 :])
            return any(sides) if word == "-o" else all(sides)
    match arguments:
        case []:
            return False
        case [text]:
            return bool(text)
        case ["!", *rest]:
            return not _holds(process, rest)
        case ["-n" | "-z" as flag, text]:
            return bool(text) == (flag == "-n")
        case ["-t", number]:
            stream = {"0": process.stdin, "1": process.stdout, "2": process.stderr}.get(number)
            return process.terminal is not None and stream is process.terminal
        case [flag, path] if re.fullmatch(r"-[edfLhsrwx]", flag):
            return _is_file(process, flag[1], path)
        case [left, "=" | "==", right]:
            return left == right
        case [left, "!=", right]:
            return left != right
        case [left, "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" as comparison, right]:
            try:
                order = int(left) - int(right)
            except ValueError:
                raise CommandError(f"Illegal number: {left}", 2) from None
            return {"-eq": order == 0, "-ne": order != 0, "-lt": order < 0, "-le": order <= 0,
                    "-gt": order > 0, "-ge": order >= 0}[comparison]  # fmt: skip
        case _:
            raise CommandError(f"{arguments[0]}: unexpected operator", 2)


def _is_file(process: Process, flag: str, path: str) -> bool:
    try:
        node = process.files.find(process.path(path), follow=flag not in "Lh")
    except OSError:
        return False
    match flag:
        case "d":
            return isinstance(node, Directory)
        case "f":
            return isinstance(node, File)
        case "L" | "h":
            return isinstance(node, Link)
        case "s":
            return isinstance(node, File) and bool(node.content)
        case "x":
            return bool(node.mode & 0o111)
        case _:
            return True
