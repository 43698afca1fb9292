"""The local directory that files are copied into.

Owns: every write below it. Invariants: no path component below the root is ever followed if it is a symlink, whoever
made it and whenever: each is opened relative to its parent without following links. A file is written under a name with
`PART_SUFFIX` and renamed when it is complete, so a name without it is a complete file. Its owner is the person, and
setuid, setgid and sticky bits are dropped. Used in a thread: it blocks.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from k9py.api.errors import ConfigError, RefusedError
from k9py.api.text import printable

PART_SUFFIX: Final = ".kdash-part"
"""What the name of an incomplete file ends with."""
MAX_DEPTH: Final = 256
MAX_NAME_BYTES: Final = 255
"""Bytes of a name, on Linux and macOS."""
_DIGEST: Final = 16
"""Characters of a checksum that stand for the end of a name."""
_FATAL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE})
_DIRECTORY: Final = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)
_WRITE: Final = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


class UnsafeNameError(RefusedError):
    """A name that would leave the directory."""


class LocalLinkError(RefusedError):
    """A path that passes through a symlink of this machine."""


class LocalFileError(RefusedError):
    """One file could not be written; others can."""


def part_name(name: str) -> str:
    """Return the name of a file while it is incomplete; the end of a name that is too long becomes its checksum."""
    encoded = os.fsencode(name)
    room = MAX_NAME_BYTES - len(PART_SUFFIX)
    if room < len(encoded) <= MAX_NAME_BYTES:
        beginning = encoded[: room - _DIGEST - 1].decode("utf-8", "ignore")
        return f"{beginning}-{hashlib.sha256(encoded).hexdigest()[:_DIGEST]}{PART_SUFFIX}"
    return name + PART_SUFFIX


def safe_parts(name: bytes) -> tuple[str, ...]:
    """Return the components of a member's name, relative to the destination; () for the destination itself.

    Raises:
        UnsafeNameError: it is absolute, has "..", or cannot be a name.
        LocalFileError: it is that of an incomplete file.
    """
    if name.startswith(b"/"):
        raise UnsafeNameError("an absolute path")
    if b"\0" in name:
        raise UnsafeNameError("a name with a NUL character")
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise UnsafeNameError('a path with ".."')
    if len(parts) > MAX_DEPTH:
        raise UnsafeNameError(f"a path of {len(parts):,} directories")
    if any(part.endswith(PART_SUFFIX.encode()) for part in parts):
        raise LocalFileError(f"names that end with {PART_SUFFIX} are those of incomplete files")
    if os.sep != "/" and any(os.sep.encode() in part or b":" in part for part in parts):
        raise UnsafeNameError("a name that is a path on this machine")
    return tuple(os.fsdecode(part) for part in parts)


class PartFile:
    """A file that is being written; `finish` gives it its name, `close` leaves it as a part."""

    def __init__(self, parent: int, name: str, fd: int, *, size: int, mtime_ns: int, permissions: int | None) -> None:
        self._parent, self._name, self._fd = parent, name, fd
        self._mtime_ns, self._permissions = mtime_ns, permissions
        self.written = size
        """Bytes it has, those of an earlier transfer among them."""

    def write(self, data: bytes | memoryview) -> None:
        """Append. Raises ConfigError: no space, or the disk fails."""
        view = memoryview(data)
        try:
            while len(view):
                count = os.write(self._fd, view)
                self.written += count
                view = view[count:]
        except OSError as error:
            raise _failure(error, self._name) from error

    def mark(self) -> None:
        """Keep the time of the source with the part, so that a later transfer knows of which file it is the start."""
        if self._mtime_ns:
            os.utime(self._fd, ns=(self._mtime_ns, self._mtime_ns))

    def finish(self) -> None:
        """Give it its name and, where they are known, the source's permissions and time. Raises RefusedError."""
        try:
            if self._permissions is not None:
                os.fchmod(self._fd, self._permissions)
            self.mark()
            os.replace(part_name(self._name), self._name, src_dir_fd=self._parent, dst_dir_fd=self._parent)
        except OSError as error:
            raise _failure(error, self._name) from error
        finally:
            self.close()

    def discard(self) -> None:
        """Remove it."""
        try:
            os.unlink(part_name(self._name), dir_fd=self._parent)
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        """Leave it as a part. More calls do nothing."""
        if self._fd < 0:
            return
        try:
            self.mark()
        finally:
            os.close(self._fd)
            os.close(self._parent)
            self._fd = self._parent = -1


