"""One cluster, watched: owns the reflectors of a scope, their tasks, and their health.

Invariant: all tasks live in one TaskGroup between `__aenter__` and `__aexit__`. When an object changes, the cached
views that depend on it are invalidated first and the feeds are notified afterwards, in one synchronous step.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol, Self

from k9py.api.errors import ApiError, ConnectionFailedError
from k9py.api.kinds import POD
from k9py.cluster.change_feed import AffectedObjects, ChangeFeed
from k9py.cluster.change_history import ChangeHistory
from k9py.cluster.change_tracer import ChangeTracer, affected
from k9py.cluster.health import ClusterHealth, ClusterState, WatchReport, summarize_health
from k9py.cluster.metrics import Metrics
from k9py.cluster.queries import Queries
from k9py.cluster.scope import Scope, ScopeConnection, choose_scope
from k9py.cluster.seen_revisions import SeenRevisions
from k9py.cluster.stores import Stores
from k9py.cluster.watches import WATCHED, WatchedKind
from k9py.informer.health import Live, Loading, Stale, WatchHealth
from k9py.informer.reflector import Reflector
from k9py.informer.server import ServerTraits
from k9py.informer.store import ChangeBatch
from k9py.runtime.clock import Clock
from k9py.runtime.gc_tuner import GcTuner
from k9py.runtime.time_slice import TimeSlicer

_LIVENESS_SECONDS: Final = 5.0
"""Seconds between two checks for reflectors that are overdue."""


class ContextInfo(Protocol):
    """The part of a connection's description that is read."""

    @property
    def namespace(self) -> str: ...


class ClusterConnection(ScopeConnection, Protocol):
    """The connection as a cluster needs it. `kube.connection.Connection` implements it."""

    @property
    def info(self) -> ContextInfo: ...


