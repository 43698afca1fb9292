"""Hostile archives: whatever they hold, nothing is written outside of the destination, and no link is made in it."""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.errors import RefusedError
from k9py.remote.files.extract import Extractor
from k9py.remote.files.local_tree import PART_SUFFIX, LocalTree, UnsafeNameError, safe_parts
from k9py.remote.files.progress import CopyProgress, Reason
from k9py.remote.files.tar_reader import ArchiveError
from tests.unit.remote.files.test_tar_reader import archive, member


def extract(root: Path, data: bytes, **options: bool) -> CopyProgress:
    progress = CopyProgress()
    with LocalTree(str(root)) as tree:
        extractor = Extractor(tree, progress, **options)  # type: ignore[arg-type]
        try:
            extractor.feed(data)
            extractor.close()
        finally:
            extractor.abort()
    return progress


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


_LINK: dict[str, Any] = {"type": tarfile.SYMTYPE, "linkname": "../outside"}


@pytest.mark.parametrize(
    ("members", "reason", "written"),
    [
        ([member("/etc/passwd", b"x")], Reason.UNSAFE, {}),
        ([member("../a", b"x")], Reason.UNSAFE, {}),
        ([member("./a/../../b", b"x")], Reason.UNSAFE, {}),
        ([member("a/..", type=tarfile.DIRTYPE)], Reason.UNSAFE, {}),
        ([member("a/b/" * 200 + "c", b"x")], Reason.UNSAFE, {}),
        ([member(f"a{PART_SUFFIX}", b"x")], Reason.FAILED, {}),
        ([member("link", **_LINK), member("link/a", b"x")], Reason.LINK, {"link/a": b"x"}),
        (
            [member("hard", type=tarfile.LNKTYPE, linkname="/etc/passwd"), member("hard", b"x")],
            None,
            {"hard": b"x"},
        ),
        ([member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)], Reason.LINK, {}),
        ([member("pipe", type=tarfile.FIFOTYPE)], Reason.LINK, {}),
        ([member("hole", type=tarfile.GNUTYPE_SPARSE)], None, {}),
        ([member("a", b"1"), member("a", b"2")], None, {"a": b"2"}),
        ([member("A", b"1"), member("a", b"2")], None, {"A": b"1", "a": b"2"}),
        ([member("a", b"1"), member("a/b", b"2")], Reason.FAILED, {"a": b"1"}),
        ([member("a/b", b"1"), member("a", b"2")], Reason.FAILED, {"a/b": b"1"}),
        ([member("a" * 256, b"1"), member("b", b"2")], Reason.FAILED, {"b": b"2"}),
        ([member("a" * 255, b"1"), member("a" * 254 + "b", b"2")], None, {"a" * 255: b"1", "a" * 254 + "b": b"2"}),
        ([member("ü" * 127, b"1")], None, {"ü" * 127: b"1"}),
        ([member(".", b"1")], Reason.FAILED, {}),
        ([member("./ 'q\"\n-x/--help", b"1")], None, {" 'q\"\n-x/--help": b"1"}),
        ([member("esc\x1b]0;title\x07", b"1")], None, {"esc\x1b]0;title\x07": b"1"}),
    ],
    ids=lambda value: value[0][0].name[:20] if isinstance(value, list) else "",
)
def test_a_member_is_written_or_left_out_with_its_reason(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], reason: Reason | None, written: dict[str, bytes]
) -> None:
    progress = extract(tmp_path / "root", archive(*members))

    assert contents(tmp_path / "root") == written
    assert list(progress.left_out_counts) == ([] if reason is None else [reason])
    assert os.listdir(tmp_path) == ["root"]
    assert all(line.isprintable() for line in progress.left_out_lines())


def test_the_destination_itself_has_no_part(tmp_path: Path) -> None:
    with LocalTree(str(tmp_path)) as tree:
        assert tree.part_size(safe_parts(b"."), 1, 1) == 0


def test_a_name_with_a_nul_from_pax_records_is_refused() -> None:
    with pytest.raises(UnsafeNameError):
        safe_parts(b"a\0b")


@pytest.mark.parametrize("planted", ["directory", "file", "part"])
def test_a_symlink_planted_in_the_destination_is_never_written_through(tmp_path: Path, planted: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "f").write_bytes(b"mine")
    match planted:
        case "directory":
            (root / "d").symlink_to(outside)
        case "file":
            (root / "d").mkdir()
            (root / "d" / "f").symlink_to(outside / "f")
        case "part":
            (root / "d").mkdir()
            (root / "d" / f"f{PART_SUFFIX}").symlink_to(outside / "f")

    progress = extract(root, archive(member("d/f", b"theirs"), member("d/new", b"x")))

    assert contents(outside) == {"f": b"mine"}
    assert progress.left_out_counts == ({Reason.LOCAL_LINK: 2} if planted == "directory" else {})
    assert progress.has_refused == (planted == "directory")
    assert not progress.has_unsafe  # the container did nothing wrong
    if planted != "directory":
        assert (root / "d" / "f").read_bytes() == b"theirs"
        assert not (root / "d" / "f").is_symlink()