class LocalTree:
    """Writes below a directory, which is made if it is missing.

    Args:
        root: it may be, or lie behind, a symlink: the person named it.

    Raises:
        RefusedError: it is a file, or cannot be opened.
    """

    def __init__(self, root: str) -> None:
        if os.open not in os.supports_dir_fd:
            raise ConfigError("files cannot be copied on this system", "it cannot open files without following links")
        self._parents: tuple[str, ...] = ()
        self._parent_fd = -1
        self._umask = current_umask()
        try:
            os.makedirs(root, exist_ok=True)
            self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _failure(error, root) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the directory."""
        self._forget_parent()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def make_directory(self, parts: Sequence[str]) -> None:
        """Make a directory and those above it. Raises LocalLinkError, LocalFileError, ConfigError."""
        self._directory(tuple(parts))

    def is_complete(self, parts: Sequence[str], size: int, mtime_ns: int) -> bool:
        """Return whether a file with this size and time (to the second) is there."""
        status = self._status(parts)
        return status is not None and status.st_size == size and _same_second(status.st_mtime_ns, mtime_ns)

    def part_size(self, parts: Sequence[str], size: int, mtime_ns: int) -> int:
        """Return the bytes of an earlier transfer of this file; 0 if there are none, or they are of another file."""
        if not parts:
            return 0
        status = self._status((*parts[:-1], part_name(parts[-1])))
        if status is None or not _same_second(status.st_mtime_ns, mtime_ns) or status.st_size > size:
            return 0
        return status.st_size

    def part_tail(self, parts: Sequence[str], size: int, count: int) -> bytes:
        """Return the last bytes of the first `size` of a part. Raises LocalFileError."""
        *above, name = parts
        try:
            fd = os.open(
                part_name(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._directory(tuple(above))
            )
            try:
                return os.pread(fd, count, max(0, size - count))
            finally:
                os.close(fd)
        except OSError as error:
            raise _failure(error, name) from error

    def open_part(self, parts: Sequence[str], *, keep: int = 0, mtime_ns: int = 0, mode: int | None = None) -> PartFile:
        """Open the part of a file for writing.

        Args:
            keep: bytes of an earlier transfer that are kept.
            mtime_ns: the time it gets, 0: when it was written.
            mode: permissions of the source, None: the usual ones of new files.

        Raises:
            LocalLinkError: the path passes through a link.
            LocalFileError: this file cannot be written.
            ConfigError: no file can.
        """
        if not parts:
            raise LocalFileError("the archive has a file in place of the directory")
        *above, name = parts
        parent = self._directory(tuple(above))
        part = part_name(name)
        try:
            existing = self._status(parts, any_kind=True)
            if existing is not None and stat.S_ISDIR(existing.st_mode):
                raise LocalFileError("a directory of that name is there")
            if not keep:
                try:
                    os.unlink(part, dir_fd=parent)
                except FileNotFoundError:
                    pass
            # Others must not read it before it has the permissions of its source.
            first = 0o666 if mode is None else 0o600
            fd = os.open(part, _WRITE | (0 if keep else os.O_CREAT | os.O_EXCL), first, dir_fd=parent)
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise LocalFileError("its part is not a file")
                os.ftruncate(fd, keep)
                os.lseek(fd, keep, os.SEEK_SET)
                permissions = None if mode is None else (mode & 0o777 & ~self._umask) | 0o600
                return PartFile(os.dup(parent), name, fd, size=keep, mtime_ns=mtime_ns, permissions=permissions)
            except BaseException:
                os.close(fd)
                raise
        except OSError as error:
            raise _failure(error, name) from error

    def _status(self, parts: Sequence[str], *, any_kind: bool = False) -> os.stat_result | None:
        """Return the status of a regular file, None if there is none."""
        if not parts:
            return None
        *above, name = parts
        try:
            parent = self._directory(tuple(above), make=False)
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (OSError, RefusedError):
            return None
        return status if any_kind or stat.S_ISREG(status.st_mode) else None

    def _directory(self, parts: tuple[str, ...], *, make: bool = True) -> int:
        """Return an open directory, which stays open until another one is asked for."""
        if not parts:
            return self._root
        if parts == self._parents:
            return self._parent_fd
        fd = os.dup(self._root)
        try:
            for name in parts:
                below = _open_below(fd, name, make=make)
                os.close(fd)
                fd = below
        except BaseException:
            os.close(fd)
            raise
        self._forget_parent()
        self._parents, self._parent_fd = parts, fd
        return fd

    def _forget_parent(self) -> None:
        if self._parent_fd >= 0:
            os.close(self._parent_fd)
        self._parents, self._parent_fd = (), -1


def _open_below(parent: int, name: str, *, make: bool) -> int:
    """Open a directory of another one without following a link; made if it is missing."""
    for _ in range(2):
        try:
            return os.open(name, _DIRECTORY, dir_fd=parent)
        except FileNotFoundError as error:
            if not make:
                raise LocalFileError("there is no such directory") from error
            try:
                os.mkdir(name, 0o755, dir_fd=parent)
            except FileExistsError:
                continue
            except OSError as failure:
                raise _failure(failure, name) from failure
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                if _is_link(parent, name):
                    raise LocalLinkError(f"{printable(name)} is a symlink on this machine") from error
                raise LocalFileError(f"{printable(name)} is a file on this machine") from error
            raise _failure(error, name) from error
    raise LocalFileError(f"the directory {printable(name)} cannot be made")


def _is_link(parent: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def current_umask() -> int:
    """Return the umask of the process, which can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _same_second(one: int, other: int) -> bool:
    return one // 10**9 == other // 10**9


def _failure(error: OSError, name: str) -> RefusedError | ConfigError:
    """Return the error for a person: about one file, or about all that follow."""
    text = error.strerror or str(error)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return ConfigError(
                f"no space left on this machine for {printable(name)}", "free space, then run it again with --resume"
            )
        case code if code in _FATAL:
            return ConfigError(f"{printable(name)} cannot be written: {text}", "check the disk of this machine")
    return LocalFileError(f"{printable(name)}: {text}")
