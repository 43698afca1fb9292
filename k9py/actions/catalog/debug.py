"""Debug a pod with a debug container, a copy or a shell on its node; debug a Node with a pod on it."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliVerb, Permission, TypedCommand
from k9py.actions.catalog.shell import has_containers
from k9py.actions.host import ActionHost


def _allowed(target: ActionTarget) -> str | None:
    """Allow it on Nodes too: there it is a pod on the node."""
    key = target.key
    return None if key.kind == "Node" and not key.group else has_containers(target)


def _debug(host: ActionHost, argument: str | None) -> None:
    target = host.acting_on_target()
    if target is not None:
        host.remote.debug(target, (argument or "").strip(), host.container_under_cursor)


DEBUG: Final = Action(
    "object.debug",
    "Debug",
    "Debug container in the pod, copy of the pod, or shell on its node",
    keys=("b",),
    scope=ActionScope.OBJECT,
    run=_debug,
    command=TypedCommand("debug", argument="image"),
    cli=CliVerb(
        "debug",
        "Debug a pod or a node with a container of tools.",
        "Add a debug container to a running pod, create a copy of it with other images or another command, or open a"
        " shell on a node, as kubectl debug does. At a terminal it attaches; the exit code is that of the container."
        " After the session a pod on a node is removed, and a copy if you want. Without a terminal, or with"
        " --no-attach, nothing is removed: it prints how to enter what it has created, and how to remove it. A debug"
        " container stays in its pod.",
        has_own_function=True,
        any_type=True,
        bare_type="pod",
    ),
    permission=Permission("create", "pods", "attach"),
    writes=True,
    allowed=_allowed,
    footer=96,
)
ACTIONS: Final = (DEBUG,)
