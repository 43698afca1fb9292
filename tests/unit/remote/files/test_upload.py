"""Copies to a container, with the commands of this machine in its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from k9py.api.errors import ConnectionFailedError, NotFoundError, RefusedError
from k9py.api.streams import CommandEnd, ContainerRef, ContainerStream
from k9py.remote.files.archive import archive_of, local_files
from k9py.remote.files.local_tree import PART_SUFFIX
from k9py.remote.files.progress import CopyProgress, Reason
from k9py.remote.files.remote_command import ContainerFullError, MissingCommandError, failure
from k9py.remote.files.upload import Upload, UploadOptions
from k9py.views.exit_codes import ExitCode, exit_code_of_error
from tests.factories.local_commands import CONTAINER, LocalCommands
from tests.unit.remote.files.test_tar_reader import read
from tests.unit.remote.files.trees import contents, make_tree


async def copy(commands: LocalCommands, source: Path | str, path: str, **options: bool) -> CopyProgress:
    upload = Upload(commands, CONTAINER, str(source), path, UploadOptions(**options), CopyProgress())
    await upload.run()
    return upload.progress


@pytest.mark.parametrize("missing", [frozenset(), frozenset({"dd"}), frozenset({"test"})])
async def test_a_file_is_copied_to_a_path_or_into_a_directory(pod: Path, here: Path, missing: frozenset[str]) -> None:
    (here / "-a b").write_bytes(b"data" * 100_000)
    (here / "-a b").chmod(0o750)
    (pod / "dir").mkdir()
    commands = LocalCommands(str(pod), missing=missing)

    if "dd" not in missing:
        await copy(commands, here / "-a b", "-c")
    progress = await copy(commands, here / "-a b", "dir")

    assert contents(pod)["dir/-a b"] == b"data" * 100_000
    assert len(contents(pod)) == (1 if "dd" in missing else 2)
    assert (pod / "dir" / "-a b").stat().st_mode & 0o777 == 0o750
    assert (progress.files, progress.bytes) == (1, 400_000)


@pytest.mark.parametrize("target", ["copy", "into"])
async def test_a_tree_is_copied_with_every_name(pod: Path, here: Path, target: str) -> None:
    files = make_tree(here)
    (here / "link").symlink_to("empty")
    (here / "none").mkdir()
    if target == "into":
        (pod / target).mkdir()

    progress = await copy(LocalCommands(str(pod)), here, target)

    copied = pod / "copy" if target == "copy" else pod / "into" / "here"
    assert contents(copied) == {**files, "link": b""}
    assert (copied / "link").is_symlink()
    assert (copied / "none").is_dir()
    assert not progress.left_out
    assert (progress.files, progress.fraction) == (len(files), 1.0)


async def test_a_broken_file_continues_from_a_block_that_is_verified(pod: Path, here: Path) -> None:
    data = os.urandom(1_000_000)
    (here / "a").write_bytes(data)
    commands = LocalCommands(str(pod), cut_input_after=[600_000])
    upload = Upload(commands, CONTAINER, str(here / "a"), "a", UploadOptions(), CopyProgress())

    with pytest.raises(ConnectionFailedError):
        await upload.run()
    assert set(contents(pod)) == {f"a{PART_SUFFIX}"}
    await upload.run()

    assert contents(pod) == {"a": data}
    assert upload.progress.kept_bytes > 400_000
    assert upload.progress.kept_bytes % 65_536 == 0


async def test_a_name_without_room_for_the_suffix_is_written(pod: Path, here: Path) -> None:
    (here / "a").write_bytes(b"x")

    await copy(LocalCommands(str(pod)), here / "a", "a" * 255)

    assert contents(pod) == {"a" * 255: b"x"}


async def test_a_part_of_another_file_starts_over(pod: Path, here: Path) -> None:
    (here / "a").write_bytes(os.urandom(200_000))
    (pod / f"a{PART_SUFFIX}").write_bytes(os.urandom(150_000))

    progress = await copy(LocalCommands(str(pod)), here / "a", "a", resumes=True)

    assert progress.kept_bytes == 0
    assert contents(pod) == {"a": (here / "a").read_bytes()}


async def test_a_broken_tree_sends_only_what_is_missing(pod: Path, here: Path) -> None:
    files = make_tree(here)
    upload = Upload(
        LocalCommands(str(pod), cut_input_after=[400_000]),
        CONTAINER,
        str(here),
        "copy",
        UploadOptions(),
        CopyProgress(),
    )
    with pytest.raises(ConnectionFailedError):
        await upload.run()

    await upload.run()

    assert contents(pod / "copy") == files
    assert upload.progress.files == len(files)
    assert 0 < upload.progress.kept_files < len(files)


@pytest.mark.parametrize("other", [False, True])
async def test_a_later_run_continues_in_the_directory_that_it_has_made(pod: Path, here: Path, other: bool) -> None:
    files = make_tree(here)
    commands = LocalCommands(str(pod), cut_input_after=[400_000])
    with pytest.raises(ConnectionFailedError):
        await copy(commands, here, "copy")
    if other:
        (pod / "copy" / "other").write_bytes(b"")

    progress = await copy(commands, here, "copy", resumes=True)

    assert contents(pod / "copy" / "here" if other else pod / "copy") == files
    assert (progress.kept_files == 0) == other


async def test_what_is_no_file_is_left_out_and_reported(pod: Path, here: Path) -> None:
    os.mkfifo(here / "pipe")
    (here / "a").write_bytes(b"x")

    progress = await copy(LocalCommands(str(pod)), here, "copy")

    assert contents(pod / "copy") == {"a": b"x"}
    assert progress.left_out_counts == {Reason.LINK: 1}


async def test_failures_are_clear(pod: Path, here: Path) -> None:
    commands = LocalCommands(str(pod))
    with pytest.raises(NotFoundError):
        await copy(commands, here / "nothing", "a")
    (here / "a").write_bytes(b"x")
    with pytest.raises(NotFoundError, match="cannot be written"):
        await copy(commands, here / "a", "no/such/a")
    with pytest.raises(NotFoundError, match="cannot be written"):
        await copy(commands, here, "no/such/a")
    if Path("/dev/full").exists():  # noqa: ASYNC240
        with pytest.raises(ContainerFullError, match=r"(?i)no space"):
            await copy(_FullDisk(str(pod)), here / "a", "a")


@pytest.mark.parametrize(
    "stderr",
    [
        b"dd: error writing '/d/a': No space left on device\n",
        b"tar: t/a: Wrote only 9216 of 10240 bytes\ntar: t/b: Cannot write: No space left on device\ntar: Exiting\n",
        b"tar: t/a: Cannot write: Disk quota exceeded\n",
    ],
)
def test_a_full_disk_of_the_container_is_no_refusal(stderr: bytes) -> None:
    error = failure(CommandEnd(2), stderr, "/d cannot be written")

    assert isinstance(error, ContainerFullError)
    assert not isinstance(error, RefusedError)
    assert exit_code_of_error(error) is ExitCode.UNKNOWN


async def test_an_image_without_dd_and_tar_is_named_with_both(pod: Path, here: Path) -> None:
    (here / "a").write_bytes(b"x")
    with pytest.raises(MissingCommandError, match="neither dd nor tar"):
        await copy(LocalCommands(str(pod), missing=frozenset({"dd", "tar"})), here / "a", "a")


@pytest.mark.parametrize("exit_code", [137, 143])
def test_a_command_that_was_killed_is_no_refusal(exit_code: int) -> None:
    message = f"command terminated with non-zero exit code: command terminated with exit code {exit_code}"
    error = failure(CommandEnd(exit_code, "NonZeroExitCode", message), b"", "/d cannot be written")

    assert error.message == f"/d cannot be written: the command was killed (exit code {exit_code})"
    assert "--resume" in error.hint
    assert exit_code_of_error(error) is ExitCode.UNKNOWN


class _FullDisk(LocalCommands):
    def open_exec(
        self, container: ContainerRef, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        words = ["of=/dev/full" if word.startswith("of=") else word for word in command]
        return super().open_exec(container, words, stdin=stdin, tty=tty)


async def test_a_server_that_cannot_end_standard_input_is_named(pod: Path, here: Path) -> None:
    (here / "a").write_bytes(b"x")
    with pytest.raises(RefusedError, match="cannot end standard input"):
        await copy(LocalCommands(str(pod), has_half_close=False), here / "a", "a")
    assert set(contents(pod)) <= {f"a{PART_SUFFIX}"}


async def test_a_file_that_shrinks_while_it_is_sent_keeps_the_archive_whole(here: Path) -> None:
    (here / "a").write_bytes(b"x" * 100)
    (here / "b").write_bytes(b"y")
    progress = CopyProgress()
    files = list(local_files(str(here), "d", progress))
    (here / "a").write_bytes(b"x" * 10)

    members = read(b"".join(archive_of(iter(files), progress)))

    assert [(member.name, data) for member, data in members] == [
        (b"d/", b""),
        (b"d/a", b"x" * 10 + bytes(90)),
        (b"d/b", b"y"),
    ]
    assert "shorter" in progress.left_out[0].why
