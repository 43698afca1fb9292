"""Roll a workload back to an earlier revision."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliOption, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.errors import RefusedError


def _has_earlier_revision(target: ActionTarget) -> str | None:
    # An unknown history is reported by the operation, which reads the server.
    if target.has_one_revision():
        return f"nothing to roll back to: {target.key.kind} {target.key.name} has only one revision"
    return None


def _undo(host: ActionHost, argument: str | None) -> None:
    if argument and not (argument.isascii() and argument.isdigit()):
        raise RefusedError(f'"{argument}" is not a revision', "for example: undo 4, or undo to choose from a list")
    host.operate(UNDO.id, revision=int(argument) if argument else None)


UNDO: Final = Action(
    "workload.undo",
    "Undo",
    "Roll back to an earlier revision; shows the diff first",
    keys=("u",),
    scope=ActionScope.WORKLOAD,
    run=_undo,
    command=TypedCommand("undo", ("rollback",), argument="revision"),
    cli=CliVerb(
        "undo",
        "Roll back to an earlier revision.",
        "Roll back to an earlier revision, also in the middle of a failing rollout.",
        options=(
            CliOption(
                "--to-revision",
                "revision",
                "Revision to roll back to; 0 or omitted: the previous one, if something is wrong.",
            ),
            CliOption(
                "--delete-stuck-pods",
                "deletes_stuck_pods",
                "Also delete pods that block a StatefulSet's rollback.",
                is_flag=True,
            ),
        ),
    ),
    permission=Permission("patch"),
    writes=True,
    operation="undo",
    allowed=_has_earlier_revision,
    footer=130,
)
ACTIONS: Final = (UNDO,)
