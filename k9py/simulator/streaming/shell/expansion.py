"""Turns words into fields: variables, command substitution, splitting, file name patterns, tilde.

Invariant: quoted parts are neither split nor matched; bytes that are not UTF-8 stay surrogate escapes.
"""

import ast
import fnmatch
import operator
import re
from collections.abc import Callable, Iterable
from typing import Protocol

from k9py.simulator.streaming.shell.filesystem import Directory, FileSystem
from k9py.simulator.streaming.shell.process import CommandError
from k9py.simulator.streaming.shell.syntax import Arithmetic, Literal, Sequence, Substitution, Variable, Word

_WILD = re.compile(r"[*?\[]")
_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
}


class Scope(Protocol):
    """What expansion needs of a shell."""

    @property
    def files(self) -> FileSystem: ...

    @property
    def directory(self) -> str: ...

    def lookup(self, name: str) -> str | None:
        """Return the value of a variable or parameter; None if it is not set."""
        ...

    def assign(self, name: str, value: str) -> None: ...

    def parameters(self) -> list[str]:
        """Return $1, $2, …."""
        ...

    async def output_of(self, commands: Sequence) -> bytes:
        """Return what commands write."""
        ...


async def expand_words(scope: Scope, words: Iterable[Word]) -> list[str]:
    """Return the fields of words: split, and with file name patterns replaced by the names that match."""
    fields: list[str] = []
    for word in words:
        for text, pattern in await _fields(scope, word):
            names = matching_names(scope.files, scope.directory, pattern) if pattern is not None else []
            fields += names or [text]
    return fields


async def expand_text(scope: Scope, word: Word) -> str:
    """Return a word as one text: neither split nor matched."""
    return "".join([text for text, _ in await _parts(scope, word)])


def matching_names(files: FileSystem, directory: str, pattern: str) -> list[str]:
    """Return the paths that match a pattern, in order."""
    found = [("/", "/")] if pattern.startswith("/") else [(directory, "")]
    for part in pattern.strip("/").split("/"):
        deeper: list[tuple[str, str]] = []
        for path, shown in found:
            try:
                node = files.find(path)
            except OSError:
                continue
            if not isinstance(node, Directory):
                continue
            deeper += [
                (f"{path.rstrip('/')}/{name}", f"{shown}{'/' if shown.strip('/') else ''}{name}")
                for name in sorted(node.entries)
                if fnmatch.fnmatchcase(name, part) and (not name.startswith(".") or part.startswith("."))
            ]
        found = deeper
    return [shown for _, shown in found]


async def _fields(scope: Scope, word: Word) -> list[tuple[str, str | None]]:
    """Return the fields of a word, each with its file name pattern (None: it has none)."""
    if word == (Variable("@", is_quoted=True),):
        return [(value, None) for value in scope.parameters()]
    fields: list[tuple[str, str]] = []
    is_open = False  # the last field may continue
    for text, is_quoted in await _parts(scope, word):
        pieces = [text] if is_quoted else re.split(r"[ \t\n]+", text)
        for number, piece in enumerate(pieces):
            escaped = _escaped(piece) if is_quoted else piece
            if number == 0 and is_open:
                before = fields[-1]
                fields[-1] = (before[0] + piece, before[1] + escaped)
            elif piece or is_quoted:
                fields.append((piece, escaped))
            is_open = bool(piece) or is_quoted
    return [(text, pattern if _WILD.search(pattern.replace("[[]", "").replace("[*]", "").replace("[?]", "")) else None)
            for text, pattern in fields]  # fmt: skip


def _escaped(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


async def _parts(scope: Scope, word: Word) -> list[tuple[str, bool]]:
    """Return the texts of a word's parts, and whether each is protected from splitting."""
    parts: list[tuple[str, bool]] = []
    for number, part in enumerate(word):
        match part:
            case Literal(text=text, is_quoted=False):
                if not number and (text == "~" or text.startswith("~/")):
                    text = (scope.lookup("HOME") or "/") + text[1:]
                # Blanks in unquoted literals come from ${x:-a b} only; those are split.
                parts.append((text, False))
            case Literal(text=text):
                parts.append((text, True))
            case Variable():
                parts.append((await _value(scope, part), part.is_quoted))
            case Substitution(commands=commands, is_quoted=is_quoted):
                output = (await scope.output_of(commands)).decode("utf-8", "surrogateescape")
                parts.append((output.replace("\0", "").rstrip("\n"), is_quoted))
            case Arithmetic(expression=expression):
                parts.append((str(_arithmetic(scope, expression)), True))
    return parts


async def _value(scope: Scope, variable: Variable) -> str:
    value = scope.lookup(variable.name)
    match variable.operator:
        case "length":
            return str(len(value or ""))
        case "-" if value is None:
            return await expand_text(scope, variable.argument)
        case ":-" if not value:
            return await expand_text(scope, variable.argument)
        case ":=" if not value:
            value = await expand_text(scope, variable.argument)
            scope.assign(variable.name, value)
        case ":+":
            return await expand_text(scope, variable.argument) if value else ""
        case "#" | "##" | "%" | "%%":
            return _trimmed(value or "", variable.operator, await expand_text(scope, variable.argument))
        case _:
            pass
    return value or ""


def _trimmed(value: str, kind: str, pattern: str) -> str:
    """Remove what matches a pattern from the beginning or end, the shortest or longest match."""
    lengths = range(len(value) + 1) if len(kind) == 1 else range(len(value), -1, -1)
    for length in lengths:
        part = value[:length] if kind[0] == "#" else value[len(value) - length :]
        if fnmatch.fnmatchcase(part, pattern):
            return value[length:] if kind[0] == "#" else value[: len(value) - length]
    return value


def _arithmetic(scope: Scope, expression: str) -> int:
    text = re.sub(r"\$?\{?([A-Za-z_]\w*)\}?", lambda name: scope.lookup(name.group(1)) or "0", expression)
    try:
        return _number(ast.parse(text.strip() or "0", mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, MemoryError) as error:
        raise CommandError(f"arithmetic expression: {expression!r}: {error}", 2) from None


def _number(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int() as value):
            return value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_number(left), _number(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            values = _number(left), _number(right)
            holds = {"Lt": operator.lt, "Gt": operator.gt, "Eq": operator.eq, "NotEq": operator.ne,
                     "LtE": operator.le, "GtE": operator.ge}[type(op).__name__]  # fmt: skip
            return int(holds(*values))
        case _:
            raise ValueError("not supported")
