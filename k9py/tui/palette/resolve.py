"""Decide what a typed line means before anything runs: a command, a query of resources, or nothing.

Invariants: pure. A command's name comes before a type of the same name; whole names come before beginnings, and a
beginning counts only while it is the beginning of one thing. A line that means nothing names what is nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from k9py.actions.commands import CommandEntry, parse_argument
from k9py.api.errors import RefusedError
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import ResourceTypes
from k9py.api.text import printable
from k9py.resources.query import ResourceQuery, names_a_type, parse_query


@dataclass(frozen=True, slots=True)
class CommandLineRun:
    """A command with its argument, "" for none."""

    entry: CommandEntry
    argument: str


LineMeaning = CommandLineRun | ResourceQuery


def resolve_line(
    line: str, commands: Sequence[CommandEntry], types: ResourceTypes, *, is_namespace: Callable[[str], bool]
) -> LineMeaning:
    """Return what a line means.

    Raises:
        KdashError: It means nothing, or more than one thing; or its argument is wrong.
    """
    line = line.strip().removeprefix(":").strip()
    word, _, argument = line.partition(" ")
    lowered = word.lower()
    if not word:
        raise RefusedError("nothing was typed", "type a command, a resource type, or the name of an object")
    for entry in commands:
        if entry.answers_to(lowered):
            return CommandLineRun(entry, parse_argument(entry, argument.strip()))
    if names_a_type(word, types):
        return parse_query(line, types, is_namespace=is_namespace)
    begun = [entry for entry in commands if entry.name.startswith(lowered)]  # other names count only in full
    begun_types = types_beginning_with(lowered, types)
    if len(begun) == 1 and not begun_types:
        return CommandLineRun(begun[0], parse_argument(begun[0], argument.strip()))
    if len(begun_types) == 1 and not begun:
        return parse_query(f"{begun_types[0].qualified_name} {argument}", types, is_namespace=is_namespace)
    names = [entry.name for entry in begun] + [resource_type.plural for resource_type in begun_types]
    if names:
        raise RefusedError(f'ambiguous: "{printable(word)}"', f"it may be {', '.join(dict.fromkeys(names))}")
    raise RefusedError(f'unknown command or type "{printable(word)}"', _nearest(lowered, commands, types))


def types_beginning_with(word: str, types: ResourceTypes) -> list[ResourceType]:
    """Return the listable types whose plural begins with a word; those of a name once, however many groups have it."""
    found: dict[str, ResourceType] = {}
    for resource_type in types:
        if resource_type.can_list and resource_type.plural.startswith(word):
            found.setdefault(resource_type.plural, resource_type)
    return list(found.values())


def _nearest(word: str, commands: Sequence[CommandEntry], types: ResourceTypes) -> str:
    names = {name: entry.name for entry in commands for name in entry.names if len(name) > 1}
    near = [names[name] for name in get_close_matches(word, names, n=3, cutoff=0.6)]
    near += types.nearest(word)
    if not near:
        return "type a command, a resource type, or the name of an object"
    return f"nearest: {', '.join(list(dict.fromkeys(near))[:4])}"
