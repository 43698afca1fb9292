"""What a path in a container is, and which files are below it: read before a copy, for its total and to resume.

Invariant: it decides what is asked for, never where something is written: an answer that lies makes a copy incomplete,
not unsafe. Uses `stat` and `find`, of GNU coreutils or busybox; where they are missing the answer is unknown.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from k9py.api.streams import ContainerCommands, ContainerRef
from k9py.api.text import printable
from k9py.remote.files.endpoints import remote_word
from k9py.remote.files.remote_command import MissingCommandError, failure, run_command

MAX_WALK: Final = 64 * 1024 * 1024
"""Bytes of a listing that are read; a larger tree has no total and is not resumed file by file."""
_LS: Final = re.compile(rb"([-dlbcps])[-rwxsStT]{9}\S*\s+\d+\s+\S+\s+\S+\s+(\d+)\s")
_LS_MODES: Final = {b"-": stat.S_IFREG, b"d": stat.S_IFDIR, b"l": stat.S_IFLNK}


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """What a path is, after links.

    Args:
        mode: as `st_mode`.
        size: bytes.
        mtime_ns: nanoseconds since 1970, to the second; 0 if it is not known.
    """

    mode: int
    size: int
    mtime_ns: int = 0

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A regular file below a directory.

    Args:
        name: relative to the directory, exact bytes.
        mtime_ns: to the second.
    """

    name: bytes
    size: int
    mtime_ns: int


async def read_status(commands: ContainerCommands, container: ContainerRef, path: str) -> RemoteStatus:
    """Return what a path is.

    Raises:
        NotFoundError: nothing is there.
        MissingCommandError: the image has neither stat nor ls.
        KdashError: it may not be read, or the container cannot be reached.
    """
    word = remote_word(path)
    try:
        output = await run_command(commands, container, ("stat", "-L", "-c", "%f %s %Y", word))
        fields = output.stdout.split()
        if output.has_succeeded and len(fields) == 3:
            return RemoteStatus(int(fields[0], 16), int(fields[1]), max(0, int(fields[2])) * 10**9)
    except MissingCommandError:
        output = await run_command(commands, container, ("ls", "-ldnL", word))
        if output.has_succeeded and (match := _LS.match(output.stdout)):
            return RemoteStatus(_LS_MODES.get(match[1], stat.S_IFIFO), int(match[2]))
    except ValueError:
        pass
    raise failure(output.end, output.stderr, f"{printable(path)} cannot be read")


@dataclass(frozen=True, slots=True)
class Walk:
    """The regular files below a directory.

    Args:
        files: by their names.
        is_complete: False: something could not be read, so there may be more.
    """

    files: dict[bytes, RemoteFile]
    is_complete: bool

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


async def walk(commands: ContainerCommands, container: ContainerRef, path: str) -> Walk | None:
    """Return the regular files below a directory, None if they cannot be listed or are too many."""
    directory = f"{remote_word(path).rstrip('/')}/."
    mark = secrets.token_hex(8)
    for words in (
        ("find", directory, "-type", "f", "-printf", "%s %T@ %P\\0"),
        ("find", directory, "-type", "f", "-exec", "stat", "-c", f"%s %Y %n/{mark}", "{}", "+"),
    ):
        try:
            output = await run_command(commands, container, words, limit=MAX_WALK)
        except MissingCommandError:
            return None
        if output.is_cut:
            return None
        if b"printf" in output.stderr and not output.stdout:
            continue  # busybox without FEATURE_FIND_PRINTF
        ending = "\0" if "-printf" in words else f"/{mark}\n"
        prefix = b"" if "-printf" in words else directory.encode(errors="surrogateescape") + b"/"
        files = await asyncio.to_thread(_by_name, output.stdout, ending.encode(), prefix)
        return Walk(files, output.has_succeeded)
    return None


def _files(listing: bytes, ending: bytes, prefix: bytes) -> Iterator[RemoteFile]:
    """Yield the files of a listing whose entries end with a text that no name can hold."""
    for entry in listing.split(ending):
        size, _, remaining = entry.partition(b" ")
        seconds, blank, name = remaining.partition(b" ")
        whole = seconds.split(b".")[0]
        if blank and size.isdigit() and whole.isdigit() and name.startswith(prefix):
            yield RemoteFile(name[len(prefix) :], int(size), int(whole) * 10**9)


def _by_name(listing: bytes, ending: bytes, prefix: bytes) -> dict[bytes, RemoteFile]:
    return {file.name: file for file in _files(listing, ending, prefix)}
