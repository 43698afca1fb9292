"""Copies from a container: one file with `cat`, a directory with `tar`; a broken transfer continues where it stopped.

Invariants: a file continues only if size, time and the last bytes of what is there are those of the source; otherwise
it starts over. What arrived is compared with the size that was read before. A file without its whole content keeps the
name of a part (`local_tree.py`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.errors import ConfigError, ConnectionFailedError, NotFoundError, RefusedError
from k9py.api.plural import count_noun
from k9py.api.quantities import size_text
from k9py.api.streams import CommandEnd, ContainerCommands, ContainerRef
from k9py.api.text import bounded, printable
from k9py.remote.files.endpoints import remote_word
from k9py.remote.files.extract import Extractor
from k9py.remote.files.file_sink import ChangedError, FileSink
from k9py.remote.files.local_tree import LocalFileError, LocalTree, PartFile, UnsafeNameError, safe_parts
from k9py.remote.files.progress import MAX_NAME, CopyProgress, Reason
from k9py.remote.files.remote_command import (
    MissingCommandError,
    StderrTail,
    check_is_there,
    exchange,
    failure,
    in_thread,
    needs_either,
    pump,
    single,
)
from k9py.remote.files.remote_stat import RemoteFile, RemoteStatus, read_status, walk

_SOCKET: Final = ": socket ignored"
"""How tar reports a socket, which an archive cannot have."""
OVERLAP: Final = 64 * 1024
"""Bytes before the point of resumption that are read again and compared."""
_RESUMED_ALONE: Final = 1024 * 1024
"""Files of a directory whose part is at least as large are continued; smaller ones start over."""


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """How files are copied from a container.

    Args:
        resumes: continue an earlier transfer; what is complete is not read again.
        keeps_modes: files get the permissions of the source.
        follows_links: what symlinks in the container point to is copied in their place.
    """

    resumes: bool = False
    keeps_modes: bool = True
    follows_links: bool = False


class Download:
    """One copy from a container; `run` may be called again after the connection was lost.

    Args:
        path: in the container.
        destination: a local path. A directory is copied as `destination` itself, a file into it where it is a
            directory.
    """

    def __init__(
        self,
        commands: ContainerCommands,
        container: ContainerRef,
        path: str,
        destination: str,
        options: DownloadOptions,
        progress: CopyProgress,
    ) -> None:
        self._commands, self._container, self._path = commands, container, path
        self._destination, self._options, self.progress = destination, options, progress
        self._resumes = options.resumes

    async def run(self) -> None:
        """Copy. Raises KdashError; after ConnectionFailedError the next run continues."""
        self.progress.restart()
        try:
            await self._copy()
        finally:
            self._resumes = True

    async def _copy(self) -> None:
        try:
            status: RemoteStatus | None = await read_status(self._commands, self._container, self._path)
        except MissingCommandError:
            status = None
        if status is not None and status.is_directory:
            await self._copy_directory()
        elif status is not None and not status.is_file:
            raise RefusedError(f"{printable(self._path)} is neither a file nor a directory", "only these are copied")
        else:
            await self._copy_file(status)

    # -- one file -----------------------------------------------------------------------------------------------------

    async def _copy_file(self, status: RemoteStatus | None) -> None:
        name = os.path.basename(self._path.rstrip("/"))
        directory, local_name = await in_thread(_place_of_file, self._destination, name)
        tree = await in_thread(LocalTree, directory)
        self.progress.total_files = 1
        self.progress.total_bytes = status.size if status is not None else None
        with tree:
            if status is not None:
                here = await in_thread(_bytes_here, tree, local_name, status) if self._resumes else 0
                await in_thread(_check_space, directory, status.size - here)
            await self.copy_one(tree, (local_name,), self._path, status)

    async def copy_one(self, tree: LocalTree, parts: Sequence[str], path: str, status: RemoteStatus | None) -> None:
        """Copy a file into a directory, or continue it. Raises KdashError."""
        size, mtime_ns = (status.size, status.mtime_ns) if status is not None else (0, 0)
        self.progress.current = bounded(path, MAX_NAME)
        if self._resumes and mtime_ns and await in_thread(tree.is_complete, parts, size, mtime_ns):
            self._count_kept(size)
            return
        keep = await in_thread(tree.part_size, parts, size, mtime_ns) if self._resumes else 0
        if keep:
            counted = self.progress.bytes, self.progress.kept_bytes
            try:
                await self._stream_file(tree, parts, path, status, keep)
                return
            except (ChangedError, MissingCommandError):
                self.progress.bytes, self.progress.kept_bytes = counted
        try:
            await self._stream_file(tree, parts, path, status, 0)
        except MissingCommandError as error:
            with needs_either("cat", error):
                await self._copy_with_tar(tree, parts, path)

    def _count_kept(self, size: int) -> None:
        progress = self.progress
        progress.files += 1
        progress.kept_files += 1
        progress.bytes += size
        progress.kept_bytes += size

    async def _stream_file(
        self, tree: LocalTree, parts: Sequence[str], path: str, status: RemoteStatus | None, keep: int
    ) -> None:
        """Write what the container prints of a file from a byte on."""
        progress, word = self.progress, remote_word(path)
        overlap = min(keep, OVERLAP)
        expected = await in_thread(tree.part_tail, parts, keep, overlap) if keep else b""
        words = ("tail", "-c", f"+{keep - overlap + 1}", word) if keep else ("cat", word)
        mode = status.mode if status is not None and self._options.keeps_modes else None
        mtime_ns = status.mtime_ns if status is not None else 0
        progress.bytes += keep
        progress.kept_bytes += keep

        def begin() -> PartFile:
            return tree.open_part(parts, keep=keep, mtime_ns=mtime_ns, mode=mode)

        stderr = StderrTail()
        sink = FileSink(begin, expected, progress)
        try:
            async with self._commands.open_exec(self._container, words) as stream:
                end = await pump(stream, sink.feed, stderr)
            check_is_there(words[0], end, bytes(stderr))
            if end.exit_code != 0:
                raise failure(end, bytes(stderr), f"{printable(path)} cannot be read")
            if status is not None and sink.size(keep) < status.size:
                raise ConnectionFailedError(
                    f"{printable(path)}: {size_text(sink.size(keep))} of {size_text(status.size)} arrived",
                    "the file was cut, or the stream was: run it again with --resume",
                )
            await in_thread(sink.finish)
            progress.files += 1
        finally:
            await in_thread(sink.close)

    async def _copy_with_tar(self, tree: LocalTree, parts: Sequence[str], path: str) -> None:
        """Copy a file out of an image without cat."""
        above, _, name = remote_word(path).rpartition("/")
        extractor = Extractor(tree, self.progress, keeps_modes=self._options.keeps_modes, wanted=parts[-1])
        await self._run_tar(extractor, ("tar", "-C", above or "/", "-chf", "-", f"./{name}"), path)

    # -- a directory --------------------------------------------------------------------------------------------------

    async def _copy_directory(self) -> None:
        listed = await walk(self._commands, self._container, self._path)
        progress = self.progress
        if self._options.follows_links:
            listed = None  # it has no files behind links
        if listed is not None:
            progress.total_files, progress.total_bytes = len(listed.files), listed.size
        tree = await in_thread(LocalTree, self._destination)
        with tree:
            if progress.total_bytes is not None and not self._resumes:
                await in_thread(_check_space, self._destination, progress.total_bytes)
            names: list[bytes] | None = None
            if self._resumes and listed is not None and listed.is_complete:
                names = await self._missing(tree, listed.files)
                if not names:
                    return
                if len(names) == len(listed.files):
                    names = None
            for name in await self._copy_members(tree, names):
                await self._copy_apart(tree, name)
            reported = sum(count for reason, count in progress.left_out_counts.items() if reason is not Reason.LINK)
            missing = (progress.total_files or 0) - progress.files - reported
            if missing > 0:
                progress.leave_out(
                    self._path, Reason.FAILED, f"of those listed, {count_noun(missing, 'file')} did not arrive"
                )

    async def _missing(self, tree: LocalTree, files: dict[bytes, RemoteFile]) -> list[bytes]:
        """Return the names of files that are not here; continue large ones whose beginning is."""
        names: list[bytes] = []
        for state, file in await in_thread(_compare, tree, files.values()):
            if state == "complete":
                self._count_kept(file.size)
            elif state == "part":
                await self._copy_apart(tree, file.name)
            else:
                names.append(file.name)
        return names

    async def _copy_apart(self, tree: LocalTree, name: bytes) -> None:
        """Copy a file of the directory that tar sent without its content."""
        path = f"{self._path.rstrip('/')}/{os.fsdecode(name)}"
        try:
            status = await read_status(self._commands, self._container, path)
            await self.copy_one(tree, safe_parts(name), path, status)
        except ConnectionFailedError:
            raise
        except (RefusedError, NotFoundError) as error:
            self.progress.leave_out(path, Reason.FAILED, error.message)

    async def _copy_members(self, tree: LocalTree, names: Sequence[bytes] | None) -> Sequence[bytes]:
        """Copy the directory, or only these files of it; return those whose content has to be read apart."""
        extractor = Extractor(
            tree, self.progress, keeps_complete=names is None and self._resumes, keeps_modes=self._options.keeps_modes
        )
        directory = remote_word(self._path)
        options = "-chf" if self._options.follows_links else "-cf"
        whole = ("tar", "-C", directory, options, "-", ".")
        if names is None:
            await self._run_tar(extractor, whole, self._path)
            return extractor.apart
        for words, stdin in _selections(directory, options, names):
            if await self._run_tar(extractor, words, self._path, stdin=stdin, may_be_refused=True):
                return extractor.apart
        extractor = Extractor(tree, self.progress, keeps_complete=True, keeps_modes=self._options.keeps_modes)
        self.progress.restart()
        await self._run_tar(extractor, whole, self._path)
        return extractor.apart

    async def _run_tar(
        self,
        extractor: Extractor,
        words: Sequence[str],
        path: str,
        *,
        stdin: bytes | None = None,
        may_be_refused: bool = False,
    ) -> bool:
        """Extract what tar prints; return False if it has refused its options, which only some versions have."""
        stderr, has_output = StderrTail(), False

        def feed(data: bytes) -> None:
            nonlocal has_output
            has_output = True
            extractor.feed(data)

        try:
            async with self._commands.open_exec(self._container, words, stdin=stdin is not None) as stream:
                end = await exchange(stream, None if stdin is None else single(stdin), feed, stderr)
            if may_be_refused and end.exit_code != 0 and not has_output:
                return False
            self._judge(extractor, end, bytes(stderr), path)
        finally:
            await in_thread(extractor.abort)
        return True

    def _judge(self, extractor: Extractor, end: CommandEnd, stderr: bytes, path: str) -> None:
        """Decide what the end of tar means: with a complete archive, its complaints are about single files."""
        check_is_there("tar", end, stderr)
        if end.exit_code != 0 and not extractor.is_complete:
            raise failure(end, stderr, f"{printable(path)} cannot be read")
        extractor.close()
        for line in stderr.decode(errors="surrogateescape").splitlines():
            text = line.removeprefix("tar: ")
            if text.endswith(_SOCKET):
                self.progress.leave_out(text.removesuffix(_SOCKET), Reason.LINK, "socket")
            elif end.exit_code != 0 and text.strip() and "exit delayed" not in text.lower():
                self.progress.leave_out("tar in the container", Reason.FAILED, text)


def _selections(directory: str, options: str, names: Sequence[bytes]) -> Sequence[tuple[tuple[str, ...], bytes]]:
    """Return how tar is asked for some files: as GNU tar reads a list, then as busybox does.

    A name with a line end cannot be in busybox's list; then everything is read, and what is there is not written again.
    """
    separated = b"".join(b"./" + name + b"\0" for name in names)
    ways: list[tuple[tuple[str, ...], bytes]] = [
        (("tar", "-C", directory, "--null", "-T", "-", options, "-"), separated)
    ]
    if not any(b"\n" in name for name in names):
        ways.append((("tar", "-C", directory, "-T", "-", options, "-"), separated.replace(b"\0", b"\n")))
    return ways


def _compare(tree: LocalTree, files: Iterable[RemoteFile]) -> list[tuple[str, RemoteFile]]:
    """Return which files are complete here, of which a large part is, and which are missing."""
    compared = []
    for file in files:
        try:
            parts = safe_parts(file.name)
        except (UnsafeNameError, LocalFileError):
            continue
        state = "missing"
        if tree.is_complete(parts, file.size, file.mtime_ns):
            state = "complete"
        elif tree.part_size(parts, file.size, file.mtime_ns) >= _RESUMED_ALONE:
            state = "part"
        compared.append((state, file))
    return compared


def _place_of_file(destination: str, name: str) -> tuple[str, str]:
    """Return the directory and the name that a file is copied to; a link that the person named is followed."""
    if destination.endswith("/") or os.path.isdir(destination):
        try:
            parts = safe_parts(os.fsencode(name))
        except (UnsafeNameError, LocalFileError) as error:
            raise RefusedError(f"{printable(name)}: {error.message}", "name the file to write") from error
        if len(parts) != 1:
            raise RefusedError("the source has no name", "name the file to write")
        return destination, parts[0]
    target = os.path.realpath(destination) if os.path.islink(destination) else destination
    directory, local_name = os.path.split(target)
    if os.path.exists(target) and not os.path.isfile(target):
        raise RefusedError(f"{printable(destination)} is no file", "- writes to standard output")
    if directory and not os.path.isdir(directory):
        raise ConfigError(f"there is no directory {printable(directory)}", "make it first, or end the path with /")
    return directory or ".", local_name


def _bytes_here(tree: LocalTree, name: str, status: RemoteStatus) -> int:
    """Return the bytes of a file that an earlier transfer has left."""
    if tree.is_complete((name,), status.size, status.mtime_ns):
        return status.size
    return tree.part_size((name,), status.size, status.mtime_ns)


def _check_space(directory: str, needed: int) -> None:
    """Raise ConfigError if the disk has less space than is needed."""
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise ConfigError(
            f"no space on this machine: {size_text(needed)} to copy, {size_text(free)} free in {printable(directory)}",
            "free space, or copy elsewhere",
        )
