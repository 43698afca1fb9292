"""One line of the stream: what a container wrote, or a marker that kdash adds to report what happened between lines.

Invariant: `text` is as the container wrote it (decoded, cut at `MAX_TEXT_CHARS`); whatever shows it makes it printable.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from k9py.logs.source import LogTarget

Marker = Literal["", "gap", "start", "end", "note"]
"""gap: lines may be missing here. start: a container starts, or starts again. end: no more lines will come of this
target. note: a state, such as a container that has not started. "": a line of a container."""

MAX_TEXT_CHARS = 65_536
"""Characters kept of one line: a single line of megabytes would displace thousands of others from the buffer."""

WHOLE_STREAM = LogTarget("", "", "")
"""Target of markers that concern the whole stream."""


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line or a marker. The garbage collector does not track it: hundreds of thousands are kept.

    Args:
        at: the timestamp the node wrote; None when there is none.
        late: it came after later lines of other containers had been passed on, so it is not in its place.
        undecoded: the text as bytes, where they are not UTF-8 and `text` has replacement characters instead.
    """

    target: LogTarget
    timestamp: datetime | None
    text: str
    marker: Marker = ""
    late: bool = False
    undecoded: bytes = b""


_YEARS: Final = range(1970, 2201)
"""Plausible years: a time near the ends of what a datetime can represent cannot be converted to UTC."""


class Timestamp(NamedTuple):
    """The timestamp of a line, with the nanoseconds a datetime cannot represent; ordered by time."""

    at: datetime
    nanos: int


def parse_timestamp(raw: str) -> Timestamp | None:
    """Parse an RFC 3339 timestamp with up to nine digits of fraction; None when it is none, or implausible."""
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return None
    if at.tzinfo is None or at.year not in _YEARS:
        return None
    if len(raw) == 30 and raw[19] == "." and (last := raw[26:29]).isdecimal():  # what nodes write nearly always
        return Timestamp(at, int(last))
    _, dot, fraction = raw.partition(".")
    digits = fraction[6:9].rstrip("Z+-:") if dot else ""
    return Timestamp(at, int(digits.ljust(3, "0")) if digits.isdigit() else 0)


_PIECE_BYTES: Final = (16_384, 8_192)
"""Bytes of the pieces in which container runtimes write a long line: containerd and Docker, CRI-O."""
_INNER_TIMESTAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) ")


def split_line(line: bytes) -> tuple[str, str]:
    """Split a line into its raw timestamp ("" when it has none) and its text.

    Old kubelets put a timestamp before each piece of a long line: those inside the line are removed.
    """
    if len(line) > _PIECE_BYTES[-1]:
        line = _without_inner_timestamps(line)
    text = line.decode("utf-8", "replace")
    raw, blank, message = text.partition(" ")
    # A cheap check before the parse that decides: the year, and the T of a timestamp.
    if len(raw) >= 20 and raw[10] == "T" and raw[:4].isdigit():
        return raw, _cut(message) if blank else ""
    return "", _cut(text)


def undecoded_bytes(line: bytes, text: str) -> bytes:
    """Return the bytes that `text` was decoded from where they are not UTF-8; otherwise nothing."""
    if "\ufffd" not in text:
        return b""
    if len(line) > _PIECE_BYTES[-1]:
        line = _without_inner_timestamps(line)
    if text != line.decode("utf-8", "replace"):
        line = line.partition(b" ")[2]
    try:
        line.decode()
    except UnicodeDecodeError:
        return line[:MAX_TEXT_CHARS]
    return b""


def _without_inner_timestamps(line: bytes) -> bytes:
    """Return a long line without the timestamps before its second and later pieces."""
    first = _INNER_TIMESTAMP.match(line)
    if first is None:
        return line
    for size in _PIECE_BYTES:
        pieces, at = [line[: first.end()]], first.end()
        while inner := _INNER_TIMESTAMP.match(line, at + size):
            pieces.append(line[at : at + size])
            at = inner.end()
        if len(pieces) > 1:
            return b"".join([*pieces, line[at:]])
    return line


def _cut(text: str) -> str:
    if len(text) <= MAX_TEXT_CHARS:
        return text
    return f"{text[:MAX_TEXT_CHARS]} … (cut: {len(text) - MAX_TEXT_CHARS} more characters)"
