"""All actions, found in `catalog/`, and how to look them up.

Invariant: ids, command names and CLI verbs are unique. The order is that of the help screen: by group, then by place in
the footer.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from k9py.actions import catalog
from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup
from k9py.actions.keys import KeyNames

_LAST: Final = 1_000
_GROUPS: Final = {group: place for place, group in enumerate(HelpGroup)}


def _found() -> Iterator[Action]:
    for module in pkgutil.iter_modules(catalog.__path__):
        yield from importlib.import_module(f"{catalog.__name__}.{module.name}").ACTIONS


def _place(action: Action) -> tuple[int, int]:
    return _GROUPS[action.group], _LAST if action.footer is None else action.footer


ACTIONS: Final[tuple[Action, ...]] = tuple(sorted(_found(), key=_place))
BY_ID: Final = {action.id: action for action in ACTIONS}

CLI_VERBS: Final[dict[str, CliVerb]] = {action.cli.name: action.cli for action in ACTIONS if action.cli is not None}
"""The subcommands of `kdash` by their names."""

DEFAULT_KEYS: Final = KeyNames(
    {action.id: action.keys for action in ACTIONS},
    commands={action.id: action.command.name for action in ACTIONS if action.command is not None},
)
"""The keys of a session without a keymap."""


def in_scope(*scopes: ActionScope) -> tuple[Action, ...]:
    """Return the actions with keys in any of these scopes."""
    return tuple(action for action in ACTIONS if action.scope in scopes and action.keys)


def group_of(binding_id: str | None) -> HelpGroup | None:
    """Return the section of the help screen that a binding belongs to, None when it is not listed.

    Keys that sort by a column have ids of their own, `table.sort_<column>`: columns are data too.
    """
    if binding_id is None:
        return None
    action = BY_ID.get(binding_id)
    if action is not None:
        return action.group
    return HelpGroup.TABLES if binding_id.startswith("table.sort_") else None
