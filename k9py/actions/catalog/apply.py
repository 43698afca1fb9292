"""Apply manifests: files, or a text that is typed or pasted."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _apply(host: ActionHost, argument: str | None) -> None:
    host.apply(argument or "")


APPLY: Final = Action(
    "cluster.apply",
    "Apply",
    "Apply a file, or a directory with those in it; without a path, type or paste one",
    scope=ActionScope.CLUSTER,
    run=_apply,
    command=TypedCommand("apply", argument="path"),
    cli=CliVerb(
        "apply",
        "Apply manifests (server-side apply).",
        "Apply manifests by server-side apply; shows first what changes in each object.",
        has_own_function=True,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="apply",
)
ACTIONS: Final = (APPLY,)
