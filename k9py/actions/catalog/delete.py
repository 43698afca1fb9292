"""Delete any object, or evict a pod."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliOption, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _delete(host: ActionHost, _argument: str | None) -> None:
    host.operate(DELETE.id)


def _evict(host: ActionHost, _argument: str | None) -> None:
    host.operate(EVICT.id)


DELETE: Final = Action(
    "object.delete",
    "Delete",
    "Delete the object",
    keys=("ctrl+k", "delete"),
    scope=ActionScope.OBJECT,
    run=_delete,
    command=TypedCommand("delete", ("rm",)),
    cli=CliVerb(
        "delete",
        "Delete objects of any type.",
        "Delete objects of any type; shows first what they take along.",
        takes_several=True,
        has_own_function=True,
        any_type=True,
        options=(
            CliOption(
                "--cascade",
                "cascade",
                "What happens to the objects it owns: deleted afterwards, deleted first, or kept.",
                choices=("background", "foreground", "orphan"),
            ),
            CliOption("--grace-period", "grace_seconds", "Seconds a pod has to terminate.", default=None),
            CliOption("--force", "force", "Remove a pod from the API without waiting for its node.", is_flag=True),
        ),
    ),
    permission=Permission("delete"),
    writes=True,
    operation="delete",
    takes_marked=True,
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
