"""What only the shell has a verb for; the dashboard shows the same on its screens."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup

ACTIONS: Final = (
    Action(
        "workload.history",
        "History",
        "Revisions of a workload",
        group=HelpGroup.INSPECT,
        scope=ActionScope.CLI,
        cli=CliVerb(
            "history",
            "Revisions: images, causes, pods, who and when.",
            "Show the revisions of a workload: images, change-cause, pods, who made them and when.",
        ),
    ),
    Action(
        "workload.status",
        "Status",
        "Rollout status and what blocks it",
        group=HelpGroup.INSPECT,
        scope=ActionScope.CLI,
        cli=CliVerb(
            "status",
            "Show rollout status and what blocks it.",
            "Show rollout status and what blocks it; the exit code names the cause.",
        ),
    ),
)
