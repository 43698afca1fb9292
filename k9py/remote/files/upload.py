"""Copies to a container: one file with `dd`, a directory with `tar`; a broken transfer of a file continues.

Invariants: a file is written under the name of a part (`part_name`) and renamed when it is complete; a part is
continued only if its checksum is that of the beginning of the local file. Afterwards the sizes in the container are
compared with what was sent. Paths are words of commands, never text of a shell.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from k9py.api.errors import ConfigError, ConnectionFailedError, NotFoundError, RefusedError
from k9py.api.quantities import size_text
from k9py.api.streams import ContainerCommands, ContainerRef
from k9py.api.text import bounded, printable
from k9py.remote.files.archive import LocalFile, archive_of, local_files
from k9py.remote.files.endpoints import remote_word
from k9py.remote.files.local_tree import part_name
from k9py.remote.files.progress import MAX_NAME, CopyProgress, Reason
from k9py.remote.files.remote_command import (
    CommandOutput,
    MissingCommandError,
    StderrTail,
    check_is_there,
    exchange,
    failure,
    in_thread,
    needs_either,
    run_command,
)
from k9py.remote.files.remote_stat import RemoteFile, RemoteStatus, read_status, walk

BLOCK_SIZE: Final = 64 * 1024
"""Bytes of a block of dd: a part is continued at a multiple of it."""
_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """How files are copied to a container.

    Args:
        resumes: continue an earlier transfer: what is complete is not sent again.
        keeps_owner: files get the owner and the permissions that they have here, as far as the container's user may.
    """

    resumes: bool = False
    keeps_owner: bool = True


class Upload:
    """One copy to a container; `run` may be called again after the connection was lost.

    Args:
        source: a local path.
        path: in the container; the source is copied into it if it is a directory.
    """

    def __init__(
        self,
        commands: ContainerCommands,
        container: ContainerRef,
        source: str,
        path: str,
        options: UploadOptions,
        progress: CopyProgress,
    ) -> None:
        self._commands, self._container = commands, container
        self._source, self._path, self._options, self.progress = source, path, options, progress
        self._resumes = options.resumes
        self._target_path = ""

    async def run(self) -> None:
        """Copy. Raises KdashError; after ConnectionFailedError the next run continues."""
        self.progress.restart()
        try:
            try:
                status = await in_thread(os.stat, self._source)
            except OSError as error:
                raise NotFoundError(
                    f"{printable(self._source)} cannot be read: {error.strerror}", "check the local path"
                ) from error
            target = self._target_path = self._target_path or await self._target(stat.S_ISDIR(status.st_mode))
            if stat.S_ISDIR(status.st_mode):
                await self._copy_directory(target)
            elif stat.S_ISREG(status.st_mode):
                await self._copy_file(target, status)
            else:
                raise RefusedError(
                    f"{printable(self._source)} is neither a file nor a directory", "only these are copied"
                )
        finally:
            self._resumes = True

    async def _target(self, is_directory: bool) -> str:
        """Return the path that the source is copied as: into a directory that is there, as kubectl does.

        A directory that an earlier transfer of the same source has made is continued in place.
        """
        path = remote_word(self._path)
        if not path.endswith("/") and not await self._is_directory(path):
            return path
        below = f"{path.rstrip('/')}/{_base_name(self._source)}"
        if self._resumes and is_directory and not await self._is_directory(below):
            there = await walk(self._commands, self._container, path)
            if there is not None and await in_thread(_has_begun, self._source, there.files):
                return path.rstrip("/")
        return below

    async def _is_directory(self, path: str) -> bool:
        try:
            return (await self._run("test", "-d", path)).has_succeeded
        except MissingCommandError:
            status = await self._status(path)
            return status is not None and status.is_directory

    async def run_stream(self, source: AsyncIterator[bytes]) -> None:
        """Copy standard input to a file, of which nobody knows the size before. Raises KdashError."""
        target = remote_word(self._path)
        if target.endswith("/") or await self._is_directory(target):
            raise RefusedError(f"{printable(self._path)} is a directory", "name the file to write")
        await self._write_part(target, 0, self._counted(source))
        await self._finish(target, None)
        self.progress.files = 1
        await self._verify_size(target, self.progress.bytes)

    async def _counted(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for data in source:
            self.progress.bytes += len(data)
            yield data

    # -- one file -----------------------------------------------------------------------------------------------------

    async def _copy_file(self, target: str, status: os.stat_result) -> None:
        progress, size = self.progress, status.st_size
        progress.total_files, progress.total_bytes = 1, size
        progress.current = bounded(self._source, MAX_NAME)
        if self._resumes and await self._is_there(target, status):
            progress.files = progress.kept_files = 1
            progress.bytes = progress.kept_bytes = size
            return
        keep = await self._part_size(target, size) if self._resumes else 0
        progress.bytes = progress.kept_bytes = keep
        try:
            await self._write_part(target, keep, _pieces(_read_from(self._source, keep, progress)))
        except MissingCommandError as error:
            progress.bytes = progress.kept_bytes = 0
            selection = _Selection(self._source, os.path.basename(target))
            with needs_either("dd", error):
                await self._send_archive(selection, os.path.dirname(target) or "/")
        else:
            await self._finish(target, status.st_mode & 0o777 if self._options.keeps_owner else None)
        progress.files = 1
        await self._verify_size(target, size)

    async def _is_there(self, target: str, status: os.stat_result) -> bool:
        """Return whether the container has this file: the same size, and written after the local one was changed."""
        there = await self._status(target)
        return (
            there is not None
            and there.is_file
            and there.size == status.st_size
            and there.mtime_ns // 10**9 >= int(status.st_mtime)
        )

    async def _part_size(self, target: str, size: int) -> int:
        """Return how many bytes of an earlier transfer are the beginning of the local file."""
        part = _part_path(target)
        there = await self._status(part)
        if there is None or not there.is_file or there.size > size:
            return 0
        blocks = there.size // BLOCK_SIZE
        if not blocks:
            return 0
        try:
            await self._run("dd", "if=/dev/null", f"of={part}", f"bs={BLOCK_SIZE}", f"seek={blocks}", "count=0")
            output = await self._run("sha256sum", part)
        except MissingCommandError:
            return 0
        ours = await in_thread(_checksum, self._source, blocks * BLOCK_SIZE)
        # GNU begins the line with a backslash when it has to escape the name.
        return blocks * BLOCK_SIZE if output.stdout.lstrip(b"\\").startswith(ours.encode()) else 0

    async def _write_part(self, target: str, keep: int, source: AsyncIterator[bytes]) -> None:
        """Send a file from a byte on."""
        part = _part_path(target)
        words = ["dd", f"of={part}", f"bs={BLOCK_SIZE}"]
        if keep:
            words += [f"seek={keep // BLOCK_SIZE}", "conv=notrunc"]
        stderr = StderrTail()
        async with self._commands.open_exec(self._container, words, stdin=True) as stream:
            end = await exchange(stream, source, lambda _: None, stderr)
        check_is_there("dd", end, bytes(stderr))
        if end.exit_code != 0:
            raise failure(end, bytes(stderr), f"{printable(target)} cannot be written")

    async def _finish(self, target: str, mode: int | None) -> None:
        """Give the part its permissions and its name."""
        part = _part_path(target)
        if mode is not None:
            try:
                output = await self._run("chmod", f"{mode:o}", part)
                if not output.has_succeeded:
                    self.progress.leave_out(target, Reason.FAILED, "its permissions could not be set")
            except MissingCommandError:
                pass
        output = await self._run("mv", "-f", part, target)
        if not output.has_succeeded:
            raise failure(output.end, output.stderr, f"{printable(part)} could not be renamed")

    async def _verify_size(self, target: str, size: int) -> None:
        there = await self._status(target)
        if there is not None and there.size != size:
            raise ConnectionFailedError(
                f"{printable(target)} has {size_text(there.size)} in the container, {size_text(size)} were sent",
                "something else writes it, or the stream was cut: run it again",
            )

    # -- a directory --------------------------------------------------------------------------------------------------

    async def _copy_directory(self, target: str) -> None:
        progress = self.progress
        name = os.path.basename(target)
        there = await walk(self._commands, self._container, target) if self._resumes else None
        selection = _Selection(self._source, name, there.files if there is not None else {})
        progress.total_files, progress.total_bytes = await in_thread(_total, self._source, name)
        await self._send_archive(selection, os.path.dirname(target) or "/")
        await self._verify(target, name)

    async def _send_archive(self, selection: _Selection, directory: str) -> None:
        """Send an archive, which tar extracts in a directory."""
        preserve = () if self._options.keeps_owner else ("--no-same-permissions", "--no-same-owner")
        words = ("tar", *preserve, "-xmf", "-", "-C", directory)
        stderr = StderrTail()
        files = selection.files(self.progress)
        async with self._commands.open_exec(self._container, words, stdin=True) as stream:
            source = _pieces(archive_of(files, self.progress))
            end = await exchange(stream, source, lambda _: None, stderr)
        check_is_there("tar", end, bytes(stderr))
        if end.exit_code != 0:
            raise failure(end, bytes(stderr), f"{printable(self._path)} cannot be written")

    async def _verify(self, target: str, name: str) -> None:
        """Report files that are not in the container with the size that was sent."""
        there = await walk(self._commands, self._container, target)
        if there is None:
            self.progress.warnings.append("the sizes in the container could not be read, so they are not verified")
            return
        for path in await in_thread(_differing, self._source, name, there.files):
            self.progress.leave_out(path, Reason.FAILED, "it is not in the container with its size")

    # -- commands -----------------------------------------------------------------------------------------------------

    async def _run(self, *words: str) -> CommandOutput:
        return await run_command(self._commands, self._container, words, limit=4096)

    async def _status(self, path: str) -> RemoteStatus | None:
        """Return what a path is, None if nothing is there or that is not known."""
        try:
            return await read_status(self._commands, self._container, path)
        except ConnectionFailedError:
            raise
        except (NotFoundError, RefusedError):
            return None


@dataclass(frozen=True, slots=True)
class _Selection:
    """The files of an upload that are not complete in the container."""

    path: str
    name: str
    there: Mapping[bytes, RemoteFile] = field(default_factory=dict)

    def files(self, progress: CopyProgress) -> Iterator[LocalFile]:
        for file in local_files(self.path, self.name, progress):
            known = self.there.get(os.fsencode(file.name[len(self.name) + 1 :]))
            if known is None or not file.is_file or not _is_same(file, known):
                yield file
                continue
            progress.files += 1
            progress.kept_files += 1
            progress.bytes += known.size
            progress.kept_bytes += known.size


def _is_same(file: LocalFile, there: RemoteFile) -> bool:
    """Return whether the container's file has the size of a local one, and was written after it was changed."""
    return there.size == file.status.st_size and there.mtime_ns // 10**9 >= int(file.status.st_mtime)


