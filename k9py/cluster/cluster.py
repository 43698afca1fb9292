"""One cluster, watched: owns the informers of a scope, their tasks, and what is known of their health.

Invariant: all tasks live in one TaskGroup between `__aenter__` and `__aexit__`. When an object changes, cached views
that depend on it are dropped first and the feeds told after, in one synchronous step.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol, Self

from k9py.api.errors import ApiError, ConnectionFailedError
from k9py.api.kinds import POD, SERVICE
from k9py.cluster.change_feed import AffectedObjects, ChangeFeed
from k9py.cluster.dependents import Dependents
from k9py.cluster.health import ClusterHealth, ClusterState, WatchReport, summarize_health
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


class ContextNamespace(Protocol):
    """What we read of a connection's description."""

    @property
    def namespace(self) -> str: ...


class ClusterConnection(ScopeConnection, Protocol):
    """The connection as a cluster needs it. `kube.connection.Connection` fulfils it."""

    @property
    def info(self) -> ContextNamespace: ...


class Cluster:
    """The services, rollouts and all they consist of, kept current while entered.

    Args:
        scope: what to watch; see `choose_scope`.
        notice: what the person must know of the scope, from `choose_scope`.

    Attributes:
        stores: all objects, by kind.
        queries: what the screens ask.
        feed: what changed, for one reader (the screen); others use `open_feed`.
        notice: shown as long as it is not empty.
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
        self._scope = scope
        self._rng = rng
        self._time_slicer = TimeSlicer(clock.monotonic)
        self._gc_tuner = GcTuner()
        self._dependents = Dependents(self.stores)
        self.queries = Queries(self.stores, self._dependents, self.has_synced)
        self.seen_revisions = SeenRevisions()
        self._feeds: list[ChangeFeed] = []
        self.feed = self.open_feed()
        self._group: asyncio.TaskGroup | None = None
        self._informers: list[Reflector[Any]] = []
        self._not_live: set[Reflector[Any]] = set()
        self._lost: set[Reflector[Any]] = set()  # those of them that cannot reach the server
        self._unsubscribe: list[Callable[[], None]] = []
        self._server = ServerTraits()
        self._tasks: list[asyncio.Task[Any]] = []
        self._watchdog: asyncio.Task[Any] | None = None
        self._rescoping: asyncio.Task[None] | None = None
        self._health: ClusterHealth | None = None
        self._late: frozenset[Reflector[Any]] = frozenset()
        self._known: frozenset[str] = frozenset()
        self._build()

    # Life

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
        for task in (*self._tasks, self._rescoping, self._watchdog):
            if task is not None:
                task.cancel()
        self._tasks = []
        # What the body raised is its own: only a cancellation is the group's business, and no ExceptionGroup is made.
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
        """Watch something else from now on; what was held is forgotten at once."""
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
        self._health_changed()

    def retry_now(self) -> None:
        """Ask again now for everything that is not live, however long it was to wait, and as if it had not failed."""
        for one in self._informers:
            if not isinstance(one.health, Live):
                one.retry_now()

    # What is known

    @property
    def health(self) -> ClusterHealth:
        """How well the cluster is seen now."""
        late = frozenset(one for one in self._informers if one.is_overdue)
        if self._health is None or late != self._late:
            self._late = late
            self._health = summarize_health(
                (
                    WatchReport(
                        one.kind.name,
                        one.health,
                        one.has_synced,
                        len(one.store),
                        one.last_decode_error,
                        one.last_activity_at if one in late else None,
                    )
                    for one in self._informers
                ),
                went_back_at=self._server.restored_at,
            )
        return self._health

    def has_synced(self, kind: str) -> bool:
        """Tell whether the objects of a kind (by name) have been read; they may be stale."""
        return kind in self._known

    def open_feed(self) -> ChangeFeed:
        """Return a feed of one's own; close it with `close_feed`."""
        feed = ChangeFeed(self.clock.monotonic, self._recheck)
        self._feeds.append(feed)
        return feed

    def close_feed(self, feed: ChangeFeed) -> None:
        """End a feed made by `open_feed`."""
        if feed in self._feeds:
            self._feeds.remove(feed)

    # How it is done

    def _build(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._informers = []
        self._not_live, self._lost = set(), set()
        self._unsubscribe = []
        for watched in WATCHED:
            namespaces = self._scope.namespaces if watched.kind.namespaced else ()
            parts = [
                (namespace, self._inform(watched, namespace, selector).store)
                for namespace in namespaces or ("",)
                for selector in watched.field_selectors
            ]
            watched.store(self.stores).set_parts(tuple(parts))
        self._health = None
        self._known = frozenset()
        self._tell(AffectedObjects(everything=True))

    def _inform(self, watched: WatchedKind, namespace: str, field_selector: str) -> Reflector[Any]:
        kind = watched.kind
        informer: Reflector[Any] = Reflector(
            kind,
            self.connection.lister_watcher(kind, namespace, field_selector=field_selector),
            self.clock,
            time_slicer=self._time_slicer,
            indexes=watched.indexes,
            on_health=lambda health: self._on_health_of(informer, health),
            on_server_restored=lambda: self._on_went_back(informer),
            server=self._server,
            rng=self._rng,
        )
        self._informers.append(informer)
        self._unsubscribe.append(informer.store.subscribe(lambda batch: self._on_batch(kind.name, batch)))
        return informer

    def _start(self) -> None:
        assert self._group is not None
        self._tasks = [
            self._group.create_task(one.run(), name=f"informer of {one.kind.resource}") for one in self._informers
        ]
        if self._watchdog is None:
            self._watchdog = self._group.create_task(self._watch_over(), name="watchdog")

    async def _watch_over(self) -> NoReturn:
        """Look after watches of which nothing was heard although no timer of theirs has run: this machine slept."""
        while True:
            await self.clock.sleep(_WATCH_OVER_EVERY)
            for one in self._informers:
                one.check_liveness()

    def _on_batch(self, kind: str, batch: ChangeBatch[Any]) -> None:
        self.seen_revisions.observe(batch, self.clock.now(), is_whole=kind in self._known)
        self._gc_tuner.add(sum(change.old is None for change in batch.changes))
        self._tell(self._dependents.of_batch(kind, batch))

    def _tell(self, dirty: AffectedObjects) -> None:
        if dirty.everything:
            self.queries.invalidate_all()
        else:
            self.queries.invalidate(dirty.services, dirty.rollouts)
        for feed in self._feeds:
            feed.mark(dirty)

    def _on_went_back(self, found_by: Reflector[Any]) -> None:
        """The server was restored to an older state: nothing known of it holds, of no kind."""
        self._server.restored_at = self.clock.now()
        for one in self._informers:
            if one is not found_by:
                one.handle_server_restored()
        self._health_changed()

    def _on_health_of(self, informer: Reflector[Any], health: WatchHealth) -> None:
        if isinstance(health, Live):
            if informer in self._not_live:
                self._not_live.discard(informer)
                # A change may have gone untold, if it was interrupted in the middle of a list.
                self._tell(AffectedObjects(everything=True))
            if informer in self._lost:
                self._lost.discard(informer)
                # The server is back: nobody need wait out what was agreed on while it was gone.
                for one in tuple(self._lost):
                    if isinstance(one.health, Loading | Stale) and one.health.retry_at is not None:
                        one.retry_now(reset_backoff=False)
        else:
            self._not_live.add(informer)
            if _is_lost(health):
                self._lost.add(informer)
        self._health_changed()

    def _health_changed(self) -> None:
        self._health = None
        if self.health.state is not ClusterState.LIVE:
            self.seen_revisions.record_gap()
        known = frozenset(kind for kind, one in self.health.kinds.items() if one.has_synced)
        if known != self._known:
            # What was unknown is known now (or the reverse): every view may say something else.
            self._known = known
            self._gc_tuner.freeze_added()
            self._tell(AffectedObjects(everything=True))
        for feed in self._feeds:
            feed.mark_health()
        self._fall_back()

    def _fall_back(self) -> None:
        """The whole cluster turned out to be forbidden: choose again what to show."""
        pods = self.health.kinds.get(POD.name)
        if (
            self._scope.is_cluster
            and pods is not None
            and pods.state is ClusterState.FORBIDDEN
            and self._group is not None
            and (self._rescoping is None or self._rescoping.done())
        ):
            self._rescoping = self._group.create_task(self._choose_again(), name="choose scope")

    async def _choose_again(self) -> None:
        choice = await choose_scope(self.connection, context_namespace=self.connection.info.namespace)
        if not choice.scope.is_cluster:
            await self.set_scope(choice.scope, choice.notice)

    def _recheck(self) -> None:
        """Time alone can change what an unsettled service or rollout is: look at those again."""
        unsettled = self.queries.unsettled()
        rollouts = [key for key in unsettled if key.kind != SERVICE.name]
        services = {key for key in unsettled if key.kind == SERVICE.name}
        services.update(service for key in rollouts for service in self.queries.services_of(key))
        if unsettled:
            self._tell(AffectedObjects(services=services, rollouts=rollouts))


_WATCH_OVER_EVERY: Final = 5.0
"""Seconds."""


def _is_lost(health: WatchHealth) -> bool:
    """Tell whether a watch fails because of the server or the way to it, and not because of what it asks for."""
    match health:
        case Loading(error=error) | Stale(error=error):
            return isinstance(error, ConnectionFailedError) or (isinstance(error, ApiError) and error.code >= 500)
    return False
