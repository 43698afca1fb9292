"""The table widget: the window on `LiveRows`, the cursor that follows its object, and the keys.

Invariants: the cursor is on the first row until the person moves it (keys, mouse, Enter) or the owner does
(`select_key`); from then on it is a key, never a row number: whatever rows come, go or move, the selected object keeps
its screen line. When that object goes away the cursor takes the neighbour below and says so (`Highlighted` with its
cause, `lost_key`), so an action meant for the old object can refuse. Drawing happens in `flush` alone, at most
`redraws_per_second` times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.strip import Strip
from textual.timer import Timer

from k9py.actions.action import Scope
from k9py.api.meta import ObjectKey
from k9py.tui.bindings import bindings
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.live_table import messages
from k9py.tui.widgets.live_table.cursor import Cursor, HighlightCause
from k9py.tui.widgets.live_table.drawing import (
    GUTTER_CELLS,
    CursorLook,
    EmptyLine,
    HeaderLine,
    RowLine,
    changed_spans,
    draw_empty,
    draw_header,
    draw_row,
    empty_row,
    visible_cells,
)
from k9py.tui.widgets.live_table.fitting import Fit, column_at
from k9py.tui.widgets.live_table.keys import sort_keys
from k9py.tui.widgets.live_table.live_rows import LiveRows
from k9py.tui.widgets.live_table.order import Order
from k9py.tui.widgets.live_table.row_filter import FILTER_DEBOUNCE_ROWS, FILTER_DEBOUNCE_SECONDS, RowFilter
from k9py.views.values import Column, Row, Tone

BUILD_SLICE_SECONDS: Final = 0.006
SIDEWAYS_CELLS: Final = 8
_UTC_NOW: Final = partial(datetime.now, UTC)


class LiveTable(LineView):
    """A virtual table of live objects.

    Feed it with `upsert`, `remove_row` and `replace_all` as often as you like: nothing is drawn before the next flush.
    Read `cursor_key` / `cursor_row` as an action begins, and keep that key: the cursor may move on meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.TABLE)
    HEADER_LINES: ClassVar[int] = 1

    Highlighted = messages.Highlighted
    Selected = messages.Selected
    Counted = messages.Counted

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        order: Order | None = None,
        empty_text: str = "",
        now: Callable[[], datetime] = _UTC_NOW,
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Make a table.

        Args:
            columns: What the cells of each row are, in order.
            order: First order; None: as the rows are ranked.
            empty_text: Shown while there is no row, see `set_empty_text`.
            now: Aware time, for live columns.
            options: Redraw rate, clock and link pacing.
        """
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._rows = LiveRows(columns, order)
        self._now = now
        self._empty = EmptyLine(empty_text, Tone.MUTED)
        self._cursor = Cursor()
        self._fit = Fit((), 0, 0)
        self._fitted_for: tuple[object, ...] = ()
        self._layout = 0
        self._filter_timer: Timer | None = None
        self._counted = (0, 0)
        self._marks: frozenset[ObjectKey] = frozenset()
        self._clicked: ObjectKey | None = None
        self._bind_sort_keys()

    # -- the model ----------------------------------------------------------------------------------------------------

    def upsert(self, row: Row) -> None:
        """Put a row in, or replace the row of that key; drawn at the next flush, and only where it differs."""
        if self._rows.upsert(row):
            self.schedule_flush()

    def remove_row(self, key: ObjectKey) -> None:
        """Take a row out; an unknown key is ignored."""
        if self._rows.remove(key):
            self.schedule_flush()

    def replace_all(self, rows: Iterable[Row], columns: Sequence[Column] | None = None) -> None:
        """Show these rows instead of all others; cursor and scroll stay with their object. Column widths start anew.

        Args:
            rows: Any number; big lists are taken in by slices.
            columns: Other columns from now on, when given.
        """
        self._rows.replace_all(rows, columns)
        if columns is not None:
            self._bind_sort_keys()
        self.schedule_flush()

    def reset(self, columns: Sequence[Column] | None = None) -> None:
        """Forget every row, and what the person chose: another list is coming in."""
        self.replace_all((), columns)
        self._cursor.unpin()

    def set_empty_text(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Set what stands in an empty table: 'no services in namespace x', 'loading 1,200 pods…', 'forbidden: …'."""
        self._empty = EmptyLine(text, tone)
        self.schedule_flush()

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, hidden ones too."""
        return self._rows.columns

    @property
    def cursor_key(self) -> ObjectKey | None:
        """The selected object; None when nothing is shown."""
        return self._cursor.key

    @property
    def cursor_row(self) -> Row | None:
        """The selected object's row as the model knows it now; None when it is gone or nothing is selected."""
        return None if self._cursor.key is None else self._rows.model.get(self._cursor.key)

    @property
    def is_cursor_pinned(self) -> bool:
        """True once the person moved the cursor: it follows its object; before, it stays on the first row."""
        return self._cursor.is_pinned

    @property
    def lost_key(self) -> ObjectKey | None:
        """The object the person chose, when it went away and the cursor is on another one nobody chose."""
        return self._cursor.lost

    @property
    def cursor_screen_line(self) -> int:
        """Screen line of the cursor, 1 is the first below the header."""
        return self._cursor.index - self.top + self.HEADER_LINES

    @property
    def row_count(self) -> int:
        """Rows shown."""
        return len(self._rows.view)

    @property
    def total_count(self) -> int:
        """Rows there are, whether the filter shows them or not."""
        return len(self._rows.model)

    @property
    def shown_rows(self) -> list[Row]:
        """The rows in the order shown (a copy)."""
        return self._rows.view.rows()

    @property
    def order(self) -> Order:
        """The order in force."""
        return self._rows.order

    @property
    def filter_text(self) -> str:
        """The filter in force, as typed."""
        return self._rows.filter.text

    @property
    def is_building(self) -> bool:
        """True while a new order, filter or list is being prepared behind the shown one."""
        return self._rows.building

    @property
    def marks(self) -> frozenset[ObjectKey]:
        """The marked objects, shown or not."""
        return self._marks

    def set_marks(self, keys: Iterable[ObjectKey]) -> None:
        """Show these objects as marked."""
        self._marks = frozenset(keys)
        self.repaint()

    def row(self, key: ObjectKey) -> Row | None:
        """Return an object's row, None when there is none."""
        return self._rows.model.get(key)

    def visible_keys(self) -> list[ObjectKey]:
        """Return the objects on the screen, from the top."""
        return self._rows.view.keys_at(self.top, self.top + self.page_lines)

    # -- order, filter, cursor ----------------------------------------------------------------------------------------

    def set_filter(self, text: str, *, immediately: bool = False) -> None:
        """Show only rows with every term of the text (`!term`: without it), in any case.

        In big tables this waits for a pause in the typing, unless `immediately`.
        """
        if self._filter_timer is not None:
            self._filter_timer.stop()
            self._filter_timer = None
        if immediately or self.total_count < FILTER_DEBOUNCE_ROWS or not self.is_mounted:
            self._take_filter(text)
        else:
            self._filter_timer = self.set_timer(FILTER_DEBOUNCE_SECONDS, lambda: self._take_filter(text))

    def _take_filter(self, text: str) -> None:
        """Filter by what can be seen: a match in a hidden column would look like a mistake."""
        self._filter_timer = None
        shown = tuple(slot.index for slot in self._fit.slots) or None
        self._rows.set_filter(RowFilter.parse(text, shown))
        self.flush_if_mounted()

    def set_order(self, order: Order) -> None:
        """Show the rows in another order.

        Raises:
            KeyError: No such column.
        """
        self._rows.set_order(order)
        self.flush_if_mounted()

    def select_key(self, key: ObjectKey) -> bool:
        """Put the cursor on an object; False when it is not shown (cursor unchanged)."""
        index = self._rows.view.index_of(key)
        if index is not None:
            self._move_to(index)
        return index is not None

    def pin_cursor(self) -> None:
        """Keep the cursor on the object it is on, as if the person had moved it there."""
        self._cursor.pin()

    def unpin_cursor(self) -> None:
        """Put the cursor on the first row, and keep it there until the person moves it."""
        self._cursor.unpin()
        self.flush_if_mounted()

    def on_mount(self) -> None:
        """Draw ages anew each second."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if any(column.live is not None for column in self.columns) and self.can_paint():
            self.repaint()

    def apply_pending(self) -> None:
        """Bring the view in step with the model; keep the cursor on its object and, below the top, on its line."""
        rows = self._rows
        rows.apply_pending()
        if rows.building and not rows.advance(self._pause_after(BUILD_SLICE_SECONDS)):
            self.run_worker(self._finish_building(), group="live-table-build", exclusive=True)
        self._fit_columns()
        self._follow_cursor()
        counted = (self.row_count, self.total_count)
        if counted != self._counted:
            self._counted = counted
            self.post_own_message(self.Counted(self, *counted))

    def _pause_after(self, seconds: float) -> Callable[[], bool]:
        clock, end = self.clock, self.clock() + seconds
        return lambda: clock() >= end

    async def _finish_building(self) -> None:
        done = False
        while not done:
            await asyncio.sleep(0)
            done = self._rows.advance(self._pause_after(BUILD_SLICE_SECONDS))
        self.flush()

    def _follow_cursor(self) -> None:
        cursor, previous = self._cursor, self._cursor.key
        screen_line = cursor.index - self.top
        was_on_screen = 0 <= screen_line < max(1, self.page_lines)
        cause = cursor.follow(self._rows)
        if was_on_screen and self.top > 0:
            # At the very top the window stays there: what starts failing comes in above the cursor and must be seen.
            self.top = cursor.index - screen_line
        self._keep_on_screen(cursor=was_on_screen)
        self._say_highlighted(previous, cause)

    def _keep_on_screen(self, *, cursor: bool = True) -> None:
        if cursor and self.page_lines:
            self.top = max(self._cursor.index - self.page_lines + 1, min(self.top, self._cursor.index))
        self.top = max(0, min(self.top, self.max_top()))

    def _move_to(self, index: int) -> None:
        if not self.row_count:
            return
        previous = self._cursor.key
        self._cursor.move(max(0, min(index, self.row_count - 1)), self._rows)
        self._keep_on_screen()
        self.repaint()
        self._say_highlighted(previous, HighlightCause.MOVED)

    def _say_highlighted(self, previous: ObjectKey | None, cause: HighlightCause) -> None:
        key = self._cursor.key
        if key != previous:
            row = None if key is None else self._rows.view.row_at(self._cursor.index)
            self.post_own_message(self.Highlighted(self, key, row, previous, cause))

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._move_to(self._cursor.index + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self._move_to(self._cursor.index + pages * max(1, self.page_lines - 1))

    def action_edge(self, bottom: int) -> None:
        """Move the cursor to the first or last row."""
        self._move_to(self.row_count - 1 if bottom else 0)

    def action_sideways(self, direction: int) -> None:
        """Scroll the columns; hidden columns come in as soon as this begins, and go again at the left edge."""
        everything = self._rows.fit(self._room, everything=True)
        rightmost = max(0, everything.width - self._room)
        self.left = max(0, min(self.left + direction * SIDEWAYS_CELLS, rightmost))
        self._fit_columns()
        self.repaint()

    def action_select(self) -> None:
        """Open the selected object."""
        row = self.cursor_row
        if row is not None:
            self._cursor.pin()
            self.post_own_message(self.Selected(self, row.key, row))

    def action_sort_next(self) -> None:
        """Sort by the next column; after the last, as the rows are ranked."""
        ids: list[str | None] = [None, *[column.id for column in self.columns]]
        self.set_order(Order(ids[(ids.index(self.order.column) + 1) % len(ids)]))

    def action_sort_by(self, column: str) -> None:
        """Sort by a column; by the one sorted by, reverse; once reversed, return to the usual order."""
        order = self.order
        if order.column != column:
            self.set_order(Order(column))
        else:
            self.set_order(Order() if order.reverse else Order(column, reverse=True))

    def _bind_sort_keys(self) -> None:
        bindings = self._bindings
        for key in [key for key, bound in bindings.key_to_bindings.items() if bound[0].action.startswith("sort_by(")]:
            del bindings.key_to_bindings[key]
        for binding in sort_keys(self.columns):
            bindings.key_to_bindings.setdefault(binding.key, [binding])

    def action_sort_reverse(self) -> None:
        """Turn the order round."""
        self.set_order(Order(self.order.column, not self.order.reverse))

    def wheel(self, lines: int) -> None:
        self.action_move(lines)

    def on_click(self, event: events.Click) -> None:
        """Select the row that was clicked, open it on a double click; sort by the title that was clicked."""
        if event.chain == 2 and self._clicked is not None:
            # The row the first click chose: what is shown of it may have moved the lines, even under the titles.
            if self._clicked == self.cursor_key:
                self.action_select()
            return
        self._clicked = None
        if event.y < self.HEADER_LINES:
            column = column_at(self._fit, event.x - GUTTER_CELLS + self.left)
            if event.x < GUTTER_CELLS:
                self.set_order(Order())
            elif column is not None:
                self.action_sort_by(self.columns[column].id)
            return
        index = self.top + event.y - self.HEADER_LINES
        if index < self.row_count:
            self._move_to(index)
            self._clicked = self.cursor_key

    # -- drawing ------------------------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        return max(1, self.text_width - GUTTER_CELLS)

    def size_changed(self) -> None:
        self._fit_columns()
        if self.filter_text and self.left == 0:
            self._take_filter(self.filter_text)
        self._keep_on_screen()

    def _fit_columns(self) -> None:
        rows = self._rows
        widths = tuple(rows.content_widths)
        needs = (self._room, self.left > 0, widths, self.columns, self.order.column, rows.is_ambiguous)
        if needs != self._fitted_for:
            self._fitted_for = needs
            fit = rows.fit(self._room, everything=self.left > 0)
            if fit != self._fit:
                self._fit = fit
                self._layout += 1

    def line_count(self) -> int:
        return self.row_count

    def line_signature(self, y: int) -> Hashable:
        if y == 0:
            return HeaderLine(self.order, self._layout, self.left)
        index = self.top + y - self.HEADER_LINES
        if index >= self.row_count:
            return empty_row(self._empty, y - 2, self.text_width) if self.row_count == 0 else None
        row = self._rows.view.row_at(index)
        cells = visible_cells(row, self.columns, self._fit, self._now)
        cursor = CursorLook.NONE
        if index == self._cursor.index and row.key == self._cursor.key:
            cursor = CursorLook.FOCUSED if self.has_focus else CursorLook.BLURRED
        return RowLine(row.key, cells, row.tone, cursor, self._layout, self.left, row.key in self._marks)

    def changed_spans(self, old: object, new: Hashable) -> Iterable[tuple[int, int]] | None:
        if not (isinstance(old, RowLine) and isinstance(new, RowLine)):
            return None
        return changed_spans(old, new, self._fit, self._room)

    def build_line(self, signature: Hashable, width: int) -> Strip:
        match signature:
            case HeaderLine():
                return draw_header(signature, self.columns, self._fit, width, self.palette, self.on_base)
            case RowLine():
                return draw_row(signature, self.columns, self._fit, width, self.palette, self.on_base)
            case EmptyLine():
                return draw_empty(signature, width, self.palette, self.on_base)
        raise TypeError(f"not a line of a table: {signature!r}")
