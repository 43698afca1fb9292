"""What the row under the cursor says in full, below a table too narrow for it: a failure's cause is not cut off."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from k9py.objects.text import printable
from k9py.tables.values import Row
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.theme import palette_for

IN_WORDS = ("state", "why")
"""Columns that say in words how an object is."""


class ChosenLine(Static):
    """Two lines; its screen shows them where tables are narrow."""

    DEFAULT_CSS = """
    ChosenLine { height: 2; width: 1fr; padding: 0 1; background: $surface; display: none; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said: tuple[object, ...] = ()

    def follow(self, pane: TablePane | None) -> None:
        """Say what the cursor of a pane is on; None or an empty pane: nothing. Costs nothing while nothing changes."""
        row = pane.table.cursor_row if pane is not None else None
        self.set_class(pane is not None, "-on")
        if not self.display:
            return
        said = (row.key, row.tone, words(pane, row)) if pane is not None and row is not None else ()
        if said != self._said:
            self._said = said
            self.update(self._line(row, words(pane, row)) if pane is not None and row is not None else "", layout=False)

    def _line(self, row: Row, text: str) -> Text:
        palette = palette_for(self.app)
        line = Text(f"{row.tone.symbol} ", palette.tone(row.tone), overflow="ellipsis")
        line.append(f"{printable(row.key.name)}  ", "bold")
        line.append(printable(text), palette.tone(row.tone))
        return line


def words(pane: TablePane, row: Row) -> str:
    """Return the text of the column that says how the row's object is; "" when it says nothing."""
    for column, cell in zip(pane.table.columns, row.cells, strict=False):
        if column.id in IN_WORDS:
            return cell.text
    return ""
