"""Define what tables and lines consist of: columns, rows, cells, tones. Both front ends render these values.

Invariant: nothing is ever parsed back out of `Cell.text`; sorting uses `Cell.sort`, actions use `Row.key`.
All text in cells is printable (`api.text.printable`). Rows and cells are structs that the garbage collector does not
track (they form no cycles): thousands are created per second, and tens of thousands are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from k9py.api.meta import ObjectRef


class Tone(Enum):
    """The meaning of a text. Front ends turn it into a colour; without colour they show `symbol`."""

    PLAIN = "plain"
    OK = "ok"
    BUSY = "busy"  # in progress, expected to finish
    WARN = "warn"
    FAIL = "fail"  # down, or an error
    DEGRADED = "degraded"  # fewer pods serve than wanted
    STUCK = "stuck"  # a rollout failed; users do not notice yet
    UNKNOWN = "unknown"  # never shown as healthy
    MUTED = "muted"
    ACCENT = "accent"
    STRING = "string"  # of YAML
    NUMBER = "number"  # of YAML: also booleans and null

    __hash__ = object.__hash__  # tones are part of many keys, and Enum's own hash is Python code

    @property
    def symbol(self) -> str:
        """One cell wide; shows the tone without colour. Blank for tones without a meaning of their own."""
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


StyledLine = tuple[tuple[str, Tone], ...]
"""One line: pieces of text, each with its tone."""


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One cell. `sort` None sorts by the text; the sort values of a column are all of one comparable type."""

    text: str
    tone: Tone = Tone.PLAIN
    sort: Any = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Args:
        id: stable name, for sorting and tests.
        title: header text.
        align_right: for numbers.
        min_width, max_width: in terminal cells.
        priority: 0 is always shown; columns with higher numbers are dropped first if there is no room.
        grow: shrinks first if there is no room, and is never cut while there is.
        rest: a growing column that gets only what the others leave: hidden before another growing one is cut.
        optional: takes no room while none of its cells has a text.
        tells_apart: kept while rows of different kinds have the same name.
        sort_key: the key that sorts by it, a capital letter that no screen with the table binds; "" for none.
        descending_first: sorted by, it begins with the biggest value: what matters in an incident.
        leads: shown before the others, whatever its index.
        wide: shown only when wide columns are, as with `kubectl get -o wide`.
        measured: its values come from the metrics API; left out while that is not installed.
        live: for values that change with time only, such as ages: computed for visible rows only, from `Row.since`.
    """

    id: str
    title: str
    align_right: bool = False
    min_width: int = 3
    max_width: int = 60
    priority: int = 0
    grow: bool = False
    rest: bool = False
    optional: bool = False
    sort_key: str = ""
    descending_first: bool = False
    tells_apart: bool = False
    leads: bool = False
    wide: bool = False
    measured: bool = False
    live: Callable[[Row, datetime], str] | None = None


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row: one cell per column (live columns too: their cell carries the sort key).

    Args:
        key: the object; the cursor follows it.
        cells: as many as columns.
        tone: of the whole row, for its first column's symbol.
        rank: default order: rows sort by (rank, namespace, name); failing rows have a lower rank.
        since: the time that live columns count from.
        counted: False if another table has the same problem and counts it.
    """

    key: ObjectRef
    cells: tuple[Cell, ...]
    tone: Tone = Tone.PLAIN
    rank: int = 0
    since: datetime | None = None
    counted: bool = True
