"""Go to the object that an operation has created: the Job of a triggered CronJob, the next one of a retried Job."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, TypedCommand
from k9py.actions.host import ActionHost


def _has_created(host: ActionHost) -> str | None:
    if host.operations.created is None:
        return "nothing was created: trigger a CronJob or retry a Job first"
    return None


def _open(host: ActionHost, _argument: str | None) -> None:
    host.show_created()


OPEN: Final = Action(
    "operation.open",
    "Open",
    "Open the Job that was just created",
    keys=("ctrl+g",),
    scope=ActionScope.OPERATION,
    run=_open,
    command=TypedCommand("created"),
    ready=_has_created,
)
ACTIONS: Final = (OPEN,)
