"""A lease on a watch: the objects of one kind, kept current while the lease is held.

A view takes a lease, reads `store`, and closes the lease when it ends; leases of equal requests share one watch.
Invariants: `store` is the same object for the life of the lease, whatever happens to the scope. The health of a lease
is that of its own watches: a type that fails does not make the header stale, which counts what the home screen needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from k9py.api.errors import KdashError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.cluster.health import ClusterState, KindHealth, summarize_watches
from k9py.cluster.shared_watch import SharedWatch
from k9py.cluster.stores import MergedStore
from k9py.informer.store import ChangeBatch

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class LeaseChange:
    """What changed.

    Args:
        refs: objects that were added, changed or deleted.
        everything: compare all objects: another scope, or a list after a break.
        health: the state of the lease may be another one.
        columns: the server prints other columns (TableKind).
    """

    refs: frozenset[ObjectRef] = frozenset()
    everything: bool = False
    health: bool = False
    columns: bool = False


@dataclass(frozen=True, slots=True)
class LeaseRequest(Generic[T]):
    """What is leased.

    Args:
        namespaces: None: those of the cluster's scope, whatever it becomes; (): the whole cluster.
        field_selectors: one watch for each, in each namespace.
        on_batch: called with every batch of changes, before the subscribers.
        on_health: called when the health changed, before the subscribers.
    """

    kind: Kind[T]
    namespaces: tuple[str, ...] | None = None
    label_selector: str = ""
    field_selectors: tuple[str, ...] = ("",)
    on_batch: Callable[[ChangeBatch[T]], None] | None = None
    on_health: Callable[[bool], None] | None = None


class LeaseOwner(Protocol):
    """What a lease needs of `Leases`."""

    def end(self, lease: WatchLease[Any]) -> None:
        """Release the watches of a lease."""
        ...


class WatchLease(Generic[T]):
    """Objects of one kind, in one or more namespaces.

    Args:
        store: filled from the watches; None: its own.

    Attributes:
        store: the objects; complete once `has_synced`.
    """

    def __init__(self, request: LeaseRequest[T], owner: LeaseOwner, store: MergedStore[T] | None = None) -> None:
        self.request = request
        self.store: MergedStore[T] = MergedStore(request.kind.name) if store is None else store
        self._owner = owner
        self._watches: tuple[SharedWatch, ...] = ()
        self._subscribers: list[Callable[[LeaseChange], None]] = []
        self._changed = asyncio.Event()
        self._columns = request.kind.columns

    @property
    def kind(self) -> Kind[T]:
        """The kind as it is read: its version and its `columns` are those of this server."""
        return cast(Kind[T], self._watches[0].kind) if self._watches else self.request.kind

    @property
    def watches(self) -> tuple[SharedWatch, ...]:
        """The watches that fill the store; () once it is closed."""
        return self._watches

    @property
    def health(self) -> KindHealth:
        """The health of its watches, the worst of several namespaces; with the time of the next try."""
        return summarize_watches(self.kind.name, [watch.report() for watch in self._watches])

    @property
    def state(self) -> ClusterState:
        """LOADING, LIVE, LISTED (the type cannot be watched), STALE, UNREACHABLE or FORBIDDEN."""
        return self.health.state

    @property
    def error(self) -> KdashError | None:
        """Why it is not live, None while nothing fails."""
        return self.health.error

    @property
    def has_synced(self) -> bool:
        """Whether the store has been complete once in this scope."""
        return bool(self._watches) and all(watch.reflector.has_synced for watch in self._watches)

    async def wait_for_sync(self) -> None:
        """Return when the objects have been read; a server that does not answer is waited for.

        Raises:
            KdashError: they cannot be read: forbidden, or the server does not have this type.
        """
        while not self.has_synced:
            health = self.health
            is_refused = health.state is ClusterState.FORBIDDEN or health.is_unserved
            if health.error is not None and is_refused and health.retry_at is not None:
                raise health.error
            self._changed.clear()
            await self._changed.wait()

    def subscribe(self, on_change: Callable[[LeaseChange], None]) -> Callable[[], None]:
        """Call a function with every change, once the store has it; it must be quick and not fail.

        Returns:
            A function that ends the subscription; a second call does nothing.
        """
        self._subscribers.append(on_change)

        def unsubscribe() -> None:
            if on_change in self._subscribers:
                self._subscribers.remove(on_change)

        return unsubscribe

    def retry_now(self) -> None:
        """Retry what is not live, without waiting; list again what cannot be watched."""
        for watch in self._watches:
            watch.retry_now()

    def close(self) -> None:
        """Release the watches: they end a grace period after their last lease. A second call does nothing."""
        self._subscribers.clear()
        self._owner.end(self)

    # -- for `Leases` and the watches ---------------------------------------------------------------------------------

    def read_from(self, watches: Sequence[SharedWatch]) -> None:
        """Fill the store from these watches from now on, and from no others."""
        self._watches = tuple(watches)
        self.store.set_parts(tuple((watch.request.namespace, watch.reflector.store) for watch in watches))
        self._notify(LeaseChange(everything=True, health=True))

    def on_batch(self, batch: ChangeBatch[T]) -> None:
        """Handle changes of a watch."""
        if self.request.on_batch is not None:
            self.request.on_batch(batch)
        if self._subscribers:
            self._notify(LeaseChange(frozenset(change.key for change in batch.changes)))

    def on_health(self, *, became_current: bool) -> None:
        """Handle another health of a watch."""
        if self.request.on_health is not None:
            self.request.on_health(became_current)
        # A change may not have been published, if a list was interrupted in the middle.
        self._notify(LeaseChange(health=True, everything=became_current))

    def _notify(self, change: LeaseChange) -> None:
        self._changed.set()
        columns = self.kind.columns
        if columns is not self._columns:
            self._columns = columns
            change = LeaseChange(change.refs, change.everything, change.health, columns=True)
        for subscriber in tuple(self._subscribers):
            subscriber(change)