class Cluster:
    """The Services, rollouts and all they consist of, kept current while entered.

    Args:
        scope: what to watch; see `choose_scope`.
        notice: what the user has to know about the scope, from `choose_scope`.

    Attributes:
        stores: all objects, by kind.
        queries: what screens and commands ask.
        feed: what changed, for one reader (the screen); others use `open_feed`.
        metrics: what pods and nodes use, while somebody leases it.
        history: what changed while it was watched.
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
    ) -> None:
        self.connection = connection
        self.clock = clock
        self.scope_notice = notice
        self.stores = Stores()
        self.queries = Queries(self.stores, self.has_synced)
        self.seen_revisions = SeenRevisions()
        self.history = ChangeHistory()
        self._scope = scope
        self._rng = rng
        self._time_slicer = TimeSlicer(clock.monotonic)
        self._gc_tuner = GcTuner()
        self.metrics = Metrics(connection, clock, self._time_slicer, self._spawn)
        self._tracer = ChangeTracer(self.stores.reads, {watched.kind.name: watched.indexes for watched in WATCHED})
        self._feeds: list[ChangeFeed] = []
        self.feed = self.open_feed()
        self._group: asyncio.TaskGroup | None = None
        self._reflectors: list[Reflector[Any]] = []
        self._not_live: set[Reflector[Any]] = set()
        self._unreachable: set[Reflector[Any]] = set()  # those that cannot reach the server
        self._unsubscribe: list[Callable[[], None]] = []
        self._server = ServerTraits()
        self._tasks: list[asyncio.Task[Any]] = []
        self._extra_tasks: set[asyncio.Task[Any]] = set()
        self._liveness_task: asyncio.Task[Any] | None = None
        self._rescope_task: asyncio.Task[None] | None = None
        self._health: ClusterHealth | None = None
        self._overdue: frozenset[Reflector[Any]] = frozenset()
        self._synced_kinds: frozenset[str] = frozenset()
        self._build()

    # -- lifecycle ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._gc_tuner.start()
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        assert group is not None
        self._gc_tuner.stop()
        for task in (*self._tasks, *self._extra_tasks, self._rescope_task, self._liveness_task):
            if task is not None:
                task.cancel()
        self._tasks = []
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
            stopped, self._tasks = self._tasks, []
            for task in stopped:
                task.cancel()
            self._build()
            if self._group is not None:
                self._start()
            await asyncio.gather(*stopped, return_exceptions=True)
        self._update_health()

    def retry_now(self) -> None:
        """Retry everything that is not live, without waiting and with the backoff reset."""
        for reflector in self._reflectors:
            if not isinstance(reflector.health, Live):
                reflector.retry_now()

    def _build(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._reflectors = []
        self._not_live, self._unreachable = set(), set()
        self._unsubscribe = []
        for watched in WATCHED:
            namespaces = self._scope.namespaces if watched.kind.namespaced else ()
            parts = [
                (namespace, self._add_reflector(watched, namespace, selector).store)
                for namespace in namespaces or ("",)
                for selector in watched.field_selectors
            ]
            watched.store(self.stores).set_parts(tuple(parts))
        self._health = None
        self._synced_kinds = frozenset()
        self._notify(AffectedObjects(everything=True))

    def _add_reflector(self, watched: WatchedKind, namespace: str, field_selector: str) -> Reflector[Any]:
        kind = watched.kind
        reflector: Reflector[Any] = Reflector(
            kind,
            self.connection.lister_watcher(kind, namespace, field_selector=field_selector),
            self.clock,
            time_slicer=self._time_slicer,
            indexes=watched.indexes,
            on_health=lambda health: self._on_health(reflector, health),
            on_server_restored=lambda: self._on_server_restored(reflector),
            server=self._server,
            rng=self._rng,
        )
        self._reflectors.append(reflector)
        self._unsubscribe.append(reflector.store.subscribe(lambda batch: self._on_batch(kind.name, batch)))
        return reflector

    def _start(self) -> None:
        assert self._group is not None
        self._tasks = [
            self._group.create_task(reflector.run(), name=f"reflector of {reflector.kind.resource}")
            for reflector in self._reflectors
        ]
        if self._liveness_task is None:
            self._liveness_task = self._group.create_task(self._check_liveness(), name="liveness")

    def _spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
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
            for reflector in self._reflectors:
                reflector.check_liveness()

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def health(self) -> ClusterHealth:
        """The current health of all watches."""
        overdue = frozenset(reflector for reflector in self._reflectors if reflector.is_overdue)
        if self._health is None or overdue != self._overdue:
            self._overdue = overdue
            self._health = summarize_health(
                (
                    WatchReport(
                        reflector.kind.name,
                        reflector.health,
                        reflector.has_synced,
                        len(reflector.store),
                        reflector.last_decode_error,
                        reflector.last_activity_at if reflector in overdue else None,
                    )
                    for reflector in self._reflectors
                ),
                restored_at=self._server.restored_at,
            )
        return self._health

    def has_synced(self, kind: str) -> bool:
        """Return whether the objects of a kind (by name) have been read; they may be stale."""
        return kind in self._synced_kinds

    def open_feed(self) -> ChangeFeed:
        """Return a feed for one more reader; close it with `close_feed`."""
        feed = ChangeFeed(self.clock.monotonic, self._recheck)
        self._feeds.append(feed)
        return feed

    def close_feed(self, feed: ChangeFeed) -> None:
        """Close a feed made by `open_feed`."""
        if feed in self._feeds:
            self._feeds.remove(feed)

    # -- changes ------------------------------------------------------------------------------------------------------

    def _on_batch(self, kind: str, batch: ChangeBatch[Any]) -> None:
        now, has_synced = self.clock.now(), kind in self._synced_kinds
        self.seen_revisions.observe(batch, now, has_synced=has_synced)
        self.history.observe(batch, now, has_synced=has_synced)
        self._gc_tuner.add(sum(change.old is None for change in batch.changes))
        self._notify(self._tracer.trace(kind, batch))

    def _notify(self, affected_objects: AffectedObjects) -> None:
        if affected_objects.everything:
            self.queries.views.invalidate_all()
        for feed in self._feeds:
            feed.mark(affected_objects)

    def _recheck(self) -> None:
        """Mark the Services and rollouts that are not settled: their state can change with time alone."""
        stale = self.queries.views.invalidate(self.queries.views.unsettled())
        if stale:
            self._notify(affected(stale))

    # -- health -------------------------------------------------------------------------------------------------------

    def _on_server_restored(self, found_by: Reflector[Any]) -> None:
        """Relist every kind: the server was restored to an older state, and nothing known of it holds."""
        self._server.restored_at = self.clock.now()
        for reflector in self._reflectors:
            if reflector is not found_by:
                reflector.handle_server_restored()
        self._update_health()

    def _on_health(self, reflector: Reflector[Any], health: WatchHealth) -> None:
        if isinstance(health, Live):
            if reflector in self._not_live:
                self._not_live.discard(reflector)
                # A change may not have been published, if a list was interrupted in the middle.
                self._notify(AffectedObjects(everything=True))
            if reflector in self._unreachable:
                self._unreachable.discard(reflector)
                # The server is back: no reflector needs to wait for the end of its backoff.
                for other in tuple(self._unreachable):
                    if isinstance(other.health, Loading | Stale) and other.health.retry_at is not None:
                        other.retry_now(reset_backoff=False)
        else:
            self._not_live.add(reflector)
            if _is_unreachable(health):
                self._unreachable.add(reflector)
        self._update_health()

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


def _is_unreachable(health: WatchHealth) -> bool:
    """Return whether a watch fails because of the server or the network and not because of its request."""
    match health:
        case Loading(error=error) | Stale(error=error):
            return isinstance(error, ConnectionFailedError) or (isinstance(error, ApiError) and error.code >= 500)
    return False
