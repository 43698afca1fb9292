"""One line of the stream: what a container printed, or a marker of ours that says what happened between lines.

Invariant: `text` is as the container wrote it (decoded, cut at MAX_TEXT); whoever shows it makes it printable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from k9py.logs.source import LogTarget

Marker = Literal["", "gap", "start", "end", "note"]
"""gap: lines may be missing here. start: a container (again) begins. end: nothing more will come of this target.
note: a state told in words, such as a container that has not started."""

MAX_TEXT = 65_536
"""Characters kept of one line: a single line of megabytes would push thousands of others out of the buffer."""

ALL = LogTarget("", "", "")
"""Target of markers that are about the whole stream."""


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line or a marker. A struct the garbage collector does not follow: hundreds of thousands are kept.

    Args:
        at: the timestamp the node wrote; None when there is none.
        late: it came after later lines of others had been given on, so it does not stand in its place.
    """

    target: LogTarget
    at: datetime | None
    text: str
    marker: Marker = ""
    late: bool = False


_YEARS: Final = range(1970, 2201)
"""Years a node may write: a moment near the ends of what a datetime can be has no UTC."""


class Stamp(NamedTuple):
    """A line's timestamp with the nanoseconds a datetime cannot hold; ordered by time."""

    at: datetime
    nanos: int


def stamp(raw: str) -> Stamp | None:
    """Read an RFC 3339 timestamp with up to nine digits of fraction; None when it is none, or unbelievable."""
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return None
    if at.tzinfo is None or at.year not in _YEARS:
        return None
    if len(raw) == 30 and raw[19] == "." and (last := raw[26:29]).isdecimal():  # as nodes write it, nearly always
        return Stamp(at, int(last))
    _, dot, fraction = raw.partition(".")
    digits = fraction[6:9].rstrip("Z+-:") if dot else ""
    return Stamp(at, int(digits.ljust(3, "0")) if digits.isdigit() else 0)


def split_line(line: bytes) -> tuple[str, str]:
    """Split a line into its raw timestamp ("" when it has none) and its text."""
    text = line.decode("utf-8", "replace")
    raw, blank, rest = text.partition(" ")
    # A cheap look before the parse that decides: the year, and the T of a timestamp.
    if len(raw) >= 20 and raw[10] == "T" and raw[:4].isdigit():
        return raw, _cut(rest) if blank else ""
    return "", _cut(text)


def _cut(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]} … (cut: {len(text) - MAX_TEXT} characters more)"
