"""Show an object as text: described, or as YAML; and the keys of a description."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup, Permission, TypedCommand
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
    cli=CliVerb(
        "describe",
        "Describe objects, with their events.",
        "Describe objects: what is wrong with them first, then details and events.",
    ),
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


def _section_key(name: str, title: str, text: str, keys: tuple[str, ...], native: str, footer: int | None) -> Action:
    return Action(
        f"describe.{name}",
        title,
        text,
        keys=keys,
        group=HelpGroup.TEXT,
        scope=ActionScope.DESCRIPTION,
        native=native,
        footer=footer,
    )


ACTIONS: Final = (
    DESCRIBE,
    YAML,
    _section_key("fold", "Fold", "Fold or unfold the section", ("enter",), "fold", 43),
    _section_key("fold_all", "Fold all", "Fold all sections, or unfold them", ("z",), "fold_all", 44),
    _section_key("next_section", "Next section", "Next section", ("right_square_bracket",), "section(1)", None),
    _section_key(
        "previous_section", "Previous section", "Previous section", ("left_square_bracket",), "section(-1)", None
    ),
)
