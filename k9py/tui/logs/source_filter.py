"""Which sources of a log are shown: pods, containers and levels that are hidden or shown alone, and the roles read.

Pure. Invariant: hidden lines are still read and kept, so that they can be shown again; only containers of roles that
were not chosen are not read. The same filter applies to pods that join later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.cluster.log_targets import DEFAULT_ROLES
from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.parsing.level import Level
from k9py.logs.source import ContainerKey, ContainerRole, LogTarget
from k9py.views.pod_status import pod_status

ItemGroup = Literal["pod", "container", "level", "role"]

CheckedItem = tuple[ItemGroup, str]
"""A line of the dialog, by its group and value."""

_ADDED_ROLES: Final[Mapping[ContainerRole, str]] = {"init": "init containers", "ephemeral": "ephemeral containers"}
MOST_NAMED: Final = 34
"""Characters of names in the title; longer lists are counted instead."""
MOST_KNOWN: Final = 5_000
"""Sources remembered of one subject: the lines of older ones are dropped long before, mostly."""
_LEVEL_WORDS: Final = {Level.UNKNOWN: "no level"}


@dataclass(frozen=True, slots=True)
class NameFilter:
    """Names that are hidden, or (`only`) the only ones that are shown; without names everything is shown."""

    names: frozenset[str] = frozenset()
    only: bool = False

    def hides(self, name: str) -> bool:
        """Return True when that name is hidden."""
        return bool(self.names) and (name in self.names) is not self.only


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which sources and levels of a log are shown."""

    pods: NameFilter = NameFilter()
    containers: NameFilter = NameFilter()
    levels: NameFilter = NameFilter()
    roles: frozenset[ContainerRole] = DEFAULT_ROLES

    def hides(self, target: LogTarget) -> bool:
        """Return True when a source is hidden."""
        return self.pods.hides(target.pod) or self.containers.hides(target.container)

    def hidden(self, targets: Iterable[LogTarget]) -> HideRules:
        """Return the rules that hide these sources and levels in the view."""
        places: frozenset[ContainerKey] = frozenset(target.container_key for target in targets if self.hides(target))
        return HideRules(places, frozenset(level for level in Level if self.levels.hides(level.name)))

    def title_text(self, targets: Iterable[LogTarget]) -> str:
        """Return what is hidden, for the title: by name where that is short; "" when nothing is."""
        levels = [level for level in Level if level.name in self.levels.names]
        filtered = [
            (self.pods.only, sorted(self.pods.names)),
            (self.containers.only, sorted(self.containers.names)),
            (self.levels.only, [level_name(level) for level in levels]),
        ]
        parts = [
            f"{'only' if only else 'without'} {', '.join(names)}" if len(", ".join(names)) <= MOST_NAMED else ""
            for only, names in filtered
            if names
        ]
        if all(parts):
            return " · ".join(parts)
        sources = sum(1 for target in targets if self.hides(target))
        hidden = sum(self.levels.hides(level.name) for level in Level)
        return " · ".join(
            filter(None, (f"{sources} hidden" if sources else "", f"levels: {hidden} hidden" if hidden else ""))
        )

    def checked_items(self, items: Iterable[SourceItem], *, only: bool) -> frozenset[CheckedItem]:
        """Return the items checked when the dialog opens: what is hidden, or shown alone, and the roles read."""
        filters: Mapping[ItemGroup, NameFilter] = {"pod": self.pods, "container": self.containers, "level": self.levels}
        checked: set[CheckedItem] = set()
        for item in items:
            name_filter = filters.get(item.group)
            if name_filter is None:
                is_checked = item.value in self.roles
            elif only:
                is_checked = bool(name_filter.names) and not name_filter.hides(item.value)
            else:
                is_checked = name_filter.hides(item.value)
            if is_checked:
                checked.add(item.checked_item)
        return frozenset(checked)


def filter_from_checked(checked_items: Collection[CheckedItem], *, only: bool) -> SourceFilter:
    """Return the filter that these checked items make."""

    def name_filter(group: ItemGroup) -> NameFilter:
        names = frozenset(value for of, value in checked_items if of == group)
        return NameFilter(names, only=only and bool(names))

    added = frozenset(role for role in _ADDED_ROLES if ("role", role) in checked_items)
    return SourceFilter(name_filter("pod"), name_filter("container"), name_filter("level"), DEFAULT_ROLES | added)


