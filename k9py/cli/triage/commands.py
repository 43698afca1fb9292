"""The command line that does what helps: `kdash undo deploy/checkout -n shop`."""

from __future__ import annotations

from typing import Final

from k9py.actions.registry import BY_ID
from k9py.api.kinds import is_workload
from k9py.api.text import printable
from k9py.views.problems.steps import PREVIOUS_LOGS, ProblemStep
from k9py.views.problems.texts import object_text

_LOGS: Final = "logs"


def step_command(step: ProblemStep) -> str:
    """Return the command line of a step, "" when its action has none that needs nothing else."""
    action = BY_ID.get(step.action)
    if action is None:
        return ""
    verb = action.cli.name if action.cli is not None else _LOGS if step.action == PREVIOUS_LOGS else ""
    can_run = verb == _LOGS or (action.cli is not None and (action.cli.any_type or is_workload(step.target)))
    if not verb or not can_run or (action.cli is not None and action.cli.metavar):
        return ""
    parts = ["kdash", verb, object_text(step.target)]
    if step.target.namespace:
        parts += ["-n", printable(step.target.namespace)]
    if verb == _LOGS:
        parts += ["-c", printable(step.container)] if step.container else []
        parts += ["--previous"] if step.action == PREVIOUS_LOGS else []
    return " ".join(parts)
