"""What a table is made of: columns, rows, cells and tones. Both faces draw these; neither computes them.

Invariant: nothing is ever parsed back out of `Cell.text`; sorting uses `Cell.sort`, actions use `Row.key`.
All text in cells is already printable (`objects.text.printable`). Rows and cells are structs that the garbage collector
does not follow (they form no cycles): thousands are made a second, and tens of thousands stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from k9py.api.meta import ObjectKey


class Tone(Enum):
    """What a text means; the faces turn it into colour or, without colour, rely on `symbol`."""

    PLAIN = "plain"
    OK = "ok"
    BUSY = "busy"  # changing, expected to end by itself
    WARN = "warn"
    FAIL = "fail"  # down, or an error
    DEGRADED = "degraded"  # less than wanted serves
    STUCK = "stuck"  # a rollout failed; users do not feel it yet
    UNKNOWN = "unknown"  # never shown as healthy
    MUTED = "muted"
    ACCENT = "accent"

    @property
    def symbol(self) -> str:
        """One cell wide; tells the tone without colour. Blank for tones without a message."""
        return _SYMBOLS.get(self, " ")


_SYMBOLS = {
    Tone.OK: "●",
    Tone.BUSY: "◐",
    Tone.WARN: "▲",
    Tone.FAIL: "✗",
    Tone.DEGRADED: "▼",
    Tone.STUCK: "■",
    Tone.UNKNOWN: "?",
}


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One cell. `sort` None sorts by the text; sort values of one column are all of one comparable type."""

    text: str
    tone: Tone = Tone.PLAIN
    sort: Any = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Args:
        id: stable name, for sorting and tests.
        title: header text.
        align_right: numbers are right-aligned.
        min_width, max_width: cells of terminal width.
        priority: 0 is always shown; higher numbers are dropped first when room is short.
        grow: gives way first when room is short, and is never cut while there is room.
        tells_apart: is kept while rows of different kinds share a name.
        sort_key: the key that sorts by it, a capital letter that no screen with the table binds; "" for none.
        live: for values that change with time alone, such as ages: computed for visible rows only, from `Row.since`.
    """

    id: str
    title: str
    align_right: bool = False
    min_width: int = 3
    max_width: int = 60
    priority: int = 0
    grow: bool = False
    sort_key: str = ""
    tells_apart: bool = False
    live: Callable[[Row, datetime], str] | None = None


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row: one cell a column (live columns too: their cell carries the sort key).

    Args:
        key: the object; the cursor follows it.
        cells: as many as columns.
        tone: of the whole row, for its first column's symbol.
        rank: default order: rows sort by (rank, namespace, name); failing first means a lower rank.
        since: time live columns count from.
        counted: False where the row's tone is another table's as well, and is counted there.
    """

    key: ObjectKey
    cells: tuple[Cell, ...]
    tone: Tone = Tone.PLAIN
    rank: int = 0
    since: datetime | None = None
    counted: bool = True
