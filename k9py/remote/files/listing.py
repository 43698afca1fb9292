"""The files of one directory of a container, and the beginning or end of one file, for a person who looks around.

Invariants: the name of an entry is its exact bytes, as the next command needs them; nothing of it is printable before
`printable`. Formats that no name can confuse come first: GNU find ends every field with NUL, stat ends every entry with
a word that was chosen at random for this listing. Only an image with neither is read with `ls -la`, where a name with a
line end is lost and counted.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.streams import ContainerCommands, ContainerRef
from k9py.api.text import printable
from k9py.remote.files.endpoints import remote_word
from k9py.remote.files.remote_command import MissingCommandError, failure, run_command

MAX_LISTING: Final = 8 * 1024 * 1024
"""Bytes of a listing that are read."""
MAX_VIEW: Final = 1024 * 1024
"""Bytes of a file that are read to show it."""
MAX_HEX: Final = 64 * 1024
"""Bytes of what is no text that are shown."""
_TYPES: Final = {
    b"d": stat.S_IFDIR,
    b"f": stat.S_IFREG,
    b"-": stat.S_IFREG,
    b"l": stat.S_IFLNK,
    b"p": stat.S_IFIFO,
    b"s": stat.S_IFSOCK,
    b"c": stat.S_IFCHR,
    b"b": stat.S_IFBLK,
}
_LS: Final = re.compile(
    rb"([-dlpscb])([-rwxsStT]{9})[.+@]?\s+\d+\s+(\S+)\s+(\S+)\s+(\d+(?:,\s*\d+)?)\s+"
    rb"(?:\S+\s+\d+\s+[\d:]+|[-\d]+ [\d:.]+(?: [-+]\d+)?) (.+)"
)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An entry of a directory.

    Args:
        name: exact bytes as text, with surrogates for what is not UTF-8.
        mode: as `st_mode`.
        mtime: seconds since 1970, None if it is not known.
        target: of a link.
        is_directory: also of a link to one; None if it is not known where a link leads.
    """

    name: str
    mode: int
    size: int
    owner: str
    group: str
    mtime: float | None
    target: str = ""
    is_directory: bool | None = False

    @property
    def is_link(self) -> bool:
        """Whether it is a symlink."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class Listing:
    """A directory.

    Args:
        path: absolute where the container could say so.
        is_complete: False: there are more entries than are read.
        problem: what could not be read, printable; "" if nothing.
    """

    path: str
    entries: tuple[FileEntry, ...]
    is_complete: bool = True
    problem: str = ""


async def list_directory(commands: ContainerCommands, container: ContainerRef, path: str) -> Listing:
    """Return the entries of a directory, sorted by name.

    Args:
        path: "": the working directory of the container.

    Raises:
        MissingCommandError: the image has neither find nor ls.
        KdashError: it cannot be read.
    """
    if not path:
        path = await _working_directory(commands, container)
    directory = f"{remote_word(path).rstrip('/')}/."
    mark = secrets.token_hex(8)
    ways: Sequence[tuple[str, ...]] = (
        (
            *("find", directory, "-maxdepth", "1", "-mindepth", "1", "-printf"),
            r"%y\0%m\0%s\0%T@\0%u\0%g\0%f\0%l\0%Y\0",
        ),
        (
            *("find", directory, "-maxdepth", "1", "-mindepth", "1", "-exec"),
            *("stat", "-c", f"%f/%s/%Y/%U/%G/%n/{mark}/%N/{mark}", "{}", "+"),
        ),
        ("ls", "-la", directory),
    )
    for words, parse in zip(ways, (_from_find, _from_stat, _from_ls), strict=True):
        try:
            output = await run_command(commands, container, words, limit=MAX_LISTING)
        except MissingCommandError:
            if words is ways[-1]:
                raise
            continue
        if not output.has_succeeded and not output.stdout:
            if words is not ways[-1] and _is_refused(output.stderr):
                continue
            raise failure(output.end, output.stderr, f"{printable(path)} cannot be listed")
        entries, lost = await asyncio.to_thread(parse, output.stdout, f"{directory}/", mark)
        problem = "" if output.has_succeeded else printable(output.stderr[:300].decode(errors="replace").strip())
        if lost:
            problem = f"{lost:,} lines of ls could not be read"
        return Listing(path, tuple(sorted(entries, key=lambda entry: entry.name)), not output.is_cut, problem)
    raise MissingCommandError("the container has no find and no ls", "a debug container has them")


def _is_refused(stderr: bytes) -> bool:
    """Return whether find does not know an option, or finds no stat to run."""
    text = stderr.lower()
    return any(word in text for word in (b"-printf", b"unrecognized", b"unknown", b"usage", b"invalid option", b"stat"))


async def _working_directory(commands: ContainerCommands, container: ContainerRef) -> str:
    try:
        output = await run_command(commands, container, ("pwd",), limit=4096)
    except MissingCommandError:
        return "/"
    path = output.stdout.decode(errors="surrogateescape").removesuffix("\n")
    return path if path.startswith("/") else "/"


def _from_find(output: bytes, directory: str, mark: str) -> tuple[list[FileEntry], int]:
    """Return the entries of GNU find: nine fields each, all of which end with NUL."""
    fields = output.split(b"\0")
    entries = []
    for at in range(0, len(fields) - 9, 9):
        kind, mode, size, mtime, owner, group, name, target, target_kind = fields[at : at + 9]
        try:
            type_ = _TYPES.get(kind[:1], 0)
            leads_to = (target_kind if kind == b"l" else kind)[:1]
            entries.append(
                FileEntry(
                    _text(name),
                    type_ | int(mode, 8),
                    int(size),
                    _text(owner),
                    _text(group),
                    float(mtime),
                    _text(target),
                    leads_to == b"d",
                )
            )
        except ValueError:
            continue
    return entries, 0


def _from_stat(output: bytes, directory: str, mark: str) -> tuple[list[FileEntry], int]:
    """Return the entries of stat; the marks end what could hold anything: the name, and the name with its target."""
    entries = []
    prefix = directory.encode(errors="surrogateescape")
    parts = output.split(f"/{mark}".encode())
    for first, second in zip(parts[::2], parts[1::2], strict=False):
        try:
            mode, size, mtime, owner, group, path = first.lstrip(b"\n").split(b"/", 5)
            number = int(mode, 16)
            target = b""
            if stat.S_ISLNK(number):
                target = second.removeprefix(b"/").partition(b" -> ")[2].strip(b"'\"")
            entries.append(
                FileEntry(
                    _text(path.removeprefix(prefix)),
                    number,
                    int(size),
                    _text(owner),
                    _text(group),
                    float(mtime),
                    _text(target),
                    None if stat.S_ISLNK(number) else stat.S_ISDIR(number),
                )
            )
        except ValueError:
            continue
    return entries, 0


def _from_ls(output: bytes, directory: str, mark: str) -> tuple[list[FileEntry], int]:
    """Return the entries of ls, and how many lines are none."""
    entries, lost = [], 0
    for line in output.split(b"\n"):
        match = _LS.fullmatch(line)
        if match is None:
            lost += bool(line) and not line.startswith(b"total ")
            continue
        kind, bits, owner, group, size, name = match.groups()
        target = b""
        if kind == b"l":
            name, _, target = name.partition(b" -> ")
        if name in (b".", b".."):
            continue
        entries.append(
            FileEntry(
                _text(name),
                _TYPES[kind] | _mode_of(bits),
                int(size) if size.isdigit() else 0,
                _text(owner),
                _text(group),
                None,
                _text(target),
                None if kind == b"l" else kind == b"d",
            )
        )
    return entries, lost


def _mode_of(bits: bytes) -> int:
    return sum(0o400 >> index for index, bit in enumerate(bits) if bit not in b"-ST")


def _text(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


def joined(directory: str, name: str) -> str:
    """Return the path of an entry of a directory."""
    return posixpath.join(directory, name)


def parent(path: str) -> str:
    """Return the directory above a path; of the root, itself."""
    return posixpath.dirname(path.rstrip("/")) or "/"


@dataclass(frozen=True, slots=True)
class FilePart:
    """The bytes of a file that are shown.

    Args:
        is_end: they are its last ones.
        is_whole: they are all.
    """

    data: bytes
    is_end: bool
    is_whole: bool

    @property
    def is_binary(self) -> bool:
        """Whether it is no text: it has NUL near its beginning."""
        return b"\0" in self.data[:8192]

    @property
    def shown(self) -> bytes:
        """The bytes that are shown: of what is no text fewer, because a line has 16 of them."""
        if not self.is_binary:
            return self.data
        return self.data[-MAX_HEX:] if self.is_end else self.data[:MAX_HEX]

    @property
    def is_all_shown(self) -> bool:
        """Whether all bytes of the file are shown."""
        return self.is_whole and len(self.shown) == len(self.data)


async def read_part(
    commands: ContainerCommands, container: ContainerRef, path: str, *, end: bool = False, limit: int = MAX_VIEW
) -> FilePart:
    """Return the first bytes of a file, or its last ones. Raises KdashError."""
    word = remote_word(path)
    # One byte more shows whether there is more; without head the command is ended after it.
    ways = (("tail", "-c", str(limit + 1), word),) if end else (("head", "-c", str(limit + 1), word), ("cat", word))
    for words in ways:
        try:
            output = await run_command(commands, container, words, limit=limit + 1)
        except MissingCommandError:
            if words is ways[-1]:
                raise
            continue
        if not output.has_succeeded:
            raise failure(output.end, output.stderr, f"{printable(path)} cannot be read")
        data, has_more = output.stdout, len(output.stdout) > limit
        return FilePart(data[-limit:] if end else data[:limit], end, not has_more)
    raise AssertionError("there is a way")


def shown_lines(part: FilePart) -> list[str]:
    """Return a part as printable lines; one that is no text as bytes in hexadecimal."""
    if part.is_binary:
        return hex_lines(part.shown, -len(part.shown) if part.is_end else 0)
    return [printable(line) for line in part.data.decode(errors="replace").split("\n")]


def hex_lines(data: bytes, start: int = 0) -> list[str]:
    """Return bytes as `hexdump -C` shows them.

    Args:
        start: the address of the first one; below 0, counted from the end of the file.
    """
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start + at:08x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  |{text}|")
    return lines