def _has_begun(path: str, there: Mapping[bytes, RemoteFile]) -> bool:
    """Return whether a directory of the container has files of a local one, and nothing else."""
    ours = {os.fsencode(file.name[2:]) for file in local_files(path, ".", CopyProgress()) if file.is_file}
    return bool(there) and there.keys() <= ours


def _part_path(target: str) -> str:
    """Return the path of a file in the container while it is incomplete."""
    above, name = os.path.split(target)
    return os.path.join(above, part_name(name))


def _base_name(path: str) -> str:
    return os.path.basename(os.path.abspath(path))


def _total(path: str, name: str) -> tuple[int, int]:
    files = size = 0
    for file in local_files(path, name, CopyProgress()):
        if file.is_file:
            files += 1
            size += file.status.st_size
    return files, size


def _differing(path: str, name: str, there: Mapping[bytes, RemoteFile]) -> list[str]:
    """Return the local files that the container does not have with their size; the first of them."""
    differing = (
        file.path
        for file in local_files(path, name, CopyProgress())
        if file.is_file
        and ((known := there.get(os.fsencode(file.name[len(name) + 1 :]))) is None or known.size != file.status.st_size)
    )
    return list(islice(differing, 1000))


def _checksum(path: str, size: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while size and (data := file.read(min(size, _PIECE))):
            digest.update(data)
            size -= len(data)
    return digest.hexdigest()


def _read_from(path: str, offset: int, progress: CopyProgress) -> Iterator[bytes]:
    """Yield a file from a byte on. Raises ConfigError."""
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(offset)
            while data := file.read(_PIECE):
                progress.bytes += len(data)
                yield data
    except OSError as error:
        raise ConfigError(f"{printable(path)} cannot be read: {error.strerror}") from error


async def _pieces(blocking: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what an iterator that blocks yields, small pieces joined; it runs in threads."""
    while pieces := await in_thread(_next_pieces, blocking):
        yield pieces


def _next_pieces(blocking: Iterator[bytes]) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in blocking:
        pieces.append(piece)
        size += len(piece)
        if size >= _PIECE:
            break
    return b"".join(pieces)
