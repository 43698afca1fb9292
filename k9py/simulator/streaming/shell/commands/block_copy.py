"""dd: copies blocks between the standard streams and files, with seek, skip and truncation: resumed copies use it."""

from k9py.simulator.streaming.shell.commands.text import opened
from k9py.simulator.streaming.shell.filesystem import error_text
from k9py.simulator.streaming.shell.process import CommandError, Process, command

_UNITS = {"k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3, "c": 1, "b": 512}


def _number(text: str) -> int:
    digits = text.rstrip("kKMGBcb")
    if not digits.isdecimal():
        raise CommandError(f"invalid number: '{text}'")
    return int(digits) * _UNITS.get(text[len(digits) : len(digits) + 1], 1)


@command("dd")
async def dd(process: Process) -> int:
    values = dict(argument.partition("=")[::2] for argument in process.arguments[1:])
    size = _number(values.get("bs") or values.get("ibs") or "512")
    skip, seek = (_number(values.get(name, "0")) * size for name in ("skip", "seek"))
    limit = _number(values["count"]) * size if "count" in values else None
    source = values.get("if", "-")
    try:
        reader = opened(process, source)
        content = bytearray()
        while (limit is None or len(content) < skip + limit) and (data := await reader.read()):
            content += data
            if values.get("of") is None and not skip and limit is None:
                await process.stdout.write(data)
        whole = bytes(content[skip : None if limit is None else skip + limit])
        if "of" not in values:
            if skip or limit is not None:
                await process.stdout.write(whole)
        else:
            _write(process, values["of"], whole, seek, keeps_end="notrunc" in values.get("conv", ""))
    except OSError as error:
        raise CommandError(f"failed to open '{values.get('of', source)}': {error_text(error)}") from None
    blocks = f"{len(whole) // size}+{int(bool(len(whole) % size))} records"
    if values.get("status") != "none":
        summary = f"{blocks} in\n{blocks} out\n{len(whole)} bytes copied, 0.01 s\n"
        await process.stderr.write(summary.encode())
    return 0


def _write(process: Process, target: str, content: bytes, seek: int, *, keeps_end: bool) -> None:
    path = process.path(target)
    try:
        old = process.files.read(path)
    except FileNotFoundError:
        old = b""
    before = old[:seek].ljust(seek, b"\0")
    after = old[seek + len(content) :] if keeps_end else b""
    process.files.write(path, before + content + after, process.machine.now())
