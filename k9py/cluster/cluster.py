"""One cluster, watched: owns the leases of what the first screen needs, all tasks, and the health.

Invariant: all tasks live in one TaskGroup between `__aenter__` and `__aexit__`. When an object changes, the cached
views that depend on it are invalidated first and the feeds are notified afterwards, in one synchronous step.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol, Self, TypeVar

from k9py.api.kinds import POD, Kind
from k9py.api.meta import KubeObject
from k9py.api.resource_types import ResourceTypes
from k9py.cluster.change_feed import AffectedObjects, ChangeFeed
from k9py.cluster.change_history import ChangeHistory
from k9py.cluster.change_tracer import ChangeTracer, affected
from k9py.cluster.discovery import ClusterDiscovery, DiscoveryConnection
from k9py.cluster.health import ClusterHealth, ClusterState, KindHealth, summarize_health
from k9py.cluster.lease import LeaseRequest, WatchLease
from k9py.cluster.leases import Leases
from k9py.cluster.metrics import Metrics
from k9py.cluster.queries import Queries
from k9py.cluster.reads import Token
from k9py.cluster.scope import Scope, ScopeConnection, choose_scope
from k9py.cluster.seen_revisions import SeenRevisions
from k9py.cluster.shared_watch import SharedWatch
from k9py.cluster.stores import Stores
from k9py.cluster.triage.triage import Triage
from k9py.cluster.watches import WATCHED, WatchedKind
from k9py.diagnosis.check import Check
from k9py.informer.store import ChangeBatch
from k9py.logs.source import LogSource
from k9py.runtime.clock import Clock
from k9py.runtime.gc_tuner import GcTuner

T = TypeVar("T", bound=KubeObject)

_DEFINITIONS: Final = "customresourcedefinitions"

_LIVENESS_SECONDS: Final = 5.0
"""Seconds between two checks for reflectors that are overdue."""


class ContextInfo(Protocol):
    """The part of a connection's description that is read."""

    @property
    def namespace(self) -> str: ...


class ClusterConnection(ScopeConnection, DiscoveryConnection, LogSource, Protocol):
    """The connection as a cluster needs it. `kube.connection.Connection` implements it."""

    @property
    def info(self) -> ContextInfo: ...


