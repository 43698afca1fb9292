"""Run all checks while somebody looks: what is broken in a cluster, and why.

Invariants: it runs while at least one `TriageLease` is open, in one task of the cluster. The event loop is never held
for more than a slice; between two passes it pauses for several times the length of a pass, so that diagnosis takes a
bounded share of the processor whatever changes. Nothing is claimed about what has not been read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.resource_types import ResourceTypes
from k9py.cluster.graph import ClusterGraph, Demand
from k9py.cluster.health import KindHealth
from k9py.cluster.queries import Queries
from k9py.cluster.reads import Token
from k9py.cluster.scope import Scope
from k9py.cluster.stores import MergedStore, Stores
from k9py.cluster.triage.demands import DemandLeases, LeaseTaker
from k9py.cluster.triage.logs import ContainerLogs
from k9py.cluster.triage.runs import CheckRuns
from k9py.diagnosis.chains import Chains, trace_steps
from k9py.diagnosis.check import Check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Unread
from k9py.diagnosis.problem import Problem, TriageReport, UnreadKind
from k9py.logs.source import LogSource
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice

_SHORTEST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0
"""Seconds between two passes."""

_PAUSE_RATIO: Final = 15.0
"""How many times longer a pause is than the pass before it took."""

_SWEEP_SECONDS: Final = 10.0
_RECHECK_SECONDS: Final = 5.0
"""Seconds after which views that time alone may change are computed again; see `ChangeFeed`."""


class TriageCluster(Protocol):
    """What triage needs of a cluster."""

    clock: Clock
    stores: Stores
    queries: Queries

    @property
    def scope(self) -> Scope: ...
    @property
    def resource_types(self) -> ResourceTypes: ...
    def has_synced(self, kind: str) -> bool: ...
    def kind_health(self, kind: str) -> KindHealth | None: ...
    def mark_changed(self, tokens: Iterable[Token]) -> None: ...
    def recheck(self) -> None: ...
    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]: ...


class TriageLease:
    """Keeps triage running until it is closed."""

    def __init__(self, on_close: Callable[[TriageLease], None]) -> None:
        self._on_close = on_close

    def close(self) -> None:
        """End it; a second call does nothing."""
        self._on_close(self)


class Triage:
    """What is broken, and why.

    Args:
        checks: returns the checks that run; called when triage begins.
        home: the stores that are filled anyway, by kind.

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
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._progress = asyncio.Event()
        self._waiters = 0
        self._task: asyncio.Task[Any] | None = None
        self._everything = True
        self._chains = Chains()
        self._traced_version = -1
        self._report: TriageReport | None = None
        self._coverage: tuple[object, ...] = ()
        self._swept_at = 0.0
        self._rechecked_at = 0.0
        self._runs: CheckRuns | None = None
        self._demands = DemandLeases(
            leases,
            cluster.stores.reads,
            home,
            cluster.has_synced,
            cluster.kind_health,
            lambda: cluster.scope,
            on_objects=self.on_objects,
            mark=self._mark,
        )
        self._logs = ContainerLogs(log_source, cluster.clock, cluster.stores.reads, cluster.spawn, self._mark)

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
            unread = (*self._demands.unread(), *self._broken())
            looked_at = 0 if self._runs is None or self._everything else self._runs.count()
            self._report = TriageReport(now, self._chains.problems, looked_at, unread, self._is_settled)
        return self._report

    def logs(self) -> Iterator[tuple[Pod, str, bool, tuple[str, ...]]]:
        """Yield the log lines that checks have read: pod, container, whether of the run before, lines."""
        return self._logs.read(self._cluster.stores.pods.values())

    def findings_of(self, ref: ObjectRef) -> tuple[Finding, ...]:
        """Return what was found about an object."""
        return self._chains.findings_about.get(ref, ())

    def problems_of(self, ref: ObjectRef) -> tuple[Problem, ...]:
        """Return the problems that are about an object or explain it, worst first."""
        return self._chains.problems_of.get(ref, ())

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
        self._waiters += 1
        self._hurry.set()
        try:
            while not self._is_settled:
                if not self._open:
                    raise RuntimeError("triage is not open")
                self._progress.clear()
                await self._progress.wait()
        finally:
            self._waiters -= 1
            if not self._waiters:
                self._hurry.clear()

    @property
    def _is_settled(self) -> bool:
        runs = self._runs
        return (
            runs is not None
            and not self._everything
            and not runs.dirty
            and self._traced_version == runs.version
            and not self._demands.is_loading
            and self._logs.is_idle
        )

    # -- for the cluster ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run if somebody looks: the cluster has a task group now."""
        self._task = None
        self._start()

    def on_objects(self, refs: Iterable[ObjectRef]) -> None:
        """Handle objects that have changed; what has read them is marked by its reads."""
        if self._runs is not None:
            self._runs.mark(refs)

    def on_everything(self) -> None:
        """Handle that anything may have changed."""
        self._everything = True
        self._wake.set()

    def on_scope(self) -> None:
        """Handle another scope: nothing of the old one holds."""
        if self._runs is not None:
            self._demands.end_asked()
            self._logs.clear()
            self._runs.clear()
        self.on_everything()

    def on_health(self) -> None:
        """Handle another health of what the home screen reads."""
        if self._runs is not None:
            self._demands.on_home_health()
            self._wake.set()

    # -- running ------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if not self._open or (self._task is not None and not self._task.done()):
            return
        try:
            self._task = self._cluster.spawn(self._run(), "triage")
        except RuntimeError:
            return  # the cluster is not entered yet: `start` follows
        if self._runs is None:
            cluster = self._cluster
            self._runs = CheckRuns(
                self._make_checks(), cluster.stores, cluster.queries, self._demands.subjects, self._wake.set
            )
        self._everything = True
        self._wake.set()

    def _close(self, lease: TriageLease) -> None:
        if lease in self._open:
            self._open.remove(lease)
        if self._open or self._runs is None:
            return
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._demands.close()
        self._logs.clear()
        self._runs.clear()
        self._runs = None
        self._chains = Chains()
        self._traced_version = -1
        self._report = None
        self._progress.set()

    async def _run(self) -> None:
        while True:
            await self._wait()
            self._wake.clear()
            began = time.perf_counter()
            idle = 0.0
            runs = self._runs
            assert runs is not None
            if self._demands.is_home_read:
                self._demands.lease_subjects(runs.kinds)
                idle += await self._run_checks(runs)
                idle += await self._trace(runs)
                self._sweep(runs)
            self._publish()
            await self._pause(time.perf_counter() - began - idle)

    async def _wait(self) -> None:
        """Wait until something has changed, or checks have asked to run again."""
        runs = self._runs
        assert runs is not None
        while not self._wake.is_set():
            due = self._next_wake(runs)
            if due is None:
                await self._wake.wait()
                return
            await self._sleep(due, self._wake)
            if not self._wake.is_set():
                return

    def _next_wake(self, runs: CheckRuns) -> float | None:
        """Return in how many seconds there is something to do, None: only after a change."""
        clock = self._cluster.clock
        waits: list[float] = []
        if runs.next_due is not None:
            waits.append((runs.next_due - clock.now()).total_seconds())
        if self._cluster.queries.views.unsettled(1):
            waits.append(self._rechecked_at + _RECHECK_SECONDS - clock.monotonic())
        return max(0.0, min(waits)) if waits else None

    async def _sleep(self, seconds: float, event: asyncio.Event) -> None:
        """Wait for a time or for an event, whichever comes first."""
        tasks = (
            asyncio.ensure_future(self._cluster.clock.sleep(seconds)),
            asyncio.ensure_future(event.wait()),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _run_checks(self, runs: CheckRuns) -> float:
        """Run the checks that have to; return the seconds that other tasks had."""
        clock = self._cluster.clock
        if clock.monotonic() - self._rechecked_at >= _RECHECK_SECONDS:
            self._rechecked_at = clock.monotonic()
            self._cluster.recheck()
        runs.mark_due(clock.now())
        if self._everything:
            self._everything = False
            runs.mark(runs.all_subjects())
        slices = _Slices()
        graph = self._graph()
        while runs.dirty:
            runs.run(next(iter(runs.dirty)), graph)
            if await slices.pause():
                graph = self._graph()
                if self._must_begin_again():
                    break
        return slices.idle

    def _must_begin_again(self) -> bool:
        """Return whether everything has to be checked again, after other code has run."""
        return self._everything

    def _graph(self) -> ClusterGraph:
        cluster = self._cluster
        return ClusterGraph(cluster.queries, self, cluster.resource_types, cluster.clock.now())

    async def _trace(self, runs: CheckRuns) -> float:
        """Trace the findings to their roots; return the seconds that other tasks had."""
        slices = _Slices()
        version = runs.version
        if version == self._traced_version or self._everything:
            return 0.0
        steps = trace_steps(*runs.findings())
        while True:
            try:
                next(steps)
            except StopIteration as end:
                self._chains = end.value
                self._traced_version = version
                break
            await slices.pause()
        return slices.idle

    def _sweep(self, runs: CheckRuns) -> None:
        now = self._cluster.clock.monotonic()
        if now - self._swept_at >= _SWEEP_SECONDS and not runs.dirty and not self._everything:
            self._swept_at = now
            self._demands.sweep()
            self._logs.sweep()

    async def _pause(self, busy: float) -> None:
        if not self._hurry.is_set():
            await self._sleep(min(max(busy * _PAUSE_RATIO, _SHORTEST_PAUSE), _LONGEST_PAUSE), self._hurry)
        else:
            await asyncio.sleep(0)

    def _publish(self) -> None:
        """Notify whoever looks if the report is another one."""
        self._progress.set()
        runs = self._runs
        coverage = (self._chains, self._demands.unread(), self._broken(), self._is_settled, runs and runs.count())
        if coverage != self._coverage or self._coverage[0] is not self._chains:
            self._coverage = coverage
            self._report = None
            self.version += 1
            for subscriber in tuple(self._subscribers):
                subscriber()

    def _mark(self, tokens: Iterable[Token]) -> None:
        self._cluster.mark_changed(tokens)
        self._wake.set()

    def _broken(self) -> tuple[UnreadKind, ...]:
        if self._runs is None:
            return ()
        return tuple(
            UnreadKind(ref.kind, ref.namespace, f"check {check} failed on {ref}: {error}")
            for check, (ref, error) in self._runs.broken_checks().items()
        )

    # -- ObjectSource -------------------------------------------------------------------------------------------------

    def store(self, demand: Demand) -> MergedStore[Any] | Unread:
        """Return a store that holds everything that is demanded, Unread while there is none."""
        return self._demands.store(demand)

    def log(self, pod: Pod, container: str, previous: bool) -> tuple[str, ...] | Unread | None:
        """Return the last lines of a log."""
        return self._logs.lines(pod, container, previous)

    def covers(self, namespace: str) -> bool:
        """Return whether a namespace is watched; "": whether the whole cluster is."""
        return self._demands.covers(namespace)


class _Slices:
    """Lets the event loop run after each slice, and counts the seconds that it had."""

    def __init__(self) -> None:
        self.idle = 0.0
        self._slice = TimeSlice()

    async def pause(self) -> bool:
        """Let the event loop run if the slice is used up; return whether it did."""
        if not self._slice.is_over():
            return False
        began = time.perf_counter()
        await self._slice.next()
        self.idle += time.perf_counter() - began
        return True
