"""The table widget: messages, cursor keys, filter and mouse on top of `table_body` and `sorting`.

Invariants: the cursor is on the first row until the user moves it (keys, mouse, Enter) or the owner does
(`select_key`); from then on it is a key, never a row number. When that object goes away, the cursor goes to the
neighbour below and reports it (`Highlighted` with its cause, `lost_key`), so that an action meant for the old object
can refuse. Drawing happens in `flush` alone, at most `redraws_per_second` times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.tui.bindings import bindings
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.live_table.column_choice import ColumnChoice
from k9py.tui.widgets.live_table.cursor import HighlightCause
from k9py.tui.widgets.live_table.order import Order
from k9py.tui.widgets.live_table.row_filter import FILTER_DEBOUNCE_ROWS, FILTER_DEBOUNCE_SECONDS, RowFilter
from k9py.tui.widgets.live_table.sorting import SortableTable
from k9py.tui.widgets.live_table.table_body import UTC_NOW
from k9py.views.values import Column, Row

SIDEWAYS_CELLS: Final = 8


class LiveTable(SortableTable):
    """A virtual table of live objects.

    Feed it with `upsert`, `remove_row` and `replace_all` as often as you like: nothing is drawn before the next flush.
    Read `cursor_key` / `cursor_row` as an action begins, and keep that key: the cursor may move meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.TABLE)

    @dataclass
    class Highlighted(Message):
        """The cursor is on another object (on none: `key` is None). `previous` is the object it was on."""

        table: LiveTable
        key: ObjectRef | None
        row: Row | None
        previous: ObjectRef | None
        cause: HighlightCause

        @property
        def control(self) -> LiveTable:
            return self.table

    @dataclass
    class Selected(Message):
        """Enter was pressed on an object."""

        table: LiveTable
        key: ObjectRef
        row: Row

        @property
        def control(self) -> LiveTable:
            return self.table

    @dataclass
    class CountsChanged(Message):
        """The number of rows shown, or of all rows, has changed; for titles. At most one per flush."""

        table: LiveTable
        shown: int
        total: int

        @property
        def control(self) -> LiveTable:
            return self.table

    @dataclass
    class ColumnsChosen(Message):
        """Other columns are wanted, by a key of the table."""

        table: LiveTable
        choice: ColumnChoice

        @property
        def control(self) -> LiveTable:
            return self.table

    @dataclass
    class ColumnsRequested(Message):
        """A person wants to choose the columns."""

        table: LiveTable

        @property
        def control(self) -> LiveTable:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        order: Order | None = None,
        empty_text: str = "",
        now: Callable[[], datetime] = UTC_NOW,
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(
            columns, order=order, empty_text=empty_text, now=now, options=options, name=name, id=id, classes=classes
        )
        self._filter_timer: Timer | None = None
        self._clicked: ObjectRef | None = None
        self.bind_sort_keys()

    def cursor_changed(self, previous: ObjectRef | None, cause: HighlightCause) -> None:
        key = self._cursor.key
        row = None if key is None else self._rows.view.row_at(self._cursor.index)
        self.post_own_message(self.Highlighted(self, key, row, previous, cause))

    def counts_changed(self, shown: int, total: int) -> None:
        self.post_own_message(self.CountsChanged(self, shown, total))

    # -- filter -------------------------------------------------------------------------------------------------------

    @property
    def filter_text(self) -> str:
        """The filter, as typed."""
        return self._rows.filter.text

    def set_filter(self, text: str, *, immediately: bool = False) -> None:
        """Show only rows that match every term of the text (`!term`: that do not), in any case.

        In large tables this waits for a pause in the typing, unless `immediately`.
        """
        if self._filter_timer is not None:
            self._filter_timer.stop()
            self._filter_timer = None
        if immediately or self.total_count < FILTER_DEBOUNCE_ROWS or not self.is_mounted:
            self._apply_filter(text)
        else:
            self._filter_timer = self.set_timer(FILTER_DEBOUNCE_SECONDS, lambda: self._apply_filter(text))

    def _apply_filter(self, text: str) -> None:
        """Filter by the visible columns alone: a match in a hidden column would look like a mistake."""
        self._filter_timer = None
        shown = tuple(slot.index for slot in self._fit.slots) or None
        self._rows.set_filter(RowFilter.parse(text, shown))
        self.flush_if_mounted()

    def size_changed(self) -> None:
        self._fit_columns()
        if self.filter_text and self.left == 0:
            self._apply_filter(self.filter_text)
        self._clamp_top()

    # -- columns ------------------------------------------------------------------------------------------------------

    def choose_columns(self, choice: ColumnChoice) -> None:
        """Show these columns; the rows stay as they are."""
        self._rows.choice = choice
        self._fit_columns()
        if self.filter_text:
            self._apply_filter(self.filter_text)
        self.repaint()

    def leave_out_measured(self, leaves_out: bool) -> None:
        """Leave out the columns of the metrics API, or show them again; the person's choice stays as it is."""
        if leaves_out != self._rows.leaves_out_measured:
            self._rows.leaves_out_measured = leaves_out
            self._fit_columns()
            self.repaint()

    @property
    def has_wide_columns(self) -> bool:
        """Whether some columns are shown only on request."""
        return any(column.wide for column in self.columns)

    def action_toggle_wide(self) -> None:
        """Show or hide the columns of wide output."""
        choice = self.column_choice
        self.choose_columns(choice.with_wide(not choice.wide))
        self.post_own_message(self.ColumnsChosen(self, self.column_choice))

    def action_choose_columns(self) -> None:
        """Ask the owner for a dialog with the columns."""
        self.post_own_message(self.ColumnsRequested(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Bind the key for wide columns only where there are some."""
        if action == "toggle_wide" and not self.has_wide_columns:
            return False
        return super().check_action(action, parameters)

    # -- cursor -------------------------------------------------------------------------------------------------------

    def select_key(self, key: ObjectRef) -> bool:
        """Put the cursor on an object; return False when it is not shown (the cursor stays)."""
        index = self._rows.view.index_of(key)
        if index is not None:
            self._move_to(index)
        return index is not None

    def pin_cursor(self) -> None:
        """Keep the cursor on the object it is on, as if the user had moved it there."""
        self._cursor.pin()

    def unpin_cursor(self) -> None:
        """Put the cursor on the first row, and keep it there until the user moves it."""
        self._cursor.unpin()
        self.flush_if_mounted()

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._move_to(self._cursor.index + lines)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages."""
        self._move_to(self._cursor.index + round(pages * max(2, self.page_lines - 1)))

    def action_edge(self, bottom: int) -> None:
        """Move the cursor to the first or last row."""
        self._move_to(self.row_count - 1 if bottom else 0)

    def action_sideways(self, direction: int) -> None:
        """Scroll the columns; hidden columns appear as soon as this begins, and are hidden again at the left edge."""
        everything = self._rows.fit(self._columns_width, everything=True)
        rightmost = max(0, everything.width - self._columns_width)
        self.left = max(0, min(self.left + direction * SIDEWAYS_CELLS, rightmost))
        self._fit_columns()
        self.repaint()

    def action_select(self) -> None:
        """Open the selected object."""
        row = self.cursor_row
        if row is not None:
            self._cursor.pin()
            self.post_own_message(self.Selected(self, row.key, row))

    # -- mouse --------------------------------------------------------------------------------------------------------

    def wheel(self, lines: int) -> None:
        self.action_move(lines)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row, open it on a double click; sort by the clicked title."""
        if event.chain == 2 and self._clicked is not None:
            # The row that the first click selected: the lines may have moved since, even under the titles.
            if self._clicked == self.cursor_key:
                self.action_select()
            return
        self._clicked = None
        if event.y < self.HEADER_LINES:
            self.sort_by_title(event.x)
            return
        index = self.top + event.y - self.HEADER_LINES
        if index < self.row_count:
            self._move_to(index)
            self._clicked = self.cursor_key
