"""Columns and rows of what the server prints: types without a descriptor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from k9py.api.table import TableColumn, TableRow
from k9py.api.text import printable
from k9py.views.tones import live_age
from k9py.views.values import Cell, Column, Row

_NUMBERS: Final = ("integer", "number")
_AGES: Final = ("Age", "Created At")


def generic_columns(columns: Sequence[TableColumn]) -> tuple[Column, ...]:
    """Return the columns of a table of server's rows: those of wide output are wide."""
    return tuple(_column(column, index) for index, column in enumerate(columns))


def _column(column: TableColumn, index: int) -> Column:
    title = printable(column.name)
    identifier = f"{index}.{title.lower()}"
    if column.name in _AGES:
        return Column("age", "AGE", align_right=True, min_width=4, max_width=6, priority=1, live=live_age, sort_key="A")
    is_name = column.format == "name"
    return Column(
        "name" if is_name else identifier,
        title.upper(),
        align_right=column.type in _NUMBERS,
        min_width=16 if is_name else 4,
        max_width=63,
        priority=0 if is_name else 2 + index,
        grow=is_name,
        sort_key="N" if is_name else "",
        wide=column.priority > 0,
    )


def generic_row(row: TableRow, columns: Sequence[TableColumn]) -> Row:
    """Return the row of an object as the server printed it."""
    cells = [_cell(value, column) for value, column in zip(row.cells, columns, strict=False)]
    cells += [Cell("")] * (len(columns) - len(cells))
    return Row(row.key, tuple(cells), since=row.metadata.creation_timestamp)


def _cell(value: object, column: TableColumn) -> Cell:
    if column.name in _AGES:
        return Cell("")
    if value is None:
        return Cell("<none>")
    is_number = column.type in _NUMBERS and isinstance(value, int | float)
    return Cell(printable(str(value)), sort=float(value) if is_number else None)  # type: ignore[arg-type]
