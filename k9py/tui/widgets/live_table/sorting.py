"""Sorting a table: by rank, or by one column, with keys, by its title, forwards or backwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k9py.tui.widgets.live_table.drawing import GUTTER_CELLS
from k9py.tui.widgets.live_table.fitting import column_at
from k9py.tui.widgets.live_table.keys import sort_keys
from k9py.tui.widgets.live_table.order import Order
from k9py.tui.widgets.live_table.table_body import TableBody
from k9py.views.values import Column, Row


class SortableTable(TableBody):
    """Rows whose order the user chooses. The keys of the columns must be bound once: `bind_sort_keys`."""

    def set_order(self, order: Order) -> None:
        """Show the rows in another order.

        Raises:
            KeyError: no such column.
        """
        self._rows.set_order(order)
        self.flush_if_mounted()

    def replace_all(self, rows: Iterable[Row], columns: Sequence[Column] | None = None) -> None:
        super().replace_all(rows, columns)
        if columns is not None:
            self.bind_sort_keys()

    def bind_sort_keys(self) -> None:
        """Bind the sort keys of the current columns instead of those of other columns."""
        bindings = self._bindings
        for key in [key for key, bound in bindings.key_to_bindings.items() if bound[0].action.startswith("sort_by(")]:
            del bindings.key_to_bindings[key]
        for binding in sort_keys(self.columns):
            bindings.key_to_bindings.setdefault(binding.key, [binding])

    def sort_by_title(self, x: int) -> None:
        """Sort by the column whose title is at cell `x` of the header; in the gutter, by rank."""
        if x < GUTTER_CELLS:
            self.set_order(Order())
            return
        column = column_at(self._fit, x - GUTTER_CELLS + self.left)
        if column is not None:
            self.action_sort_by(self.columns[column].id)

    def action_sort_next(self) -> None:
        """Sort by the next column; after the last column, by rank."""
        ids: list[str | None] = [None, *[column.id for column in self.columns if self._rows.shows(column)]]
        if self.order.column not in ids:
            ids.append(self.order.column)
        self.set_order(self._first_order(ids[(ids.index(self.order.column) + 1) % len(ids)]))

    def _first_order(self, column: str | None) -> Order:
        """Return the order that a column is first sorted in."""
        return Order(column, any(known.descending_first for known in self.columns if known.id == column))

    def action_sort_by(self, column: str) -> None:
        """Sort by a column; pressed again, in reverse; a third time, by rank."""
        order, first = self.order, self._first_order(column)
        if order.column != column:
            self.set_order(first)
        elif order == first:
            self.set_order(Order(column, reverse=not first.reverse))
        else:
            self.set_order(Order())

    def action_sort_reverse(self) -> None:
        """Reverse the order."""
        self.set_order(Order(self.order.column, not self.order.reverse))
