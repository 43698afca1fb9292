"""Which sources of a log are shown: pods, containers and levels left out or alone, and which roles are read at all.

Pure. Invariant: what is hidden is still read and kept, so that it is there when it is shown again; only containers of
roles that were never asked for are not read. A pod that joins later is judged by the same choice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from k9py.api.pods import Pod
from k9py.cluster.log_targets import DEFAULT_ROLES
from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.parsing.level import Level
from k9py.logs.source import ContainerKey, ContainerRole, LogTarget
from k9py.views.pod_status import pod_status

ItemGroup = Literal["pod", "container", "level", "role"]

CheckedItem = tuple[ItemGroup, str]
"""One line of the dialog by its group and value."""

_ADDED_ROLES: Final[Mapping[ContainerRole, str]] = {"init": "init containers", "ephemeral": "ephemeral containers"}
MOST_NAMED: Final = 34
"""Characters of names that the title has room for; of more they are counted."""
MOST_KNOWN: Final = 5_000
"""Sources that are remembered of one subject: by then lines of the first of them have long been let go, mostly."""
_LEVEL_WORDS: Final = {Level.UNKNOWN: "no level said"}


@dataclass(frozen=True, slots=True)
class NameFilter:
    """Names that are left out, or (`only`) the only ones that are shown; no names: everything is shown."""

    names: frozenset[str] = frozenset()
    only: bool = False

    def hides(self, name: str) -> bool:
        """Say whether that name is left out."""
        return bool(self.names) and (name in self.names) is not self.only


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """What is shown of a subject's logs."""

    pods: NameFilter = NameFilter()
    containers: NameFilter = NameFilter()
    levels: NameFilter = NameFilter()
    roles: frozenset[ContainerRole] = DEFAULT_ROLES

    def hides(self, target: LogTarget) -> bool:
        """Say whether a source is left out."""
        return self.pods.hides(target.pod) or self.containers.hides(target.container)

    def hidden(self, targets: Iterable[LogTarget]) -> HideRules:
        """Return what the view is to leave out, of these sources."""
        places: frozenset[ContainerKey] = frozenset(one.container_key for one in targets if self.hides(one))
        return HideRules(places, frozenset(level for level in Level if self.levels.hides(level.name)))

    def title_text(self, targets: Iterable[LogTarget]) -> str:
        """Return what is hidden, in words for the title: by name where that is short; "" when nothing is."""
        levels = [level for level in Level if level.name in self.levels.names]
        sieved = [
            (self.pods.only, sorted(self.pods.names)),
            (self.containers.only, sorted(self.containers.names)),
            (self.levels.only, [level_name(level) for level in levels]),
        ]
        parts = [
            f"{'only' if only else 'without'} {', '.join(names)}" if len(", ".join(names)) <= MOST_NAMED else ""
            for only, names in sieved
            if names
        ]
        if all(parts):
            return " · ".join(parts)
        sources = sum(1 for one in targets if self.hides(one))
        hidden = sum(self.levels.hides(level.name) for level in Level)
        return " · ".join(
            filter(None, (f"{sources} hidden" if sources else "", f"levels: {hidden} hidden" if hidden else ""))
        )

    def checked_items(self, items: Iterable[SourceItem], *, only: bool) -> frozenset[CheckedItem]:
        """Return what is ticked when the dialog opens: what is left out, or alone shown, and the roles read."""
        sieves: Mapping[ItemGroup, NameFilter] = {"pod": self.pods, "container": self.containers, "level": self.levels}
        ticked: set[CheckedItem] = set()
        for item in items:
            sieve = sieves.get(item.group)
            if sieve is None:
                is_ticked = item.value in self.roles
            elif only:
                is_ticked = bool(sieve.names) and not sieve.hides(item.value)
            else:
                is_ticked = sieve.hides(item.value)
            if is_ticked:
                ticked.add(item.checked_item)
        return frozenset(ticked)


def filter_from_checked(ticks: Collection[CheckedItem], *, only: bool) -> SourceFilter:
    """Return the choice that these ticks make."""

    def sieve(group: ItemGroup) -> NameFilter:
        names = frozenset(value for of, value in ticks if of == group)
        return NameFilter(names, only=only and bool(names))

    added = frozenset(role for role in _ADDED_ROLES if ("role", role) in ticks)
    return SourceFilter(sieve("pod"), sieve("container"), sieve("level"), DEFAULT_ROLES | added)


