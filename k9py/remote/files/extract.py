"""An archive from a container, written below a local directory.

Invariants: only files and directories are made. Links and special files are left out and reported, because a link that
comes first could lead a later member out of the destination. A member that cannot be written does not end the copy; a
full disk or a damaged archive does. Used in a thread: it blocks. To change what is accepted: `_begin`.
"""

from __future__ import annotations

import os
from typing import Final

from k9py.api.errors import RefusedError
from k9py.api.text import bounded
from k9py.remote.files.local_tree import (
    LocalFileError,
    LocalLinkError,
    LocalTree,
    PartFile,
    UnsafeNameError,
    safe_parts,
)
from k9py.remote.files.progress import MAX_NAME, CopyProgress, Reason
from k9py.remote.files.tar_reader import Member, MemberEnd, MemberKind, TarReader

MAX_APART: Final = 1000
"""Files whose content is read apart; more are left out."""


class Extractor:
    """Writes the members of an archive.

    Args:
        tree: what they are written below.
        keeps_complete: a file that is there with the same size and time is not written again.
        keeps_modes: files get the permissions that they have in the container, without setuid, setgid and sticky bits.
        wanted: the only file to write, under this name; None: all members under their own names.

    Attributes:
        apart: names of files that tar sent as a hard link to another one, or with holes: they have to be read apart.
    """

    def __init__(
        self,
        tree: LocalTree,
        progress: CopyProgress,
        *,
        keeps_complete: bool = False,
        keeps_modes: bool = True,
        wanted: str | None = None,
    ) -> None:
        self._tree, self._progress = tree, progress
        self._keeps_complete, self._keeps_modes, self._wanted = keeps_complete, keeps_modes, wanted
        self._reader = TarReader()
        self._part: PartFile | None = None
        self._has_wanted = False
        self.apart: list[bytes] = []

    @property
    def is_complete(self) -> bool:
        """Whether the end of the archive was read."""
        return self._reader.is_complete

    def feed(self, data: bytes) -> None:
        """Write what is complete with these bytes. Raises ArchiveError, ConfigError."""
        for event in self._reader.feed(data):
            match event:
                case Member():
                    self._begin(event)
                case memoryview():
                    self._write(event)
                case MemberEnd.END:
                    self._finish()
        if self._part is not None:
            self._part.mark()

    def close(self) -> None:
        """End it. Raises ArchiveError: the archive is not complete; the file that is not is left as a part."""
        self.abort()
        self._reader.close()

    def abort(self) -> None:
        """Leave the current file as a part."""
        if self._part is not None:
            self._part.close()
            self._part = None

    def _begin(self, member: Member) -> None:
        name = os.fsdecode(member.name)
        try:
            parts = self._parts(member)
            match member.kind:
                case MemberKind.FILE:
                    self._begin_file(member, parts, name)
                case MemberKind.DIRECTORY:
                    self._tree.make_directory(parts)
                case MemberKind.HARD_LINK | MemberKind.SPARSE if len(self.apart) < MAX_APART:
                    self.apart.append(member.name)
                case MemberKind.HARD_LINK | MemberKind.SPARSE:
                    raise LocalFileError(f"a {member.kind.value}, of which only {MAX_APART:,} are copied")
                case MemberKind.SYMLINK:
                    self._progress.leave_out(name, Reason.LINK, f"{member.kind.value} to {os.fsdecode(member.link)}")
                case _:
                    self._progress.leave_out(name, Reason.LINK, member.kind.value)
        except UnsafeNameError as error:
            self._progress.leave_out(name, Reason.UNSAFE, error.message)
        except LocalLinkError as error:
            self._progress.leave_out(name, Reason.LOCAL_LINK, error.message)
        except RefusedError as error:
            self._progress.leave_out(name, Reason.FAILED, error.message)

    def _parts(self, member: Member) -> tuple[str, ...]:
        parts = safe_parts(member.name)
        if self._wanted is None:
            return parts
        if member.kind is not MemberKind.FILE or self._has_wanted:
            raise LocalFileError("a member that was not asked for")
        self._has_wanted = True
        return (self._wanted,)

    def _begin_file(self, member: Member, parts: tuple[str, ...], name: str) -> None:
        progress = self._progress
        progress.current = bounded(name, MAX_NAME)
        if self._keeps_complete and self._tree.is_complete(parts, member.size, member.mtime_ns):
            progress.files += 1
            progress.kept_files += 1
            progress.bytes += member.size
            progress.kept_bytes += member.size
            return
        mode = member.mode if self._keeps_modes else None
        self._part = self._tree.open_part(parts, mtime_ns=member.mtime_ns, mode=mode)

    def _write(self, data: memoryview) -> None:
        if self._part is None:
            return
        try:
            self._part.write(data)
            self._progress.bytes += len(data)
        except LocalFileError as error:
            self._fail(error)

    def _finish(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        try:
            part.finish()
            self._progress.files += 1
        except LocalFileError as error:
            self._progress.leave_out(self._progress.current, Reason.FAILED, error.message)

    def _fail(self, error: LocalFileError) -> None:
        if self._part is not None:
            self._part.discard()
            self._part = None
        self._progress.leave_out(self._progress.current, Reason.FAILED, error.message)
