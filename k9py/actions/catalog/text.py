"""Keys of text on the screen: descriptions, YAML, differences."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup


def _key(
    name: str, title: str, text: str, keys: tuple[str, ...], native: str, scope: ActionScope = ActionScope.TEXT_VIEW
) -> Action:
    return Action(f"text.{name}", title, text, keys=keys, group=HelpGroup.TEXT, scope=scope, native=native)


ACTIONS: Final = (
    Action(
        "text.secrets",
        "Secrets",
        "Show or hide values that look like secrets",
        keys=("V",),
        group=HelpGroup.TEXT,
        scope=ActionScope.TEXT_SCREEN,
        native="secrets",
        footer=280,
    ),
    _key("down", "Down", "Down", ("down", "j"), "scroll_lines(1)"),
    _key("up", "Up", "Up", ("up", "k"), "scroll_lines(-1)"),
    _key("page_down", "Page down", "Page down", ("pagedown", "space", "ctrl+f"), "scroll_pages(1)"),
    _key("page_up", "Page up", "Page up", ("pageup", "ctrl+b"), "scroll_pages(-1)"),
    _key("half_page_down", "Half page down", "Half a page down", ("ctrl+d",), "scroll_pages(0.5)"),
    _key("half_page_up", "Half page up", "Half a page up", ("ctrl+u",), "scroll_pages(-0.5)"),
    _key("top", "Top", "First line", ("home", "g"), "edge(0)"),
    _key("bottom", "Bottom", "Last line", ("end", "G"), "edge(1)"),
    _key("left", "Left", "Start of long lines", ("left",), "sideways(-1)"),
    _key("right", "Right", "More of long lines", ("right",), "sideways(1)"),
    _key("next", "Next match", "Next match", ("n",), "search_next"),
    _key("previous", "Previous match", "Previous match", ("N",), "search_previous"),
    _key("next_change", "Next change", "Next change", ("right_square_bracket",), "next_change", ActionScope.DIFF_VIEW),
    _key(
        "previous_change",
        "Previous change",
        "Previous change",
        ("left_square_bracket",),
        "previous_change",
        ActionScope.DIFF_VIEW,
    ),
)
