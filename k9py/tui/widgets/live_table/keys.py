"""The keys of a table."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding


def _key(keys: str, action: str, words: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, words, show=False, id=f"table.{name}", tooltip=tooltip)


TABLE_KEYS: Final = (
    _key("down,j", "move(1)", "Down", "down", "Next row"),
    _key("up,k", "move(-1)", "Up", "up", "Previous row"),
    _key("pagedown,ctrl+f", "page(1)", "Page down", "page_down", "One page down"),
    _key("pageup,ctrl+b", "page(-1)", "Page up", "page_up", "One page up"),
    _key("home,g", "edge(0)", "Top", "top", "First row"),
    _key("end,G", "edge(1)", "Bottom", "bottom", "Last row"),
    _key("left", "sideways(-1)", "Left", "left", "Scroll columns back"),
    _key("right", "sideways(1)", "Right", "right", "Scroll to hidden columns"),
    Binding(
        "enter",
        "select",
        "Open",
        show=False,
        id="table.select",
        tooltip="Open the selected object",
        key_display="Enter",
    ),
    _key("o", "sort_next", "Sort", "sort", "Sort by the next column"),
    _key("O", "sort_reverse", "Reverse", "reverse", "Reverse the order"),
)
