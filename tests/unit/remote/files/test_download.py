"""Copies from a container, with the commands of this machine in its place: whole, broken and continued."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from k9py.api.errors import ConfigError, ConnectionFailedError, KdashError, NotFoundError, RefusedError
from k9py.api.streams import ContainerRef, ContainerStream
from k9py.remote.files.download import Download, DownloadOptions
from k9py.remote.files.local_tree import PART_SUFFIX
from k9py.remote.files.progress import CopyProgress, Reason
from k9py.remote.files.remote_command import MissingCommandError
from tests.factories.local_commands import CONTAINER, LocalCommands
from tests.unit.remote.files.trees import contents, make_tree


async def copy(commands: LocalCommands, path: str, destination: str, **options: bool) -> CopyProgress:
    download = Download(commands, CONTAINER, path, destination, DownloadOptions(**options), CopyProgress())
    await download.run()
    return download.progress


async def test_a_file_is_copied_to_a_path_or_into_a_directory(pod: Path, here: Path) -> None:
    (pod / "a b").write_bytes(b"data")
    (pod / "a b").chmod(0o4750)
    commands = LocalCommands(str(pod))

    await copy(commands, "a b", str(here / "c"))
    progress = await copy(commands, str(pod / "a b"), str(here))

    assert contents(here) == {"c": b"data", "a b": b"data"}
    assert (here / "c").stat().st_mode & 0o7777 == 0o750
    assert (progress.files, progress.bytes, progress.fraction) == (1, 4, 1.0)


async def test_a_link_that_is_named_is_followed(pod: Path, here: Path) -> None:
    (pod / "..data").mkdir()
    (pod / "..data" / "key").write_bytes(b"value")
    (pod / "key").symlink_to("..data/key")
    (pod / "all").symlink_to("..data")
    commands = LocalCommands(str(pod))

    await copy(commands, "key", str(here / "key"))
    await copy(commands, "all", str(here / "all"))

    assert contents(here) == {"key": b"value", "all/key": b"value"}


@pytest.mark.parametrize("missing", [frozenset(), frozenset({"find"}), frozenset({"find", "stat", "cat"})])
async def test_a_tree_is_copied_with_every_name(pod: Path, here: Path, missing: frozenset[str]) -> None:
    files = make_tree(pod)
    (pod / "link").symlink_to("/etc/passwd")

    progress = await copy(LocalCommands(str(pod), missing=missing), ".", str(here / "copy"))

    assert contents(here / "copy") == files
    assert progress.left_out_counts == {Reason.LINK: 1}
    assert progress.files == len(files)
    assert (progress.total_files is None) == ("find" in missing)


async def test_links_are_followed_in_the_container_when_asked_for(pod: Path, here: Path) -> None:
    (pod / "real").write_bytes(b"data")
    (pod / "link").symlink_to("real")

    await copy(LocalCommands(str(pod)), str(pod), str(here), follows_links=True)

    assert contents(here) == {"real": b"data", "link": b"data"}


async def test_a_hard_link_is_copied_with_its_content(pod: Path, here: Path) -> None:
    (pod / "a").write_bytes(b"data")
    os.link(pod / "a", pod / "b")

    progress = await copy(LocalCommands(str(pod)), ".", str(here))

    assert contents(here) == {"a": b"data", "b": b"data"}
    assert (here / "a").stat().st_nlink == 1
    assert progress.files == progress.total_files == 2


@pytest.mark.parametrize("options", ["--sparse", "--sparse --format=posix"])
async def test_a_file_that_tar_sends_with_holes_is_read_apart(
    pod: Path, here: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    monkeypatch.setenv("TAR_OPTIONS", options)
    with (pod / "holes").open("wb") as file:
        file.seek(2 << 20)
        file.write(b"end")
    (pod / "link").symlink_to("holes")

    progress = await copy(LocalCommands(str(pod)), ".", str(here))

    assert contents(here) == {"holes": bytes(2 << 20) + b"end"}
    assert progress.left_out_counts == {Reason.LINK: 1}


async def test_a_socket_is_listed_as_left_out(pod: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pod)  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        progress = await copy(LocalCommands(str(pod)), ".", str(here))

    assert [str(each) for each in progress.left_out] == ["./s: socket"]
    assert not progress.has_failed


async def test_files_that_do_not_arrive_are_reported_beside_links(
    pod: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAR_OPTIONS", "--exclude=gone")
    (pod / "gone").write_bytes(b"x")
    (pod / "link").symlink_to("gone")

    progress = await copy(LocalCommands(str(pod)), ".", str(here))

    assert progress.left_out_counts == {Reason.LINK: 1, Reason.FAILED: 1}
    assert progress.left_out[-1].why == "of those listed, 1 file did not arrive"


async def test_a_broken_file_continues_where_it_stopped(pod: Path, here: Path) -> None:
    data = os.urandom(1_000_000)
    (pod / "core").write_bytes(data)
    commands = LocalCommands(str(pod), cut="cat", cut_after=[600_000])
    download = Download(commands, CONTAINER, "core", str(here / "core"), DownloadOptions(), CopyProgress())

    with pytest.raises(ConnectionFailedError):
        await download.run()
    assert contents(here) == {f"core{PART_SUFFIX}": data[:600_000]}
    await download.run()

    assert contents(here) == {"core": data}
    assert commands.ran[-1] == ("tail", "-c", f"+{600_000 - 65_536 + 1}", "./core")
    assert download.progress.kept_bytes == 600_000
    assert download.progress.bytes == 1_000_000


@pytest.mark.parametrize("name", ["a" * 255, "ü" * 127])
async def test_a_name_without_room_for_the_suffix_is_copied_and_continued(pod: Path, here: Path, name: str) -> None:
    data = os.urandom(1_000_000)
    (pod / name).write_bytes(data)
    commands = LocalCommands(str(pod), cut="cat", cut_after=[600_000])
    download = Download(commands, CONTAINER, name, f"{here}/", DownloadOptions(), CopyProgress())

    with pytest.raises(ConnectionFailedError):
        await download.run()
    assert [part.endswith(PART_SUFFIX) for part in contents(here)] == [True]
    await download.run()

    assert contents(here) == {name: data}
    assert download.progress.kept_bytes == 600_000


@pytest.mark.parametrize(
    ("part", "free", "fits"), [(600_000, 400_000, True), (600_000, 399_999, False), (0, 999, False)]
)
async def test_a_file_that_continues_needs_space_for_its_rest_alone(
    pod: Path, here: Path, monkeypatch: pytest.MonkeyPatch, part: int, free: int, fits: bool
) -> None:
    data = os.urandom(1_000_000)
    (pod / "core").write_bytes(data)
    os.utime(pod / "core", (1_700_000_000, 1_700_000_000))
    (here / f"core{PART_SUFFIX}").write_bytes(data[:part])
    os.utime(here / f"core{PART_SUFFIX}", (1_700_000_000, 1_700_000_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 0, free))

    copying = copy(LocalCommands(str(pod)), "core", str(here), resumes=True)
    if fits:
        assert (await copying).kept_bytes == part
        assert (await copy(LocalCommands(str(pod)), "core", str(here), resumes=True)).kept_files == 1
    else:
        with pytest.raises(ConfigError, match="no space on this machine"):
            await copying


@pytest.mark.parametrize("change", ["time", "content", "shorter"])
async def test_a_file_that_has_changed_starts_over(pod: Path, here: Path, change: str) -> None:
    data = os.urandom(300_000)
    (pod / "core").write_bytes(data)
    os.utime(pod / "core", (1_700_000_000, 1_700_000_000))
    commands = LocalCommands(str(pod), cut="cat", cut_after=[200_000])
    with pytest.raises(ConnectionFailedError):
        await copy(commands, "core", str(here / "core"))
    data = data[::-1][: 100_000 if change == "shorter" else None]
    (pod / "core").write_bytes(data)
    if change != "time":
        os.utime(pod / "core", (1_700_000_000, 1_700_000_000))

    progress = await copy(commands, "core", str(here / "core"), resumes=True)

    assert contents(here) == {"core": data}
    assert progress.kept_bytes == 0


async def test_a_complete_file_is_not_read_again(pod: Path, here: Path) -> None:
    (pod / "a").write_bytes(b"data")
    commands = LocalCommands(str(pod))
    await copy(commands, "a", str(here))
    commands.ran.clear()

    progress = await copy(commands, "a", str(here), resumes=True)

    assert [words[0] for words in commands.ran] == ["stat"]
    assert (progress.files, progress.kept_files, progress.fraction) == (1, 1, 1.0)


async def test_without_resume_it_starts_over(pod: Path, here: Path) -> None:
    (pod / "a").write_bytes(b"x" * 100_000)
    commands = LocalCommands(str(pod), cut="cat", cut_after=[50_000])
    with pytest.raises(ConnectionFailedError):
        await copy(commands, "a", str(here))

    progress = await copy(commands, "a", str(here))

    assert progress.kept_bytes == 0
    assert contents(here) == {"a": b"x" * 100_000}


@pytest.mark.parametrize("cut", [100, 300_000, 800_000])
@pytest.mark.parametrize("refuses", [(), ("--null",), ("--null", "-T")])
async def test_a_broken_tree_continues(pod: Path, here: Path, cut: int, refuses: tuple[str, ...]) -> None:
    files = make_tree(pod)
    commands = _RefusingTar(str(pod), cut="tar", cut_after=[cut])
    commands.refuses = refuses
    download = Download(commands, CONTAINER, ".", str(here), DownloadOptions(), CopyProgress())
    with pytest.raises(KdashError):
        await download.run()
    arrived = {name for name in contents(here) if not name.endswith(PART_SUFFIX)}

    await download.run()

    assert contents(here) == files
    assert download.progress.kept_files == len(arrived)
    assert download.progress.files == len(files)
    assert not download.progress.left_out


class _RefusingTar(LocalCommands):
    """A tar without some options."""

    refuses: tuple[str, ...] = ()

    def open_exec(
        self, container: ContainerRef, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        if command[0] == "tar" and set(command) & set(self.refuses):
            return super().open_exec(container, ["sh", "-c", "echo unknown option >&2; exit 1"], stdin=stdin)
        return super().open_exec(container, command, stdin=stdin, tty=tty)


async def test_a_large_file_of_a_tree_continues_alone(pod: Path, here: Path) -> None:
    data = os.urandom(3_000_000)
    (pod / "core").write_bytes(data)
    commands = LocalCommands(str(pod), cut="tar", cut_after=[2_500_000])
    download = Download(commands, CONTAINER, ".", str(here), DownloadOptions(), CopyProgress())
    with pytest.raises(KdashError):
        await download.run()

    await download.run()

    assert contents(here) == {"core": data}
    assert download.progress.kept_bytes > 2_000_000


async def test_what_cannot_be_read_has_a_clear_error(pod: Path, here: Path) -> None:
    commands = LocalCommands(str(pod))
    with pytest.raises(NotFoundError, match="nothing cannot be read"):
        await copy(commands, "nothing", str(here))
    os.mkfifo(pod / "pipe")
    with pytest.raises(RefusedError, match="neither a file nor a directory"):
        await copy(commands, "pipe", str(here))
    assert not contents(here)


async def test_without_cat_tar_copies_a_file_and_without_both_a_debug_container_is_named(pod: Path, here: Path) -> None:
    (pod / "-a").write_bytes(b"data")
    commands = LocalCommands(str(pod), missing=frozenset({"cat"}))

    await copy(commands, "-a", str(here / "b"))
    assert contents(here) == {"b": b"data"}

    with pytest.raises(MissingCommandError) as caught:
        await copy(replace(commands, missing=frozenset({"cat", "tar"})), "-a", str(here / "c"))
    assert caught.value.message == "the container has neither cat nor tar"
    assert "debug" in caught.value.hint


async def test_a_full_disk_is_refused_before_anything_is_written(
    pod: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pod / "a").write_bytes(b"data")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 3}))

    with pytest.raises(KdashError, match="no space on this machine"):
        await copy(LocalCommands(str(pod)), "a", str(here))


async def test_a_pod_that_sends_less_than_it_has_announced_is_not_complete(pod: Path, here: Path) -> None:
    commands = LocalCommands(str(pod), outputs={"stat": b"81a4 1000 1700000000\n", "cat": b"x" * 900})

    with pytest.raises(ConnectionFailedError, match="arrived"):
        await copy(commands, "a", str(here / "a"))

    assert contents(here) == {f"a{PART_SUFFIX}": b"x" * 900}


async def test_a_directory_of_a_workload_that_grows_without_end_says_so(pod: Path, here: Path) -> None:
    commands = LocalCommands(str(pod), outputs={"stat": b"81a4 10 1700000000\n", "cat": b"x" * 9000})

    progress = await copy(commands, "a", str(here / "a"))

    assert "more than the 10 B that were announced" in progress.text


async def test_a_link_of_the_destination_that_the_person_named_is_followed(pod: Path, here: Path) -> None:
    (pod / "a").write_bytes(b"data")
    (here / "real").write_bytes(b"")
    (here / "link").symlink_to("real")

    await copy(LocalCommands(str(pod)), "a", str(here / "link"))

    assert (here / "link").is_symlink()
    assert contents(here) == {"real": b"data", "link": b"data"}


async def test_a_missing_local_directory_is_an_error(pod: Path, here: Path) -> None:
    (pod / "a").write_bytes(b"data")
    with pytest.raises(KdashError, match="there is no directory"):
        await copy(LocalCommands(str(pod)), "a", str(here / "no" / "a"))


async def test_a_complaint_of_tar_about_one_file_does_not_undo_the_others(pod: Path, here: Path) -> None:
    (pod / "a").write_bytes(b"data")
    commands = _ComplainingTar(str(pod))

    progress = await copy(commands, ".", str(here))

    assert contents(here) == {"a": b"data"}
    assert [str(left_out) for left_out in progress.left_out] == [
        "tar in the container: ./b: Cannot open: Permission denied"
    ]


class _ComplainingTar(LocalCommands):
    def open_exec(
        self, container: ContainerRef, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        if command[0] == "tar":
            script = '"$@"; echo "tar: ./b: Cannot open: Permission denied" >&2; exit 2'
            command = ["sh", "-c", script, "sh", *command]
        return super().open_exec(container, command, stdin=stdin, tty=tty)
