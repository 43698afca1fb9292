"""Choose what part of which cluster is shown."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _connected(host: ActionHost) -> str | None:
    return None if host.is_connected else "not connected"


def _namespaces(host: ActionHost, argument: str | None) -> None:
    if argument in (None, "", "?"):
        host.choose_namespace()
    else:
        names = () if argument in ("all", "0", "*") else tuple((argument or "").replace(",", " ").split())
        host.show_namespaces(names)


def _all_namespaces(host: ActionHost, _argument: str | None) -> None:
    host.show_namespaces(())


def _contexts(host: ActionHost, argument: str | None) -> None:
    if argument:
        host.show_context(argument)
    else:
        host.choose_context()


NAMESPACES: Final = Action(
    "cluster.namespaces",
    "Namespaces",
    "Choose a namespace",
    keys=("n",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.CLUSTER,
    run=_namespaces,
    command=TypedCommand("ns", ("namespace",), argument="name"),
    ready=_connected,
    footer=190,
)
ALL_NAMESPACES: Final = Action(
    "cluster.all_namespaces",
    "All namespaces",
    "Show all namespaces",
    keys=("0",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.CLUSTER,
    run=_all_namespaces,
    command=TypedCommand("all-namespaces", ("0",)),
    ready=_connected,
    footer=None,
)
CONTEXTS: Final = Action(
    "cluster.contexts",
    "Contexts",
    "Switch context",
    keys=("ctrl+o",),
    group=HelpGroup.NAVIGATE,
    scope=ActionScope.CLUSTER,
    run=_contexts,
    command=TypedCommand("ctx", ("context", "contexts"), argument="name"),
    footer=200,
)
ACTIONS: Final = (NAMESPACES, ALL_NAMESPACES, CONTEXTS)
