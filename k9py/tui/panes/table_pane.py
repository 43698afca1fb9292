"""A pane with a live table: keeps the row of every object of its source, shows all of them or those it is narrowed to.

Invariant: rows are rebuilt for keys that changed, never for all of them on one tick; a tick rebuilds the visible rows
and, for the length of a slice, others that wait. A complete list is built in slices; changes that come meanwhile are
applied after it. `counts` is always the number of rows of each tone that count here, narrowed or not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.config.table_state import TableState
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.keys import key_names
from k9py.tui.panes.pane import FilterablePane
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.live_table.column_choice import ColumnChoice
from k9py.tui.widgets.live_table.live_rows import no_labels
from k9py.tui.widgets.live_table.row_filter import FILTER_FORMS, RowFilter
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.workers import start_worker
from k9py.views.values import Column, Row, Tone

APPLY_SECONDS: Final = 0.004
"""Time for rows that are not visible, on each tick: two tables at ten ticks a second use at most 8% of a core, and
hundreds of changed rows are rebuilt within a second."""
COVERED_SECONDS: Final = 0.002
"""The same while another screen covers the table and shows only how many rows fail."""
FEW_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where the rows of a table come from.

    Args:
        keys: returns all objects of the table.
        row: returns the row of an object, None when it is gone.
        is_complete: returns True once `keys` has all objects (every initial list has loaded).
        labels: returns the labels of an object, for filters by label.
    """

    keys: Callable[[], Iterable[ObjectRef]]
    row: Callable[[ObjectRef, datetime], Row | None]
    is_complete: Callable[[], bool] = lambda: True
    labels: Callable[[ObjectRef], Mapping[str, str] | None] = no_labels


