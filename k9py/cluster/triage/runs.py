"""Run the checks of one object at a time, and keep what they found until something that they read has changed.

Invariants: an object whose checks have to run again is in `changed` or in `stale`, never in both. A check that raises
is named in `broken` and does not keep the others from running. Nothing is kept of an object about which nothing was
found and that reads only itself. What depends on the time is never older than a minute.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.standard_types import ref_group_of
from k9py.api.text import bounded
from k9py.api.workloads import ControllerRevision, ReplicaSet
from k9py.cluster.graph import ClusterGraph
from k9py.cluster.queries import Queries
from k9py.cluster.reads import ReadGraph, TrackedReads
from k9py.cluster.stores import MergedStore, Stores
from k9py.cluster.triage.pacing import PassSlices
from k9py.diagnosis.check import Check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.finding_groups import Owner
from k9py.diagnosis.graph import Unread

_MAX_BROKEN: Final = 20
_TIME_STEP: Final = timedelta(seconds=60)
"""How long what was found at one time holds: a check that reads the time runs again, even if it does not ask for it."""
_OBJECTS_OF_A_FINDING: Final = 10
"""Evidence, next steps, references: what the garbage collector would walk."""


@dataclass(slots=True)
class _Run:
    """What the checks of an object read and found.

    Args:
        again_at: when they run again although nothing changes.
        has_asked: whether they have asked for that time, or have only read the time.
    """

    reads: TrackedReads
    findings: tuple[Finding, ...] = ()
    owners: dict[ObjectRef, Owner] = field(default_factory=dict)
    again_at: datetime | None = None
    has_asked: bool = False


class CheckRuns:
    """The runs of all checks.

    Args:
        checks: those that run.
        subjects: returns the objects of a kind, Unread while they are not read.
        on_dirty: called when checks have to run again.
        on_kept: called with the number of objects that stay, roughly.

    Attributes:
        changed: objects whose checks have to run soon, because they have changed themselves.
        stale: objects whose checks have to run because something that they read has changed.
        broken: checks that raised, by id and object, with the error.
        version: grows when other things are found.
    """

    def __init__(
        self,
        checks: Iterable[Check],
        stores: Stores,
        queries: Queries,
        subjects: Callable[[Kind[Any]], MergedStore[Any] | Unread],
        on_dirty: Callable[[], None],
        on_kept: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.changed: dict[ObjectRef, None] = {}
        self.stale: dict[ObjectRef, None] = {}
        self.broken: dict[tuple[str, ObjectRef], str] = {}
        self.version = 0
        self._checks: dict[tuple[str, str], list[Check]] = {}
        self._kinds: dict[tuple[str, str], Kind[Any]] = {}
        for check in checks:
            for kind in check.subjects:
                ref = kind.key("", "")
                self._checks.setdefault((ref.kind, ref.group), []).append(check)
                self._kinds[ref.kind, ref.group] = kind
        self._stores = stores
        self._reads: ReadGraph = stores.reads
        self._queries = queries
        self._subjects = subjects
        self._on_dirty = on_dirty
        self._on_kept = on_kept
        self._runs: dict[ObjectRef, _Run] = {}
        self._again: list[tuple[datetime, ObjectRef]] = []

    @property
    def kinds(self) -> tuple[Kind[Any], ...]:
        """The kinds of the objects that are checked."""
        return tuple(self._kinds.values())

    # -- what has to run ----------------------------------------------------------------------------------------------

    @property
    def dirty_count(self) -> int:
        """Objects whose checks have to run."""
        return len(self.changed) + len(self.stale)

    def mark(self, refs: Iterable[ObjectRef]) -> None:
        """Run the checks of objects soon; other kinds than those of subjects are left out."""
        count = len(self.changed)
        for ref in refs:
            if (ref.kind, ref.group) in self._kinds:
                self.stale.pop(ref, None)
                self.changed[ref] = None
        if len(self.changed) != count:
            self._on_dirty()

    def promote(self, refs: Iterable[ObjectRef]) -> None:
        """Run the checks of objects soon, if they have to run."""
        for ref in refs:
            if ref in self.stale:
                del self.stale[ref]
                self.changed[ref] = None

    def all_subjects(self) -> Iterator[ObjectRef]:
        """Yield every object that has checks, and those that had findings."""
        for kind in self._kinds.values():
            store = self._subjects(kind)
            if not isinstance(store, Unread):
                yield from tuple(store.keys())
        yield from tuple(self._runs)

    def mark_due(self, now: datetime) -> None:
        """Run the checks again that time alone may change: soon those that have asked for it."""
        due: list[ObjectRef] = []
        while self._again and self._again[0][0] <= now:
            at, ref = heapq.heappop(self._again)
            run = self._runs.get(ref)
            if run is None or run.again_at != at:
                continue
            run.again_at = None
            if run.has_asked:
                due.append(ref)
            elif ref not in self.changed:
                self.stale[ref] = None
        self.mark(due)

    @property
    def next_due(self) -> datetime | None:
        """When checks have to run again although nothing changes."""
        return self._again[0][0] if self._again else None

    def clear(self) -> None:
        """Forget everything."""
        for run in self._runs.values():
            run.reads.close()
        self._runs.clear()
        self.changed.clear()
        self.stale.clear()
        self.broken.clear()
        self._again.clear()
        self.version += 1

    # -- running ------------------------------------------------------------------------------------------------------

    async def run_all(
        self,
        refs: Iterable[ObjectRef],
        make_graph: Callable[[], ClusterGraph],
        slices: PassSlices,
        is_interrupted: Callable[[], bool],
        budget: float | None = None,
    ) -> bool:
        """Run the checks of objects, and let the event loop run in between.

        Args:
            is_interrupted: asked whenever other code has run; ends it.
            budget: processor seconds after which it ends, None: it has no limit.

        Returns:
            Whether it was not interrupted.
        """
        ends_at = None if budget is None else slices.busy + budget
        graph = make_graph()
        for ref in refs:
            if ends_at is not None and slices.busy >= ends_at:
                break
            self.run(ref, graph)
            if await slices.pause():
                if is_interrupted():
                    return False
                graph = make_graph()
        return True

    def run(self, ref: ObjectRef, graph: ClusterGraph) -> None:
        """Run the checks of an object."""
        self.changed.pop(ref, None)
        self.stale.pop(ref, None)
        store = self._subjects(self._kinds[ref.kind, ref.group])
        subject = None if isinstance(store, Unread) else store.get(ref)
        run = self._runs.get(ref)
        if subject is None:
            self._drop(ref)
            return
        checks = self._checks[ref.kind, ref.group]
        found: list[Finding] = []
        owners: dict[ObjectRef, Owner] = {}
        graph.begin()
        with self._reads.collecting() as tokens:
            for check in checks:
                self._run_check(check, subject, graph, found)
            if found:
                self._resolve_owners(found, graph, owners)
        tokens.discard(ref)
        if not (tokens or found or graph.again_at or graph.has_read_time):
            if run is not None:
                self._drop(ref)
            return
        if run is None:
            run = self._runs[ref] = _Run(self._reads.track(ref, self._on_stale))
        else:
            self._reads.release(run.reads)
        self._reads.register(run.reads, tokens)
        findings = tuple(found)
        if findings != run.findings or owners != run.owners:
            more = max(0, len(findings) - len(run.findings))
            run.findings, run.owners = findings, owners
            self.version += 1
            self._on_kept(_OBJECTS_OF_A_FINDING * more)
        self._run_again(ref, run, graph)

    def _run_again(self, ref: ObjectRef, run: _Run, graph: ClusterGraph) -> None:
        """Note when the checks of an object run again although nothing changes."""
        asked, has_read_time = graph.again_at, graph.has_read_time
        at = graph.now + _TIME_STEP if has_read_time else None
        if at is not None and run.again_at is not None and not run.has_asked:
            at = min(at, run.again_at)
        run.has_asked = asked is not None and (at is None or asked <= at)
        if run.has_asked:
            at = asked
        if at is not None and at != run.again_at:
            heapq.heappush(self._again, (at, ref))
        run.again_at = at

    def _run_check(self, check: Check, subject: KubeObject, graph: ClusterGraph, found: list[Finding]) -> None:
        try:
            found.extend(check.run(subject, graph))
        except Exception as error:  # noqa: BLE001 (a check that fails must not hide what the others find)
            self.broken[check.id, subject.key] = bounded(f"{type(error).__name__}: {error}", 200)
        else:
            if self.broken:
                self.broken.pop((check.id, subject.key), None)

    def _on_stale(self, reads: TrackedReads) -> None:
        if reads.ref is not None and reads.ref not in self.changed:
            self.stale[reads.ref] = None
            self._on_dirty()

    def _drop(self, ref: ObjectRef) -> None:
        run = self._runs.pop(ref, None)
        if run is not None:
            run.reads.close()
            if run.findings:
                self.version += 1
        if self.broken:
            for key in [key for key in self.broken if key[1] == ref]:
                del self.broken[key]

    # -- owners -------------------------------------------------------------------------------------------------------

    def _resolve_owners(self, found: list[Finding], graph: ClusterGraph, owners: dict[ObjectRef, Owner]) -> None:
        """Find out what people act on in place of the pods and ReplicaSets of findings."""
        waiting = list(found)
        while waiting:
            finding = waiting.pop()
            waiting += [cause for cause in finding.caused_by if isinstance(cause, Finding)]
            about = finding.about
            if about not in owners and about.kind in (Pod.KIND, ReplicaSet.KIND, ControllerRevision.KIND):
                owner = self._owner(about, graph)
                if owner is not None:
                    owners[about] = owner

    def _owner(self, ref: ObjectRef, graph: ClusterGraph) -> Owner | None:
        owned = self._owned(ref)
        if owned is None:
            return None
        workload = graph.workload_of(owned)
        if workload is not None:
            health = graph.workload_health(workload)
            return Owner(workload, None if health is None else health.severity)
        controller = _controller(owned)
        if controller is None:
            return None
        above = self._owned(controller)
        return Owner((None if above is None else _controller(above)) or controller)

    def _owned(self, ref: ObjectRef) -> KubeObject | None:
        """Return an object that a workload may own."""
        match ref.kind:
            case Pod.KIND:
                return self._stores.pods.get(ref)
            case ReplicaSet.KIND:
                return self._stores.replica_sets.get(ref)
            case ControllerRevision.KIND:
                return self._stores.controller_revisions.get(ref)
        return None

    # -- results ------------------------------------------------------------------------------------------------------

    def findings(self) -> tuple[list[Finding], dict[ObjectRef, Owner]]:
        """Return all findings, and the owners of the pods that they are about."""
        findings: list[Finding] = []
        owners: dict[ObjectRef, Owner] = {}
        for run in self._runs.values():
            if run.findings:
                findings.extend(run.findings)
                owners |= run.owners
        return findings, owners

    def count_subjects(self) -> int:
        """Return how many objects have checks."""
        total = 0
        for kind in self._kinds.values():
            store = self._subjects(kind)
            total += 0 if isinstance(store, Unread) else len(store)
        return total

    def broken_checks(self) -> dict[str, tuple[ObjectRef, str]]:
        """Return the checks that raised, by id, with one object and the error; at most a few."""
        broken: dict[str, tuple[ObjectRef, str]] = {}
        for (check, ref), error in sorted(self.broken.items()):
            if len(broken) < _MAX_BROKEN:
                broken.setdefault(check, (ref, error))
        return broken


def _controller(owned: KubeObject) -> ObjectRef | None:
    """Return the controller of an object; None for the mirror of a static pod, which its node controls."""
    controller = owned.metadata.controller
    if controller is None or controller.kind == "Node":
        return None
    group = ref_group_of(controller.api_version, controller.kind)
    return ObjectRef(controller.kind, owned.namespace, controller.name, group)
