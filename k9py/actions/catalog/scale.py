"""Scale a workload."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliOption, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.errors import RefusedError


def has_replicas(target: ActionTarget) -> str | None:
    """Refuse what has no number of replicas."""
    if target.key.kind == "DaemonSet" and not target.key.group:
        return "a DaemonSet cannot be scaled: it runs one pod per matching node"
    return None


def has_scale(target: ActionTarget) -> bool:
    """Return whether the type of an object has a scale subresource."""
    return target.resource_type is not None and "scale" in target.resource_type.subresources


def _scale(host: ActionHost, argument: str | None) -> None:
    if argument and not (argument.isascii() and argument.isdigit()):
        raise RefusedError(f'"{argument}" is not a number of replicas', "for example: scale 3")
    host.operate(SCALE.id, replicas=int(argument) if argument else None)


SCALE: Final = Action(
    "workload.scale",
    "Scale",
    "Scale: set the number of replicas",
    keys=("s",),
    scope=ActionScope.WORKLOAD,
    run=_scale,
    command=TypedCommand("scale", argument="replicas"),
    cli=CliVerb(
        "scale",
        "Set the number of replicas.",
        "Set the number of replicas, one workload after the other; stop at the first that fails.",
        takes_several=True,
        any_type=True,
        options=(CliOption("--replicas", "replicas", "Number of replicas to set.", required=True),),
    ),
    permission=Permission("patch", subresource="scale"),
    writes=True,
    operation="scale",
    takes_marked=True,
    allowed=has_replicas,
    also=has_scale,
    footer=110,
)
ACTIONS: Final = (SCALE,)
