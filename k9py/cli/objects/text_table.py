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

from k9py.cli.ansi import paint, paint_tone
from k9py.cli.console import Console
from k9py.views.values import Cell, Column, Row, Tone

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
        room: cells of a line on a terminal; the least important columns are left out where they do not fit. None: all
            are printed.
    """

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    room: int | None = None
    widths: list[int] = field(default_factory=list)
    _shown: tuple[int, ...] = ()

    def measure(self) -> None:
        """Set the widths of the columns; those of a table that was printed before never shrink."""
        self.widths = self.widths or [width_of(column.title) for column in self.columns]
        for index in range(len(self.columns)):
            longest = max((width_of(row[index].text or NOTHING) for row in self.rows), default=0)
            self.widths[index] = max(self.widths[index], longest)
        if not self._shown:
            self._shown = self._fitting()

    def _fitting(self) -> tuple[int, ...]:
        """Return the columns that fit, in order; those of priority 0 are always printed."""
        shown = list(range(len(self.columns)))
        while self.room is not None and sum(self.widths[i] + len(GAP) for i in shown) - len(GAP) > self.room:
            least = max(shown, key=lambda index: (self.columns[index].priority, index))
            if not self.columns[least].priority:
                break
            shown.remove(least)
        return tuple(shown)

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
        last = self._shown[-1]
        for index in self._shown:
            cell = cells[index]
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


def printed_cells(row: Row, columns: Sequence[Column], now: datetime) -> tuple[Cell, ...]:
    """Return the cells of a row, live ones as text."""
    return tuple(
        Cell(column.live(row, now), cell.tone, cell.sort) if column.live else cell
        for column, cell in zip(columns, row.cells, strict=True)
    )


@dataclass(frozen=True, slots=True)
class PlainContext:
    """What a row may depend on, where nothing but its object was read."""

    now: datetime

    def usage(self, ref: object) -> None:
        """Return None: usage is not read."""

    def history(self, ref: object) -> None:
        """Return None: usage is not read."""

    def pod_count(self, node: str) -> None:
        """Return None: pods are not counted."""