class TablePane(FilterablePane):
    """A pane with a `LiveTable`.

    Args:
        clock: of rows and ages.
        state: keeps the chosen columns; None keeps them while the pane lives.
        remember_as: name of the table in `state`.
    """

    counts_rows = True
    """The title has the number of rows."""
    table_type: ClassVar[type[LiveTable]] = LiveTable

    def __init__(
        self,
        heading: str,
        columns: tuple[Column, ...],
        *,
        clock: Clock,
        options: LineViewOptions,
        state: TableState | None = None,
        remember_as: str = "",
        number: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(heading, number=number, id=id, classes=classes)
        self.table = self.table_type(columns, now=clock.now, options=options)
        self._state, self._remember_as = state or TableState(), remember_as
        self.table.choose_columns(ColumnChoice.from_json(self._state.get(remember_as)))
        self.filter_bar = FilterBar(placeholder=FILTER_FORMS)
        self.rows: dict[ObjectRef, Row] = {}
        self.counts: Counter[Tone] = Counter()
        self.is_complete = False
        """True once a complete list is shown, built after every initial list had loaded."""
        self._clock = clock
        self._source: RowSource | None = None
        self._members: frozenset[ObjectRef] | None = None
        self._empty = ("", Tone.MUTED)
        self._narrowing = ""
        self._place = self._selection = ""
        self._narrowed_empty = ""
        self._marked = 0
        self._filling = False
        self._fill_again = False
        self._changed: dict[ObjectRef, None] = {}

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.filter_bar

    @property
    def main(self) -> LiveTable:
        return self.table

    def object_of(self, key: ObjectRef) -> ObjectRef:
        """Return the object that a row is about; also of a row that is gone."""
        return key

    def keep_cursor(self, acted_on: ObjectRef) -> None:
        """Keep the cursor on the object of an action."""
        if self.table.cursor_key == acted_on:
            self.table.pin_cursor()
        else:  # another row came first while the command was typed
            self.table.select_key(acted_on)

    @property
    def narrowing(self) -> str:
        """Why not all rows are shown, "" when all are."""
        return self._narrowing

    @property
    def is_loading(self) -> bool:
        """True while a complete list is built."""
        return self._filling

    def set_source(self, source: RowSource | None, columns: tuple[Column, ...] | None = None) -> None:
        """Show the rows of a source; None shows nothing.

        Args:
            columns: other columns from now on; None keeps them.
        """
        self._source = source
        self._members = None
        self._narrowing = ""
        self.rows = {}
        self.counts.clear()
        self.is_complete = False
        self.table.use_labels(no_labels if source is None else source.labels)
        self.table.reset(columns)
        self.reload()

    def narrow(self, members: Collection[ObjectRef] | None, reason: str = "", *, empty_text: str = "") -> None:
        """Show only these objects; None shows all. Cheap when nothing differs.

        Args:
            reason: shown in the title.
            empty_text: shown in the table when there are none of them.
        """
        wanted = None if members is None else frozenset(members)
        if wanted == self._members and reason == self._narrowing:
            return
        if reason != self._narrowing and wanted is not None and self.table.cursor_key not in wanted:
            self.table.unpin_cursor()  # the user narrowed it away: start at the first row
        self._members, self._narrowing, self._narrowed_empty = wanted, reason, empty_text
        shown = self._shown()
        if len(self.rows) > FEW_ROWS:
            self.table.replace_all(shown)
        else:  # row by row, so that the columns keep their widths
            for key in self.rows.keys() - {row.key for row in shown}:
                self.table.remove_row(key)
            for row in shown:
                self.table.upsert(row)
        self._update_empty_text()
        self._update_title()

    def _shown(self) -> Collection[Row]:
        if self._members is None:
            return list(self.rows.values())
        return [self.rows[key] for key in self._members if key in self.rows]

    def set_rows(self, rows: Iterable[Row], reason: str = "") -> None:
        """Show these few rows, for a pane without a source; only differences are drawn.

        Args:
            reason: shown in the title.
        """
        wanted = {row.key: row for row in rows}
        for key in self.rows.keys() - wanted.keys():
            self.table.remove_row(key)
        for row in wanted.values():
            self.table.upsert(row)
        self.rows = wanted
        self._narrowing = reason
        self._update_title()

    @property
    def can_complete(self) -> bool:
        """True when the last initial list has loaded since the shown rows were built."""
        return not self.is_complete and self._source is not None and self._source.is_complete()

    def reload(self) -> None:
        """Rebuild every row, in slices."""
        self._fill_again = True
        if not self._filling:
            self._filling = True
            start_worker(self, self._fill, group="fill")

    async def _fill(self) -> None:
        try:
            while self._fill_again and (source := self._source) is not None:
                self._fill_again = False
                self._changed.clear()
                await self._fill_once(source)
        finally:
            self._filling = False
        self.update_rows(())
        self._update_title()

    async def _fill_once(self, source: RowSource) -> None:
        clock, rows, counts = self._clock, dict[ObjectRef, Row](), Counter[Tone]()
        is_complete = source.is_complete()  # before the keys: a list that loads meanwhile is not in them
        now, time_slice, known = clock.now(), TimeSlice(monotonic=clock.monotonic), self.rows
        for key in list(source.keys()):
            row = source.row(key, now)
            if row is not None:
                before = known.get(key)
                rows[key] = row = before if before == row else row
                counts[row.tone] += row.counted
            if await time_slice.yield_if_over() and source is not self._source:
                return
        gone = self.rows.keys() - rows.keys()
        self.rows, self.counts = rows, counts
        if is_complete:
            self.table.replace_all(self._shown())
            self.is_complete = True
            return
        for key in gone:
            self.table.remove_row(key)
        shown = list(self._shown())
        for at in range(0, len(shown), FEW_ROWS):
            for row in shown[at : at + FEW_ROWS]:
                self.table.upsert(row)
            await asyncio.sleep(0)
            if source is not self._source:
                return

    def update_rows(self, keys: Iterable[ObjectRef], *, is_covered: bool = False) -> None:
        """Rebuild the rows of these objects, visible ones first; called on each tick, also without keys.

        Args:
            is_covered: no row can be seen: the work takes less of each tick.
        """
        changed, source = self._changed, self._source
        if source is None:
            changed.clear()
            return
        changed.update(dict.fromkeys(keys))
        if self._filling or not changed:
            return
        seconds = COVERED_SECONDS if is_covered else APPLY_SECONDS
        now, time_slice = self._clock.now(), TimeSlice(seconds, self._clock.monotonic)
        for key in () if is_covered else self.table.visible_keys():
            if key in changed:
                self._rebuild(key, source, now)
        while changed:
            self._rebuild(next(iter(changed)), source, now)
            if time_slice.is_over():
                break

    def _rebuild(self, key: ObjectRef, source: RowSource, now: datetime) -> None:
        del self._changed[key]
        row = source.row(key, now)
        before = self.rows.get(key)
        if before is not None:
            if before == row:
                row = before  # the table keeps that one: two would take twice the memory
            self.counts[before.tone] -= before.counted
        if row is None:
            self.rows.pop(key, None)
            self.table.remove_row(key)
            return
        self.rows[key] = row
        self.counts[row.tone] += row.counted
        if self._members is None or key in self._members:
            self.table.upsert(row)

    def set_empty_text(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Set the text of an empty table."""
        self._empty = (text, tone)
        self._update_empty_text()

    def _update_empty_text(self) -> None:
        hidden = self.table.total_count - self.table.row_count
        text, tone = self._empty
        if self._members is not None and self.rows:
            text, tone = self._narrowed_empty, Tone.MUTED
        if hidden and not self.table.row_count:
            fault = RowFilter.parse(self.filter_bar.text).fault
            why = f"no match ({hidden:,} hidden)" + (f" · {printable(fault)}" if fault else "")
            text, tone = f"{why} · {key_names(self).fill('{filter.cancel} clears the filter')}", Tone.WARN
        self.table.set_empty_text(text, tone)

    def apply_input(self, bar: FilterBar, text: str) -> None:
        fault = RowFilter.parse(text).fault
        self.filter_bar.set_hint(fault)
        self.table.set_filter(text)
        self._update_empty_text()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Pin the cursor: it stays on the object that was filtered for when the filter is cleared."""
        if event.text.strip():
            self.table.pin_cursor()

    # -- columns ------------------------------------------------------------------------------------------------------

    def on_live_table_columns_requested(self, event: LiveTable.ColumnsRequested) -> None:
        """Ask for the columns."""
        from k9py.tui.dialogs.columns import ColumnsDialog  # only when it is opened

        event.stop()
        table, before = self.table, self.table.column_choice
        wanted = frozenset(column.id for column in table.columns if before.shows(column))

        def chosen(answer: tuple[str, ...] | None) -> None:
            if answer:
                table.choose_columns(before.choosing(table.columns, frozenset(answer)))
                self._remember()

        self.app.push_screen(ColumnsDialog(table.columns, wanted), chosen)

    def on_live_table_columns_chosen(self, event: LiveTable.ColumnsChosen) -> None:
        """Keep the choice."""
        event.stop()
        self._remember()

    def _remember(self) -> None:
        """Write the choice in a thread: a home directory may be slow."""
        chosen = self.table.column_choice.to_json()

        async def write() -> None:
            try:
                await asyncio.to_thread(self._state.put, self._remember_as, chosen)
            except OSError as error:
                self.notify(f"the columns are not kept: {error.strerror or error}", severity="warning")

        if self._remember_as:
            start_worker(self, write, group="remember")

    def on_live_table_counts_changed(self, event: LiveTable.CountsChanged) -> None:
        """Update the count in the title, and the text of an empty table."""
        self._update_empty_text()
        self._update_title()

    def set_marks(self, keys: Collection[ObjectRef]) -> None:
        """Show these objects as marked, and their number in the title."""
        self._marked = len(keys)
        self.table.set_marks(keys)
        self._update_title()

    def set_place(self, place: str, selection: str = "") -> None:
        """Show in the title where the objects are, such as the namespaces, and which of them were requested."""
        if (place, selection) != (self._place, self._selection):
            self._place, self._selection = place, selection
            self._update_title()

    def uncounted_rows(self) -> int:
        """Return how many rows the count leaves out. To be overridden."""
        return 0

    def _update_title(self) -> None:
        shown, total = self.table.row_count, self.table.total_count
        if shown == total:
            shown = total = total - self.uncounted_rows()
        count = "" if not self.counts_rows else f"{shown:,}" if shown == total else f"{shown:,} of {total:,}"
        selected = key_names(self).fill(f"{self._marked:,} selected · {{app.back}} deselects") if self._marked else ""
        narrowing = " · ".join(part for part in (selected, self._selection, self._narrowing) if part)
        self.set_note(self._place, narrowing=narrowing, count=count if total else "")
