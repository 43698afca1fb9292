"""Go from an object to those it belongs to, and to those that belong to it."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _owner(host: ActionHost, _argument: str | None) -> None:
    host.show_owner()


def _tree(host: ActionHost, _argument: str | None) -> None:
    host.show_tree()


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
ACTIONS: Final = (OWNER, TREE)
