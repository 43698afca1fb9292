"""The keys that sort a table by a column: columns bring their own, or get a letter of their title.

Invariant: no two columns of a table have the same letter, and none has one that the screen uses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from textual.binding import Binding

from k9py.views.values import Column


def with_sort_keys(columns: Sequence[Column], taken: Collection[str]) -> tuple[Column, ...]:
    """Return the columns, each with a letter to sort by where one is left.

    A column keeps its own letter where it can; the others get the first free letter of their titles.

    Args:
        taken: Keys that the screen uses.
    """
    used = set(taken)
    letters: dict[str, str] = {}
    for column in columns:
        if column.sort_key and column.sort_key not in used:
            letters[column.id] = column.sort_key
            used.add(column.sort_key)
    for column in columns:
        if column.id not in letters:
            free = (letter for letter in column.title.upper() if "A" <= letter <= "Z" and letter not in used)
            letters[column.id] = next(free, "")
            used.add(letters[column.id])
    return tuple(replace(column, sort_key=letters[column.id]) for column in columns)


def sort_keys(columns: Iterable[Column]) -> Iterator[Binding]:
    """Yield the binding of each column that has a key to sort by."""
    for column in columns:
        if column.sort_key:
            yield Binding(
                column.sort_key,
                f"sort_by('{column.id}')",
                f"By {column.title}",
                show=False,
                id=f"table.sort_{column.id}",
                tooltip=f"Sort by {column.title}",
            )
