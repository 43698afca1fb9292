"""One line of the stream: what a container printed, or a marker of ours that says what happened between lines.

Invariant: `text` is as the container wrote it (decoded, cut at MAX_TEXT); whoever shows it makes it printable.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from k9py.logs.source import LogTarget

Marker = Literal["", "gap", "start", "end", "note"]
"""gap: lines may be missing here. start: a container (again) begins. end: nothing more will come of this target.
note: a state told in words, such as a container that has not started."""

MAX_TEXT_CHARS = 65_536
"""Characters kept of one line: a single line of megabytes would push thousands of others out of the buffer."""

WHOLE_STREAM = LogTarget("", "", "")
"""Target of markers that are about the whole stream."""


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line or a marker. A struct the garbage collector does not follow: hundreds of thousands are kept.

    Args:
        at: the timestamp the node wrote; None when there is none.
        late: it came after later lines of others had been given on, so it does not stand in its place.
        undecoded: the text as bytes, where they are no UTF-8 and so `text` has other characters in their place.
    """

    target: LogTarget
    timestamp: datetime | None
    text: str
    marker: Marker = ""
    late: bool = False
    undecoded: bytes = b""


_YEARS: Final = range(1970, 2201)
"""Years a node may write: a moment near the ends of what a datetime can be has no UTC."""


class Timestamp(NamedTuple):
    """A line's timestamp with the nanoseconds a datetime cannot hold; ordered by time."""

    at: datetime
    nanos: int


def parse_timestamp(raw: str) -> Timestamp | None:
    """Read an RFC 3339 timestamp with up to nine digits of fraction; None when it is none, or unbelievable."""
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return None
    if at.tzinfo is None or at.year not in _YEARS:
        return None
    if len(raw) == 30 and raw[19] == "." and (last := raw[26:29]).isdecimal():  # as nodes write it, nearly always
        return Timestamp(at, int(last))
    _, dot, fraction = raw.partition(".")
    digits = fraction[6:9].rstrip("Z+-:") if dot else ""
    return Timestamp(at, int(digits.ljust(3, "0")) if digits.isdigit() else 0)


_PIECES: Final = (16_384, 8_192)
"""Bytes of a piece in which container runtimes write a long line: containerd and Docker, CRI-O."""
_INNER_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) ")


def split_line(line: bytes) -> tuple[str, str]:
    """Split a line into its raw timestamp ("" when it has none) and its text.

    Old kubelets put a timestamp before each piece of a long line: those inside it are taken out.
    """
    if len(line) > _PIECES[-1]:
        line = _joined(line)
    text = line.decode("utf-8", "replace")
    raw, blank, rest = text.partition(" ")
    # A cheap look before the parse that decides: the year, and the T of a timestamp.
    if len(raw) >= 20 and raw[10] == "T" and raw[:4].isdigit():
        return raw, _cut(rest) if blank else ""
    return "", _cut(text)


def undecoded_bytes(line: bytes, text: str) -> bytes:
    """Return the bytes of a line's text where they are no UTF-8, which `text` was made of; else nothing."""
    if "\ufffd" not in text:
        return b""
    if len(line) > _PIECES[-1]:
        line = _joined(line)
    if text != line.decode("utf-8", "replace"):
        line = line.partition(b" ")[2]
    try:
        line.decode()
    except UnicodeDecodeError:
        return line[:MAX_TEXT_CHARS]
    return b""


def _joined(line: bytes) -> bytes:
    """Return a long line without the timestamps before its second and further pieces."""
    first = _INNER_STAMP.match(line)
    if first is None:
        return line
    for size in _PIECES:
        pieces, at = [line[: first.end()]], first.end()
        while inner := _INNER_STAMP.match(line, at + size):
            pieces.append(line[at : at + size])
            at = inner.end()
        if len(pieces) > 1:
            return b"".join([*pieces, line[at:]])
    return line


def _cut(text: str) -> str:
    if len(text) <= MAX_TEXT_CHARS:
        return text
    return f"{text[:MAX_TEXT_CHARS]} … (cut: {len(text) - MAX_TEXT_CHARS} characters more)"
