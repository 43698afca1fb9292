"""Move between panes, and narrow what they show."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup


def _pane(name: str, title: str, text: str, keys: tuple[str, ...], native: str, footer: int | None = None) -> Action:
    return Action(
        f"pane.{name}",
        title,
        text,
        keys=keys,
        group=HelpGroup.PANES,
        scope=ActionScope.PANES,
        native=native,
        footer=footer,
    )


def _home(action_id: str, title: str, text: str, native: str, place: int) -> Action:
    return Action(
        action_id,
        title,
        text,
        keys=("space",),
        group=HelpGroup.PANES,
        scope=ActionScope.HOME,
        native=native,
        footer=place,
    )


ACTIONS: Final = (
    _pane("next", "Next pane", "Next pane", ("tab",), "next_pane"),
    _pane("previous", "Previous pane", "Previous pane", ("shift+tab",), "previous_pane"),
    *(
        _pane(
            f"show_{number}",
            f"Pane {number}",
            "Go to the pane with that number",
            (str(number),),
            f"show_pane({number})",
        )
        for number in range(1, 6)
    ),
    _pane(
        "filter",
        "Filter rows",
        "Filter rows (text, !not, regex, -l label=value, ~fuzzy), or search a text",
        ("slash",),
        "filter",
        170,
    ),
    _home(
        "workload.mark",
        "Select",
        "Select for {workload.scale} and {workload.restart} of several ({app.back}: deselect all)",
        "mark",
        261,
    ),
    _home("service.narrow", "Narrow", "Show only what belongs to the service ({app.back}: all)", "narrow", 262),
    Action(
        "connection.retry",
        "Retry now",
        "Retry the connection now",
        keys=("enter",),
        group=HelpGroup.GENERAL,
        scope=ActionScope.HOME,
        native="retry_connection",
    ),
)
