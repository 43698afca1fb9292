"""Actions, and how to look them up. Those of kdash are found in `catalog/`: a new action is one new file.

Invariants: ids, command names and CLI verbs are unique. The order is that of the help screen: by group, then by place
in the footer. A registry is immutable; the dashboard gets its own in `AppOptions.actions`, so actions from elsewhere
(plugins, tests) are added to a registry of their own, never to a shared one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from typing import Final

from k9py.actions import catalog
from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup
from k9py.actions.keys import KeyNames

_LAST: Final = 1_000
_GROUPS: Final = {group: place for place, group in enumerate(HelpGroup)}


def _place(action: Action) -> tuple[int, int]:
    return _GROUPS[action.group], _LAST if action.footer is None else action.footer


class ActionRegistry:
    """Actions by id, scope and verb.

    Args:
        actions: in any order.
    """

    def __init__(self, actions: Iterable[Action]) -> None:
        self.actions: Final = tuple(sorted(actions, key=_place))
        self.by_id: Final = {action.id: action for action in self.actions}
        assert len(self.by_id) == len(self.actions), "two actions have the same id"
        self.default_keys: Final = KeyNames(
            {action.id: action.keys for action in self.actions},
            commands={action.id: action.command.name for action in self.actions if action.command is not None},
        )
        """The keys of a session without a keymap."""

    def extended(self, actions: Iterable[Action]) -> ActionRegistry:
        """Return a registry that has these actions too."""
        return ActionRegistry((*self.actions, *actions))

    def in_scope(self, *scopes: ActionScope) -> tuple[Action, ...]:
        """Return the actions with keys in any of these scopes."""
        return tuple(action for action in self.actions if action.scope in scopes and action.keys)

    def group_of(self, binding_id: str | None) -> HelpGroup | None:
        """Return the section of the help screen that a binding belongs to, None when it is not listed.

        Keys that sort by a column have ids of their own, `table.sort_<column>`: columns are data too.
        """
        if binding_id is None:
            return None
        action = self.by_id.get(binding_id)
        if action is not None:
            return action.group
        return HelpGroup.TABLES if binding_id.startswith("table.sort_") else None


def _found() -> Iterator[Action]:
    for module in pkgutil.iter_modules(catalog.__path__):
        yield from importlib.import_module(f"{catalog.__name__}.{module.name}").ACTIONS


BUILT_IN: Final = ActionRegistry(_found())
"""The actions of kdash."""

ACTIONS: Final = BUILT_IN.actions
BY_ID: Final = BUILT_IN.by_id
DEFAULT_KEYS: Final = BUILT_IN.default_keys

CLI_VERBS: Final[dict[str, CliVerb]] = {action.cli.name: action.cli for action in ACTIONS if action.cli is not None}
"""The subcommands of `kdash` by their names."""
