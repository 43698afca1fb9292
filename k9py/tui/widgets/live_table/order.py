"""The order of rows: by rank and name, or by one column, forwards or backwards.

Invariant: every order is total and ends in the object's namespace, name and kind, so that equal values never swap
places. Missing values (`sort` None among others that have one) come last, also in reverse, and are never compared with
others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.views.values import Column, Row

SortKey = tuple[Any, ...]
"""The sort value of a row, then namespace, name and kind of its object (in that order)."""

_LAST: Final = {False: (1, 2), True: (-1, -2)}
"""What two forms of missing values sort by, after the 0 of values, forwards and in reverse."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows. `column` None: by rank (failing first)."""

    column: str | None = None
    reverse: bool = False


def sort_key_of(order: Order, columns: tuple[Column, ...]) -> Callable[[Row], SortKey]:
    """Return the function that gives a row's place in an order.

    Raises:
        KeyError: No such column.
    """
    if order.column is None:
        return _by_rank
    for index, column in enumerate(columns):
        if column.id == order.column:
            return _by_age(index, order) if column.live is not None else _by_cell(index, order)
    raise KeyError(order.column)


def key_of(place: SortKey) -> ObjectRef:
    """Return the object a place belongs to."""
    return ObjectRef(place[-2], place[-4], place[-3], place[-1])


def _by_rank(row: Row) -> SortKey:
    kind, namespace, name, group = row.key
    return (row.rank, namespace, name, kind, group)


def _by_cell(index: int, order: Order) -> Callable[[Row], SortKey]:
    missing, empty = _LAST[order.reverse]

    def sort_key(row: Row) -> SortKey:
        kind, namespace, name, group = row.key
        cell = row.cells[index]
        if cell.sort is not None:
            return (0, cell.sort, namespace, name, kind, group)
        if cell.text:
            return (missing, cell.text.lower(), namespace, name, kind, group)
        return (empty, "", namespace, name, kind, group)

    return sort_key


def _by_age(index: int, order: Order) -> Callable[[Row], SortKey]:
    without_sort, missing = _LAST[order.reverse]

    def sort_key(row: Row) -> SortKey:
        kind, namespace, name, group = row.key
        value = row.cells[index].sort
        if value is not None:
            return (0, value, namespace, name, kind, group)
        if row.since is not None:
            return (without_sort, -row.since.timestamp(), namespace, name, kind, group)
        return (missing, 0.0, namespace, name, kind, group)

    return sort_key
