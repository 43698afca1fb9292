"""Run a CronJob now, run a Job again, suspend either: one key toggles, `:suspend` and `:resume` name what is wanted."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand, of_kinds
from k9py.actions.host import ActionHost


def _trigger(host: ActionHost, _argument: str | None) -> None:
    host.operate(TRIGGER.id)


def _retry(host: ActionHost, _argument: str | None) -> None:
    host.operate(RETRY.id)


def _suspend(host: ActionHost, argument: str | None) -> None:
    host.operate(SUSPEND.id, suspended=None if argument is None else True)


TRIGGER: Final = Action(
    "cronjob.trigger",
    "Trigger",
    "Run the CronJob now: create a Job from it",
    keys=("t",),
    scope=ActionScope.KIND,
    run=_trigger,
    command=TypedCommand("trigger"),
    cli=CliVerb(
        "trigger",
        "Run a CronJob now.",
        "Create a Job from a CronJob now, as kubectl create job --from does.",
        any_type=True,
        bare_type="cronjob",
    ),
    permission=Permission("create", "jobs"),
    writes=True,
    operation="trigger",
    allowed=of_kinds("triggered", "CronJob"),
    footer=101,
)
RETRY: Final = Action(
    "job.retry",
    "Retry",
    "Run the Job again: create another Job with its template",
    keys=("r",),
    scope=ActionScope.KIND,
    run=_retry,
    command=TypedCommand("retry"),
    cli=CliVerb(
        "retry",
        "Run a Job again.",
        "Run a Job that has ended again: create another one with its template. The old one and its logs stay.",
        any_type=True,
        bare_type="job",
    ),
    permission=Permission("create", "jobs"),
    writes=True,
    operation="retry",
    allowed=of_kinds("retried", "Job"),
    footer=102,
)
SUSPEND: Final = Action(
    "job.suspend",
    "Suspend",
    "Suspend the CronJob or Job, or resume it",
    keys=("s",),
    scope=ActionScope.KIND,
    run=_suspend,
    command=TypedCommand("suspend"),
    cli=CliVerb(
        "suspend",
        "Suspend a CronJob or a Job.",
        "Suspend a CronJob, which starts no Jobs then, or a Job, whose pods are deleted; kdash resume resumes it.",
        any_type=True,
        bare_type="cronjob",
    ),
    permission=Permission("patch"),
    writes=True,
    operation="suspend",
    allowed=of_kinds("suspended", "CronJob", "Job"),
    footer=103,
)
ACTIONS: Final = (TRIGGER, RETRY, SUSPEND)
