"""Show the logs of an object."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliVerb, HelpGroup, Permission, TypedCommand
from k9py.actions.host import ActionHost

_HAVE_LOGS: Final = (
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Service",
    "Job",
    "CronJob",
    "ReplicationController",
)


def _have_logs(target: ActionTarget) -> str | None:
    """Refuse standard types without pods; an object of a custom resource may control some."""
    key = target.key
    if key.group or key.kind in _HAVE_LOGS:
        return None
    if key.kind == "Node":
        return "a Node has no logs of its own: open one of its pods"
    return f"a {key.kind} has no logs: only what has pods does"


def _logs(host: ActionHost, _argument: str | None) -> None:
    host.show_logs(previous=False)


def _previous(host: ActionHost, _argument: str | None) -> None:
    host.show_logs(previous=True)


LOGS: Final = Action(
    "object.logs",
    "Logs",
    "Logs of all pods, full screen",
    keys=("l",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_logs,
    command=TypedCommand("logs"),
    cli=CliVerb(
        "logs",
        "Logs of all pods as one stream; -f follows.",
        "Print the logs of a workload, a service, a pod or all pods with some labels, sorted by time.",
    ),
    permission=Permission("get", "pods", "log"),
    allowed=_have_logs,
    footer=80,
)
PREVIOUS: Final = Action(
    "object.previous_logs",
    "Previous",
    "Logs of the previous containers",
    keys=("p",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_previous,
    command=TypedCommand("previous"),
    permission=Permission("get", "pods", "log"),
    allowed=_have_logs,
    footer=230,
)
ACTIONS: Final = (LOGS, PREVIOUS)