class Cluster:
    """The Services, rollouts and all they consist of, kept current while entered.

    Args:
        scope: what to watch; see `choose_scope`.
        notice: what the user has to know about the scope, from `choose_scope`.
        checks: what triage runs, None: all checks of `diagnosis/checks/`.

    Attributes:
        stores: all objects, by kind.
        queries: what screens and commands ask.
        feed: what changed, for one reader (the screen); others use `open_feed`.
        metrics: what pods and nodes use, while somebody leases it.
        history: what changed while it was watched.
        discovery: which resource types the server has.
        triage: what is broken and why, while somebody leases it.
        scope_notice: displayed as long as it is not empty.
    """

    def __init__(
        self,
        connection: ClusterConnection,
        scope: Scope,
        clock: Clock,
        *,
        notice: str = "",
        rng: random.Random | None = None,
        checks: Iterable[Check] | None = None,
    ) -> None:
        self.connection = connection
        self.clock = clock
        self.scope_notice = notice
        self.stores = Stores()
        self.queries = Queries(self.stores, self.has_synced)
        self.seen_revisions = SeenRevisions()
        self.history = ChangeHistory()
        self.discovery = ClusterDiscovery(connection, clock)
        self._scope = scope
        self._gc_tuner = GcTuner()
        self._tracer = ChangeTracer(self.stores.reads, {watched.kind.name: watched.indexes for watched in WATCHED})
        self._feeds: list[ChangeFeed] = []
        self.feed = self.open_feed()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: tuple[asyncio.Task[Any], ...] = ()
        self._extra_tasks: set[asyncio.Task[Any]] = set()
        self._rescope_task: asyncio.Task[None] | None = None
        self._health: ClusterHealth | None = None
        self._overdue: frozenset[SharedWatch] = frozenset()
        self._synced_kinds: frozenset[str] = frozenset()
        self._leases = Leases(
            connection,
            scope,
            clock,
            indexes={watched.kind: watched.indexes for watched in WATCHED},
            on_batch=self._observe,
            on_missing=self.discovery.publish,
            on_restored=self._update_health,
            rng=rng,
        )
        self.metrics = Metrics(connection, clock, self._leases.time_slicer, self.spawn)
        home = {watched.kind: watched.store(self.stores) for watched in WATCHED}
        self.triage = Triage(
            self, self._leases, connection, home, lambda: _built_in_checks() if checks is None else checks
        )
        self.discovery.subscribe(self._on_discovered)
        self._home = tuple(self._lease_home(watched) for watched in WATCHED)

    # -- lifecycle ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._gc_tuner.start()
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._leases.start(self._group)
        self.triage.start()
        self._tasks = (
            self._group.create_task(self._check_liveness(), name="liveness"),
            self._group.create_task(self.discovery.run(), name="discovery"),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        assert group is not None
        self._gc_tuner.stop()
        self._leases.stop()
        for task in (*self._tasks, *self._extra_tasks, self._rescope_task):
            if task is not None:
                task.cancel()
        # An exception of the body is raised unwrapped: only a cancellation concerns the group.
        if kind is not None and issubclass(kind, asyncio.CancelledError):
            await group.__aexit__(kind, error, trace)
        else:
            await group.__aexit__(None, None, None)

    async def run(self) -> NoReturn:
        """Watch until cancelled."""
        async with self:
            await asyncio.Event().wait()
        raise AssertionError("unreachable")

    @property
    def scope(self) -> Scope:
        """What is being watched."""
        return self._scope

    async def set_scope(self, scope: Scope, notice: str = "") -> None:
        """Watch another scope from now on; the objects held are dropped immediately."""
        self.scope_notice = notice
        if scope != self._scope:
            self._scope = scope
            self._health = None
            self._synced_kinds = frozenset()
            stopped = self._leases.set_scope(scope)
            self.triage.on_scope()
            self._notify(AffectedObjects(everything=True))
            await asyncio.gather(*stopped, return_exceptions=True)
        self._update_health()

    def retry_now(self) -> None:
        """Retry everything that is not live, without waiting and with the backoff reset."""
        self._leases.retry_now()

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a task until the cluster is left."""
        if self._group is None:
            coroutine.close()
            raise RuntimeError("the cluster is not watched")
        task = self._group.create_task(coroutine, name=name)
        self._extra_tasks.add(task)
        task.add_done_callback(self._extra_tasks.discard)
        return task

    async def _check_liveness(self) -> NoReturn:
        """Restart watches that are overdue although no timer of theirs has run: this machine was suspended."""
        while True:
            await self.clock.sleep(_LIVENESS_SECONDS)
            self._leases.check_liveness()

    @property
    def resource_types(self) -> ResourceTypes:
        """The types that are known: the standard ones, then also those that the server has added."""
        return self.discovery.types

    # -- leases -------------------------------------------------------------------------------------------------------

    def lease(
        self,
        kind: Kind[T],
        *,
        namespaces: tuple[str, ...] | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> WatchLease[T]:
        """Watch the objects of a kind until the lease is closed; what is watched already is shared.

        Args:
            namespaces: None: those of the cluster's scope, whatever it becomes; (): the whole cluster.
        """
        return self._leases.lease(LeaseRequest(kind, namespaces, label_selector, (field_selector,)))

    @property
    def leases(self) -> tuple[WatchLease[Any], ...]:
        """All leases that are held now, those of the first screen too."""
        return self._leases.held

    def _lease_home(self, watched: WatchedKind) -> WatchLease[Any]:
        """Lease what the first screen needs; these leases are held as long as the cluster."""
        request: LeaseRequest[Any] = LeaseRequest(
            watched.kind,
            field_selectors=watched.field_selectors,
            on_batch=lambda batch: self._on_batch(watched.kind.name, batch),
            on_health=self._on_health,
        )
        return self._leases.lease(request, watched.store(self.stores))

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def health(self) -> ClusterHealth:
        """The current health of what the first screen needs; a lease of anything else has its own."""
        watches = [watch for lease in self._home for watch in lease.watches]
        overdue = frozenset(watch for watch in watches if watch.reflector.is_overdue)
        if self._health is None or overdue != self._overdue:
            self._overdue = overdue
            reports = [watch.report() for watch in watches]
            self._health = summarize_health(reports, restored_at=self._leases.server.restored_at)
        return self._health

    def has_synced(self, kind: str) -> bool:
        """Return whether the objects of a kind (by name) have been read; they may be stale."""
        return kind in self._synced_kinds

    def kind_health(self, kind: str) -> KindHealth | None:
        """Return the health of a kind (by name) of the first screen."""
        return self.health.kinds.get(kind)

    def open_feed(self) -> ChangeFeed:
        """Return a feed for one more reader; close it with `close_feed`."""
        feed = ChangeFeed(self.clock.monotonic, self.recheck)
        self._feeds.append(feed)
        return feed

    def close_feed(self, feed: ChangeFeed) -> None:
        """Close a feed made by `open_feed`."""
        if feed in self._feeds:
            self._feeds.remove(feed)

    # -- changes ------------------------------------------------------------------------------------------------------

    def _on_batch(self, kind: str, batch: ChangeBatch[Any]) -> None:
        self.seen_revisions.observe(batch, self.clock.now(), has_synced=kind in self._synced_kinds)
        self._notify(self._tracer.trace(kind, batch))
        self.triage.on_batch(kind, batch)

    def keep(self, count: int) -> None:
        """Count objects that stay, so that the garbage collector does not walk them again and again."""
        self._gc_tuner.add(count)

    def mark_changed(self, tokens: Iterable[Token]) -> None:
        """Make stale what has read something that changed outside the stores of the first screen."""
        stale = self.stores.reads.mark(tokens)
        if stale:
            self._notify(affected(stale))

    def _observe(self, watch: SharedWatch, batch: ChangeBatch[Any]) -> None:
        """Handle the changes of any watch, whoever leased it; before its leases do."""
        self._gc_tuner.add(sum(change.old is None for change in batch.changes))
        if watch.kind.resource == _DEFINITIONS and watch.reflector.has_synced:
            self.discovery.request()
        if self._leases.is_whole(watch):
            self.history.observe(batch, self.clock.now(), has_synced=watch.reflector.has_synced)

    def _notify(self, affected_objects: AffectedObjects) -> None:
        if affected_objects.everything:
            self.queries.views.invalidate_all()
            self.triage.on_everything()
        for feed in self._feeds:
            feed.mark(affected_objects)

    def recheck(self) -> None:
        """Mark the Services and rollouts that are not settled: their state can change with time alone."""
        stale = self.queries.views.invalidate(self.queries.views.unsettled())
        if stale:
            self._notify(affected(stale))

    # -- health -------------------------------------------------------------------------------------------------------

    def _on_health(self, became_current: bool) -> None:
        if became_current:
            # A change may not have been published, if a list was interrupted in the middle.
            self._notify(AffectedObjects(everything=True))
        self._update_health()

    def _on_discovered(self) -> None:
        self._leases.retry_missing(self.discovery.discovered)
        self.triage.on_types()
        for feed in self._feeds:
            feed.mark_health()

    def _update_health(self) -> None:
        self._health = None
        is_live = self.health.state is ClusterState.LIVE
        self.history.set_gap(has_gap=not is_live)
        if not is_live:
            self.seen_revisions.record_gap()
        synced = frozenset(kind for kind, health in self.health.kinds.items() if health.has_synced)
        if synced != self._synced_kinds:
            # Something unknown is known now (or the reverse): every view may differ.
            self._synced_kinds = synced
            self._gc_tuner.freeze_added()
            self._notify(AffectedObjects(everything=True))
        for feed in self._feeds:
            feed.mark_health()
        self.triage.on_health()
        self._narrow_scope()

    def _narrow_scope(self) -> None:
        """Choose the scope again if the whole cluster turned out to be forbidden."""
        pods = self.health.kinds.get(POD.name)
        if (
            self._scope.is_cluster
            and pods is not None
            and pods.state is ClusterState.FORBIDDEN
            and self._group is not None
            and (self._rescope_task is None or self._rescope_task.done())
        ):
            self._rescope_task = self._group.create_task(self._choose_scope(), name="choose scope")

    async def _choose_scope(self) -> None:
        choice = await choose_scope(self.connection, context_namespace=self.connection.info.namespace)
        if not choice.scope.is_cluster:
            await self.set_scope(choice.scope, choice.notice)


def _built_in_checks() -> Iterable[Check]:
    from k9py.diagnosis.registry import built_in_checks  # not needed before somebody asks what is broken

    return built_in_checks()
