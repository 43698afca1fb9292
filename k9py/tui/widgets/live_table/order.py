"""How rows are ordered: by rank and name, or by one column, forwards or backwards.

Invariant: every order is total and ends in the object's key, so that equal values never swap places, and values that
are missing (`sort` None among others that have one) come last and are never compared with those present.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from k9py.tables.values import Column, Row

SortKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows. `column` None: as the owner ranked them (failing first)."""

    column: str | None = None
    reverse: bool = False


def sort_key_of(order: Order, columns: tuple[Column, ...]) -> Callable[[Row], SortKey]:
    """Return the function that gives a row's place in an order, the object's key last.

    Raises:
        KeyError: No such column.
    """
    if order.column is None:
        return _by_rank
    for index, column in enumerate(columns):
        if column.id == order.column:
            return _by_age(index) if column.live is not None else _by_cell(index)
    raise KeyError(order.column)


def _by_rank(row: Row) -> SortKey:
    key = row.key
    return (row.rank, key.namespace, key.name, key.kind)


def _by_cell(index: int) -> Callable[[Row], SortKey]:
    def sort_key(row: Row) -> SortKey:
        cell = row.cells[index]
        if cell.sort is not None:
            return (0, cell.sort, row.key)
        return (1, cell.text.lower(), row.key) if cell.text else (2, "", row.key)

    return sort_key


def _by_age(index: int) -> Callable[[Row], SortKey]:
    def sort_key(row: Row) -> SortKey:
        value = row.cells[index].sort
        if value is not None:
            return (0, value, row.key)
        return (1, -row.since.timestamp(), row.key) if row.since is not None else (2, 0.0, row.key)

    return sort_key
