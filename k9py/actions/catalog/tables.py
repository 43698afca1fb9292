"""Keys of every table. Keys that sort by a column are the columns' own: `table.sort_<column>`."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup


def _key(name: str, title: str, text: str, keys: tuple[str, ...], native: str, footer: int | None = None) -> Action:
    return Action(
        f"table.{name}",
        title,
        text,
        keys=keys,
        group=HelpGroup.TABLES,
        scope=ActionScope.TABLE,
        native=native,
        footer=footer,
    )


ACTIONS: Final = (
    _key("down", "Down", "Next row", ("down", "j"), "move(1)"),
    _key("up", "Up", "Previous row", ("up", "k"), "move(-1)"),
    _key("page_down", "Page down", "Page down", ("pagedown", "ctrl+f"), "page(1)"),
    _key("page_up", "Page up", "Page up", ("pageup", "ctrl+b"), "page(-1)"),
    _key("half_page_down", "Half page down", "Half a page down", ("ctrl+d",), "page(0.5)"),
    _key("half_page_up", "Half page up", "Half a page up", ("ctrl+u",), "page(-0.5)"),
    _key("top", "Top", "First row", ("home", "g"), "edge(0)"),
    _key("bottom", "Bottom", "Last row", ("end", "G"), "edge(1)"),
    _key("left", "Left", "Scroll columns back", ("left",), "sideways(-1)"),
    _key("right", "Right", "Scroll to hidden columns", ("right",), "sideways(1)"),
    _key("select", "Open", "Open the selected object", ("enter",), "select", 160),
    _key("sort", "Sort", "Sort by the next column; after the last by severity", ("o",), "sort_next", 270),
    _key(
        "reverse",
        "Reverse",
        "Reverse the order; a column's key again does too, a third time sorts by severity",
        ("minus",),
        "sort_reverse",
    ),
    _key("wide", "Wide", "Show or hide the wide columns", ("w",), "toggle_wide", 275),
    _key("columns", "Columns", "Choose the columns; the choice is kept for each type", ("v",), "choose_columns"),
)
