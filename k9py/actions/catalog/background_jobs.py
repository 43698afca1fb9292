"""What runs in the background: list it, stop it, start it again, use the address it listens on."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _list(host: ActionHost, _argument: str | None) -> None:
    host.remote.show_jobs()


def _key(name: str, title: str, text: str, key: str, footer: int | None = None) -> Action:
    return Action(
        f"background.{name}",
        title,
        text,
        keys=(key,),
        group=HelpGroup.TABLES,
        scope=ActionScope.BACKGROUND_JOBS,
        native=name,
        footer=footer,
    )


JOBS: Final = Action(
    "background.jobs",
    "Jobs",
    "What runs in the background: port-forwards, downloads, operations; stop it, copy its URL",
    keys=("J",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.CLUSTER,
    run=_list,
    command=TypedCommand("jobs-running", ("forwards",)),
    footer=175,
)
ACTIONS: Final = (
    JOBS,
    _key("stop", "Stop", "Stop the job; asks where something is lost", "s", 22),
    _key("start", "Start", "Start a saved forward, or one that has ended", "r", 32),
    _key("copy_url", "Copy URL", "Copy the URL of the forward", "c", 45),
    _key("open_url", "Browser", "Open the URL of the forward in the browser", "o", 52),
    _key("as_config", "Config", "Show the forward as lines for the config file, and copy them", "y", 62),
    _key("clear", "Clear ended", "Remove the jobs that have ended from the list", "L", 72),
)
