"""All watches of a cluster: which run, who holds them, and when they end.

Invariants: one reflector for each distinct request (kind and its form, namespace, selectors), however many leases hold
it. It starts with the first lease, and ends `GRACE_SECONDS` after the last, so that a screen that is opened again is
full at once. Nothing is watched that nobody has leased. All tasks run in the TaskGroup of the cluster.
To index the objects of a kind: `watches.WATCHED`; the indexes are those of the kind, whoever leases it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from k9py.api.discovery import Discovered
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.cluster.lease import LeaseRequest, WatchLease
from k9py.cluster.scope import Scope
from k9py.cluster.shared_watch import SharedWatch, WatchRequest
from k9py.cluster.stores import MergedStore
from k9py.informer.health import Live, WatchHealth
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.reflector import Reflector
from k9py.informer.server import ServerTraits
from k9py.informer.store import ChangeBatch, Index
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

GRACE_SECONDS: Final = 30.0
"""How long a watch runs on after its last lease."""


class ListerWatchers(Protocol):
    """The part of a connection that lists and watches."""

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


class Leases:
    """Takes and ends leases.

    Args:
        scope: what leases without namespaces of their own read.
        indexes: of the stores, by kind.
        on_batch: called with the changes of each watch, before its leases are.
        on_missing: called when the server does not have the type of a watch, or no longer.
        on_restored: called when a watch found the server restored to an older state, before all others relist.

    Attributes:
        server: what all reflectors share about it.
    """

    def __init__(
        self,
        connection: ListerWatchers,
        scope: Scope,
        clock: Clock,
        *,
        indexes: Mapping[Kind[Any], Mapping[str, Index[Any]]],
        on_batch: Callable[[SharedWatch, ChangeBatch[Any]], None],
        on_missing: Callable[[], None],
        on_restored: Callable[[], None],
        rng: random.Random | None = None,
    ) -> None:
        self.server = ServerTraits()
        self._connection = connection
        self._scope = scope
        self._clock = clock
        self._indexes = indexes
        self._on_batch = on_batch
        self._on_missing = on_missing
        self._on_restored = on_restored
        self._rng = rng
        self.time_slicer = TimeSlicer(clock.monotonic)
        self._group: asyncio.TaskGroup | None = None
        self._watches: dict[tuple[object, ...], SharedWatch] = {}
        self._leases: list[WatchLease[Any]] = []
        self._unreachable: set[SharedWatch] = set()  # those that cannot reach the server

    # -- leases -------------------------------------------------------------------------------------------------------

    def lease(self, request: LeaseRequest[T], store: MergedStore[T] | None = None) -> WatchLease[T]:
        """Take a lease; its watches start now, or with `start`."""
        lease = WatchLease(request, self, store)
        self._leases.append(lease)
        self._attach(lease)
        return lease

    @property
    def held(self) -> tuple[WatchLease[Any], ...]:
        """The leases that are not closed."""
        return tuple(self._leases)

    def end(self, lease: WatchLease[Any]) -> None:
        """Release the watches of a lease."""
        if lease in self._leases:
            self._leases.remove(lease)
            watches = lease.watches
            lease.read_from(())
            for watch in watches:
                self._release(watch, lease)

    def set_scope(self, scope: Scope) -> list[asyncio.Task[Any]]:
        """Read another scope in all leases that have no namespaces of their own; end at once what nobody holds then.

        Returns:
            The tasks that were cancelled.
        """
        self._scope = scope
        stopped: list[asyncio.Task[Any]] = []
        for lease in self._leases:
            if lease.request.namespaces is None:
                before = lease.watches
                self._attach(lease)
                for watch in before:
                    if watch not in lease.watches:
                        task = watch.task
                        self._release(watch, lease, at_once=True)
                        if task is not None and watch.task is None:
                            stopped.append(task)
        return stopped

    def is_whole(self, watch: SharedWatch) -> bool:
        """Return whether a watch has all objects of its namespace, and is the only one that has them."""
        request = watch.request
        if request.label_selector or request.field_selector:
            return False
        return not request.namespace or replace(request, namespace="").key not in self._watches

    def __iter__(self) -> Iterator[SharedWatch]:
        return iter(tuple(self._watches.values()))

    # -- tasks --------------------------------------------------------------------------------------------------------

    def start(self, group: asyncio.TaskGroup) -> None:
        """Run all watches in a task group, and those that are leased later."""
        self._group = group
        for watch in self:
            self._run(watch)

    def stop(self) -> None:
        """Cancel all tasks; the stores keep what they hold."""
        self._group = None
        for watch in self:
            for task in (watch.task, watch.expiry):
                if task is not None:
                    task.cancel()

    def retry_now(self) -> None:
        """Retry everything that is not live, without waiting and with the backoff reset."""
        for watch in self:
            watch.retry_now()

    def retry_missing(self, discovered: Discovered) -> None:
        """Retry the watches whose type was missing and is served now."""
        for watch in self:
            if watch.is_missing and discovered.serves(watch.kind.resource_type):
                watch.retry_now()

    def check_liveness(self) -> None:
        """Restart watches that are overdue although no timer of theirs has run: this machine was suspended."""
        for watch in self:
            watch.reflector.check_liveness()

    # -- watches ------------------------------------------------------------------------------------------------------

    def _attach(self, lease: WatchLease[Any]) -> None:
        request = lease.request
        namespaces = self._scope.namespaces if request.namespaces is None else request.namespaces
        if not request.kind.namespaced:
            namespaces = ()
        watches = [
            self._hold(WatchRequest(request.kind, namespace, request.label_selector, field_selector), lease)
            for namespace in dict.fromkeys(namespaces or ("",))
            for field_selector in request.field_selectors
        ]
        lease.read_from(watches)

    def _hold(self, request: WatchRequest, lease: WatchLease[Any]) -> SharedWatch:
        watch = self._watches.get(request.key)
        if watch is None:
            watch = self._watches[request.key] = self._new_watch(request)
            self._run(watch)
        if watch.expiry is not None:
            watch.expiry.cancel()
            watch.expiry = None
        if lease not in watch.holders:
            watch.holders.append(lease)
        return watch

    def _new_watch(self, request: WatchRequest) -> SharedWatch:
        watch = SharedWatch(request, self._on_batch)
        lister_watcher = self._connection.lister_watcher(
            watch.kind,
            request.namespace,
            label_selector=request.label_selector,
            field_selector=request.field_selector,
        )
        watch.watch_with(
            Reflector(
                watch.kind,
                lister_watcher,
                self._clock,
                time_slicer=self.time_slicer,
                indexes=self._indexes.get(request.kind, {}),
                on_health=lambda health: self._on_health(watch, health),
                on_server_restored=lambda: self._on_server_restored(watch),
                server=self.server,
                rng=self._rng,
            )
        )
        return watch

    def _run(self, watch: SharedWatch) -> None:
        if self._group is not None and watch.task is None:
            watch.task = self._group.create_task(watch.reflector.run(), name=f"reflector of {watch.kind.resource}")

    def _release(self, watch: SharedWatch, lease: WatchLease[Any], *, at_once: bool = False) -> None:
        if lease in watch.holders:
            watch.holders.remove(lease)
        if watch.holders:
            return
        if at_once or self._group is None:
            self._drop(watch)
        elif watch.expiry is None:
            watch.expiry = self._group.create_task(self._expire(watch), name=f"end of {watch.kind.resource}")

    async def _expire(self, watch: SharedWatch) -> None:
        await self._clock.sleep(GRACE_SECONDS)
        watch.expiry = None
        self._drop(watch)

    def _drop(self, watch: SharedWatch) -> None:
        self._watches.pop(watch.request.key, None)
        self._unreachable.discard(watch)
        for task in (watch.task, watch.expiry):
            if task is not None:
                task.cancel()
        watch.task = watch.expiry = None

    # -- health -------------------------------------------------------------------------------------------------------

    def _on_health(self, watch: SharedWatch, health: WatchHealth) -> None:
        if self._watches.get(watch.request.key) is not watch:
            return  # it was dropped, and its end is still being handled
        if watch.is_unreachable:
            self._unreachable.add(watch)
        elif isinstance(health, Live) and watch in self._unreachable:
            self._unreachable.discard(watch)
            # The server is back: no reflector needs to wait for the end of its backoff.
            for other in tuple(self._unreachable):
                if other.is_waiting:
                    other.reflector.retry_now(reset_backoff=False)
        watch.on_health(health)
        if watch.is_missing:
            self._on_missing()

    def _on_server_restored(self, detected_by: SharedWatch) -> None:
        """Relist everything: the server was restored to an older state, and nothing known of it holds."""
        self.server.restored_at = self._clock.now()
        for watch in self:
            if watch is not detected_by:
                watch.reflector.handle_server_restored()
        self._on_restored()
