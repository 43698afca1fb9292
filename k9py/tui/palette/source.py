"""What the palette lists for a line: commands, types, namespaces and contexts at once, objects as they are found.

Invariants: exact names come before beginnings, and these before scattered letters; what was used often comes first
among equals. Nothing here runs anything. To list something else: a generator of `_Ranked`, called in `entries`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from k9py.actions.commands import CommandEntry
from k9py.api.errors import KdashError, RefusedError
from k9py.api.fuzzy import EXACT, INSIDE, PREFIX, SCATTERED, FuzzyMatch, fuzzy_match
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.api.text import printable
from k9py.resources.query import OPTIONS, TYPE_ALIASES, find_type
from k9py.tui.palette.entry import EntryKind, PaletteEntry
from k9py.tui.palette.history import PaletteHistory
from k9py.tui.palette.objects import search_objects, searched_stores
from k9py.tui.palette.paths import path_completions
from k9py.tui.palette.resolve import LineMeaning, resolve_line
from k9py.tui.session import Connected

RECENT: Final = 5
"""Recent lines listed while nothing is typed."""
MAX_ENTRIES: Final = 30
"""Twice what is visible: each costs a third of a millisecond, at every key that is typed."""
_LETTERS_OF_TITLES: Final = 3
"""Letters from which on commands are found by what they do."""
_FEWEST_LETTERS: Final = 2
"""Letters from which on objects are searched by their names."""


class _Ranked(NamedTuple):
    """An entry with its place: the lower the earlier."""

    tier: int
    entry: PaletteEntry
    score: int = 0


@dataclass(frozen=True, slots=True)
class PaletteSource:
    """What can be chosen on a screen.

    Args:
        commands: Those of the app.
        history: The lines of this session.
        connected: Returns the cluster, None while there is none.
        read_contexts: Returns the names of the contexts; it reads files, and runs in a thread.
        key_of: Returns the key of an action, "" for none.
        takes_line: Whether the screen itself understands a line, such as a time in logs.
        of_kind: Ids of the actions for the kind of object under the cursor alone: their commands come first.
    """

    commands: Sequence[CommandEntry]
    history: PaletteHistory
    connected: Callable[[], Connected | None]
    read_contexts: Callable[[], Sequence[str]]
    key_of: Callable[[str], str]
    takes_line: Callable[[str], bool]
    of_kind: Set[str] = frozenset()
    _contexts: list[str] = field(default_factory=list)

    async def prepare(self) -> bool:
        """Read the contexts; return whether there are some to list."""
        try:
            self._contexts[:] = await asyncio.to_thread(self.read_contexts)
        except KdashError:
            return False  # `ctx` says what is wrong with the kubeconfig
        return bool(self._contexts)

    def recalled(self) -> Sequence[str]:
        """Return the lines that were run, the last one first."""
        return self.history.lines

    # -- what a line means --------------------------------------------------------------------------------------------

    @property
    def types(self) -> ResourceTypes:
        """The resource types of the cluster; the standard ones while there is none."""
        connected = self.connected()
        return STANDARD if connected is None else connected.cluster.resource_types

    def namespaces(self) -> list[str]:
        """Return the namespaces that are known."""
        connected = self.connected()
        if connected is None:
            return []
        stores = connected.cluster.stores
        return sorted(namespace.name for namespace in tuple(stores.namespaces.values()))

    def is_namespace(self, name: str) -> bool:
        """Return whether a namespace of that name is known: it exists, or is shown."""
        connected = self.connected()
        if connected is None:
            return False
        return name in connected.cluster.scope.namespaces or name in self.namespaces()

    def meaning(self, line: str) -> LineMeaning | None:
        """Return what a line means, None when the screen itself understands it. Raises KdashError."""
        if self.takes_line(line):
            return None
        return resolve_line(line, self.commands, self.types, is_namespace=self.is_namespace)

    async def learn(self, line: str) -> None:
        """Discover the resource types if the first word of a line is none; raise what `meaning` raises then."""
        connected = self.connected()
        if connected is None:
            self.meaning(line)
            return
        discovery = connected.cluster.discovery
        with suppress(KdashError):
            await discovery.find(line.removeprefix(":").strip().partition(" ")[0])
        try:
            self.meaning(line)
        except RefusedError as error:
            if discovery.errors:
                parts = ", ".join(map(printable, sorted(discovery.errors)))
                error.hint += f"; parts of the API do not answer: {parts}"
            raise

    # -- what is listed -----------------------------------------------------------------------------------------------

    def entries(self, line: str) -> list[PaletteEntry]:
        """Return what matches a line, the best first, without objects."""
        line = line.lstrip().removeprefix(":").lstrip()
        head, _, word = line.rpartition(" ")
        if head.strip():
            return [ranked.entry for ranked in _sorted(self._following(head, word))][:MAX_ENTRIES]
        if not word:
            recent = [PaletteEntry(EntryKind.RECENT, text, text) for text in self.history.lines[:RECENT]]
            first = [entry for entry in self.commands if entry.action.id in self.of_kind]
            others = [entry for entry in self.commands if entry.action.id not in self.of_kind]
            return [*map(self._command, first), *recent, *map(self._command, others)]
        return [ranked.entry for ranked in _sorted(self._first_words(word))][:MAX_ENTRIES]

    async def objects(self, line: str) -> list[PaletteEntry]:
        """Return the watched objects whose names match the last word of a line, the best first; of `apply`, paths."""
        line = line.lstrip().removeprefix(":").lstrip()
        name, space, argument = line.partition(" ")
        command = self._command_named(name) if space else None
        if command is not None and command.argument == "path":
            paths = await asyncio.to_thread(path_completions, argument.lstrip())
            return [PaletteEntry(EntryKind.WORD, path, f"{name} {path}", command.title) for path in paths]
        head, _, word = line.rpartition(" ")
        connected = self.connected()
        if connected is None:
            return []
        kind = ""
        namespaces: tuple[str, ...] = ()
        if head.strip():
            words = head.split()
            resource_type = find_type(words[0], self.types)
            if self._command_named(words[0]) is not None or resource_type is None or _takes_value(words[-1]):
                return []
            if resource_type.ref_group:
                return []  # not watched: only standard types are
            kind = resource_type.kind
            namespaces = tuple(name for name in words[1:] if self.is_namespace(name))
        elif "/" in word:
            type_name, _, word = word.partition("/")
            resource_type = find_type(type_name, self.types)
            if resource_type is None or resource_type.ref_group:
                return []
            kind = resource_type.kind
        elif len(word) < _FEWEST_LETTERS:
            return []
        if word.startswith("-"):
            return []
        stores = [(name, store) for name, store in searched_stores(connected.cluster) if kind in ("", name)]
        matches = await search_objects(stores, word, namespaces=namespaces)
        return [self._object(ref, match) for ref, match in matches]

    # -- the first word -----------------------------------------------------------------------------------------------

    def _first_words(self, word: str) -> Iterator[_Ranked]:
        yield from self._matching_commands(word)
        yield from self._matching_types(word)
        for name in self.namespaces():
            yield from _named(EntryKind.NAMESPACE, word, name, f"ns {name}", "show this namespace")
        for name in self._contexts:
            yield from _named(EntryKind.CONTEXT, word, name, f"ctx {name}", "switch to this context")

    def _matching_commands(self, word: str) -> Iterator[_Ranked]:
        for entry in self.commands:
            uses = self.history.uses(entry.name)
            by_name = max((m.score for name in entry.names if (m := fuzzy_match(word, name))), default=0)
            if entry.answers_to(word.lower()):
                yield _Ranked(0, self._command(entry, fuzzy_match(word, entry.name)), EXACT)
            elif by_name:
                tier = 2 if any(name.startswith(word.lower()) for name in entry.names) else 5
                tier = 0 if tier == 2 and entry.action.id in self.of_kind else tier
                yield _Ranked(tier, self._command(entry, fuzzy_match(word, entry.name)), by_name + 10 * uses)
            elif len(word) >= _LETTERS_OF_TITLES and (by_title := _in_title(word, entry.title)):
                yield _Ranked(6, self._command(entry), by_title)

    def _matching_types(self, word: str) -> Iterator[_Ranked]:
        lowered = word.lower()
        exact = find_type(word, self.types)
        for resource_type in self.types:
            if not resource_type.can_list:
                continue
            match = fuzzy_match(word, resource_type.plural)
            if is_qualified := match is None and "." in word:
                match = fuzzy_match(word, resource_type.qualified_name)
            uses = 10 * self.history.uses(resource_type.plural)
            if resource_type is exact:
                yield _Ranked(1, self._type(resource_type, match, is_qualified=is_qualified), EXACT)
            elif match is not None:
                tier = 2 if match.score >= PREFIX - 90 else 5 if match.score >= INSIDE - 90 else 6
                entry = self._type(resource_type, match, is_qualified=is_qualified)
                yield _Ranked(tier, entry, match.score + uses)
            elif any(name.startswith(lowered) for name in resource_type.short_names):
                yield _Ranked(5, self._type(resource_type, None), INSIDE)

    # -- the words after it -------------------------------------------------------------------------------------------

    def _following(self, head: str, word: str) -> Iterator[_Ranked]:
        words = head.split()
        command = self._command_named(words[0])
        if command is not None:
            yield from self._arguments(command, head, word)
            return
        resource_type = find_type(words[0], self.types)
        if resource_type is None:
            return
        if word.startswith("-"):
            for usage in OPTIONS:
                flag = usage.split()[0]
                yield from _named(EntryKind.WORD, word, flag, f"{head} {flag}", usage, is_complete=flag == "-A")
        elif words[-1] in ("-n", "--namespace") or (resource_type.namespaced and not _takes_value(words[-1])):
            for name in self.namespaces():
                yield from _named(EntryKind.WORD, word, name, f"{head} {name}", "namespace")

    def _arguments(self, command: CommandEntry, head: str, word: str) -> Iterator[_Ranked]:
        match command.action.id:
            case "cluster.namespaces":
                values: Iterable[str] = ("all", *self.namespaces())
            case "cluster.contexts":
                values = self._contexts
            case _:
                values = command.argument.split("|") if "|" in command.argument else ()
        listed = False
        for value in values:
            for ranked in _named(EntryKind.WORD, word, value, f"{head} {value}", command.title):
                listed = True
                yield ranked
        if not listed:
            yield _Ranked(9, self._command(command))

    def _command_named(self, word: str) -> CommandEntry | None:
        return next((entry for entry in self.commands if entry.answers_to(word.lower())), None)

    # -- entries ------------------------------------------------------------------------------------------------------

    def _command(self, entry: CommandEntry, match: FuzzyMatch | None = None) -> PaletteEntry:
        return PaletteEntry(
            EntryKind.COMMAND,
            entry.usage,
            entry.name,
            entry.title,
            self.key_of(entry.action.id),
            match.positions if match else (),
            is_complete=not entry.command.required,
            expects_more=bool(entry.argument),
        )

    def _type(
        self, resource_type: ResourceType, match: FuzzyMatch | None, *, is_qualified: bool = False
    ) -> PaletteEntry:
        is_unique = self.types.find(resource_type.plural) is resource_type and not is_qualified
        line = resource_type.plural if is_unique else resource_type.qualified_name
        names = [*resource_type.short_names, *_aliases_of(resource_type.plural)]
        where = f"{resource_type.kind} {resource_type.api_version}"
        detail = f"{', '.join(names)} · {where}" if names else where
        return PaletteEntry(
            EntryKind.TYPE, line, line, detail, positions=match.positions if match else (), expects_more=True
        )

    def _object(self, ref: ObjectRef, match: FuzzyMatch) -> PaletteEntry:
        resource_type = self.types.of_ref(ref)
        name = ref.kind.lower() if resource_type is None else resource_type.plural
        line = f"{name} {ref.namespace}/{ref.name}" if ref.namespace else f"{name} {ref.name}"
        detail = f"{ref.kind} in {ref.namespace}" if ref.namespace else ref.kind
        return PaletteEntry(EntryKind.OBJECT, ref.name, line, detail, positions=match.positions, ref=ref)


def _in_title(word: str, title: str) -> int:
    """Return the score of a word that a title contains, 0 when it does not."""
    match = fuzzy_match(word, title)
    return match.score if match is not None and match.score > SCATTERED + 100 else 0


def _aliases_of(plural: str) -> list[str]:
    return [alias for alias, name in TYPE_ALIASES.items() if name == plural]


def _takes_value(word: str) -> bool:
    return word in ("-n", "-l", "--namespace", "--selector", "--field-selector")


def _named(
    kind: EntryKind, word: str, name: str, line: str, detail: str, *, is_complete: bool = True
) -> Iterator[_Ranked]:
    match = fuzzy_match(word, name)
    if match is not None:
        tier = 3 if match.score >= PREFIX - 90 else 7
        entry = PaletteEntry(
            kind,
            name,
            line,
            detail,
            positions=match.positions,
            is_complete=is_complete,
            expects_more=kind is EntryKind.WORD,
        )
        yield _Ranked(tier, entry, match.score)


def _sorted(ranked: Iterable[_Ranked]) -> list[_Ranked]:
    return sorted(ranked, key=lambda item: (item.tier, -item.score))


def merged(entries: Sequence[PaletteEntry], objects: Sequence[PaletteEntry]) -> list[PaletteEntry]:
    """Return entries and objects as one list: objects follow the commands and types that begin with what was typed."""
    at = next((index for index, entry in enumerate(entries) if not _begins(entry)), len(entries))
    return [*entries[:at], *objects, *entries[at:]][:MAX_ENTRIES]


def _begins(entry: PaletteEntry) -> bool:
    return entry.positions[:1] == (0,) and entry.positions[-1] == len(entry.positions) - 1
