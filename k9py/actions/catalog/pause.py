"""Pause and resume a Deployment's rollout: one key toggles, two commands name what is wanted."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _is_suspendable(target: ActionTarget) -> bool:
    return target.key.kind in ("CronJob", "Job") and not target.key.group


def _can_resume(target: ActionTarget) -> str | None:
    return None if _is_suspendable(target) else _can_pause(target)


def _can_pause(target: ActionTarget) -> str | None:
    kind = target.key.qualified_kind
    return None if kind == "Deployment" else f"a {kind} cannot be paused: only a Deployment can"


def _pause(host: ActionHost, argument: str | None) -> None:
    host.operate(PAUSE.id, paused=None if argument is None else True)


def _resume(host: ActionHost, _argument: str | None) -> None:
    host.operate(RESUME.id)


PAUSE: Final = Action(
    "workload.pause",
    "Pause",
    "Pause or resume a Deployment's rollout",
    keys=("P",),
    scope=ActionScope.WORKLOAD,
    run=_pause,
    command=TypedCommand("pause"),
    cli=CliVerb(
        "pause",
        "Pause a Deployment's rollout.",
        "Pause a Deployment's rollout: changes are stored, but not rolled out.",
    ),
    permission=Permission("patch"),
    writes=True,
    operation="pause",
    allowed=_can_pause,
    footer=240,
)
RESUME: Final = Action(
    "workload.resume",
    "Resume",
    "Resume a paused rollout, or a suspended CronJob or Job",
    scope=ActionScope.WORKLOAD,
    run=_resume,
    command=TypedCommand("resume"),
    cli=CliVerb(
        "resume",
        "Resume a paused rollout or a suspended CronJob.",
        "Resume a Deployment's paused rollout, or a suspended CronJob or Job.",
        any_type=True,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="resume",
    allowed=_can_resume,
    also=_is_suspendable,
    footer=None,
)
ACTIONS: Final = (PAUSE, RESUME)
