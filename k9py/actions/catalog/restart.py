"""Restart a workload."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _restart(host: ActionHost, _argument: str | None) -> None:
    host.operate(RESTART.id)


RESTART: Final = Action(
    "workload.restart",
    "Restart",
    "Replace every pod, as the update strategy allows",
    keys=("r",),
    scope=ActionScope.WORKLOAD,
    run=_restart,
    command=TypedCommand("restart"),
    cli=CliVerb(
        "restart",
        "Restart all pods, one workload after the other.",
        "Restart all pods, one workload after the other; stop at the first that fails.",
        takes_several=True,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="restart",
    takes_marked=True,
    footer=120,
)
ACTIONS: Final = (RESTART,)
