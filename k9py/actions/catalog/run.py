"""Run one command in all pods of an object, results side by side."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, Permission, TypedCommand
from k9py.actions.catalog.shell import has_containers
from k9py.actions.host import ActionHost


def _run(host: ActionHost, argument: str | None) -> None:
    if (target := host.acting_on_target()) is not None:
        host.remote.run_in_all(target, argument or "")


RUN: Final = Action(
    "object.run",
    "Run in pods",
    "Run a command in all pods of the workload or Service; asks first",
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_run,
    command=TypedCommand("run", ("exec",), argument="COMMAND"),
    permission=Permission("create", "pods", "exec"),
    writes=True,
    allowed=has_containers,
)
ACTIONS: Final = (RUN,)
