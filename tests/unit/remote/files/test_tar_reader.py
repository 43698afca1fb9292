"""Archives as Python's tarfile writes them are read alike, in pieces of any size; damaged ones end with an error."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.remote.files.tar_reader import MAX_EXTENDED, ArchiveError, Member, MemberEnd, MemberKind, TarReader


def read(archive: bytes, piece: int = 10**9) -> list[tuple[Member, bytes]]:
    """Return the members with their data; raise unless the archive has its end."""
    reader = TarReader()
    members: list[tuple[Member, bytes]] = []
    for at in range(0, len(archive), piece):
        for event in reader.feed(archive[at : at + piece]):
            match event:
                case Member():
                    members.append((event, b""))
                case memoryview():
                    members[-1] = (members[-1][0], members[-1][1] + bytes(event))
                case MemberEnd.END:
                    assert len(members[-1][1]) == members[-1][0].size
    reader.close()
    return members


def archive(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """Return an archive as tarfile writes it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return target.getvalue()


def member(name: str, data: bytes = b"", **attributes: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member for `archive`."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, data


_NAMES = st.text(
    st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=300
).filter(lambda name: not name.endswith("/") and name.strip("/"))


@given(
    files=st.lists(st.tuples(_NAMES, st.binary(max_size=1500), st.integers(0, 2**33 - 1)), max_size=5),
    form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    piece=st.integers(1, 2000),
)
def test_files_are_read_as_tarfile_has_written_them(files: list[tuple[str, bytes, int]], form: int, piece: int) -> None:
    written = archive(*(member(name, data, mtime=mtime) for name, data, mtime in files), form=form)

    members = read(written, piece)

    with tarfile.open(fileobj=io.BytesIO(written)) as tar:
        expected = [(info.name, info.mtime, data) for info, (_, data, _) in zip(tar, files, strict=True)]
    assert [(found.name.decode().rstrip("/"), found.mtime_ns // 10**9, data) for found, data in members] == [
        (name.rstrip("/"), int(mtime), data) for name, mtime, data in expected
    ]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (tarfile.DIRTYPE, MemberKind.DIRECTORY),
        (tarfile.SYMTYPE, MemberKind.SYMLINK),
        (tarfile.LNKTYPE, MemberKind.HARD_LINK),
        (tarfile.CHRTYPE, MemberKind.DEVICE),
        (tarfile.BLKTYPE, MemberKind.DEVICE),
        (tarfile.FIFOTYPE, MemberKind.FIFO),
        (b"?", MemberKind.UNKNOWN),
        (tarfile.CONTTYPE, MemberKind.FILE),
        (tarfile.AREGTYPE, MemberKind.FILE),
        (tarfile.GNUTYPE_SPARSE, MemberKind.SPARSE),
    ],
)
def test_every_type_is_named_and_the_next_member_is_found(type_: bytes, kind: MemberKind) -> None:
    # The size of a link says nothing: its header is all there is.
    info, data = member("a", type=type_, linkname="target")
    found = read(archive((info, data), member("b", b"after")))

    assert found[0][0].kind is kind
    assert (found[1][0].name, found[1][1]) == (b"b", b"after")


def _with_size(type_: bytes, size: int) -> bytes:
    info, _ = member("a", type=type_, size=size)
    return info.tobuf(tarfile.GNU_FORMAT)


def test_the_size_of_a_link_is_ignored() -> None:
    assert [found.kind for found, _ in read(_with_size(b"2", 5000) + archive(member("b", b"x")))] == [
        MemberKind.SYMLINK,
        MemberKind.FILE,
    ]


@pytest.mark.parametrize("piece", [1, 511, 512, 513, 10**6])
def test_data_of_unknown_members_is_skipped(piece: int) -> None:
    unknown = _with_size(b"?", 700) + b"\xff" * 1024

    assert [data for _, data in read(unknown + archive(member("b", b"after")), piece)] == [b"", b"after"]


def _damaged() -> Iterator[tuple[str, bytes]]:
    good = archive(member("a", b"data"))
    yield "checksum", good[:10] + b"!" + good[11:]
    yield "noise", b"\x01" * 1024
    for name, size in (("negative", b"\xff" * 12), ("huge", b"\x80" + b"\x7f" * 11), ("no octal", b"99999999999\0")):
        header = bytearray(good[:512])
        header[124:136] = size
        header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 256)
        yield name, bytes(header)
    yield "huge long name", _with_size(b"L", MAX_EXTENDED + 1)
    yield "huge records", _with_size(b"x", 2**40)
    for records in (b"9 path=\n", b"999 path=a\n", b"0 a=b\n", b"x", b"-5 a=b\n", b"12 size=abc\n\n", b"6 path\n"):
        yield f"records {records!r}", _with_size(b"x", len(records)) + records.ljust(512, b"\0") + good
    yield "size of records", _with_size(b"x", 30) + b"30 size=99999999999999999999\n\n".ljust(512, b"\0") + good


@pytest.mark.parametrize(("name", "data"), list(_damaged()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_damaged_archive_ends_with_an_error(name: str, data: bytes) -> None:
    with pytest.raises(ArchiveError):
        read(data + bytes(1024) if name == "noise" else data)


@pytest.mark.parametrize("length", [0, 1, 512, 600, 1024])
def test_an_archive_that_ends_in_the_middle_is_not_complete(length: int) -> None:
    with pytest.raises(ArchiveError, match="in the middle"):
        read(archive(member("a", b"x" * 700))[:length])


@given(st.binary(max_size=3000), st.integers(1, 3000))
def test_any_bytes_end_or_are_an_error(data: bytes, piece: int) -> None:
    try:
        read(data, piece)
    except ArchiveError:
        pass


def test_memory_does_not_grow_with_a_file() -> None:
    reader = TarReader()
    info, _ = member("a", size=2**40)
    list(reader.feed(info.tobuf(tarfile.GNU_FORMAT)))
    for _ in range(100):
        assert sum(len(event) for event in reader.feed(bytes(100_000)) if isinstance(event, memoryview)) == 100_000

    assert len(reader._buffer) == 0
