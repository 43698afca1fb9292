"""What changed, for one object with all that it depends on, or for the whole scope: assembled while it is open.

Invariants: the event loop is held for one slice at a time, however many objects there are; an object that has not
changed is not asked again. What was watched in this session and what the cluster still knows of the time before are
one timeline: no change is in it twice. What could not be read is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final

from k9py.api.dynamic import DynamicObject
from k9py.api.kinds import EVENT, Kind, MetadataKind, is_workload
from k9py.api.meta import KubeObject, ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.cluster.graph import ClusterGraph, object_metadata
from k9py.cluster.timeline_source import TimelineObjects
from k9py.cluster.watched_changes import watched_entries
from k9py.diagnosis.dependencies import Dependencies, dependencies
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import ObjectMetadata, Unread
from k9py.diagnosis.problem import Problem
from k9py.diagnosis.timeline import TimelineEntry
from k9py.diagnosis.timelines.beginnings import finding_entries, problem_entries
from k9py.diagnosis.timelines.merging import MAX_ENTRIES, MergedTimeline, merge_in_steps
from k9py.diagnosis.timelines.source import TimelineSource, built_in_sources
from k9py.diagnosis.timelines.written import WRITTEN_TYPES, writes
from k9py.runtime.time_slice import TimeSlice

SETTLE_SECONDS: Final = 20.0
"""How long `settled` waits for what cannot be read and is not refused either."""


_LISTED: Final = frozenset(resource_type.kind for resource_type in WRITTEN_TYPES)
_MAX_OTHERS: Final = 5
"""Objects whose types are watched for them alone."""


@dataclass(frozen=True, slots=True)
class TimelineReport:
    """The timeline at one moment.

    Args:
        at: when it was assembled, aware UTC.
        since: when it begins.
        about: the object; None: the whole scope.
        entries: newest first.
        left_out: older entries that the limit left out.
        unread: kinds that cannot be read, with the reason: of them nothing is known.
        is_complete: everything has been read, or was refused.
        problems: those that concern what the timeline is about, in the order they were passed.
    """

    at: datetime
    since: datetime
    about: ObjectRef | None
    entries: tuple[TimelineEntry, ...]
    left_out: int = 0
    unread: tuple[tuple[str, str], ...] = ()
    is_complete: bool = True
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a source said about an object, and for which state of it and from when."""

    obj: KubeObject
    since: datetime
    entries: tuple[TimelineEntry, ...]


