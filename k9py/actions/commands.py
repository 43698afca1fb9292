"""What can be typed after `:` or found in the palette: the actions that have a command.

Invariants: a command runs the action of a key, so it can do nothing a key cannot. The first command is harmless:
Enter in a palette that was just opened runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_PODS: Final = "Open a rollout to see its pods. "
_LISTED: Final = "The first screen lists services and rollouts. "
_INSTEAD: Final = {
    **dict.fromkeys(("po", "pod", "pods"), _PODS),
    **dict.fromkeys(("deploy", "deployment", "deployments", "sts", "statefulsets", "ds", "daemonsets"), _LISTED),
    **dict.fromkeys(("svc", "service", "services"), _LISTED),
}
"""What to do instead of a resource name that other tools take as a command."""


def matching(line: str, commands: Sequence[CommandEntry] = COMMANDS) -> tuple[CommandEntry, ...]:
    """Return the commands whose name or alias begins with the first word typed; all of them for an empty line."""
    tokens = line.split(maxsplit=1)
    if not tokens:
        return tuple(commands)
    word = tokens[0].lower()
    if len(tokens) > 1 or line[-1].isspace():
        return tuple(entry for entry in commands if entry.answers_to(word))
    return tuple(entry for entry in commands if any(name.startswith(word) for name in (entry.name, *entry.aliases)))


def parse(line: str, commands: Sequence[CommandEntry] = COMMANDS) -> tuple[CommandEntry, str]:
    """Return the command that a line names and its argument, "" when none was given.

    A unique beginning is enough.

    Raises:
        RefusedError: There is no such command, or an argument is missing or not allowed.
    """
    word, _, argument = line.strip().removeprefix(":").strip().partition(" ")
    argument = argument.strip()
    entries = [entry for entry in commands if entry.answers_to(word.lower())]
    entries = entries or list(matching(word.lower(), commands) if word else ())
    if len(entries) != 1:
        names = ", ".join(entry.name for entry in entries or commands)
        what = "ambiguous" if entries else "unknown"
        instead = "" if entries else _INSTEAD.get(word.lower(), "")
        raise RefusedError(f'{what} command "{word}"', f"{instead}Available: {names}.")
    entry = entries[0]
    if argument and not entry.argument:
        raise RefusedError(f"{entry.name} takes no argument", f"type: {entry.usage}")
    if entry.command.required and not argument:
        raise RefusedError(f"{entry.name} needs an argument", f"type: {entry.usage}")
    return entry, argument
