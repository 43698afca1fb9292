"""The keys of a log view."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding


def _key(keys: str, action: str, words: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, words, show=False, id=f"log.{name}", tooltip=tooltip)


LOG_KEYS: Final = (
    _key("down,j", "scroll_rows(1)", "Down", "down", "One line down"),
    _key("up,k", "scroll_rows(-1)", "Up", "up", "One line up; holds the view"),
    _key("pagedown,ctrl+f", "scroll_pages(1)", "Page down", "page_down", "One page down"),
    _key("pageup,ctrl+b", "scroll_pages(-1)", "Page up", "page_up", "One page up; holds the view"),
    _key("home,g", "oldest", "Oldest", "oldest", "Oldest line kept"),
    _key("end,G", "follow", "Follow", "follow", "Newest line, and follow"),
    _key("space", "toggle_hold", "Hold", "hold", "Hold the view, or follow again"),
    _key("left", "sideways(-1)", "Left", "left", "Back to the start of long lines"),
    _key("right", "sideways(1)", "Right", "right", "More of long lines"),
    _key("w", "toggle('wrap')", "Wrap", "wrap", "Wrap long lines"),
    _key("t", "toggle('times')", "Times", "times", "Show when each line was written"),
    _key("z", "toggle('prefix')", "Source", "prefix", "Show the source of each line"),
    _key("n", "search_next", "Next hit", "next", "Next line found"),
    _key("N", "search_previous", "Previous hit", "previous", "Previous line found"),
)
