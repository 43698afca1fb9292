"""Show what changed: the timeline of the selected object and all that it depends on; and the keys of that screen."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _connected(host: ActionHost) -> str | None:
    return None if host.is_connected else "not connected"


def _timeline(host: ActionHost, _argument: str | None) -> None:
    host.show_timeline()


def _key(name: str, title: str, text: str, key: str, footer: int, native: str = "") -> Action:
    return Action(
        f"timeline.{name}",
        title,
        text,
        keys=(key,),
        group=HelpGroup.TABLES,
        scope=ActionScope.TIMELINE,
        native=native or name,
        footer=footer,
    )


TIMELINE: Final = Action(
    "object.timeline",
    "Changes",
    "What changed: timeline of the selected object and all that it depends on",
    keys=("T",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.CLUSTER,
    run=_timeline,
    command=TypedCommand("timeline", ("changes",)),
    cli=CliVerb(
        "timeline",
        "What changed: rollouts, edits, restarts, events.",
        "List what changed, the newest first: for an object and all that it depends on, or for a namespace.",
    ),
    ready=_connected,
    footer=168,
)
ACTIONS: Final = (
    TIMELINE,
    _key("widen", "Widen", "Show the changes of the namespace, of everything, of the object", "space", 162),
    _key("since", "Since", "Begin 15 minutes, 1, 6 or 24 hours ago", "t", 163),
    _key("earlier", "Earlier", "The change or beginning of a problem before", "left_square_bracket", 164, "step(-1)"),
    _key("later", "Later", "The next change or beginning of a problem", "right_square_bracket", 166, "step(1)"),
    _key("open", "Go to", "Open the object of the entry ({table.select} shows the details)", "f", 161),
)
