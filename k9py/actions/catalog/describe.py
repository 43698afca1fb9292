"""Show an object as text: described, or as YAML."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _describe(host: ActionHost, _argument: str | None) -> None:
    host.show_description()


def _yaml(host: ActionHost, _argument: str | None) -> None:
    host.show_yaml()


DESCRIBE: Final = Action(
    "object.describe",
    "Describe",
    "Describe: status, findings, events",
    keys=("d",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_describe,
    command=TypedCommand("describe", ("desc",)),
    footer=90,
)
YAML: Final = Action(
    "object.yaml",
    "YAML",
    "Full YAML",
    keys=("y",),
    group=HelpGroup.INSPECT,
    scope=ActionScope.OBJECT,
    run=_yaml,
    command=TypedCommand("yaml"),
    permission=Permission("get"),
    footer=100,
)
ACTIONS: Final = (DESCRIBE, YAML)
