"""Keys of the log screen: which containers are read, from when, and what is compared."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup

_RANGES: Final = (
    "Last 200 lines of each container, then follow",
    "Beginning of each container's log; not followed",
    "Last minute, then follow",
    "Last 5 minutes, then follow",
    "Last 15 minutes, then follow",
    "Last 30 minutes, then follow",
    "Last hour, then follow",
)


def _key(name: str, title: str, text: str, key: str, native: str, footer: int | None = None) -> Action:
    return Action(
        f"logs.{name}",
        title,
        text,
        keys=(key,),
        group=HelpGroup.LOG_SOURCES,
        scope=ActionScope.LOG_SCREEN,
        native=native,
        footer=footer,
    )


ACTIONS: Final = (
    *(
        _key(f"range_{number}", f"Range {number}", text, str(number), f"range({number})")
        for number, text in enumerate(_RANGES)
    ),
    Action(
        "logs.hold",
        "Hold",
        "Hold the view, or follow again (reading continues)",
        keys=("s",),
        group=HelpGroup.LOG_LINES,
        scope=ActionScope.LOG_SCREEN,
        native="hold",
        footer=40,
    ),
    _key("previous", "Previous", "Toggle previous containers / current ones", "p", "previous_logs", 300),
    _key("hide", "Hide", "Hide pods, containers or levels", "x", "hide", 50),
    _key(
        "show_only",
        "Show only",
        "Show only some pods, containers or levels; init and ephemeral ones too",
        "X",
        "show_only",
    ),
    _key("patterns", "Patterns", "Compare the log patterns of the new revision with the old one", "P", "patterns", 60),
)
