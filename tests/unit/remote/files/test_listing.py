"""A directory of a container is listed with the exact names, by whichever command the image has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from k9py.api.errors import KdashError
from k9py.remote.files.listing import FilePart, hex_lines, list_directory, parent, read_part, shown_lines
from k9py.remote.files.remote_command import MissingCommandError
from tests.factories.local_commands import CONTAINER, LocalCommands
from tests.unit.remote.files.trees import ODD_NAMES

BUSYBOX_LS = b"""total 12
drwxr-xr-x    1 root     root          4096 Nov 30 22:54 .
drwxr-xr-x    1 root     root          4096 Nov 30 22:54 ..
-rw-r--r--    1 app      users           11 Nov 30 22:54 a b
lrwxrwxrwx    1 root     root             4 Nov 30  2025 link -> a b
crw-rw-rw-    1 root     root        1,   3 Nov 30 22:54 null
drwxr-xr-x    2 1000     1000          4096 Nov 30 22:54 dir
-rw-r--r--    1 root     root             1 Nov 30 22:54 new
line
"""


def make(root: Path) -> set[str]:
    for name in ODD_NAMES:
        (root / name).write_text(name)
    (root / os.fsdecode(b"bad\xff")).write_text("x")
    (root / "dir").mkdir()
    (root / "link").symlink_to("dir")
    return {*ODD_NAMES, os.fsdecode(b"bad\xff"), "dir", "link"}


@pytest.mark.parametrize("missing", [frozenset(), frozenset({"no printf"})])
async def test_every_name_is_listed_exactly(tmp_path: Path, missing: frozenset[str]) -> None:
    names = make(tmp_path)
    commands = LocalCommands(str(tmp_path)) if not missing else _WithoutPrintf(str(tmp_path))

    listing = await list_directory(commands, CONTAINER, "")

    assert {entry.name for entry in listing.entries} == names
    by_name = {entry.name: entry for entry in listing.entries}
    assert by_name["dir"].is_directory
    assert by_name["link"].is_link
    assert by_name["link"].target == "dir"
    assert by_name["a b"].size == 3
    assert by_name["a b"].mtime is not None
    assert listing.path == str(tmp_path)


class _WithoutPrintf(LocalCommands):
    def open_exec(self, container, command, *, stdin=False, tty=False):  # type: ignore[no-untyped-def]
        if "-printf" in command:
            command = ["sh", "-c", "echo 'find: unrecognized: -printf' >&2; exit 1"]
        return super().open_exec(container, command, stdin=stdin, tty=tty)


async def test_ls_of_busybox_is_read_where_there_is_nothing_better(tmp_path: Path) -> None:
    commands = LocalCommands(str(tmp_path), missing=frozenset({"find", "pwd"}), outputs={"ls": BUSYBOX_LS})

    listing = await list_directory(commands, CONTAINER, "/data")

    assert [(entry.name, entry.owner, entry.size, entry.is_directory) for entry in listing.entries] == [
        ("a b", "app", 11, False),
        ("dir", "1000", 4096, True),
        ("link", "root", 4, None),
        ("new", "root", 1, False),
        ("null", "root", 0, False),
    ]
    assert "1 lines of ls" in listing.problem


async def test_failures_are_clear(tmp_path: Path) -> None:
    with pytest.raises(KdashError, match="cannot be listed"):
        await list_directory(LocalCommands(str(tmp_path)), CONTAINER, "nothing")
    with pytest.raises(MissingCommandError):
        await list_directory(LocalCommands(str(tmp_path), missing=frozenset({"find", "ls"})), CONTAINER, "/")


@pytest.mark.parametrize("missing", [frozenset(), frozenset({"head"})])
async def test_a_part_of_a_file_is_read(tmp_path: Path, missing: frozenset[str]) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    commands = LocalCommands(str(tmp_path), missing=missing)

    assert await read_part(commands, CONTAINER, "a", limit=4) == FilePart(b"0123", False, False)
    assert await read_part(commands, CONTAINER, "a", end=True, limit=4) == FilePart(b"6789", True, False)
    assert await read_part(commands, CONTAINER, "a", limit=10) == FilePart(b"0123456789", False, True)


def test_shown_lines_are_printable_and_binary_ones_hexadecimal() -> None:
    assert all(line.isprintable() for line in shown_lines(FilePart(b"a\x1b[31mb\n\xff\x07", False, True)))
    assert hex_lines(b"\0a\x1b")[0].endswith("|.a.|")


def test_of_a_large_binary_file_the_asked_end_is_shown_with_its_addresses() -> None:
    data = b"\0first" + bytes(100_000) + b"last!"
    first, last = FilePart(data, False, True), FilePart(data, True, True)

    assert shown_lines(first)[0].startswith("00000000  00 66 69 72 73 74")
    assert shown_lines(last)[0].startswith("-0010000  ")
    assert shown_lines(last)[-1].startswith("-0000010  ")
    assert shown_lines(last)[-1].endswith("last!|")
    assert {len(part.shown) for part in (first, last)} == {65_536}
    assert not first.is_all_shown
    assert FilePart(b"\0", False, True).is_all_shown
    assert FilePart(b"a" * 100_000, False, True).is_all_shown
    assert not FilePart(b"a" * 100_000, False, False).is_all_shown


def test_the_parent_of_the_root_is_the_root() -> None:
    assert (parent("/a/b/"), parent("/a"), parent("/")) == ("/a", "/", "/")