def test_a_symlink_planted_between_two_members_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    with LocalTree(str(root)) as tree:
        extractor = Extractor(tree, progress := CopyProgress())
        data = archive(member("d/a", b"x"), member("e/a", b"x"), member("d/b", b"x"))
        extractor.feed(data[:2048])
        (root / "d" / "a").unlink()
        (root / "d").rmdir()
        (root / "d").symlink_to(outside)
        extractor.feed(data[2048:])
        extractor.close()

    assert not os.listdir(outside)
    assert progress.left_out_counts == {Reason.LOCAL_LINK: 1}


_COMPONENTS = st.sampled_from(["a", "b", "..", ".", "", "link", "out", "\n", f"a{PART_SUFFIX}", "A", "a" * 300])
_MEMBERS = st.builds(
    lambda parts, absolute, type_, link, data, mode: member(
        ("/" if absolute else "") + "/".join(parts) or "x",
        data if type_ in (tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE) else b"",
        type=type_,
        linkname=link,
        mode=mode,
    ),
    st.lists(_COMPONENTS, min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from(
        [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
    ),
    st.sampled_from(["..", "../outside", "/etc", "a", "."]),
    st.binary(max_size=20),
    st.integers(0, 0o7777),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_MEMBERS, max_size=8), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_nothing_is_ever_written_outside_of_the_destination(
    members: list[tuple[tarfile.TarInfo, bytes]], form: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        outer = Path(directory)
        outside, root = outer / "outside", outer / "deep" / "root"
        outside.mkdir()
        root.mkdir(parents=True)
        (outside / "a").write_bytes(b"mine")
        (root / "link").symlink_to(outside)
        (root / "out").symlink_to(outside / "a")

        extract(root, archive(*members, form=form))

        assert contents(outside) == {"a": b"mine"}
        assert sorted(os.listdir(outer)) == ["deep", "outside"]
        assert os.listdir(outer / "deep") == ["root"]
        for path in root.rglob("*"):
            status = path.lstat()
            assert stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or path.name in ("link", "out")
            assert not status.st_mode & 0o7000
            assert not path.name.endswith(PART_SUFFIX)


def test_permissions_are_kept_without_setuid_and_within_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        extract(tmp_path / "kept", archive(member("a", b"x", mode=0o6777), member("b", b"x", mode=0o400)))
        extract(tmp_path / "usual", archive(member("a", b"x", mode=0o6777)), keeps_modes=False)
    finally:
        os.umask(before)

    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("kept/a", "kept/b", "usual/a")}
    assert modes == {"kept/a": 0o750, "kept/b": 0o600, "usual/a": 0o640}


def test_a_file_that_ends_early_stays_a_part(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    data = archive(member("a", b"x" * 5000, mtime=1_000_000))

    with pytest.raises(ArchiveError):
        extract(tmp_path, data[:3000])

    assert contents(tmp_path) == {"a": b"old", f"a{PART_SUFFIX}": b"x" * (3000 - 512)}
    assert (tmp_path / f"a{PART_SUFFIX}").stat().st_mtime == 1_000_000


def test_a_complete_file_is_not_written_again(tmp_path: Path) -> None:
    first = archive(member("a", b"same", mtime=7), member("b", b"older", mtime=7))
    extract(tmp_path, first)
    inode = (tmp_path / "a").stat().st_ino

    progress = extract(
        tmp_path, archive(member("a", b"same", mtime=7), member("b", b"newer", mtime=8)), keeps_complete=True
    )

    assert (tmp_path / "a").stat().st_ino == inode
    assert contents(tmp_path) == {"a": b"same", "b": b"newer"}
    assert (progress.files, progress.kept_files) == (2, 1)


def test_only_the_file_that_was_asked_for_is_written(tmp_path: Path) -> None:
    progress = CopyProgress()
    with LocalTree(str(tmp_path)) as tree:
        extractor = Extractor(tree, progress, wanted="mine")
        extractor.feed(archive(member("other/name", b"x"), member("b", b"y"), member("l", **_LINK)))
        extractor.close()

    assert contents(tmp_path) == {"mine": b"x"}
    assert len(progress.left_out) == 2


def test_a_destination_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(RefusedError):
        LocalTree(str(tmp_path / "a"))


def test_no_file_descriptor_is_left(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    extract(tmp_path, archive(*(member(f"d{index}/a", b"x") for index in range(20)), member("d1", b"x")))
    with pytest.raises(ArchiveError):
        extract(tmp_path, archive(member("a", b"x" * 5000))[:600])

    assert len(os.listdir("/proc/self/fd") if before else []) == len(before)


def test_what_is_kept_of_left_out_members_is_bounded(tmp_path: Path) -> None:
    progress = extract(tmp_path, archive(*(member(f"l{index}", **_LINK) for index in range(500))))

    assert progress.left_out_counts == {Reason.LINK: 500}
    assert list(progress.left_out_lines())[-1] == "and 480 more"
