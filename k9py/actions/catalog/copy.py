"""Copy names, a kubectl command or the YAML of the selected or marked objects."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _copy(host: ActionHost, _argument: str | None) -> None:
    host.copy_objects()


COPY: Final = Action(
    "object.copy",
    "Copy",
    "Copy name, kubectl command or YAML to the clipboard",
    keys=("c",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_copy,
    command=TypedCommand("copy"),
    takes_marked=True,
    footer=105,
)
ACTIONS: Final = (COPY,)