class KnownSources:
    """The sources that were read of a subject: what is left out stays so when its pod is gone.

    Args:
        most: how many are remembered; those read longest ago are forgotten first, as their lines are let go.
    """

    def __init__(self, most: int = MOST_KNOWN) -> None:
        self._most = most
        self._known: dict[ContainerKey, LogTarget] = {}

    def __iter__(self) -> Iterator[LogTarget]:
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def read(self, targets: Collection[LogTarget]) -> None:
        """Remember those that are read now; they are never forgotten."""
        for one in targets:
            self._known.pop(one.container_key, None)
        self._known.update((one.container_key, one) for one in targets)
        for place in list(islice(self._known, max(0, len(self._known) - max(self._most, len(targets))))):
            del self._known[place]

    def clear(self) -> None:
        """Forget all of them: there is another subject."""
        self._known.clear()


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One line of the dialog.

    Args:
        value: what is ticked: a pod's or container's name, a level's, a role.
        detail: how it is, such as "waiting to start: image can't be pulled"; muted.
    """

    group: ItemGroup
    value: str
    label: str
    detail: str = ""

    @property
    def checked_item(self) -> CheckedItem:
        return (self.group, self.value)


def pod_details(targets: Iterable[LogTarget], names: Mapping[str, str], pods: Iterable[Pod]) -> dict[str, str]:
    """Return what tells each pod, by its name: "revision 7 · CrashLoopBackOff".

    Args:
        names: of revisions, by `LogTarget.revision`; the bare value where it is not in here.
    """
    status = {one.name: pod_status(one).text for one in pods}
    found: dict[str, str] = {}
    for one in targets:
        revision = names.get(one.revision, f"revision {one.revision}" if one.revision else "")
        found[one.pod] = " · ".join(filter(None, (revision, status.get(one.pod, ""))))
    return found


def failing_init_containers(pods: Iterable[Pod]) -> frozenset[ContainerKey]:
    """Return the init containers that have failed and not succeeded since: their logs tell why the pod does not start,
    so they are read without being asked for."""
    found: set[ContainerKey] = set()
    for pod in pods:
        init = {one.name for one in pod.spec.init_containers or () if not one.is_sidecar}
        for status in pod.status.init_container_statuses or ():
            ends = [one.terminated for one in (status.state, status.last_state) if one is not None and one.terminated]
            if status.name in init and ends and ends[0] is not None and ends[0].exit_code:
                found.add((pod.namespace, pod.name, status.name, pod.uid))
    return frozenset(found)


def source_items(
    every: Sequence[LogTarget],
    states: Mapping[ContainerKey, str],
    wanted: Collection[ContainerRole],
    pods: Mapping[str, str] | None = None,
) -> list[SourceItem]:
    """Return the lines of the dialog.

    Args:
        every: the subject's containers of every role.
        states: how each one that is read stands, in words; "" when all is well.
        wanted: the roles that are read; of others only those that have a state.
        pods: what else there is to say of each pod, by its name.
    """
    read = [one for one in every if one.role in wanted or one.container_key in states]
    return [*_pods(read, states, pods or {}), *_containers(read, states), *_levels(), *_roles(every, states)]


def _pods(
    read: Sequence[LogTarget], states: Mapping[ContainerKey, str], told: Mapping[str, str]
) -> Iterator[SourceItem]:
    for pod in sorted({one.pod for one in read}, key=lambda pod: (_numbered(told.get(pod, "")), _numbered(pod))):
        said = dict.fromkeys(states.get(one.container_key, "") for one in read if one.pod == pod)
        why = ", ".join(words for words in said if words)
        yield SourceItem("pod", pod, pod, " · ".join(filter(None, (told.get(pod, ""), why))))


def _numbered(text: str) -> list[str | int]:
    """Return what to sort a text by whose numbers count as such: db-2 stands before db-10."""
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"([0-9]+)", text))]


def _containers(read: Sequence[LogTarget], states: Mapping[ContainerKey, str]) -> Iterator[SourceItem]:
    for name in dict.fromkeys(one.container for one in read):
        mine = [one for one in read if one.container == name]
        role = "" if mine[0].role == "main" else f"{mine[0].role}, "
        yield SourceItem("container", name, name, f"{role}{_counted(mine, states)}")


def _levels() -> Iterator[SourceItem]:
    for level in sorted(Level, reverse=True):
        yield SourceItem("level", level.name, level_name(level))


def _roles(every: Sequence[LogTarget], states: Mapping[ContainerKey, str]) -> Iterator[SourceItem]:
    for role, label in _ADDED_ROLES.items():
        mine = [one for one in every if one.role == role]
        if mine:
            names = ", ".join(dict.fromkeys(one.container for one in mine))
            yield SourceItem("role", role, label, f"{names}: {_counted(mine, states)}")


def _counted(targets: Sequence[LogTarget], states: Mapping[ContainerKey, str]) -> str:
    pods = f"in {len(targets)} pod{'' if len(targets) == 1 else 's'}"
    said = dict.fromkeys(words for one in targets if (words := states.get(one.container_key, "")))
    return " · ".join((pods, *said))


def level_name(level: Level) -> str:
    """Return what a level is called."""
    return _LEVEL_WORDS.get(level, level.name.lower())
