"""Tables of any length as aligned text: titles, one line a row, columns as wide as their widest cell.

Invariants: nothing is cut, so that scripts get whole names; no cell is empty, so that a line has the same fields as
every other; colours are added only where the console takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rich.cells import cell_len

from k9py.api.table import TableColumn, TableRow
from k9py.api.text import printable
from k9py.cli.ansi import paint, paint_tone
from k9py.cli.console import Console
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Tone

GAP: Final = "   "
"""Between two columns, as kubectl prints them."""
NOTHING: Final = "<none>"
"""An empty cell, as kubectl prints it."""
NAMESPACE_COLUMN: Final = Column("namespace", "NAMESPACE")


def width_of(text: str) -> int:
    """Return the cells that a text takes on a terminal."""
    return len(text) if text.isascii() else cell_len(text)


@dataclass(slots=True)
class TextTable:
    """Rows to print.

    Args:
        columns: as many as cells in every row.
        rows: cells; live ones as text.
    """

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    widths: list[int] = field(default_factory=list)

    def measure(self) -> None:
        """Set the widths of the columns; those of a table that was printed before never shrink."""
        self.widths = self.widths or [width_of(column.title) for column in self.columns]
        for index in range(len(self.columns)):
            longest = max((width_of(row[index].text or NOTHING) for row in self.rows), default=0)
            self.widths[index] = max(self.widths[index], longest)

    def header(self, console: Console) -> str:
        """Return the line of titles."""
        titles = [Cell(column.title) for column in self.columns]
        line = self._line(titles, colour=False)
        return paint(line, "1") if console.colour else line

    def lines(self, console: Console) -> Iterable[str]:
        """Yield a line for each row."""
        colour = console.colour
        return (self._line(row, colour=colour) for row in self.rows)

    def _line(self, cells: Sequence[Cell], *, colour: bool) -> str:
        parts: list[str] = []
        last = len(cells) - 1
        for index, cell in enumerate(cells):
            text = cell.text or NOTHING
            padding = " " * (self.widths[index] - width_of(text))
            if colour and cell.tone is not Tone.PLAIN:
                text = paint_tone(text, cell.tone)
            if self.columns[index].align_right:
                parts.append(padding + text)
            else:
                parts.append(text if index == last else text + padding)
        return GAP.join(parts)


def print_table(console: Console, table: TextTable, *, headers: bool) -> None:
    """Print a table."""
    table.measure()
    lines = [table.header(console)] if headers else []
    lines += table.lines(console)
    if lines:
        console.out.write("\n".join(lines) + "\n")
    console.out.flush()


def curated_row(resource: Resource, value: object, context: RowContext) -> tuple[Cell, ...]:
    """Return the cells of an object, live ones as text."""
    row = resource.row(value, context)
    return tuple(
        Cell(column.live(row, context.now), cell.tone, cell.sort) if column.live else cell
        for column, cell in zip(resource.columns, row.cells, strict=True)
    )


def server_columns(columns: Sequence[TableColumn]) -> tuple[Column, ...]:
    """Return the columns that the server prints, titled as kubectl titles them."""
    return tuple(
        Column(
            printable(column.name).lower(),
            printable(column.name).upper(),
            align_right=column.type in ("integer", "number"),
            wide=column.priority > 0,
        )
        for column in columns
    )


def server_cells(row: TableRow, columns: Sequence[TableColumn]) -> tuple[Cell, ...]:
    """Return the cells of a row that the server printed, as many as columns."""
    texts = [_text(cell) for cell in row.cells[: len(columns)]]
    texts += [""] * (len(columns) - len(texts))
    return tuple(
        Cell(text, sort=value if isinstance(value, int | float) and not isinstance(value, bool) else None)
        for text, value in zip(texts, (*row.cells, *[None] * len(columns)), strict=False)
    )


def _text(cell: object) -> str:
    """Return a cell as kubectl prints it: only its first line."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = str(cell)
    lines = text.splitlines()
    return printable(f"{lines[0]}..." if len(lines) > 1 else text)


@dataclass(frozen=True, slots=True)
class PlainContext:
    """What a row may depend on, where nothing but its object was read."""

    now: datetime

    def usage(self, ref: object) -> None:
        """Return None: usage is not read."""

    def pod_count(self, node: str) -> None:
        """Return None: pods are not counted."""
