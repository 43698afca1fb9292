"""Commands that change files: mkdir, rm, touch, ln, cp, mv, chmod, chown, and pwd."""

from collections.abc import Callable, Sequence

from k9py.simulator.streaming.shell.filesystem import AnyNode, Directory, File, Link, error_text
from k9py.simulator.streaming.shell.process import CommandError, Process, command, options_of


async def _each(process: Process, operands: Sequence[str], what: str, work: Callable[[str], None]) -> int:
    """Do something with each operand; an error is reported and the next one follows."""
    status = 0
    if not operands:
        raise CommandError("missing operand")
    for operand in operands:
        try:
            work(operand)
        except OSError as error:
            await process.complain(f"{what} '{operand}': {error_text(error)}")
            status = 1
    return status


@command("pwd")
async def pwd(process: Process) -> int:
    await process.print(process.directory)
    return 0


@command("mkdir")
async def mkdir(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "pv", "m", {"parents": "p", "mode": "m"})
    mode = int(options.get("m") or "755", 8)

    def make(operand: str) -> None:
        path = process.path(operand).rstrip("/")
        process.files.make_directory(path, process.machine.now(), parents="p" in options, mode=mode)

    return await _each(process, operands, "cannot create directory", make)


@command("rm", "rmdir", "unlink")
async def rm(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "rRfdiv", long={"recursive": "r", "force": "f"})
    is_recursive = bool({"r", "R"} & set(options))
    if not operands and "f" in options:
        return 0

    def remove(operand: str) -> None:
        path = process.path(operand)
        try:
            node = process.files.find(path.rstrip("/"), follow=False)
        except FileNotFoundError:
            if "f" in options:
                return
            raise
        if isinstance(node, Directory) and not is_recursive:
            if process.name != "rmdir":
                raise IsADirectoryError(21, "Is a directory")
            if node.entries:
                raise OSError(39, "Directory not empty")
        process.files.remove(path)

    return await _each(process, operands, "failed to remove" if process.name == "rmdir" else "cannot remove", remove)


@command("touch")
async def touch(process: Process) -> int:
    _, operands = options_of(process.arguments[1:], "cam", "drt", {"date": "d"})

    def change(operand: str) -> None:
        path = process.path(operand)
        try:
            process.files.find(path).modified = process.machine.now()
        except FileNotFoundError:
            process.files.write(path, b"", process.machine.now())

    return await _each(process, operands, "cannot touch", change)


@command("ln")
async def ln(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "sfnv", long={"symbolic": "s", "force": "f"})
    if not 1 <= len(operands) <= 2:
        raise CommandError("missing file operand")
    target = operands[0]
    path = _destination(process, operands[1] if len(operands) == 2 else ".", target)
    node: AnyNode = (
        process.files.find(process.path(target))
        if "s" not in options
        else Link(mode=0o777, modified=process.machine.now(), target=target)
    )
    try:
        process.files.add(path, node, replace="f" in options)
    except OSError as error:
        raise CommandError(f"failed to create symbolic link '{path}': {error_text(error)}") from None
    return 0


@command("cp", "mv")
async def copy(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "rRafpTvnd", long={"recursive": "r", "archive": "a"})
    if len(operands) < 2:
        raise CommandError("missing file operand")
    *sources, last = operands
    is_move, is_recursive = process.name == "mv", bool({"r", "R", "a"} & set(options))

    def place(source: str) -> None:
        node = process.files.find(process.path(source), follow=not is_move and "a" not in options)
        if isinstance(node, Directory) and not (is_move or is_recursive):
            raise CommandError(f"-r not specified; omitting directory '{source}'")
        target = _destination(process, last, source)
        process.files.add(target, node if is_move else _copied(node), replace=True)
        if is_move and target.rstrip("/") != process.tidy_path(source):
            process.files.remove(process.path(source))

    return await _each(process, sources, "cannot move" if is_move else "cannot stat", place)


def _destination(process: Process, given: str, source: str) -> str:
    """Return where something is put: into a directory, or as a new name."""
    path = process.path(given)
    try:
        is_directory = isinstance(process.files.find(path), Directory)
    except OSError:
        is_directory = False
    return f"{path.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}" if is_directory else path


def _copied(node: AnyNode) -> AnyNode:
    match node:
        case File():
            return File(node.mode, node.owner, node.group, node.modified, node.content)
        case Directory():
            entries = {name: _copied(entry) for name, entry in node.entries.items()}
            return Directory(node.mode, node.owner, node.group, node.modified, entries)
        case _:
            return node


@command("chmod")
async def chmod(process: Process) -> int:
    arguments = [argument for argument in process.arguments[1:] if argument not in ("-R", "-f", "--")]
    if len(arguments) < 2:
        raise CommandError("missing operand")
    mode = arguments[0]

    def change(operand: str) -> None:
        node = process.files.find(process.path(operand))
        if mode.isdecimal():
            node.mode = int(mode, 8)
        elif mode.endswith("+x"):
            node.mode |= 0o111
        elif mode.endswith("-x"):
            node.mode &= ~0o111
        else:
            raise CommandError(f"invalid mode: '{mode}'")

    return await _each(process, arguments[1:], "cannot access", change)


@command("chown", "chgrp", "sync")
async def chown(process: Process) -> int:
    return 0
