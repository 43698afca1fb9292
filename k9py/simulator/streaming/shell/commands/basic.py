"""Commands without files: echo, true, sleep, env and the like."""

from k9py.simulator.streaming.shell.process import CommandError, Process, command


@command("true", ":")
async def true(process: Process) -> int:
    return 0


@command("false")
async def false(process: Process) -> int:
    return 1


@command("echo")
async def echo(process: Process) -> int:
    await process.print(" ".join(process.arguments[1:]))
    return 0


@command("cat")
async def cat(process: Process) -> int:
    while data := await process.stdin.read():
        await process.stdout.write(data)
    return 0


@command("sleep")
async def sleep(process: Process) -> int:
    given = process.arguments[1] if len(process.arguments) > 1 else ""
    try:
        seconds = 1e9 if given == "infinity" else float(given.rstrip("smhd")) * _UNITS.get(given[-1:], 1)
    except ValueError:
        raise CommandError(f"invalid time interval '{given}'") from None
    await process.machine.clock.sleep(seconds)
    return 0


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
