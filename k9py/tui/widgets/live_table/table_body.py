"""What a table shows: the window on `LiveRows`, the columns that fit, the cursor kept on its object, and the drawing.

`sorting` adds the order, `table.LiveTable` the messages, the keys and the mouse. Invariants: rows change only in
`apply_pending`, which runs once per flush; the selected object keeps its screen line, whatever rows come, go or move.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Final

from textual.strip import Strip

from k9py.api.meta import ObjectRef
from k9py.runtime.time_slice import TimeSlice, run_in_slices
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.live_table.column_choice import ColumnChoice
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
from k9py.tui.widgets.live_table.fitting import Fit
from k9py.tui.widgets.live_table.live_rows import LiveRows
from k9py.tui.widgets.live_table.order import Order
from k9py.views.values import Column, Row, Tone

BUILD_SLICE_SECONDS: Final = 0.004
UTC_NOW: Final = partial(datetime.now, UTC)


class TableBody(LineView):
    """The rows of a table, without keys.

    Args:
        columns: of each row, in order.
        order: the first order; None: as the rows are ranked.
        empty_text: shown while there is no row, see `set_empty_text`.
        now: aware time, for live columns.
        options: redraw rate, clock and link pacing.
    """

    HEADER_LINES: ClassVar[int] = 1

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
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._rows = LiveRows(columns, order)
        self._now = now
        self._empty = EmptyLine(empty_text, Tone.MUTED)
        self._cursor = Cursor()
        self._fit = Fit((), 0, 0)
        self._fit_key: tuple[object, ...] = ()
        self._layout = 0
        self._counts = (0, 0)
        self._marks: frozenset[ObjectRef] = frozenset()

    # -- hooks for subclasses -----------------------------------------------------------------------------------------

    def cursor_changed(self, previous: ObjectRef | None, cause: HighlightCause) -> None:
        """Report that the cursor is on another object."""

    def counts_changed(self, shown: int, total: int) -> None:
        """Report another number of rows."""

    # -- the model ----------------------------------------------------------------------------------------------------

    def upsert(self, row: Row) -> None:
        """Insert a row, or replace the row with its key; drawn at the next flush, and only where it differs."""
        if self._rows.upsert(row):
            self.schedule_flush()

    def remove_row(self, key: ObjectRef) -> None:
        """Remove a row; an unknown key is ignored."""
        if self._rows.remove(key):
            self.schedule_flush()

    def replace_all(self, rows: Iterable[Row], columns: Sequence[Column] | None = None) -> None:
        """Replace all rows; cursor and scroll position stay with their object, column widths are measured again.

        Args:
            rows: any number; long lists are read in slices.
            columns: other columns from now on; None keeps them.
        """
        self._rows.replace_all(rows, columns)
        if columns is not None:
            self._fit_columns()  # the screen may be drawn before the flush
        self.schedule_flush()

    def reset(self, columns: Sequence[Column] | None = None) -> None:
        """Remove every row and unpin the cursor: another list is about to load."""
        self.replace_all((), columns)
        self._cursor.unpin()

    def use_labels(self, labels_of: Callable[[ObjectRef], Mapping[str, str] | None]) -> None:
        """Filter by these labels from the next list on."""
        self._rows.labels_of = labels_of

    def set_empty_text(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Set the text of an empty table: "no services in namespace x", "loading…", "forbidden: …"."""
        self._empty = EmptyLine(text, tone)
        self.schedule_flush()

    def set_marks(self, keys: Iterable[ObjectRef]) -> None:
        """Show these objects as marked."""
        self._marks = frozenset(keys)
        self.repaint()

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, hidden ones too."""
        return self._rows.columns

    @property
    def column_choice(self) -> ColumnChoice:
        """Which of them are wanted."""
        return self._rows.choice

    @property
    def cursor_key(self) -> ObjectRef | None:
        """The selected object; None when no row is shown."""
        return self._cursor.key

    @property
    def cursor_row(self) -> Row | None:
        """The selected object's row in the model; None when the object is gone or nothing is selected."""
        return None if self._cursor.key is None else self._rows.model.get(self._cursor.key)

    @property
    def is_cursor_pinned(self) -> bool:
        """True once the user moved the cursor: it follows its object. Before, it stays on the first row."""
        return self._cursor.is_pinned

    @property
    def lost_key(self) -> ObjectRef | None:
        """The pinned object that went away, while the cursor is on a neighbour that nobody selected."""
        return self._cursor.lost

    @property
    def cursor_screen_line(self) -> int:
        """Screen line of the cursor; 1 is the first line below the header."""
        return self._cursor.index - self.top + self.HEADER_LINES

    @property
    def row_count(self) -> int:
        """Number of rows shown."""
        return len(self._rows.view)

    @property
    def total_count(self) -> int:
        """Number of rows, whether the filter shows them or not."""
        return len(self._rows.model)

    @property
    def shown_rows(self) -> list[Row]:
        """The rows in the order shown (a copy)."""
        return self._rows.view.rows()

    @property
    def order(self) -> Order:
        """The order of the rows."""
        return self._rows.order

    @property
    def is_building(self) -> bool:
        """True while a new order, filter or list is prepared in the background."""
        return self._rows.building

    @property
    def marks(self) -> frozenset[ObjectRef]:
        """The marked objects, shown or not."""
        return self._marks

    def row(self, key: ObjectRef) -> Row | None:
        """Return an object's row, None when there is none."""
        return self._rows.model.get(key)

    def visible_keys(self) -> list[ObjectRef]:
        """Return the objects on the screen, from the top."""
        return self._rows.view.keys_at(self.top, self.top + self.page_lines)

    # -- bringing the view up to date ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Redraw ages every second."""
        self.set_interval(1.0, self._redraw_ages)

    def _redraw_ages(self) -> None:
        if any(column.live is not None for column in self.columns) and self.can_paint():
            self._fit_columns()
            self.repaint()

    def apply_pending(self) -> None:
        """Apply model changes to the view; keep the cursor on its object and, below the top, on its screen line."""
        rows = self._rows
        rows.apply_pending()
        if rows.building and not rows.advance(TimeSlice(BUILD_SLICE_SECONDS, self.clock).is_over):
            self.run_worker(self._finish_building(), group="live-table-build", exclusive=True)
        self._fit_columns()
        self._follow_cursor()
        counts = (self.row_count, self.total_count)
        if counts != self._counts:
            self._counts = counts
            self.counts_changed(*counts)

    async def _finish_building(self) -> None:
        await run_in_slices(lambda pause: self._rows.advance(pause), BUILD_SLICE_SECONDS, self.clock)
        self.flush()

    def _follow_cursor(self) -> None:
        cursor, previous = self._cursor, self._cursor.key
        screen_line = cursor.index - self.top
        was_visible = 0 <= screen_line < max(1, self.page_lines)
        cause = cursor.follow(self._rows)
        if was_visible and self.top > 0:
            # At the very top the window stays: a row that starts to fail appears above the cursor and must be seen.
            self.top = cursor.index - screen_line
        self._clamp_top(to_cursor=was_visible)
        if cursor.key != previous:
            self.cursor_changed(previous, cause)

    def _clamp_top(self, *, to_cursor: bool = True) -> None:
        if to_cursor and self.page_lines:
            self.top = max(self._cursor.index - self.page_lines + 1, min(self.top, self._cursor.index))
        self.top = max(0, min(self.top, self.max_top()))

    def _move_to(self, index: int) -> None:
        if not self.row_count:
            return
        previous = self._cursor.key
        self._cursor.move(max(0, min(index, self.row_count - 1)), self._rows)
        self._clamp_top()
        self.repaint()
        if self._cursor.key != previous:
            self.cursor_changed(previous, HighlightCause.MOVED)

    # -- drawing ------------------------------------------------------------------------------------------------------

    @property
    def _columns_width(self) -> int:
        """Cells for the columns, without the gutter."""
        return max(1, self.text_width - GUTTER_CELLS)

    def _fit_columns(self) -> None:
        rows = self._rows
        if any(column.live is not None for column in rows.columns):
            end = min(self.top + self.page_lines, len(rows.view))
            rows.measure_live([rows.view.row_at(index) for index in range(max(0, self.top), end)], self._now())
        widths = tuple(rows.content_widths)
        everything = self.left > 0 or rows.choice.wide  # wide output is wider than the screen, as kubectl's
        choice = rows.choice
        key = (
            self._columns_width,
            everything,
            widths,
            self.columns,
            self.order.column,
            rows.is_ambiguous,
            choice,
            rows.leaves_out_measured,
        )
        if key != self._fit_key:
            self._fit_key = key
            fit = rows.fit(self._columns_width, everything=everything)
            if fit != self._fit:
                self._fit = fit
                self._layout += 1

    def size_changed(self) -> None:
        self._fit_columns()
        self._clamp_top()

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
        return changed_spans(old, new, self._fit, self._columns_width)

    def build_line(self, signature: Hashable, width: int) -> Strip:
        match signature:
            case HeaderLine():
                return draw_header(signature, self.columns, self._fit, width, self.palette, self.on_base)
            case RowLine():
                return draw_row(signature, self.columns, self._fit, width, self.palette, self.on_base)
            case EmptyLine():
                return draw_empty(signature, width, self.palette, self.on_base)
        raise TypeError(f"not a line of a table: {signature!r}")
