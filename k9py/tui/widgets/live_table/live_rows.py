"""The model of a table and the view of it on the screen, kept in step without ever holding the event loop.

Owns: every row by key (`model`), the order and the filter, the view shown, and what has changed since the last
`apply_pending`. Small changes go into the shown view by bisect. Big ones (another order or filter, a whole new list)
are built as a new view in slices by `advance`, while the old one stays shown and is still updated; then they are
swapped. Invariant: once `building` is False and nothing is pending, the view is exactly sorted(filter(model)).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Final

from rich.cells import cell_len

from k9py.api.meta import ObjectRef
from k9py.tui.widgets.live_table.column_choice import ColumnChoice
from k9py.tui.widgets.live_table.fitting import Fit, fit_columns
from k9py.tui.widgets.live_table.order import Order, sort_key_of
from k9py.tui.widgets.live_table.row_filter import RowFilter, search_text
from k9py.tui.widgets.live_table.shared_names import SharedNames
from k9py.tui.widgets.live_table.sorted_view import SLICE_ROWS, SortedView
from k9py.views.values import Column, Row

BULK_CHANGES: Final = 800
"""More changes than this together are built as a new view instead of spliced into the shown one."""
LIVE_COLUMN_CELLS: Final = 4
"""Width of a value that changes with time, such as an age: "119s"."""


MEASURED_ROWS: Final = 1000
"""Up to this many rows are measured again in one go, in a few milliseconds."""


class LiveRows:
    """Rows by key, and the sorted and filtered view of them."""

    def __init__(self, columns: Sequence[Column], order: Order | None = None) -> None:
        self.columns = tuple(columns)
        self.order = order or Order()
        self.filter = RowFilter()
        self.labels_of: Callable[[ObjectRef], Mapping[str, str] | None] = no_labels
        """Returns the labels of an object, for filters by label."""
        self.choice = ColumnChoice()
        """Which columns are wanted."""
        self.leaves_out_measured = False
        """Whether the columns of the metrics API are left out, wanted or not."""
        self.model: dict[ObjectRef, Row] = {}
        self.view = self._new_view()
        self.content_widths = self._bare_widths()
        """Widest content seen in each column, in cells.

        Widths only grow, so that columns do not jump, until a complete new list arrives, or a cell of a growing column
        becomes empty: the problem is over, and the columns that were hidden for it may come back.
        """
        self._has_spare_width = False
        self._names = SharedNames()
        self._pending: dict[ObjectRef, None] = {}
        self._touched: dict[ObjectRef, None] = {}
        self._replacement: Sequence[Row] | None = None
        self._build: Generator[None, None, None] | None = None

    @property
    def building(self) -> bool:
        """True while a new view is being built by `advance`."""
        return self._build is not None

    @property
    def is_ambiguous(self) -> bool:
        """True while two rows have the same namespace and name: only their kinds differ."""
        return self._names.shared > 0

    def fit(self, room: int, *, everything: bool = False) -> Fit:
        """Choose columns and their widths for that many cells, see `fit_columns`."""
        return fit_columns(
            self.columns,
            self.content_widths,
            room,
            everything=everything,
            sorted_by=self.order.column,
            is_ambiguous=self.is_ambiguous,
            hidden=self.choice.hidden_indexes(self.columns) | self._left_out(),
        )

    def shows(self, column: Column) -> bool:
        """Return whether a column is wanted and not left out."""
        return self.choice.shows(column) and not (self.leaves_out_measured and column.measured)

    def _left_out(self) -> frozenset[int]:
        left_out = frozenset(index for index, column in enumerate(self.columns) if column.measured)
        return left_out if self.leaves_out_measured and len(left_out) < len(self.columns) else frozenset()

    # -- changes ------------------------------------------------------------------------------------------------------

    def upsert(self, row: Row) -> bool:
        """Insert a row or replace the one with its key; False when nothing differs."""
        key = row.key
        old = self.model.get(key)
        if not self.filter.selector and (old is row or (self._replacement is None and old == row)):
            return False
        self.model[key] = row
        if old is None:
            self._names.add(key, self.model)
        self._pending[key] = None
        self._measure(row)
        self._has_spare_width |= old is not None and self._gives_room(old, row)
        return True

    def remove(self, key: ObjectRef) -> bool:
        """Remove a row; False when there is none."""
        known = self.model.pop(key, None) is not None
        if known:
            self._names.remove(key)
        if known or self._replacement is not None:
            self._pending[key] = None
            return True
        return False

    def replace_all(self, rows: Iterable[Row], columns: Sequence[Column] | None = None) -> None:
        """Replace all rows, and optionally the columns."""
        self._replacement = list(rows)
        self._pending.clear()
        self._touched.clear()
        if columns is not None:
            self.columns = tuple(columns)
            if all(column.id != self.order.column for column in self.columns):
                self.order = Order()
            self.model = {}
            self._names = SharedNames()
            self.view = self._new_view()
        self.content_widths = self._bare_widths()
        self._start()

    def set_filter(self, row_filter: RowFilter) -> None:
        """Show only the rows a filter accepts; a filter that narrows the current one reads the shown rows alone."""
        if row_filter.is_equivalent(self.filter):
            self.filter = row_filter
            return
        narrowed = self.view if row_filter.narrows(self.filter) and self._build is None else None
        if narrowed is not None:
            self._touched.clear()
        self.filter = row_filter
        self._start(narrowed)

    def set_order(self, order: Order) -> None:
        """Show the rows in another order.

        Raises:
            KeyError: No such column.
        """
        if order == self.order:
            return
        sort_key_of(order, self.columns)
        self.order = order
        self._start()

    # -- updating the view -------------------------------------------------------------------------------------

    def apply_pending(self) -> None:
        """Apply recent changes to the shown view, or start to build a new one when they are many."""
        if not self._pending:
            return
        if self._has_spare_width and len(self.model) <= MEASURED_ROWS:
            self.content_widths = self._bare_widths()
            for row in self.model.values():
                self._measure(row)
        self._has_spare_width = False
        changed = list(self._pending)
        self._pending.clear()
        if self._build is not None:
            self._touched.update(dict.fromkeys(changed))
            if self._replacement is None:
                self.view.apply(changed[:SLICE_ROWS], self.model)
        elif len(changed) > BULK_CHANGES:
            self._start()
        else:
            self.view.apply(changed, self.model)

    def advance(self, should_pause: Callable[[], bool]) -> bool:
        """Build until done or until `should_pause`; True when there is nothing left to build."""
        while self._build is not None:
            if next(self._build, self) is self:
                self._build = None
            elif should_pause():
                return False
        return True

    def _start(self, narrowed: SortedView | None = None) -> None:
        if self._replacement is None and self._build is None:
            self._touched.clear()
        self._build = self._steps(self._new_view(), narrowed)

    def _steps(self, view: SortedView, narrowed: SortedView | None) -> Generator[None, None, None]:
        if self._replacement is not None:
            yield from self._take_replacement(self._replacement)
        if narrowed is not None:
            yield from view.build_narrowed(narrowed)
        else:
            yield from view.build(list(self.model.values()))
        yield from self._apply_touched(view)
        old, self.view = self.view, view
        yield from old.discard()
        yield from self._apply_touched(view)  # changes that came while the old view was discarded

    def _apply_touched(self, view: SortedView) -> Generator[None, None, None]:
        while self._touched:
            changed = list(islice(self._touched, SLICE_ROWS))
            for key in changed:
                del self._touched[key]
            view.apply(changed, self.model)
            yield

    def _take_replacement(self, rows: Sequence[Row]) -> Generator[None, None, None]:
        fresh: dict[ObjectRef, Row] = {}
        names = SharedNames()
        for start in range(0, len(rows), SLICE_ROWS):
            for row in rows[start : start + SLICE_ROWS]:
                if row.key not in fresh:
                    names.add(row.key, fresh)
                fresh[row.key] = row
                self._measure(row)
            yield
        for key in chain(self._touched, self._pending):  # changes that came meanwhile are newer than the list
            newer = self.model.get(key)
            if newer is not None:
                if key not in fresh:
                    names.add(key, fresh)
                fresh[key] = newer
            elif fresh.pop(key, None) is not None:
                names.remove(key)
        self.model, self._names = fresh, names
        self._replacement = None

    # -- the view -----------------------------------------------------------------------------------------------------

    def _new_view(self) -> SortedView:
        row_filter, labels_of = self.filter, self.labels_of
        if not row_filter:
            accepts = _every_row
        elif not row_filter.selector:
            accepts = lambda row: row_filter.accepts(search_text(row, row_filter.columns))  # noqa: E731
        else:
            accepts = lambda row: (  # noqa: E731
                row_filter.accepts_labels(labels_of(row.key))
                and row_filter.accepts(search_text(row, row_filter.columns))
            )
        return SortedView(sort_key_of(self.order, self.columns), accepts, reverse=self.order.reverse)

    def _bare_widths(self) -> list[int]:
        return [LIVE_COLUMN_CELLS if column.live is not None else 0 for column in self.columns]

    def _gives_room(self, old: Row, new: Row) -> bool:
        """Return True when a cell of a growing column became empty."""
        return any(
            column.grow and bool(before.text) and not after.text
            for column, before, after in zip(self.columns, old.cells, new.cells, strict=False)
        )

    def measure_live(self, rows: Iterable[Row], now: datetime) -> None:
        """Widen columns of values that change with time, such as ages, for the rows on the screen."""
        for index, column in enumerate(self.columns):
            if column.live is not None:
                widest = max((len(column.live(row, now)) for row in rows), default=0)
                self.content_widths[index] = max(self.content_widths[index], widest)

    def _measure(self, row: Row) -> None:
        widths = self.content_widths
        for index, cell in enumerate(row.cells):
            text = cell.text
            cells = len(text) if text.isascii() else cell_len(text)
            if cells > widths[index]:
                widths[index] = cells


def no_labels(_key: ObjectRef) -> None:
    """Return that no labels are known."""
    return


def _every_row(row: Row) -> bool:
    return True
