"""Rows of what the person has just changed: marked until the change has settled.

Invariant: a mark only adds to what a row says; its tone and its place stay as the cluster has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from msgspec import structs

from k9py.api.meta import ObjectKey
from k9py.api.text import printable
from k9py.tui.panes.table_pane import RowSource
from k9py.views.values import Cell, Column, Row, Tone

_SETTLED = (Tone.OK, Tone.PLAIN, Tone.MUTED)


def with_operations(
    source: RowSource, columns: tuple[Column, ...], column: str, acted: Callable[[ObjectKey], str]
) -> RowSource:
    """Return the same rows, marked where the person's change is on its way.

    Args:
        columns: of the rows.
        column: id of the one that says it.
        acted: returns what is being done to an object, "" for nothing.
    """
    at = next(index for index, one in enumerate(columns) if one.id == column)

    def row(key: ObjectKey, now: datetime) -> Row | None:
        found = source.row(key, now)
        what = acted(key)
        return found if found is None or not what else _marked(found, at, what)

    return replace(source, row=row)


def _marked(row: Row, at: int, what: str) -> Row:
    cell = row.cells[at]
    state = "settling" if row.tone in _SETTLED or not cell.text else cell.text
    text = f"{Tone.BUSY.symbol} {printable(what)} by you: {state}"
    cells = (*row.cells[:at], Cell(text, Tone.BUSY, sort=cell.sort), *row.cells[at + 1 :])
    return structs.replace(row, cells=cells)
