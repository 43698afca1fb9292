"""A local file or directory as a tar archive, made piece by piece while it is sent.

Invariants: a file has exactly the bytes that its header says, whatever happens to it meanwhile: one that shrinks is
filled with zeros and reported, one that grows is cut. Symlinks below the source are sent as links, as kubectl does;
what is neither file, directory nor link is left out. Names are relative, so that tar writes below the directory it is
given.
Format: GNU tar's, whose long names busybox reads too. Used in a thread: it blocks.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from k9py.remote.files.progress import CopyProgress, Reason

_PIECE: Final = 256 * 1024
_END: Final = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file, directory or link to send.

    Args:
        path: on this machine.
        name: in the archive.
        status: of the path itself, not of what a link points to.
    """

    path: str
    name: str
    status: os.stat_result

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.status.st_mode)


def local_files(path: str, name: str, progress: CopyProgress) -> Iterator[LocalFile]:
    """Yield a file, or a directory and everything below it; what cannot be read is reported and left out.

    Args:
        path: if it is a link itself, it is followed.
        name: what it is called in the archive.
    """
    try:
        root = LocalFile(path, name, os.stat(path))
    except OSError as error:
        progress.leave_out(path, Reason.FAILED, error.strerror or str(error))
        return
    pending = [root]
    while pending:
        file = pending.pop()
        mode = file.status.st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            progress.leave_out(file.path, Reason.LINK, "neither a file nor a directory")
            continue
        yield file
        if not stat.S_ISDIR(mode):
            continue
        try:
            with os.scandir(file.path) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name, reverse=True):
                    below = LocalFile(entry.path, f"{file.name}/{entry.name}", entry.stat(follow_symlinks=False))
                    pending.append(below)
        except OSError as error:
            progress.leave_out(file.path, Reason.FAILED, error.strerror or str(error))


def archive_of(files: Iterator[LocalFile], progress: CopyProgress) -> Iterator[bytes]:
    """Yield an archive of these files in pieces. What cannot be read is reported and left out."""
    for file in files:
        if not file.is_file:
            if (header := _header(file, progress)) is not None:
                yield header
            continue
        try:
            fd = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            progress.leave_out(file.path, Reason.FAILED, error.strerror or str(error))
            continue
        with open(fd, "rb", buffering=0) as source:
            yield from _file(file, source, progress)
    yield _END


def _file(file: LocalFile, source: io.FileIO, progress: CopyProgress) -> Iterator[bytes]:
    header = _header(file, progress)
    if header is None:
        return
    yield header
    size = left = file.status.st_size
    while left:
        try:
            data = source.read(min(_PIECE, left))
        except OSError as error:
            progress.leave_out(file.path, Reason.FAILED, error.strerror or str(error))
            data = b""
        if not data:
            progress.leave_out(file.path, Reason.FAILED, f"it became shorter: {left:,} bytes are zeros")
            while left:
                piece = bytes(min(_PIECE, left))
                left -= len(piece)
                yield piece
            break
        left -= len(data)
        progress.bytes += len(data)
        yield data
    if padding := -size % tarfile.BLOCKSIZE:
        yield bytes(padding)
    progress.files += 1


def _header(file: LocalFile, progress: CopyProgress) -> bytes | None:
    """Return the header of a member, None if there can be none."""
    status = file.status
    info = tarfile.TarInfo(file.name)
    info.mode = stat.S_IMODE(status.st_mode) & 0o777
    info.uid, info.gid, info.mtime = status.st_uid, status.st_gid, int(max(0, status.st_mtime))
    try:
        if stat.S_ISDIR(status.st_mode):
            info.type = tarfile.DIRTYPE
        elif stat.S_ISLNK(status.st_mode):
            info.type, info.linkname = tarfile.SYMTYPE, os.readlink(file.path)
        else:
            info.size = status.st_size
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    except (OSError, ValueError) as error:
        progress.leave_out(file.path, Reason.FAILED, str(error))
        return None
