"""Stop changing several objects one after the other."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, TypedCommand
from k9py.actions.host import ActionHost


def _is_running(host: ActionHost) -> str | None:
    return None if host.operations.running_bulk else "nothing to stop: no bulk operation is running"


def _stop(host: ActionHost, _argument: str | None) -> None:
    host.operations.stop()


STOP: Final = Action(
    "operation.stop",
    "Stop",
    "Stop a batch after the current workload",
    keys=("ctrl+x",),
    scope=ActionScope.OPERATION,
    run=_stop,
    command=TypedCommand("stop"),
    ready=_is_running,
)
ACTIONS: Final = (STOP,)
