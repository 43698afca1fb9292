"""A tar archive as it comes in, piece by piece: headers, and the data of files.

Owns: the formats that `tar` of containers writes (v7, ustar, GNU long names, PAX) as a state machine without I/O.
Invariant: memory is bounded whatever a header says; a number or a record that is not valid ends the archive with an
error. What a member means for the local disk is decided in `extract.py`. Python's `tarfile` is not used to read,
because it loads extended headers of any size.

Source of the formats: POSIX pax, and "Basic Tar Format" and "GNU Extensions" of the GNU tar manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from k9py.api.errors import KdashError

BLOCK: Final = 512
MAX_EXTENDED: Final = 256 * 1024
"""Bytes of an extended header (a long name, PAX records) that are accepted."""
_MAX_SIZE: Final = 2**63 - 1
_ZERO: Final = bytes(BLOCK)


class ArchiveError(KdashError):
    """What the container sent is no valid tar archive, or it ends in the middle."""


class MemberKind(Enum):
    """What a member is. The value is what it is called."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARD_LINK = "hard link"
    DEVICE = "device"
    FIFO = "FIFO"
    SPARSE = "sparse file"
    UNKNOWN = "member of an unknown type"


@dataclass(frozen=True, slots=True)
class Member:
    """The header of a member, as the archive has it: nothing in it is checked.

    Args:
        size: bytes of data that follow; 0 for all kinds but FILE.
        mtime_ns: nanoseconds since 1970.
        link: target of a link.
    """

    name: bytes
    kind: MemberKind
    size: int = 0
    mode: int = 0o644
    mtime_ns: int = 0
    link: bytes = b""


class MemberEnd(Enum):
    """The data of a file is complete."""

    END = "end"


Event = Member | memoryview | MemberEnd
"""A member; for a FILE its data follows in pieces, then `MemberEnd.END`."""

_KINDS: Final = {
    b"0": MemberKind.FILE,
    b"\0": MemberKind.FILE,
    b"7": MemberKind.FILE,
    b"1": MemberKind.HARD_LINK,
    b"2": MemberKind.SYMLINK,
    b"3": MemberKind.DEVICE,
    b"4": MemberKind.DEVICE,
    b"5": MemberKind.DIRECTORY,
    b"6": MemberKind.FIFO,
    b"D": MemberKind.DIRECTORY,
    b"S": MemberKind.SPARSE,
}
_WITHOUT_DATA: Final = frozenset(b"123456")
"""Types whose header alone is there, whatever size it has; as archive/tar of Go reads them."""


