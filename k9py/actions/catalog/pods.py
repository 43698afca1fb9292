"""Delete or evict the pod under the cursor."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _delete(host: ActionHost, _argument: str | None) -> None:
    host.operate(DELETE.id)


def _evict(host: ActionHost, _argument: str | None) -> None:
    host.operate(EVICT.id)


DELETE: Final = Action(
    "pod.delete",
    "Delete pod",
    "Delete the pod",
    keys=("ctrl+k", "delete"),
    scope=ActionScope.POD,
    run=_delete,
    command=TypedCommand("delete"),
    permission=Permission("delete", "pods"),
    writes=True,
    operation="delete-pod",
)
EVICT: Final = Action(
    "pod.evict",
    "Evict",
    "Evict the pod (respects its PDB)",
    keys=("ctrl+e",),
    scope=ActionScope.POD,
    run=_evict,
    command=TypedCommand("evict"),
    permission=Permission("create", "pods", "eviction"),
    writes=True,
    operation="evict",
)
ACTIONS: Final = (DELETE, EVICT)
