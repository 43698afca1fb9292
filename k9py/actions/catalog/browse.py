"""Go from an object to those it belongs to, and to pods that no table of the first screen shows."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _connected(host: ActionHost) -> str | None:
    return None if host.is_connected else "not connected"


def _owner(host: ActionHost, _argument: str | None) -> None:
    host.show_owner()


def _tree(host: ActionHost, _argument: str | None) -> None:
    host.show_tree()


def _failing_pods(host: ActionHost, _argument: str | None) -> None:
    host.show_other_pods()


OWNER: Final = Action(
    "object.owner",
    "Owner",
    "Go to the owner: the object that controls this one",
    keys=("O",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.OBJECT,
    run=_owner,
    command=TypedCommand("owner"),
    footer=265,
)
TREE: Final = Action(
    "object.tree",
    "Tree",
    "Tree of owners and dependents, with their states",
    keys=("x",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.OBJECT,
    run=_tree,
    command=TypedCommand("tree", ("xray",)),
    footer=264,
)
OTHER_PODS: Final = Action(
    "cluster.other_pods",
    "Other pods",
    "Failing pods of no Service or workload: bare pods, Jobs, operators",
    keys=("exclamation_mark",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.CLUSTER,
    run=_failing_pods,
    command=TypedCommand("failing"),
    ready=_connected,
)
ACTIONS: Final = (OWNER, TREE, OTHER_PODS)
