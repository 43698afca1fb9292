"""ls, stat, readlink and realpath, as GNU coreutils print them, as far as people and tools read it.

To add an option, add its letter to `options_of` of the command; an unknown one is refused as getopt refuses it.
"""

import time
from collections.abc import Sequence

from k9py.simulator.streaming.shell.commands.file_format import formatted, mode_text, size_of, type_name, user_name
from k9py.simulator.streaming.shell.filesystem import AnyNode, Device, Directory, File, Link, error_text
from k9py.simulator.streaming.shell.process import CommandError, Process, command, options_of

_HALF_YEAR = 182 * 86400


@command("ls")
async def ls(process: Process) -> int:
    options, operands = options_of(
        process.arguments[1:], "alA1dnhFtrLqbNiQpRskSgoU", "Tw",
        {"all": "a", "almost-all": "A", "color": "N", "time-style": "w", "full-time": "f", "literal": "N",
         "quoting-style": "N", "zero": "0", "show-control-chars": "N", "group-directories-first": "N"},
    )  # fmt: skip
    status, listed = 0, []
    for operand in operands or ["."]:
        try:
            node = process.files.find(process.path(operand), follow="L" in options or "l" not in options)
        except OSError as error:
            try:
                node = process.files.find(process.path(operand), follow=False)
            except OSError:
                await process.complain(f"cannot access '{operand}': {error_text(error)}")
                status = 2
                continue
        listed.append((operand, node))
    alone = [(name, node) for name, node in listed if not isinstance(node, Directory) or "d" in options]
    await _print_entries(process, alone, options)
    for number, (name, node) in enumerate(entry for entry in listed if entry not in alone):
        if len(operands) > 1:
            await process.print(("\n" if number or alone else "") + f"{name}:")
        assert isinstance(node, Directory)
        entries: list[tuple[str, AnyNode]] = sorted(node.entries.items())
        if "a" not in options and "A" not in options:
            entries = [entry for entry in entries if not entry[0].startswith(".")]
        elif "a" in options:
            parent = process.files.find(f"{process.path(name)}/..")
            entries = [(".", node), ("..", parent), *entries]
        if "L" in options:
            entries = [(entry, _followed(process, f"{process.path(name)}/{entry}", held)) for entry, held in entries]
        if "l" in options:
            await process.print(f"total {sum((size_of(held) + 1023) // 1024 for _, held in entries)}")
        await _print_entries(process, entries, options)
    return status


def _followed(process: Process, path: str, node: AnyNode) -> AnyNode:
    try:
        return process.files.find(path)
    except OSError:
        return node


