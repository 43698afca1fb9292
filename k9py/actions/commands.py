"""What can be typed after `:`: the actions that have a command.

Invariant: a command runs the action of a key, so it can do nothing a key cannot. What else a line may mean (resource
types, objects) is decided in `tui/palette/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from k9py.actions.action import Action, TypedCommand
from k9py.actions.registry import BUILT_IN, ActionRegistry
from k9py.api.errors import RefusedError

_FIRST: Final = ("app.help", "cluster.namespaces", "cluster.all_namespaces", "cluster.contexts")
"""What the list begins with."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command and the action it runs.

    Args:
        action: What it runs.
        command: How it is typed.
        title: What it does, one line.
    """

    action: Action
    command: TypedCommand
    title: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.command.name

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names."""
        return self.command.aliases

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its other names."""
        return (self.name, *self.aliases)

    @property
    def argument(self) -> str:
        """Name of its argument, "" when it takes none."""
        return self.command.argument

    @property
    def usage(self) -> str:
        """How it is typed."""
        return self.command.usage

    def answers_to(self, word: str) -> bool:
        """Return whether a word names it."""
        return self.command.answers_to(word)


@cache
def commands_of(registry: ActionRegistry) -> tuple[CommandEntry, ...]:
    """Return the commands of a registry's actions, in the order of the palette."""
    entries = [
        CommandEntry(action, action.command, registry.default_keys.fill(action.help))
        for action in registry.actions
        if action.command is not None
    ]
    return tuple(sorted(entries, key=lambda entry: _FIRST.index(entry.action.id) if entry.action.id in _FIRST else 99))


COMMANDS: Final = commands_of(BUILT_IN)


def parse_argument(entry: CommandEntry, argument: str) -> str:
    """Return the argument of a command as it was typed.

    Raises:
        RefusedError: An argument is missing or not allowed.
    """
    if argument and not entry.argument:
        raise RefusedError(f"{entry.name} takes no argument", f"type: {entry.usage}")
    if entry.command.required and not argument:
        raise RefusedError(f"{entry.name} needs an argument", f"type: {entry.usage}")
    return argument
