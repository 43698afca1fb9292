"""Commands that read and write text and bytes: cat, head, tail, wc, grep, sort, printf, base64, checksums, others."""

import asyncio
import base64
import hashlib
import re
from collections import deque
from collections.abc import AsyncIterator

from k9py.simulator.streaming.shell.filesystem import Device, error_text
from k9py.simulator.streaming.shell.pipes import ByteReader, FixedInput, LineReader, NoInput, read_all
from k9py.simulator.streaming.shell.process import CommandError, Process, command, options_of

_PIECE = 32 * 1024
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v", "\\": "\\"}


class _Zeroes:
    """The endless input of /dev/zero."""

    async def read(self, limit: int = _PIECE) -> bytes:
        await asyncio.sleep(0)
        return bytes(limit)


def opened(process: Process, operand: str) -> ByteReader:
    """Return what an operand names, `-` for the standard input.

    Raises:
        OSError: it cannot be read.
    """
    if operand == "-":
        return process.stdin
    path = process.path(operand)
    node = process.files.find(path)
    if isinstance(node, Device):
        return _Zeroes() if node.name == "zero" else process.stdin if node.name == "tty" else NoInput()
    return FixedInput(process.files.read(path))


async def _inputs(process: Process, operands: list[str], failures: list[str]) -> AsyncIterator[tuple[str, ByteReader]]:
    for operand in operands or ["-"]:
        try:
            reader = opened(process, operand)
        except OSError as error:
            await process.complain(f"{operand}: {error_text(error)}")
            failures.append(operand)
            continue
        yield operand, reader


@command("cat", "tac")
async def cat(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "uAevnETbst", long={"number": "n", "show-all": "A"})
    failures: list[str] = []
    number = 0
    async for _, reader in _inputs(process, operands, failures):
        if "n" in options:
            lines = LineReader(reader)
            while line := await lines.line():
                number += 1
                await process.stdout.write(f"{number:6d}\t".encode() + line)
            continue
        while data := await reader.read(_PIECE):
            await process.stdout.write(data)
            await asyncio.sleep(0)
    return 1 if failures else 0


@command("tee")
async def tee(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "a", long={"append": "a"})
    content = bytearray()
    while data := await process.stdin.read():
        content += data
        await process.stdout.write(data)
    for operand in operands:
        process.files.write(process.path(operand), bytes(content), process.machine.now(), append="a" in options)
    return 0


def _old_style(arguments: list[str]) -> list[str]:
    """Turn `-5` into `-n 5`."""
    return [part for given in arguments for part in (["-n", given[1:]] if re.fullmatch(r"-\d+", given) else [given])]


@command("head")
async def head(process: Process) -> int:
    options, operands = options_of(_old_style(list(process.arguments[1:])), "qv", "nc", {"lines": "n", "bytes": "c"})
    failures: list[str] = []
    async for operand, reader in _inputs(process, operands, failures):
        if len(operands) > 1:
            await process.print(f"==> {operand} <==")
        if "c" in options:
            left = int(options["c"])
            while left and (data := await reader.read(min(left, _PIECE))):
                left -= len(data)
                await process.stdout.write(data)
            continue
        lines = LineReader(reader)
        for _ in range(int(options.get("n", 10))):
            if not (line := await lines.line()):
                break
            await process.stdout.write(line)
    return 1 if failures else 0


@command("tail")
async def tail(process: Process) -> int:
    options, operands = options_of(
        _old_style(list(process.arguments[1:])), "fFqv", "nc", {"lines": "n", "bytes": "c", "follow": "f"}
    )
    failures: list[str] = []
    async for _, reader in _inputs(process, operands, failures):
        given = options.get("c", options.get("n", "10"))
        count = int(given.lstrip("+-"))
        if given.startswith("+") and "c" in options:
            await _skip_bytes(process, reader, count - 1)
        elif "c" in options:
            content = await read_all(reader)
            await process.stdout.write(content[-count:] if count else b"")
        else:
            lines = LineReader(reader)
            kept: deque[bytes] = deque(maxlen=None if given.startswith("+") else count)
            while line := await lines.line():
                kept.append(line)
            for line in list(kept)[count - 1 if given.startswith("+") else 0 :]:
                await process.stdout.write(line)
    if {"f", "F"} & set(options):
        await _follow(process, operands)
    return 1 if failures else 0


