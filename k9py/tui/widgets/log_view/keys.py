"""The keys of a log view."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding


def _key(keys: str, action: str, words: str, name: str, tooltip: str, shown_as: str | None = None) -> Binding:
    return Binding(keys, action, words, show=False, id=f"log.{name}", tooltip=tooltip, key_display=shown_as)


LOG_KEYS: Final = (
    _key("down,j", "move_cursor(1)", "Down", "down", "One line down; past the newest it follows"),
    _key("up,k", "move_cursor(-1)", "Up", "up", "One line up; holds the view"),
    _key("pagedown,ctrl+f", "move_pages(1)", "Page down", "page_down", "One page down"),
    _key("pageup,ctrl+b", "move_pages(-1)", "Page up", "page_up", "One page up; holds the view"),
    _key("home,g", "oldest", "Oldest", "oldest", "Oldest line kept"),
    _key("end,G", "follow", "Follow", "follow", "Newest line, and follow"),
    _key("space", "toggle_hold", "Hold", "hold", "Hold the view, or follow again"),
    _key("left", "sideways(-1)", "Left", "left", "Back to the start of long lines"),
    _key("right", "sideways(1)", "Right", "right", "More of long lines"),
    _key("enter", "unfold", "Unfold", "unfold", "All fields of a JSON or logfmt line, all of a long one; or fold it"),
    _key("m", "mark", "Mark line", "mark", "Mark a line for copying: from the first mark to the last"),
    _key("w", "toggle('wrap')", "Wrap", "wrap", "Wrap long lines"),
    _key("t", "times", "Times", "times", "Times: none, local, UTC, how long ago"),
    _key("z", "toggle('prefix')", "Source", "prefix", "Show the source of each line"),
    _key("J", "toggle('parsed')", "Parsed", "parsed", "Tell JSON and logfmt lines as records, or as written"),
    _key("C", "toggle('colours')", "Colours", "colours", "Keep the colours the containers wrote, or drop them"),
    _key(
        "plus,equals_sign",
        "more_context(1)",
        "More context",
        "more",
        "More lines around each that passes the filter",
        "+",
    ),
    _key("minus", "more_context(-1)", "Less context", "less", "Fewer lines around each that passes the filter", "-"),
    _key("e", "error(1)", "Next error", "next_error", "Next line of level error or above"),
    _key("E", "error(-1)", "Previous error", "previous_error", "Previous line of level error or above"),
    _key("T", "go_to_time", "Time", "time", "Go to a time: 14:05, 14:05:30, 5m (ago) or 2026-11-30T14:05:00Z"),
    _key("M", "from_here", "From here", "from_here", "Draw a line: what comes after it is new"),
    _key("L", "clear_view", "Clear", "clear", "Hide every line before now; again: show them"),
    _key("n", "search_next", "Next hit", "next", "Next line found"),
    _key("N", "search_previous", "Previous hit", "previous", "Previous line found"),
)
