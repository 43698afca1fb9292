"""The audit file: JSON lines for every attempt to write (dry runs excluded): its begin, its outcome, and its end.

The first line (event `begin`) is stored before the write is sent. If it cannot be stored, nothing is sent: a full disk
or another user's directory never leaves a write unrecorded. If a later line (`write`, `followed`) cannot be stored, the
write has happened, and the missing line is reported. Invariant: the file has mode 0600 and directories created for it
0700, whatever the umask; it is a regular file with one link; each line is appended with one `write`.
"""

from __future__ import annotations

import errno
import getpass
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from k9py.api.errors import ConfigError

_READ_BACK: Final = 1 << 20
"""How many bytes at the end of the file are searched for the lines of an object."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes: kubeconfig context, its user entry, the server, and the user of the operating system."""

    context: str
    user: str
    server: str = ""
    os_user: str = ""


def os_user() -> str:
    """Return the name of the user of the operating system, the user id when there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user, no HOME, no pwd module
        return str(os.getuid()) if hasattr(os, "getuid") else ""


class AuditLine:
    """The audit file, opened to append one line."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def store(self, fields: Mapping[str, Any], *, synced: bool = False) -> str:
        """Append the line and return "", or why it could not be stored.

        Args:
            synced: flush it to disk; some file systems report only then that they are full.
        """
        if self._descriptor is None:
            return ""
        line = msgspec.json.encode(fields) + b"\n"
        try:
            if not _ends_with_newline(self._descriptor):
                line = b"\n" + line
            written = os.write(self._descriptor, line)
            if synced and written == len(line):
                _sync(self._descriptor)
        except OSError as error:
            return error.strerror or str(error)
        return "" if written == len(line) else "only part of the line was stored"


class AuditLog:
    """Appends to the audit file; with `path` None nothing is recorded (tests, or switched off by the user)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @contextmanager
    def open(self) -> Iterator[AuditLine]:
        """Open the file for one line.

        Raises:
            ConfigError: it cannot be opened for appending, or is not a regular file with one link.
        """
        if self.path is None:
            yield AuditLine(None)
            return
        try:
            descriptor = _open(self.path)
        except OSError as error:
            why = error.strerror or str(error)
            hint = "nothing was changed; free disk space or set another path, then try again"
            raise ConfigError(f"the audit file {self.path} cannot be written: {why}", hint) from error
        try:
            yield AuditLine(descriptor)
        finally:
            os.close(descriptor)

    def lines(self, uid: str) -> tuple[Mapping[str, Any], ...]:
        """Return the lines about an object in the last MiB of the file, newest last; invalid lines are skipped.

        A file that is missing, unreadable or not a regular file has no lines.
        """
        return tuple(line for line in self._containing(uid) if line.get("uid") == uid) if uid else ()

    def lines_about(self, context: str, namespaces: Collection[str], since: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return the lines about objects of a context since a time, as `lines` does.

        Args:
            namespaces: those of the objects; () for all.
        """
        start = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return tuple(
            line
            for line in self._containing(context)
            if line.get("context") == context
            and str(line.get("time", "")) >= start
            and (not namespaces or line.get("namespace") in namespaces)
        )

    def _containing(self, text: str) -> Iterator[Mapping[str, Any]]:
        """Yield the lines in the last MiB of the file that contain a text, newest last."""
        if self.path is None:
            return
        try:
            end = _end(self.path)
        except OSError:
            return
        wanted = text.encode()
        for line in end.split(b"\n"):
            if wanted in line and (decoded := _decoded(line)) is not None:
                yield decoded

    def recent(self) -> tuple[Mapping[str, Any], ...]:
        """Return all lines in the last MiB of the file, newest last; else as `lines`."""
        return tuple(self._containing(""))


def _end(path: Path) -> bytes:
    """Return the last complete lines of a file, at most 1 MiB."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    with open(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if _foreign(state):
            return b""
        begin = max(0, state.st_size - _READ_BACK)
        file.seek(begin)
        end = file.read(_READ_BACK)
    return end if begin == 0 else end.partition(b"\n")[2]


def _decoded(line: bytes) -> Mapping[str, Any] | None:
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _open(path: Path) -> int:
    make_private_directory(path.parent)
    # Never follow a symbolic link that another user planted, and never block on a pipe.
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK) and path.is_symlink():
            raise OSError("it is a symbolic link") from error
        raise
    try:
        if why := _foreign(os.fstat(descriptor)):
            raise OSError(why)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _foreign(state: os.stat_result) -> str:
    """Return why a file must not be used, "" when it may: through another link it could be read or changed."""
    if not stat.S_ISREG(state.st_mode):
        return "it is not a regular file"
    return "it has another name (a hard link)" if state.st_nlink > 1 else ""


def make_private_directory(path: Path) -> None:
    """Create a directory and its missing parents with mode 0700: `mkdir` alone would apply the umask."""
    missing = [path]
    while not missing[-1].parent.exists() and missing[-1].parent != missing[-1]:
        missing.append(missing[-1].parent)
    for directory in reversed(missing):
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            if not directory.is_dir():
                raise OSError(f"{directory} is not a directory") from None
        else:
            directory.chmod(0o700)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # not supported by this file system
            raise


def _ends_with_newline(descriptor: int) -> bool:
    """Return whether the last line is complete: a full disk may have truncated it."""
    size = os.fstat(descriptor).st_size
    if size == 0:
        return True
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"