async def _skip_bytes(process: Process, reader: ByteReader, count: int) -> None:
    while count > 0 and (data := await reader.read(min(count, _PIECE))):
        count -= len(data)
    while data := await reader.read(_PIECE):
        await process.stdout.write(data)
        await asyncio.sleep(0)


async def _follow(process: Process, operands: list[str]) -> None:
    """Print what is appended to a file, until the process is ended."""
    sizes = {operand: len(process.files.read(process.path(operand))) for operand in operands}
    while True:
        await process.machine.clock.sleep(1.0)
        for operand in operands:
            content = process.files.read(process.path(operand))
            await process.stdout.write(content[sizes[operand] :])
            sizes[operand] = len(content)


@command("wc")
async def wc(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "lwcm", long={"lines": "l", "words": "w", "bytes": "c"})
    failures: list[str] = []
    async for operand, reader in _inputs(process, operands, failures):
        content = await read_all(reader)
        counts = {"l": content.count(b"\n"), "w": len(content.split()), "c": len(content)}
        shown = [str(counts[letter]) for letter in "lwc" if letter in options or not options]
        await process.print(" ".join((*shown, *([operand] if operands else []))))
    return 1 if failures else 0


@command("grep", "egrep", "fgrep")
async def grep(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "ivncqEFohHsa", "e", {"color": "s"})
    if "e" not in options and not operands:
        raise CommandError("usage: grep [OPTION]... PATTERNS [FILE]...", 2)
    pattern = options["e"] if "e" in options else operands.pop(0)
    if process.name == "fgrep" or "F" in options:
        pattern = re.escape(pattern)
    try:
        matcher = re.compile(pattern.encode("utf-8", "surrogateescape"), re.IGNORECASE if "i" in options else 0)
    except re.error as error:
        raise CommandError(f"invalid regular expression: {error}", 2) from None
    failures: list[str] = []
    matched = 0
    async for operand, reader in _inputs(process, operands, failures):
        lines, number = LineReader(reader), 0
        while line := await lines.line():
            number += 1
            if bool(matcher.search(line.rstrip(b"\n"))) == ("v" in options):
                continue
            matched += 1
            if "q" in options:
                return 0
            if "c" not in options:
                before = f"{operand}:" if len(operands) > 1 else ""
                before += f"{number}:" if "n" in options else ""
                await process.stdout.write(before.encode("utf-8", "surrogateescape") + line.rstrip(b"\n") + b"\n")
    if "c" in options:
        await process.print(str(matched))
    return 2 if failures else int(not matched)


@command("sort", "uniq", "rev")
async def sort(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "rnucVh", "k")
    failures: list[str] = []
    lines: list[bytes] = []
    async for _, reader in _inputs(process, operands, failures):
        lines += (await read_all(reader)).splitlines()
    if process.name == "sort":
        lines.sort(key=lambda line: (_leading_number(line) if "n" in options else 0, line), reverse="r" in options)
    if process.name == "uniq" or "u" in options:
        lines = [line for at, line in enumerate(lines) if not at or line != lines[at - 1]]
    for line in lines:
        await process.stdout.write((line[::-1] if process.name == "rev" else line) + b"\n")
    return 1 if failures else 0


def _leading_number(line: bytes) -> float:
    match = re.match(rb"\s*-?[\d.]+", line)
    return float(match.group()) if match else 0.0


@command("printf")
async def printf(process: Process) -> int:
    if len(process.arguments) < 2:
        raise CommandError("usage: printf FORMAT [ARGUMENT]...", 2)
    form, arguments = process.arguments[1], list(process.arguments[2:])
    while True:
        before = len(arguments)
        text = re.sub(r"%([-0-9.]*)([sdcxob%])", lambda match: _converted(match, arguments), unescaped(form))
        await process.stdout.write(text.encode("utf-8", "surrogateescape"))
        if not arguments or len(arguments) == before:
            return 0