async def _print_entries(process: Process, entries: Sequence[tuple[str, AnyNode]], options: dict[str, str]) -> None:
    if "t" in options:
        entries = sorted(entries, key=lambda entry: -entry[1].modified)
    if "r" in options:
        entries = list(reversed(entries))
    is_terminal = process.terminal is not None and process.stdout is process.terminal
    if "l" in options:
        await _print_long(process, entries, options, is_terminal=is_terminal)
        return
    names = [_shown(name, is_terminal=is_terminal) + _suffix(node, options) for name, node in entries]
    if "1" in options or not is_terminal or process.terminal is None:
        for name in names:
            await process.print(name)
        return
    width = max((len(name) for name in names), default=0) + 2
    columns = max(1, process.terminal.columns // width)
    rows = -(-len(names) // columns)
    for row in range(rows):
        await process.print("".join(name.ljust(width) for name in names[row::rows]).rstrip())


async def _print_long(
    process: Process, entries: Sequence[tuple[str, AnyNode]], options: dict[str, str], *, is_terminal: bool
) -> None:
    rows = []
    for name, node in entries:
        owner = str(node.owner) if "n" in options else user_name(node.owner)
        group = str(node.group) if "n" in options else user_name(node.group).replace("nobody", "nogroup")
        size = "1, 3" if isinstance(node, Device) else str(size_of(node))
        if "h" in options and size_of(node) >= 1024:
            size = f"{size_of(node) / 1024:.1f}K" if size_of(node) < 1024**2 else f"{size_of(node) / 1024**2:.1f}M"
        links = "2" if isinstance(node, Directory) else "1"
        shown = _shown(name, is_terminal=is_terminal) + _suffix(node, options)
        target = f" -> {_shown(node.target, is_terminal=is_terminal)}" if isinstance(node, Link) else ""
        when = _when(process, node.modified, options)
        rows.append((mode_text(node), links, owner, group, size, when, shown + target))
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(6)]
    for mode, links, owner, group, size, when, shown in rows:
        await process.print(
            f"{mode} {links:>{widths[1]}} {owner:<{widths[2]}} {group:<{widths[3]}} {size:>{widths[4]}} {when} {shown}"
        )


def _when(process: Process, modified: float, options: dict[str, str]) -> str:
    moment = time.gmtime(modified)
    style = options.get("w", "")
    if "f" in options or style == "full-iso":
        return time.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", moment)
    if style == "long-iso":
        return time.strftime("%Y-%m-%d %H:%M", moment)
    if style == "+%s":
        return str(int(modified))
    is_recent = 0 <= process.machine.now() - modified < _HALF_YEAR
    clock = time.strftime("%H:%M" if is_recent else " %Y", moment)
    return f"{time.strftime('%b', moment)} {moment.tm_mday:2d} {clock}"


def _suffix(node: AnyNode, options: dict[str, str]) -> str:
    if isinstance(node, Directory) and ("F" in options or "p" in options):
        return "/"
    if "F" in options:
        return "@" if isinstance(node, Link) else "*" if isinstance(node, File) and node.mode & 0o111 else ""
    return ""


def _shown(name: str, *, is_terminal: bool) -> str:
    """Return a name as GNU ls shows it: quoted for a shell on a terminal, unchanged elsewhere."""
    if not is_terminal:
        return name
    if any(not character.isprintable() for character in name):
        quoted = "".join(c if c.isprintable() else f"'$'\\{ord(c) & 0xFF:03o}''" for c in name)
        return f"'{quoted}'".replace("''", "")
    return f"'{name}'" if not name or any(character in " '\"$&;*?[]\\<>|()" for character in name) else name


@command("stat")
async def stat(process: Process) -> int:
    options, operands = options_of(
        process.arguments[1:], "Ltf", "c", {"format": "c", "printf": "c", "dereference": "L"}
    )
    if not operands:
        raise CommandError("missing operand")
    is_printf = any(argument.startswith("--printf") for argument in process.arguments)
    status = 0
    for operand in operands:
        try:
            node = process.files.find(process.path(operand), follow="L" in options)
        except OSError as error:
            await process.complain(f"cannot statx '{operand}': {error_text(error)}")
            status = 1
            continue
        if "c" in options:
            text = formatted(options["c"], node, operand)
            await process.stdout.write((text + ("" if is_printf else "\n")).encode("utf-8", "surrogateescape"))
            continue
        await process.print(
            f"  File: {operand}\n  Size: {size_of(node)}\tBlocks: 8\tIO Block: 4096   {type_name(node)}"
        )
        await process.print(f"Access: ({node.mode:04o}/{mode_text(node)})  Uid: ({node.owner:5d}/    root)")
        await process.print(f"Modify: {time.strftime('%Y-%m-%d %H:%M:%S.000000000 +0000', time.gmtime(node.modified))}")
    return status


@command("readlink", "realpath")
async def readlink(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "femnz", long={"canonicalize": "f"})
    status = 0
    for operand in operands:
        try:
            if process.name == "realpath" or set("fem") & set(options):
                await process.print(process.files.real_path(process.path(operand)))
                continue
            node = process.files.find(process.path(operand), follow=False)
            if isinstance(node, Link):
                await process.print(node.target)
                continue
        except OSError as error:
            if process.name == "realpath":
                await process.complain(f"{operand}: {error_text(error)}")
        status = 1
    return status
