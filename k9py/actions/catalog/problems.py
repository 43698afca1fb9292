"""The problems of the cluster: list them, acknowledge them."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _connected(host: ActionHost) -> str | None:
    return None if host.is_connected else "not connected"


def _problems(host: ActionHost, _argument: str | None) -> None:
    host.show_problems()


def _capsule(host: ActionHost, _argument: str | None) -> None:
    host.write_capsule()


PROBLEMS: Final = Action(
    "cluster.problems",
    "Problems",
    "Problems: what is broken, why, and what changed; {table.select} shows the chain",
    keys=("exclamation_mark",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.CLUSTER,
    run=_problems,
    command=TypedCommand("problems", ("failing",)),
    ready=_connected,
    footer=165,
)
CAPSULE: Final = Action(
    "cluster.capsule",
    "Capsule",
    "Write the incident into one file without secrets: kdash --replay opens it",
    keys=("ctrl+w",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.CLUSTER,
    run=_capsule,
    command=TypedCommand("capsule"),
    ready=_connected,
)
ACKNOWLEDGE: Final = Action(
    "problem.acknowledge",
    "Acknowledge",
    "Acknowledge the problem: hide it until its severity changes, or show it again",
    keys=("a",),
    group=HelpGroup.TABLES,
    scope=ActionScope.PROBLEMS,
    native="acknowledge",
    footer=135,
)
SHOW_HIDDEN: Final = Action(
    "problem.show_hidden",
    "Hidden",
    "Show or hide acknowledged and muted problems, and what is only worth knowing",
    keys=("A",),
    group=HelpGroup.TABLES,
    scope=ActionScope.PROBLEMS,
    native="show_hidden",
    footer=272,
)
FOLD: Final = Action(
    "chain.fold",
    "Objects",
    "List the objects that have the same finding, or fold them",
    keys=("space",),
    group=HelpGroup.TABLES,
    scope=ActionScope.CHAIN,
    native="fold",
    footer=268,
)
ACTIONS: Final = (PROBLEMS, CAPSULE, ACKNOWLEDGE, SHOW_HIDDEN, FOLD)
