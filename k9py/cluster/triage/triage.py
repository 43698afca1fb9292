"""Run all checks while somebody looks: what is broken in a cluster, and why.

Invariants: it runs while at least one `TriageLease` is open, in one task of the cluster. A pass runs the checks of what
has changed, then those of what has read it, each as long as its budget lasts; `pacing` bounds its share of the
processor. Nothing is claimed about what has not been read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice
from k9py.api.text import bounded
from k9py.cluster.graph import TYPES, ClusterGraph
from k9py.cluster.reads import Token
from k9py.cluster.stores import MergedStore
from k9py.cluster.triage.contract import TriageCluster, TriageLease
from k9py.cluster.triage.demands import DemandLeases, LeaseTaker
from k9py.cluster.triage.failures import failures
from k9py.cluster.triage.felt_changes import felt_by, is_unchanged
from k9py.cluster.triage.logs import ContainerLogs
from k9py.cluster.triage.objects import TriageObjects
from k9py.cluster.triage.pacing import Pace, PassSlices
from k9py.cluster.triage.runs import CheckRuns
from k9py.cluster.triage.suspect_search import SuspectSearch
from k9py.cluster.triage.traced_problems import TracedProblems
from k9py.cluster.watched_changes import watched_entries
from k9py.diagnosis.check import Check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Problem, Suspect, TriageReport, UnreadKind
from k9py.diagnosis.suspects import suspects
from k9py.informer.store import ChangeBatch
from k9py.logs.source import LogSource

_CHANGED_BUDGET: Final = 0.04
_STALE_BUDGET: Final = 0.015
"""Seconds of a pass for what has changed, and for what has read something that changed; more waits for the next."""

_PART: Final = 2_000
"""Objects that are marked at a time."""

_SWEEP_SECONDS: Final = 10.0
"""How often what no check refers to any more is ended."""

_RECHECK_SECONDS: Final = 5.0
"""Seconds after which views that time alone may change are computed again; see `ChangeFeed`."""

_WATCHED_FOR: Final = timedelta(minutes=40)


class Triage:
    """What is broken, and why.

    Args:
        home: the stores that are filled anyway, by kind.
        checks: returns the checks that run; called when triage begins.

    Attributes:
        version: grows when the report would be another one.
    """

    def __init__(
        self,
        cluster: TriageCluster,
        leases: LeaseTaker,
        log_source: LogSource,
        home: Mapping[Kind[Any], MergedStore[Any]],
        checks: Callable[[], Iterable[Check]],
    ) -> None:
        self.version = 0
        self._cluster = cluster
        self._make_checks = checks
        self._open: list[TriageLease] = []
        self._subscribers: list[Callable[[], None]] = []
        self._pace = Pace(cluster.clock)
        self._progress = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._runs: CheckRuns | None = None
        self._everything = True
        self._was_complete = False
        self._failure = ""
        self._report: TriageReport | None = None
        self._published: tuple[object, ...] = ()
        self._sweep_at: float | None = None
        self._rechecked_at = 0.0
        reads = cluster.stores.reads
        demands = DemandLeases(
            leases,
            reads,
            home,
            cluster.has_synced,
            cluster.kind_health,
            lambda: cluster.scope,
            on_objects=self.on_objects,
            mark=self._mark,
        )
        logs = ContainerLogs(log_source, cluster.clock, reads, cluster.spawn, self._mark)
        self._demands = demands
        self._objects = TriageObjects(demands, logs)
        self._problems = TracedProblems(cluster, demands.subjects)
        self._suspects = SuspectSearch(reads, self._find_suspects, lambda: demands.loading_answers, self._pace.wake)

    # -- for whoever looks --------------------------------------------------------------------------------------------

    def open(self) -> TriageLease:
        """Run until the lease is closed."""
        lease = TriageLease(self._close)
        self._open.append(lease)
        self._start()
        return lease

    @property
    def is_running(self) -> bool:
        """Whether somebody looks."""
        return bool(self._open)

    def report(self, now: datetime) -> TriageReport:
        """Return the state of the cluster as of the last pass; the same object until something has changed."""
        if self._report is None:
            self._report = TriageReport(
                now,
                tuple(map(self._suspects.with_suspects, self._problems.shown)),
                self._looked_at,
                (*self._demands.unread(), *self._broken()),
                self._is_complete,
            )
        return self._report

    def logs(self) -> Iterator[tuple[Pod, str, bool, tuple[str, ...]]]:
        """Yield the log lines that checks have read: pod, container, whether of the run before, lines."""
        return self._objects.logs.read(tuple(self._cluster.stores.pods.values()))

    def findings_of(self, ref: ObjectRef) -> tuple[Finding, ...]:
        """Return what was found about an object."""
        return self._problems.chains.findings_about.get(ref, ())

    def problems_of(self, ref: ObjectRef) -> tuple[Problem, ...]:
        """Return the problems that are about an object or explain it, worst first."""
        return tuple(map(self._suspects.with_suspects, self._problems.chains.problems_of.get(ref, ())))

    def subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call a function when the report is another one; it must be quick and not fail.

        Returns:
            A function that ends the subscription; a second call does nothing.
        """
        self._subscribers.append(on_change)

        def unsubscribe() -> None:
            if on_change in self._subscribers:
                self._subscribers.remove(on_change)

        return unsubscribe

    async def settled(self) -> None:
        """Return when everything that checks ask for has been read or refused, and all checks have run.

        Raises:
            RuntimeError: no lease is open.
        """
        self._pace.hurry()
        try:
            while not self._is_settled:
                if not self._open:
                    raise RuntimeError("triage is not open")
                self._progress.clear()
                await self._progress.wait()
        finally:
            self._pace.relax()

    @property
    def _is_settled(self) -> bool:
        runs = self._runs
        if self._failure:
            return True  # nothing better will come
        return (
            runs is not None
            and not self._everything
            and not runs.dirty_count
            and self._problems.is_current(runs)
            and self._suspects.is_settled
            and self._objects.is_settled
        )

    @property
    def _is_complete(self) -> bool:
        return self._was_complete and not self._demands.is_loading

    @property
    def _looked_at(self) -> int:
        if self._runs is None:
            return 0
        count = self._runs.count_subjects()
        return count if self._was_complete else max(0, count - self._runs.dirty_count)

    # -- for the cluster ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run if somebody looks: the cluster has a task group now."""
        self._task = None
        self._start()

    def on_batch(self, kind: str, batch: ChangeBatch[Any]) -> None:
        """Handle changes of a kind of the first screen; what has read them is stale already."""
        if self._runs is None:
            return
        self._runs.mark(change.key for change in batch.changes if not is_unchanged(change))
        if kind in (Pod.KIND, EndpointSlice.KIND):
            self._runs.promote(felt_by(self._cluster.queries.relations, batch))

    def on_objects(self, refs: Iterable[ObjectRef]) -> None:
        """Handle objects of other kinds that have changed."""
        if self._runs is not None:
            self._runs.mark(refs)

    def on_everything(self) -> None:
        """Handle that anything may have changed."""
        self._everything = True
        self._pace.wake()

    def on_scope(self) -> None:
        """Handle another scope: nothing of the old one holds."""
        if self._runs is not None:
            self._objects.on_scope()
            self._suspects.clear()
            self._runs.clear()
            self._was_complete = False
        self.on_everything()

    def on_types(self) -> None:
        """Handle that other resource types are known: an object of a type that was not is readable now."""
        if self._runs is not None:
            self._mark((TYPES,))

    def on_health(self) -> None:
        """Handle another health of what the first screen reads."""
        if self._runs is not None:
            self._demands.on_home_health()
            self._pace.wake()

    # -- running ------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if not self._open or (self._task is not None and not self._task.done()):
            return
        try:
            self._task = self._cluster.spawn(self._run(), "triage")
        except RuntimeError:
            return  # the cluster is not entered yet: `start` follows
        if self._runs is None:
            stores, queries, keep = self._cluster.stores, self._cluster.queries, self._cluster.keep
            subjects, wake = self._demands.subjects, self._pace.wake
            self._runs = CheckRuns(self._make_checks(), stores, queries, subjects, wake, keep)
        self.on_everything()

    def _close(self, lease: TriageLease) -> None:
        if lease in self._open:
            self._open.remove(lease)
        if self._open or self._runs is None:
            return
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._objects.close()
        self._suspects.clear()
        self._runs.clear()
        self._runs = None
        self._problems.clear()
        self._was_complete = False
        self._report = None
        self._progress.set()

    async def _run(self) -> None:
        while True:
            runs = self._runs
            assert runs is not None
            await self._pace.wait(self._seconds_to_next(runs))
            slices = PassSlices()
            try:
                await self._pass(runs, slices)
                self._failure = ""
            except Exception as error:  # noqa: BLE001 (it must not end the other tasks of the cluster)
                self._failure = bounded(f"{type(error).__name__}: {error}", 200)
            self._publish()
            await self._pace.pause(slices.busy)

    async def _pass(self, runs: CheckRuns, slices: PassSlices) -> None:
        if not self._demands.is_home_read:
            return
        self._demands.lease_subjects(runs.kinds)
        await self._run_checks(runs, slices)
        if not self._everything:
            await self._problems.trace(runs, slices)
        self._problems.show()
        if not self._everything:
            self._suspects.choose(self._problems.shown)
            await self._suspects.run(self._problems.shown, self.graph, slices)
        self._sweep(runs)

    def _seconds_to_next(self, runs: CheckRuns) -> float | None:
        """Return in how many seconds there is something to do, None: only after a change."""
        clock = self._cluster.clock
        waits: list[float] = []
        if runs.next_due is not None:
            waits.append((runs.next_due - clock.now()).total_seconds())
        if self._cluster.queries.views.unsettled(1):
            waits.append(self._rechecked_at + _RECHECK_SECONDS - clock.monotonic())
        if self._sweep_at is not None:
            waits.append(self._sweep_at - clock.monotonic())
        return max(0.0, min(waits)) if waits else None

    async def _run_checks(self, runs: CheckRuns, slices: PassSlices) -> None:
        """Run the checks that have to: of what has changed, then of what has read it while the budget lasts."""
        clock = self._cluster.clock
        if clock.monotonic() - self._rechecked_at >= _RECHECK_SECONDS:
            self._rechecked_at = clock.monotonic()
            self._cluster.recheck()
        runs.mark_due(clock.now())
        is_unbounded = self._everything or self._pace.is_hurried
        if self._everything:
            self._everything = False
            subjects = runs.all_subjects()
            while part := tuple(islice(subjects, _PART)):
                runs.mark(part)
                await slices.pause()
        if runs.dirty_count and self._sweep_at is None:
            self._sweep_at = clock.monotonic() + _SWEEP_SECONDS
        for refs, budget in ((runs.changed, _CHANGED_BUDGET), (runs.stale, _STALE_BUDGET)):
            limit = None if is_unbounded else budget
            if not await runs.run_all(tuple(refs), self.graph, slices, lambda: self._everything, limit):
                break
        if runs.dirty_count:
            self._pace.wake()
        elif not self._everything:
            self._was_complete = True

    def graph(self) -> ClusterGraph:
        """Return what checks read, as of now."""
        cluster = self._cluster
        return ClusterGraph(cluster.queries, self._objects, cluster.resource_types, cluster.clock.now())

    def _find_suspects(self, problem: Problem, graph: ClusterGraph) -> tuple[Suspect, ...]:
        watched = watched_entries(self._cluster.history, graph.now - _WATCHED_FOR, only_written=True)
        with self._demands.for_suspects():
            return suspects(problem, graph, watched)

    def _sweep(self, runs: CheckRuns) -> None:
        """End what no check refers to any more."""
        if self._sweep_at is None or runs.dirty_count or self._everything or not self._suspects.is_settled:
            return
        if self._cluster.clock.monotonic() >= self._sweep_at:
            self._sweep_at = None
            self._objects.sweep()

    def _publish(self) -> None:
        """Notify whoever looks if the report is another one."""
        self._progress.set()
        coverage = (self._demands.unread(), self._broken(), self._is_complete, self._looked_at)
        published = (id(self._problems.chains), id(self._problems.shown), self._suspects.version, *coverage)
        if published != self._published:
            self._published = published
            self._report = None
            self.version += 1
            for subscriber in tuple(self._subscribers):
                subscriber()

    def _mark(self, tokens: Iterable[Token]) -> None:
        self._cluster.mark_changed(tokens)
        self._pace.wake()

    def _broken(self) -> tuple[UnreadKind, ...]:
        return () if self._runs is None else failures(self._runs, self._failure, self._suspects.error)
