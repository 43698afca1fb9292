"""Scale a workload to zero, and back to the number it had."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, Permission, TypedCommand
from k9py.actions.catalog.scale import has_replicas
from k9py.actions.host import ActionHost


def _zero(host: ActionHost, _argument: str | None) -> None:
    host.operate(ZERO.id)


ZERO: Final = Action(
    "workload.zero",
    "Zero",
    "Scale to 0, or back to the previous number",
    keys=("Z",),
    scope=ActionScope.WORKLOAD,
    run=_zero,
    command=TypedCommand("zero"),
    permission=Permission("patch", subresource="scale"),
    writes=True,
    operation="zero",
    allowed=has_replicas,
    footer=250,
)
ACTIONS: Final = (ZERO,)
