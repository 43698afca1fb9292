"""Keys of a log's lines: search, filter, time, marks."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup


def _key(
    name: str,
    title: str,
    text: str,
    keys: tuple[str, ...],
    native: str,
    scope: ActionScope = ActionScope.LOG_VIEW,
    footer: int | None = None,
) -> Action:
    return Action(
        f"log.{name}", title, text, keys=keys, group=HelpGroup.LOG_LINES, scope=scope, native=native, footer=footer
    )


ACTIONS: Final = (
    _key(
        "search",
        "Search",
        "Search by regular expression ({log.next}, {log.previous}: next, previous match)",
        ("slash",),
        "search",
        ActionScope.LOG_PANE,
        20,
    ),
    _key(
        "filter",
        "Filter",
        "Only lines with these words, or such as level>=warn .status>=500 pod=x !word",
        ("ampersand",),
        "filter_lines",
        ActionScope.LOG_PANE,
        30,
    ),
    _key(
        "highlight",
        "Highlight",
        "Highlight words and /regular expressions/, each in its own colour ({app.back}: none)",
        ("H",),
        "highlight",
        ActionScope.LOG_PANE,
    ),
    _key("copy", "Copy", "Copy the line or the marked lines, unchanged", ("c",), "copy", ActionScope.LOG_PANE),
    _key(
        "save", "Save", "Save what is shown, or the whole buffer, to a file", ("ctrl+s",), "save", ActionScope.LOG_PANE
    ),
    _key("full", "Full", "Lines only, full screen", ("f",), "screen.full_screen", ActionScope.LOG_PANE),
    _key("down", "Down", "Down (at the end: follow)", ("down", "j"), "move_cursor(1)"),
    _key("up", "Up", "Up (holds the view)", ("up", "k"), "move_cursor(-1)"),
    _key("page_down", "Page down", "Page down", ("pagedown", "ctrl+f"), "move_pages(1)"),
    _key("page_up", "Page up", "Page up (holds the view)", ("pageup", "ctrl+b"), "move_pages(-1)"),
    _key("half_page_down", "Half page down", "Half a page down", ("ctrl+d",), "move_pages(0.5)"),
    _key("half_page_up", "Half page up", "Half a page up (holds the view)", ("ctrl+u",), "move_pages(-0.5)"),
    _key("oldest", "Oldest", "Oldest line in the buffer", ("home", "g"), "oldest"),
    _key("follow", "Follow", "Newest line, and follow", ("end", "G"), "follow"),
    _key("hold", "Hold", "Hold the view, or follow again", ("space",), "toggle_hold"),
    _key("left", "Left", "Start of long lines", ("left",), "sideways(-1)"),
    _key("right", "Right", "More of long lines", ("right",), "sideways(1)"),
    _key("unfold", "Unfold", "Unfold or fold a line: all fields of JSON or logfmt", ("enter",), "unfold"),
    _key("mark", "Mark line", "Mark a line: copies from the first mark to the last", ("m",), "mark"),
    _key("wrap", "Wrap", "Wrap long lines", ("w",), "toggle('wrap')"),
    _key("times", "Times", "Times: none, local, UTC, age", ("t",), "times"),
    _key("prefix", "Source", "Show the source of each line", ("z",), "toggle('prefix')"),
    _key("parsed", "Parsed", "Toggle raw / parsed JSON and logfmt", ("R",), "toggle('parsed')"),
    _key("colours", "Colours", "Toggle the containers' own colours", ("C",), "toggle('colours')"),
    _key(
        "more", "More context", "More lines around each match of the filter", ("plus", "equals_sign"), "more_context(1)"
    ),
    _key("less", "Less context", "Fewer lines around each match of the filter", ("minus",), "more_context(-1)"),
    _key("next_error", "Next error", "Next line of level error or above", ("e",), "error(1)", footer=70),
    _key("previous_error", "Previous error", "Previous line of level error or above", ("E",), "error(-1)"),
    _key("time", "Time", "Go to a time: 14:05, 14:05:30, 5m (ago) or 2026-11-30T14:05:00Z", ("at",), "go_to_time"),
    _key("from_here", "From here", "Draw a line: what is below is new", ("M",), "from_here"),
    _key("clear", "Clear", "Hide lines up to now; again: show them", ("L",), "clear_view"),
    _key("next", "Next match", "Next match", ("n",), "search_next"),
    _key("previous", "Previous match", "Previous match", ("N",), "search_previous"),
)