class TarReader:
    """Reads an archive from the pieces that `feed` is given.

    Attributes:
        is_complete: the end of the archive was read.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._buffer = bytearray()
        self._wanted = BLOCK
        self._extended: tuple[bytes, int] | None = None
        """Type and size of the extended header that is being read."""
        self._in_sparse_map = False
        self._data = 0
        """Bytes of data of the current file that are still to come."""
        self._skipped = 0
        """Bytes to skip: padding, or data that is not wanted."""
        self._padding = 0
        self._long_name: bytes | None = None
        self._long_link: bytes | None = None
        self._records: dict[bytes, bytes] = {}

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield what is complete with these bytes; consume it all. Raises ArchiveError."""
        view = memoryview(data)
        while len(view) and not self.is_complete:
            if self._data:
                piece, view = view[: self._data], view[self._data :]
                self._data -= len(piece)
                yield piece
                if not self._data:
                    self._skipped, self._padding = self._padding, 0
                    yield MemberEnd.END
            elif self._skipped:
                passed = min(self._skipped, len(view))
                self._skipped -= passed
                view = view[passed:]
            else:
                missing = self._wanted - len(self._buffer)
                self._buffer += view[:missing]
                view = view[missing:]
                if len(self._buffer) == self._wanted:
                    block = bytes(self._buffer)
                    self._buffer.clear()
                    self._wanted = BLOCK
                    yield from self._read(block)

    def close(self) -> None:
        """Check that the archive has ended. Raises ArchiveError."""
        if not self.is_complete:
            raise ArchiveError("the archive of the container ends in the middle")

    def _read(self, block: bytes) -> Iterator[Event]:
        if self._extended is not None:
            self._read_extended(block)
        elif self._in_sparse_map:
            self._in_sparse_map = block[504] == 1
            if not self._in_sparse_map:
                self._skipped, self._padding = self._padding, 0
        elif block == _ZERO:
            self.is_complete = True
        else:
            yield from self._read_header(block)

    def _read_header(self, block: bytes) -> Iterator[Event]:
        checksum = _number(block[148:156])
        if checksum != sum(block) - sum(block[148:156]) + 8 * 32:
            raise ArchiveError("the archive of the container is damaged: a header has a wrong checksum")
        kind, size = block[156:157], _number(block[124:136])
        if kind in (b"x", b"g", b"X", b"L", b"K"):
            self._begin_extended(kind, size)
            return
        records, name, link = self._records, self._long_name, self._long_link
        self._records, self._long_name, self._long_link = {}, None, None
        if b"size" in records:
            size = _decimal(records[b"size"])
        path = records.get(b"GNU.sparse.name") or records.get(b"path", _name(block) if name is None else name)
        member = Member(
            name=path,
            kind=_KINDS.get(kind, MemberKind.UNKNOWN),
            size=0,
            mode=_number(block[100:108]),
            mtime_ns=_time(records[b"mtime"]) if b"mtime" in records else _header_time(block[136:148]),
            link=records.get(b"linkpath", _text(block[157:257]) if link is None else link),
        )
        yield from self._begin(
            member, kind, size, block, is_sparse=any(key.startswith(b"GNU.sparse") for key in records)
        )

    def _begin(self, member: Member, kind: bytes, size: int, block: bytes, *, is_sparse: bool) -> Iterator[Event]:
        """Yield a member, and make ready for its data."""
        if kind[0] in _WITHOUT_DATA:
            size = 0
        padding = -size % BLOCK
        if is_sparse or kind == b"S":
            yield _replaced(member, MemberKind.SPARSE)
            if kind == b"S" and block[482] == 1:
                self._in_sparse_map, self._padding = True, size + padding
            else:
                self._skipped = size + padding
        elif member.kind is MemberKind.FILE and member.name.endswith(b"/"):
            self._skipped = size + padding
            yield _replaced(member, MemberKind.DIRECTORY)
        elif member.kind is MemberKind.FILE:
            self._data, self._padding = size, padding
            yield Member(member.name, member.kind, size, member.mode, member.mtime_ns)
            if not size:
                yield MemberEnd.END
        else:
            self._skipped = size + padding
            yield member

    def _begin_extended(self, kind: bytes, size: int) -> None:
        if size > MAX_EXTENDED:
            raise ArchiveError(f"the archive of the container is refused: an extended header has {size:,} bytes")
        if size == 0:
            return
        self._extended = (kind, size)
        self._wanted = size + -size % BLOCK

    def _read_extended(self, block: bytes) -> None:
        assert self._extended is not None
        kind, size = self._extended
        self._extended = None
        content = block[:size]
        match kind:
            case b"L":
                self._long_name = content.split(b"\0", 1)[0]
            case b"K":
                self._long_link = content.split(b"\0", 1)[0]
            case b"x" | b"X":
                self._records = _records(content)
            # The records of "g" hold for all later members; nobody needs a path or size there, so they are ignored.


def _replaced(member: Member, kind: MemberKind) -> Member:
    return Member(member.name, kind, 0, member.mode, member.mtime_ns, member.link)


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _name(block: bytes) -> bytes:
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and (prefix := _text(block[345:500])):
        return prefix + b"/" + name
    return name


def _number(field: bytes) -> int:
    """Return a number of a header: octal digits, or binary if its first bit is set. Raises ArchiveError."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40 or value > _MAX_SIZE:
            raise ArchiveError("the archive of the container is damaged: a number is out of range")
        return value
    digits = field.split(b"\0", 1)[0].strip()
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise ArchiveError("the archive of the container is damaged: a number is not octal")
    return int(digits, 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19 or int(text) > _MAX_SIZE:
        raise ArchiveError("the archive of the container is damaged: a size is not a number")
    return int(text)


def _time(text: bytes) -> int:
    """Return nanoseconds of a decimal number of seconds; 0 if it is before 1970. Raises ArchiveError."""
    if text.startswith(b"-"):
        return 0
    seconds, _, fraction = text.partition(b".")
    digits = fraction[:9].ljust(9, b"0")
    if not digits.isdigit():
        raise ArchiveError("the archive of the container is damaged: a time is not a number")
    value = _decimal(seconds)
    return value * 10**9 + int(digits) if value < 2**33 else 0


def _header_time(field: bytes) -> int:
    """Return nanoseconds; 0 for a time before 1970 or after 2242, which are valid."""
    try:
        seconds = _number(field)
    except ArchiveError:
        return 0
    return seconds * 10**9 if seconds < 2**33 else 0


def _records(content: bytes) -> dict[bytes, bytes]:
    """Return the records of a PAX header, `LENGTH KEY=VALUE` and a line end each. Raises ArchiveError."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(content):
        blank = content.find(b" ", at, at + 20)
        digits = content[at:blank] if blank > at else b""
        end = at + (int(digits) if digits.isdigit() else 0)
        key, equals, value = content[blank + 1 : end - 1].partition(b"=")
        if end > len(content) or end <= max(at, blank + 2) or content[end - 1 : end] != b"\n" or not equals:
            raise ArchiveError("the archive of the container is damaged: a PAX record is not valid")
        records[key] = value
        at = end
    return records
