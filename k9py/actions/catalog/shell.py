"""Open a shell in a container of an object."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.kinds_with_pods import KINDS_WITH_PODS
from k9py.api.plural import with_article


def has_containers(target: ActionTarget) -> str | None:
    """Refuse standard types without pods; an object of a custom resource may control some."""
    key = target.key
    if key.group or key.kind in KINDS_WITH_PODS:
        return None
    return f"{with_article(key.kind)} has no containers: only what has pods does"


def _has_shell(target: ActionTarget) -> str | None:
    """Allow it on Nodes too: there it is a shell on the node."""
    key = target.key
    return None if key.kind == "Node" and not key.group else has_containers(target)


def _shell(host: ActionHost, argument: str | None) -> None:
    if (target := host.acting_on_target()) is not None:
        host.remote.open_shell(target, argument or host.container_under_cursor)


SHELL: Final = Action(
    "object.shell",
    "Shell",
    "Shell in a container of the pod, or of the newest ready pod",
    keys=("S",),
    scope=ActionScope.OBJECT,
    run=_shell,
    command=TypedCommand("shell", argument="container"),
    cli=CliVerb(
        "shell",
        "Open a shell in a container.",
        "Open a shell in a container of a pod, or of the newest ready pod of a workload or Service: bash, or else sh."
        " Ctrl+] three times quickly leaves a shell that does not answer.",
        has_own_function=True,
    ),
    permission=Permission("create", "pods", "exec"),
    writes=True,
    allowed=_has_shell,
    footer=92,
)
ACTIONS: Final = (SHELL,)
