"""Compare revisions of a workload, and the keys of the screen that shows the difference."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliVerb, HelpGroup, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.errors import RefusedError


def _has_revisions(target: ActionTarget) -> str | None:
    # An unknown history is reported by the screen that is opened, which reads the server.
    if target.has_one_revision():
        return f"nothing to compare: {target.key.kind} {target.key.name} has only one revision"
    return None


def _diff(host: ActionHost, argument: str | None) -> None:
    numbers = (argument or "").replace("..", " ").split()
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise RefusedError(f'"{argument}" is not one or two revisions', "for example: diff 3 5, or diff 3 to now")
    host.show_diff(*map(int, numbers))


DIFF: Final = Action(
    "workload.diff",
    "Diff",
    "Diff to the previous revision; on a revision: to now, or to the marked one",
    keys=("D", "shift+d"),
    group=HelpGroup.INSPECT,
    scope=ActionScope.DIFF,
    run=_diff,
    command=TypedCommand("diff", argument="revision [revision]"),
    cli=CliVerb(
        "diff",
        "Compare revisions, or a revision with now.",
        "Compare two revisions of a workload, or a revision with now.",
    ),
    permission=Permission("get"),
    allowed=_has_revisions,
    footer=140,
)


def _key(name: str, title: str, text: str, key: str, native: str, footer: int | None = None) -> Action:
    return Action(
        f"diff.{name}",
        title,
        text,
        keys=(key,),
        group=HelpGroup.INSPECT,
        scope=ActionScope.DIFF_SCREEN,
        native=native,
        footer=footer,
    )


MARK: Final = Action(
    "revision.mark",
    "Mark",
    "Mark the revision to compare others with",
    keys=("m",),
    group=HelpGroup.PANES,
    scope=ActionScope.REVISION,
    native="mark",
    footer=145,
)
ACTIONS: Final = (
    DIFF,
    _key("switch", "Summary/YAML", "Toggle summary / YAML", "v", "switch", 150),
    _key("older_back", "Left: older", "Left side: one revision older", "left_square_bracket", "step_older(1)"),
    _key("older_forward", "Left: newer", "Left side: one revision newer", "right_square_bracket", "step_older(-1)"),
    _key("newer_back", "Right: older", "Right side: one revision older", "less_than_sign", "step_newer(1)"),
    _key("newer_forward", "Right: newer", "Right side: one revision newer", "greater_than_sign", "step_newer(-1)"),
    MARK,
)