def _converted(match: "re.Match[str]", arguments: list[str]) -> str:
    flags, kind = match.groups()
    if kind == "%":
        return "%"
    value = arguments.pop(0) if arguments else ""
    try:
        if kind in "dxo":
            return f"%{flags}{kind}" % int(value or 0)
        return f"%{flags}s" % (unescaped(value) if kind == "b" else value[:1] if kind == "c" else value)
    except ValueError:
        raise CommandError(f"{value}: invalid number") from None


def unescaped(text: str) -> str:
    """Return a text with backslash escapes replaced; octal and hexadecimal bytes above 0x7f are surrogate escapes."""

    def replaced(match: "re.Match[str]") -> str:
        octal, hexadecimal, letter = match.groups()
        if octal or hexadecimal:
            byte = (int(octal, 8) if octal else int(hexadecimal, 16)) & 0xFF
            return bytes((byte,)).decode("utf-8", "surrogateescape")
        return _ESCAPES.get(letter, f"\\{letter}")

    return re.sub(r"\\(?:0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", replaced, text, flags=re.DOTALL)


@command("echo")
async def echo(process: Process) -> int:
    words = list(process.arguments[1:])
    flags = ""
    while words and re.fullmatch(r"-[neE]+", words[0]):
        flags += words.pop(0)
    text = " ".join(words)
    if "e" in flags:
        text = unescaped(text)
    await process.stdout.write((text + ("" if "n" in flags else "\n")).encode("utf-8", "surrogateescape"))
    return 0


@command("base64")
async def base64_(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "di", "w", {"decode": "d", "wrap": "w"})
    content = await read_all(opened(process, operands[0] if operands else "-"))
    if "d" in options:
        try:
            await process.stdout.write(base64.b64decode(content))
        except ValueError:
            raise CommandError("invalid input") from None
        return 0
    encoded, width = base64.b64encode(content), int(options.get("w", 76))
    for at in range(0, len(encoded), width or len(encoded) or 1):
        await process.stdout.write(encoded[at : at + (width or len(encoded))] + (b"\n" if width else b""))
    return 0


@command("md5sum", "sha1sum", "sha256sum", "sha512sum", "cksum")
async def checksum(process: Process) -> int:
    _, operands = options_of(process.arguments[1:], "bt")
    failures: list[str] = []
    async for operand, reader in _inputs(process, operands, failures):
        digest = hashlib.new(process.name.removesuffix("sum") if process.name != "cksum" else "md5")
        while data := await reader.read(_PIECE):
            digest.update(data)
        await process.print(f"{digest.hexdigest()}  {operand}")
    return 1 if failures else 0


@command("seq")
async def seq(process: Process) -> int:
    numbers = [int(argument) for argument in process.arguments[1:] if argument.lstrip("-").isdecimal()]
    match numbers:
        case [last]:
            first, step = 1, 1
        case [first, last]:
            step = 1
        case [first, step, last] if step:
            pass
        case _:
            raise CommandError("missing operand")
    piece = bytearray()
    for number in range(first, last + (1 if step > 0 else -1), step):
        piece += b"%d\n" % number
        if len(piece) > _PIECE:
            await process.stdout.write(bytes(piece))
            piece.clear()
    await process.stdout.write(bytes(piece))
    return 0


@command("tr")
async def tr(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "ds")
    old = unescaped(operands[0]).encode() if operands else b""
    new = unescaped(operands[1]).encode() if len(operands) > 1 else b""
    while data := await process.stdin.read():
        kept = data.translate(None, old) if "d" in options else data
        if new and "d" not in options:
            kept = data.translate(bytes.maketrans(old, (new + new[-1:] * len(old))[: len(old)]))
        await process.stdout.write(kept)
    return 0


@command("yes")
async def yes(process: Process) -> int:
    line = (" ".join(process.arguments[1:]) or "y").encode("utf-8", "surrogateescape") + b"\n"
    piece = line * max(1, 8192 // len(line))
    while True:
        await process.stdout.write(piece)
        await asyncio.sleep(0)
