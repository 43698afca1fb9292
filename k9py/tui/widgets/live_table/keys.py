"""The keys of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from textual.binding import Binding

from k9py.views.values import Column


def _key(keys: str, action: str, words: str, name: str, tooltip: str, shown: str | None = None) -> Binding:
    return Binding(keys, action, words, show=False, key_display=shown, id=f"table.{name}", tooltip=tooltip)


TABLE_KEYS: Final = (
    _key("down,j", "move(1)", "Down", "down", "Next row"),
    _key("up,k", "move(-1)", "Up", "up", "Previous row"),
    _key("pagedown,ctrl+f", "page(1)", "Page down", "page_down", "One page down"),
    _key("pageup,ctrl+b", "page(-1)", "Page up", "page_up", "One page up"),
    _key("home,g", "edge(0)", "Top", "top", "First row"),
    _key("end,G", "edge(1)", "Bottom", "bottom", "Last row"),
    _key("left", "sideways(-1)", "Left", "left", "Scroll columns back"),
    _key("right", "sideways(1)", "Right", "right", "Scroll to hidden columns"),
    _key("enter", "select", "Open", "select", "Open the selected object", "Enter"),
    _key("o", "sort_next", "Sort", "sort", "Sort by the next column; after the last by severity"),
    _key("O", "sort_reverse", "Reverse", "reverse", "Reverse the order"),
)


def sort_keys(columns: Iterable[Column]) -> Iterator[Binding]:
    """Yield the binding of each column that has a key to sort by."""
    for column in columns:
        if column.sort_key:
            words = f"Sort by {column.title}; again: reverse; a third time: by severity"
            yield _key(column.sort_key, f"sort_by('{column.id}')", f"By {column.title}", f"sort_{column.id}", words)
