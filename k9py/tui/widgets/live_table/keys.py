"""The keys that sort a table by a column: columns bring their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.binding import Binding

from k9py.views.values import Column


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