class Timeline:
    """The timeline of a cluster; close it.

    Args:
        about: an object: it and all that it depends on; None: the scope.
        namespace: of the scope, only this namespace and the objects of the whole cluster; "" for all.
        sources: what knows something of the past.
        on_change: called when `update` may give something else.
    """

    def __init__(
        self,
        cluster: Cluster,
        about: ObjectRef | None = None,
        *,
        namespace: str = "",
        sources: Iterable[TimelineSource] | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.about = about
        self.namespace = namespace
        self._cluster = cluster
        self._sources = tuple(built_in_sources() if sources is None else sources)
        self._changed = asyncio.Event()
        self._on_change = on_change
        self._objects = TimelineObjects(cluster, self._notify)
        self._asked: dict[tuple[str, ObjectRef], _Asked] = {}
        self._feed = cluster.open_feed()

    def close(self) -> None:
        """End all leases."""
        self._objects.close()
        self._cluster.close_feed(self._feed)
        self._asked.clear()

    async def update(
        self,
        since: datetime,
        actions: Iterable[TimelineEntry] = (),
        problems: Iterable[Problem] | None = None,
        limit: int = MAX_ENTRIES,
    ) -> TimelineReport:
        """Assemble the timeline, in slices.

        Args:
            since: when it begins.
            actions: what was done with kdash.
            problems: whose beginnings are shown; None: those that the panes find.
            limit: entries at most, the newest.
        """
        cluster = self._cluster
        problems = None if problems is None else tuple(problems)
        self._changed.clear()
        self._objects.begin()
        now = cluster.clock.now()
        graph = ClusterGraph(cluster.queries, self._objects, cluster.resource_types, now)
        depends = None if self.about is None else dependencies(self.about, graph)
        time_slice = TimeSlice(monotonic=cluster.clock.monotonic)
        entries: list[TimelineEntry] = []
        asked: dict[tuple[str, ObjectRef], _Asked] = {}
        for source in self._sources:
            for obj in self._subjects(source, graph, depends):
                known = self._ask(source, obj, graph, since)
                entries += (entry for entry in known.entries if self._concerns(entry.about, depends))
                if not source.reads_graph:
                    asked[source.id, obj.key] = known
                await time_slice.yield_if_over()
        self._asked = asked
        for ref in self._others(depends):
            metadata = graph.metadata(ref)
            if isinstance(metadata, ObjectMetadata):
                entries += writes.ask(metadata, graph, since)
        for finding in self._findings(depends, now) if problems is None else ():
            if self._concerns(finding.about, depends):
                entries += finding_entries((finding,))
            await time_slice.yield_if_over()
        for entry in chain(watched_entries(cluster.history, since), actions, problem_entries(problems or ())):
            if self._concerns(entry.about, depends):
                entries.append(entry)
            await time_slice.yield_if_over()
        merging = merge_in_steps(entries, since, limit)
        while True:
            try:
                next(merging)
            except StopIteration as end:
                timeline: MergedTimeline = end.value
                break
            await time_slice.yield_if_over()
        return TimelineReport(
            now,
            since,
            self.about,
            timeline.entries,
            timeline.left_out,
            tuple(self._objects.unread()),
            self._objects.is_complete,
            tuple(problem for problem in problems or () if self._has_to_do(problem, depends)),
        )

    async def settled(
        self, since: datetime, actions: Iterable[TimelineEntry] = (), problems: Iterable[Problem] | None = None
    ) -> TimelineReport:
        """Return the timeline once everything has been read or refused, or what is known after `SETTLE_SECONDS`."""
        actions, problems = tuple(actions), None if problems is None else tuple(problems)
        report = await self.update(since, actions, problems)
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not report.is_complete:
                    await self._next_change()
                    report = await self.update(since, actions, problems)
        except TimeoutError:
            return await self.update(since, actions, problems)
        return report

    # -- changes ------------------------------------------------------------------------------------------------------

    async def _next_change(self) -> None:
        waits = {asyncio.ensure_future(self._changed.wait()), asyncio.ensure_future(self._feed.changed())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._feed.drain()

    def _notify(self) -> None:
        self._changed.set()
        self._on_change()

    # -- reading ------------------------------------------------------------------------------------------------------

    def _subjects(
        self, source: TimelineSource, graph: ClusterGraph, depends: Dependencies | None
    ) -> Iterator[KubeObject]:
        """Yield the objects that a source looks at."""
        for kind in source.kinds:
            yield from self._listed(kind, graph, depends)
        for resource_type in source.types:
            yield from self._listed(MetadataKind(resource_type), graph, depends)

    def _listed(self, kind: Kind[Any], graph: ClusterGraph, depends: Dependencies | None) -> Iterator[KubeObject]:
        """Yield the objects of a kind; of one that the object does not depend on, nothing is read."""
        if depends is None:
            found = graph.list(kind, self.namespace or None if kind.namespaced else None)
            yield from () if isinstance(found, Unread) else found
            return
        if kind != EVENT and not depends.may_cover(kind.name):
            return
        found = graph.list(kind, depends.subject.namespace or None if kind.namespaced else None)
        if not isinstance(found, Unread):
            # An event is about another object; a revision is covered through its workload.
            yield from found if kind == EVENT else (obj for obj in found if depends.covers(obj.key))

    def _others(self, depends: Dependencies | None) -> list[ObjectRef]:
        """Return objects of kinds that no source lists: the subject and its owners, such as custom resources."""
        if depends is None:
            return []
        others = (ref for ref in sorted(depends.refs) if ref.group or (ref == self.about and ref.kind not in _LISTED))
        return list(islice(others, _MAX_OTHERS))

    def _ask(self, source: TimelineSource, obj: KubeObject, graph: ClusterGraph, since: datetime) -> _Asked:
        known = self._asked.get((source.id, obj.key))
        if known is not None and known.obj is obj and known.since <= since:
            return known
        subject = object_metadata(obj) if source.types and isinstance(obj, DynamicObject) else obj
        return _Asked(obj, since, source.ask(subject, graph, since))

    def _concerns(self, ref: ObjectRef, depends: Dependencies | None) -> bool:
        if depends is not None:
            return depends.covers(ref)
        return not self.namespace or ref.namespace in (self.namespace, "")

    def _has_to_do(self, problem: Problem, depends: Dependencies | None) -> bool:
        """Return whether a problem is about one of the objects of the timeline, or explains one."""
        return any(self._concerns(ref, depends) for ref in problem.all_objects)

    def _findings(self, depends: Dependencies | None, now: datetime) -> Iterator[Finding]:
        """Yield what the panes find wrong with workloads and Services."""
        queries = self._cluster.queries
        rollouts = queries.rollout_keys() if depends is None else filter(is_workload, depends.refs)
        for ref in tuple(rollouts):
            view = queries.rollout_view(ref, now)
            if view is not None and view.worst_finding is not None:
                yield view.worst_finding
        services = queries.service_keys() if depends is None else (r for r in depends.refs if r.kind == "Service")
        for ref in tuple(services):
            service = queries.service_view(ref, now)
            yield from () if service is None else service.findings[:1]
