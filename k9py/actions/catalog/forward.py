"""Forward ports of a pod, a workload or a Service to this machine.

It changes nothing in the cluster, so a read-only session allows it; a replay has no pods to reach.
"""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, HelpGroup, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.kinds_with_pods import FORWARDED_KINDS
from k9py.api.plural import with_article


def _has_pods(target: ActionTarget) -> str | None:
    if target.key.kind in FORWARDED_KINDS and not target.key.group:
        return None
    return f"{with_article(target.key.qualified_kind)} has no ports to forward: select a Pod, a Service or a workload"


async def _forward(host: ActionHost, argument: str | None) -> None:
    if argument and await host.remote.start_saved_forward(argument):
        return
    if argument and not host.has_target:
        host.remote.explain_no_forward(argument)
        return
    target = host.acting_on_target()
    if target is not None:
        host.remote.forward(target, argument or "")


FORWARD: Final = Action(
    "object.forward",
    "Forward",
    "Forward ports of the pod, workload or Service to this machine",
    keys=("F",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_forward,
    command=TypedCommand("forward", ("port-forward", "pf"), argument="[LOCAL:]PORT… | NAME"),
    permission=Permission("create", "pods", "portforward"),
    allowed=_has_pods,
    footer=152,
)
ACTIONS: Final = (FORWARD,)
