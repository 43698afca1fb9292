"""A file system in memory: directories, files, symbolic links and devices.

Invariant: paths are resolved as Linux does, relative to a directory, links followed with a limit; errors are OSErrors
with errno, worded by `error_text`. The whole has a size limit, as an ephemeral-storage limit would set.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

SIZE_LIMIT = 512 * 1024 * 1024  # bytes of all files
_MOST_LINKS = 40


@dataclass(eq=False, slots=True)
class Node:
    """What all entries of a directory have. `mode` has the permission bits only; `modified` is a Unix time."""

    mode: int = 0o644
    owner: int = 0
    group: int = 0
    modified: float = 0.0


@dataclass(eq=False, slots=True)
class File(Node):
    """A regular file."""

    content: bytes = b""


@dataclass(eq=False, slots=True)
class Link(Node):
    """A symbolic link."""

    target: str = ""


@dataclass(eq=False, slots=True)
class Device(Node):
    """A character device: `null`, `zero`, `tty`."""

    name: str = "null"


@dataclass(eq=False, slots=True)
class Directory(Node):
    """A directory; `entries` by name, in the order of creation."""

    entries: "dict[str, AnyNode]" = field(default_factory=dict)


AnyNode = File | Link | Device | Directory


def error_text(error: OSError) -> str:
    """Return an error as the C library words it: `No such file or directory`."""
    return os.strerror(error.errno) if error.errno else str(error)


def join(directory: str, path: str) -> str:
    """Return an absolute, normalized path."""
    whole = path if path.startswith("/") else f"{directory}/{path}"
    parts: list[str] = []
    for part in whole.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


class FileSystem:
    """The files of one container."""

    def __init__(self) -> None:
        self.root = Directory(mode=0o755)
        self._used = 0

    def find(self, path: str, *, follow: bool = True) -> AnyNode:
        """Return what an absolute path names.

        Args:
            path: it may contain `.` and `..`.
            follow: resolve a link at its end, too.

        Raises:
            OSError: ENOENT, ENOTDIR, ELOOP.
        """
        return self._walk(path, follow=follow, links=0)[1]

    def real_path(self, path: str) -> str:
        """Return a path without links. Raises OSError."""
        return self._walk(path, follow=True, links=0)[0]

    def directory(self, path: str) -> Directory:
        """Return a directory. Raises OSError: ENOENT, ENOTDIR."""
        node = self.find(path)
        if not isinstance(node, Directory):
            raise _error(errno.ENOTDIR)
        return node

    def read(self, path: str) -> bytes:
        """Return a file's content. Raises OSError."""
        match self.find(path):
            case File(content=content):
                return content
            case Directory():
                raise _error(errno.EISDIR)
            case _:
                return b""

    def write(self, path: str, content: bytes, now: float, *, append: bool = False, mode: int = 0o644) -> File | None:
        """Write a file and return it; None for a device. A link at its end is followed. Raises OSError."""
        try:
            node = self.find(path)
        except FileNotFoundError:
            node = None
        match node:
            case Directory():
                raise _error(errno.EISDIR)
            case Device():
                return None
            case File():
                old, file = node.content, node
            case _:
                old, file = b"", self._create(path, mode)
        added = len(content) if append else len(content) - len(old)
        if self._used + added > SIZE_LIMIT:
            raise _error(errno.ENOSPC)
        self._used += added
        file.content = old + content if append else content
        file.modified = now
        return file

    def make_directory(self, path: str, now: float, *, parents: bool = False, mode: int = 0o755) -> None:
        """Create a directory; `parents` creates missing ones, too, and accepts an existing one. Raises OSError."""
        if parents:
            at = ""
            for part in join("/", path).split("/")[1:]:
                at = f"{at}/{part}"
                try:
                    self.directory(at)
                except FileNotFoundError:
                    self.make_directory(at, now, mode=mode)
            return
        self.add(path, Directory(mode=mode, modified=now))

    def add(self, path: str, node: AnyNode, *, replace: bool = False) -> None:
        """Add an entry. Raises OSError: EEXIST unless it may be replaced; ENOENT, ENOTDIR of its directory."""
        directory, name = self._place(path)
        if not name or (name in directory.entries and not replace):
            raise _error(errno.EEXIST)
        old = directory.entries.pop(name, None)
        if old is not None:
            self._used -= _size(old)
        directory.entries[name] = node
        self._used += _size(node)

    def remove(self, path: str) -> AnyNode:
        """Remove an entry with everything below it, links not followed; return it. Raises OSError."""
        directory, name = self._place(path)
        if name not in directory.entries:
            raise _error(errno.ENOENT)
        node = directory.entries.pop(name)
        self._used -= _size(node)
        return node

    def walk(self, path: str) -> Iterator[tuple[str, AnyNode]]:
        """Yield a path and everything below it, in order of names; links are not followed. Raises OSError."""
        node = self.find(path, follow=False)
        yield path, node
        if isinstance(node, Directory):
            for name in sorted(node.entries):
                yield from self.walk(f"{path.rstrip('/')}/{name}")

    def _create(self, path: str, mode: int) -> File:
        try:
            node = self.find(path, follow=False)
        except FileNotFoundError:
            node = None
        if isinstance(node, Link):  # a link to nothing: its target is created
            return self._create(join(path.rpartition("/")[0] or "/", node.target), mode)
        file = File(mode=mode)
        self.add(path, file)
        return file

    def _place(self, path: str) -> tuple[Directory, str]:
        parent, _, name = path.rstrip("/").rpartition("/")
        return self.directory(parent or "/"), name

    def _walk(self, path: str, *, follow: bool, links: int) -> tuple[str, AnyNode]:
        if links > _MOST_LINKS:
            raise _error(errno.ELOOP)
        parts = [part for part in path.split("/") if part not in ("", ".")]
        follow = follow or path.endswith("/")
        places: list[tuple[str, AnyNode]] = [("/", self.root)]
        for number, part in enumerate(parts):
            here, node = places[-1]
            if not isinstance(node, Directory):
                raise _error(errno.ENOTDIR)
            if part == "..":
                if len(places) > 1:
                    places.pop()
                continue
            entry = node.entries.get(part)
            if entry is None:
                raise _error(errno.ENOENT)
            is_last = number == len(parts) - 1
            if isinstance(entry, Link) and (follow or not is_last):
                target = entry.target if entry.target.startswith("/") else f"{here.rstrip('/')}/{entry.target}"
                real, entry = self._walk(target, follow=True, links=links + 1)
                places = self._places(real)
            else:
                places.append((f"{here.rstrip('/')}/{part}", entry))
        return places[-1]

    def _places(self, real: str) -> list[tuple[str, AnyNode]]:
        """Return the directories on a path without links, and what it names."""
        places: list[tuple[str, AnyNode]] = [("/", self.root)]
        for part in real.split("/")[1:]:
            here, node = places[-1]
            if part and isinstance(node, Directory):
                places.append((f"{here.rstrip('/')}/{part}", node.entries[part]))
        return places


def _size(node: AnyNode) -> int:
    match node:
        case File(content=content):
            return len(content)
        case Directory(entries=entries):
            return sum(map(_size, entries.values()))
        case _:
            return 0


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
