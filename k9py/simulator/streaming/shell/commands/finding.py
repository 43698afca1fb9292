"""find and du: what is below a directory.

To add a test of find, add its case to `_Query.of`.
"""

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from k9py.simulator.streaming.shell.commands.file_format import formatted, size_of
from k9py.simulator.streaming.shell.filesystem import AnyNode, Device, Directory, File, Link, error_text
from k9py.simulator.streaming.shell.process import COMMANDS, CommandError, Process, command, options_of, run

_TYPES: dict[str, type[AnyNode]] = {"f": File, "d": Directory, "l": Link, "c": Device}
_DEEPEST = 1000


@dataclass(frozen=True, slots=True)
class _Match:
    """A file: its path as printed, and below the start."""

    path: str
    node: AnyNode
    relative: str


@dataclass(slots=True)
class _Query:
    """What find looks for, and what it does with it."""

    tests: list[Callable[[_Match], bool]] = field(default_factory=list)
    form: str = "%p\\n"
    command: list[str] = field(default_factory=list)
    is_one_command: bool = False

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "_Query":
        """Read an expression. Raises CommandError."""
        query, left = cls(), list(arguments)

        def value() -> str:
            if not left:
                raise CommandError(f"missing argument to '{arguments[-1]}'")
            return left.pop(0)

        while left:
            match left.pop(0):
                case "-type":
                    wanted = tuple(_TYPES[letter] for letter in value().split(",") if letter in _TYPES)
                    query.tests.append(_of_type(wanted))
                case "-name":
                    query.tests.append(_matcher(value()))
                case "-maxdepth":
                    deepest = int(value())
                    query.tests.append(_at_depth(0, deepest))
                case "-mindepth":
                    least = int(value())
                    query.tests.append(_at_depth(least, _DEEPEST))
                case "-printf":
                    query.form = value()
                case "-print0":
                    query.form = "%p\\0"
                case "-exec":
                    while (word := value()) not in (";", "+"):
                        query.command.append(word)
                    query.is_one_command = word == "+"
                case "-print" | "-xdev" | "-a" | "-L" | "-H" | "-P":
                    pass
                case unknown:
                    raise CommandError(f"unknown predicate '{unknown}'")
        return query


def _of_type(types: tuple[type[AnyNode], ...]) -> Callable[[_Match], bool]:
    return lambda found: isinstance(found.node, types)


def _at_depth(least: int, most: int) -> Callable[[_Match], bool]:
    return lambda found: least <= found.relative.count("/") + bool(found.relative) <= most


def _matcher(pattern: str) -> Callable[[_Match], bool]:
    return lambda found: fnmatch.fnmatchcase(found.path.rstrip("/").rpartition("/")[2], pattern)


@command("find")
async def find(process: Process) -> int:
    arguments = list(process.arguments[1:])
    starts = []
    while arguments and not arguments[0].startswith(("-", "(", "!")):
        starts.append(arguments.pop(0))
    query, status = _Query.of(arguments), 0
    matches: list[_Match] = []
    for start in starts or ["."]:
        base = process.path(start)
        try:
            entries = list(process.files.walk(base))
        except OSError as error:
            await process.complain(f"'{start}': {error_text(error)}")
            status = 1
            continue
        for path, node in entries:
            relative = path[len(base.rstrip("/")) :].lstrip("/")
            match = _Match(f"{start.rstrip('/')}/{relative}" if relative else start, node, relative)
            if all(test(match) for test in query.tests):
                matches.append(match)
    if query.command:
        return status | await _execute(process, query, [match.path for match in matches])
    for match in matches:
        text = formatted(query.form, match.node, match.path, match.relative)
        await process.stdout.write(text.encode("utf-8", "surrogateescape"))
    return status


async def _execute(process: Process, query: _Query, paths: Sequence[str]) -> int:
    status = 0
    for group in [paths] if query.is_one_command else [[path] for path in paths]:
        if not group:
            continue
        words = [part for word in query.command for part in (group if word == "{}" else [word])]
        child = process.started(words)
        if not process.machine.is_installed(child.name):
            raise CommandError(f"'{words[0]}': No such file or directory")
        status |= await run(child, COMMANDS[child.name])
    return min(status, 1)


@command("du")
async def du(process: Process) -> int:
    options, operands = options_of(process.arguments[1:], "shkbac", "d")
    for operand in operands or ["."]:
        entries = list(process.files.walk(process.path(operand)))
        total = sum(size_of(node) for _, node in entries)
        shown = str(total) if "b" in options else f"{total / 1024:.1f}K" if "h" in options else str(-(-total // 1024))
        await process.print(f"{shown}\t{operand}")
    return 0
