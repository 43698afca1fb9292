"""The columns and rows of a directory of a container. Names are hostile: every text is printable."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import Final, Protocol

from k9py.api.meta import ObjectRef
from k9py.api.quantities import format_bytes
from k9py.api.text import printable
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("name", "NAME", min_width=12, max_width=200, grow=True, sort_key="N"),
    Column(
        "size", "SIZE", align_right=True, min_width=4, max_width=10, priority=1, sort_key="Z", descending_first=True
    ),
    Column("modified", "MODIFIED", min_width=10, max_width=19, priority=2, sort_key="M", descending_first=True),
    Column("mode", "MODE", min_width=10, max_width=11, priority=3),
    Column("owner", "OWNER", min_width=4, max_width=20, priority=4, sort_key="O"),
)


class Entry(Protocol):
    """An entry of a directory; see `remote/files/listing.FileEntry`."""

    @property
    def name(self) -> str: ...
    @property
    def mode(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def mtime(self) -> float | None: ...
    @property
    def target(self) -> str: ...
    @property
    def is_directory(self) -> bool | None: ...


def entry_key(index: int, name: str) -> ObjectRef:
    """Return the key of a row: its place among all entries, by which rows are sorted at first, and which
    tells names apart that look alike.
    """
    return ObjectRef("File", "", f"{index:08}/{name}")


def entry_row(index: int, entry: Entry) -> Row:
    """Return the row of an entry; directories come first."""
    is_link = stat.S_ISLNK(entry.mode)
    name = printable(entry.name) + ("/" if entry.is_directory and not is_link else "")
    if is_link:
        name += f" → {printable(entry.target)}"
    at = "" if entry.mtime is None else _time(entry.mtime)
    tone = Tone.ACCENT if entry.is_directory else Tone.MUTED if is_link else Tone.PLAIN
    return Row(
        entry_key(index, printable(entry.name)),
        (
            Cell(name, tone, (not entry.is_directory, entry.name)),
            Cell("" if entry.is_directory else format_bytes(entry.size), Tone.PLAIN, entry.size),
            Cell(at, Tone.MUTED, entry.mtime or 0.0),
            Cell(stat.filemode(entry.mode), Tone.MUTED),
            Cell(printable(f"{entry.owner}:{entry.group}"), Tone.MUTED),
        ),
        rank=0 if entry.is_directory else 1,
    )


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "?"