class KnownSources:
    """The sources that were read of a subject: a hidden one stays hidden when its pod is gone.

    Args:
        most: how many are remembered; those read longest ago are forgotten first, as their lines are dropped.
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
        for target in targets:
            self._known.pop(target.container_key, None)
        self._known.update((target.container_key, target) for target in targets)
        for place in list(islice(self._known, max(0, len(self._known) - max(self._most, len(targets))))):
            del self._known[place]

    def clear(self) -> None:
        """Forget all of them: another subject is shown."""
        self._known.clear()


@dataclass(frozen=True, slots=True)
class SourceItem:
    """A line of the dialog.

    Args:
        value: what is checked: the name of a pod, a container or a level, or a role.
        detail: its state, such as "waiting to start: image cannot be pulled"; muted.
    """

    group: ItemGroup
    value: str
    label: str
    detail: str = ""

    @property
    def checked_item(self) -> CheckedItem:
        return (self.group, self.value)


def pod_details(targets: Iterable[LogTarget], names: Mapping[str, str], pods: Iterable[Pod]) -> dict[str, str]:
    """Return revision and status of each pod, by its name: "revision 7 · CrashLoopBackOff".

    Args:
        names: of revisions, by `LogTarget.revision`; a missing one is shown as it is.
    """
    status = {pod.name: pod_status(pod).text for pod in pods}
    details: dict[str, str] = {}
    for target in targets:
        revision = names.get(target.revision, f"revision {target.revision}" if target.revision else "")
        details[target.pod] = " · ".join(filter(None, (revision, status.get(target.pod, ""))))
    return details


def failing_init_containers(pods: Iterable[Pod]) -> frozenset[ContainerKey]:
    """Return the init containers that failed and have not succeeded since.

    Their logs show why the pod does not start, so they are read without being chosen.
    """
    failing: set[ContainerKey] = set()
    for pod in pods:
        init = {container.name for container in pod.spec.init_containers or () if not container.is_sidecar}
        for status in pod.status.init_container_statuses or ():
            states = (status.state, status.last_state)
            ends = [state.terminated for state in states if state is not None and state.terminated]
            if status.name in init and ends and ends[0] is not None and ends[0].exit_code:
                failing.add((pod.namespace, pod.name, status.name, pod.uid))
    return frozenset(failing)


def source_items(
    every: Sequence[LogTarget],
    states: Mapping[ContainerKey, str],
    wanted: Collection[ContainerRole],
    pods: Mapping[str, str] | None = None,
) -> list[SourceItem]:
    """Return the lines of the dialog.

    Args:
        every: the subject's containers of every role.
        states: the state of each container that is read, as text; "" for a healthy one.
        wanted: the roles that are read; of others only those that have a state.
        pods: details of each pod, by its name.
    """
    read = [target for target in every if target.role in wanted or target.container_key in states]
    return [*_pods(read, states, pods or {}), *_containers(read, states), *_levels(), *_roles(every, states)]


def _pods(
    read: Sequence[LogTarget], states: Mapping[ContainerKey, str], details: Mapping[str, str]
) -> Iterator[SourceItem]:
    pods = {target.pod for target in read}
    for pod in sorted(pods, key=lambda pod: (_numbered(details.get(pod, "")), _numbered(pod))):
        texts = dict.fromkeys(states.get(target.container_key, "") for target in read if target.pod == pod)
        state = ", ".join(filter(None, texts))
        yield SourceItem("pod", pod, pod, " · ".join(filter(None, (details.get(pod, ""), state))))


def _numbered(text: str) -> list[str | int]:
    """Return a sort key that compares numbers in a text as numbers: db-2 before db-10."""
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"([0-9]+)", text))]


def _containers(read: Sequence[LogTarget], states: Mapping[ContainerKey, str]) -> Iterator[SourceItem]:
    for name in dict.fromkeys(target.container for target in read):
        members = [target for target in read if target.container == name]
        role = "" if members[0].role == "main" else f"{members[0].role}, "
        yield SourceItem("container", name, name, f"{role}{_pods_and_states(members, states)}")


def _levels() -> Iterator[SourceItem]:
    for level in sorted(Level, reverse=True):
        yield SourceItem("level", level.name, level_name(level))


def _roles(every: Sequence[LogTarget], states: Mapping[ContainerKey, str]) -> Iterator[SourceItem]:
    for role, label in _ADDED_ROLES.items():
        members = [target for target in every if target.role == role]
        if members:
            names = ", ".join(dict.fromkeys(target.container for target in members))
            yield SourceItem("role", role, label, f"{names}: {_pods_and_states(members, states)}")


def _pods_and_states(targets: Sequence[LogTarget], states: Mapping[ContainerKey, str]) -> str:
    pods = f"in {count_noun(len(targets), 'pod')}"
    texts = dict.fromkeys(text for target in targets if (text := states.get(target.container_key, "")))
    return " · ".join((pods, *texts))


def level_name(level: Level) -> str:
    """Return the name of a level."""
    return _LEVEL_WORDS.get(level, level.name.lower())
