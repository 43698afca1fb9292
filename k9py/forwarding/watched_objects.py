"""The pods of a forward (and its Service), kept current while it exists.

Invariant: only what the forward needs is watched: its pods by their labels, the one Service by its name. In a session
that is watched the watch is a lease, which equal forwards share and which reconnects as soon as the server is back;
elsewhere (a command) the reflector runs here. Nothing is watched after `close`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.cluster.cluster import Cluster
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.reflector import Reflector
from k9py.runtime.clock import Clock

T = TypeVar("T", bound=KubeObject)
S = TypeVar("S", bound=KubeObject, covariant=True)


class WatchingConnection(Protocol):
    """The part of a connection that watches."""

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


class WatchedObjects(Protocol[S]):
    """Objects that are kept current."""

    def values(self) -> tuple[S, ...]:
        """Return the objects as they are known now."""
        ...

    @property
    def has_synced(self) -> bool:
        """Whether they have been read once."""
        ...

    async def run(self) -> None:
        """Keep them current until cancelled."""
        ...

    def close(self) -> None:
        """Watch them no longer."""
        ...


class LeasedObjects(Generic[T]):
    """Objects that a cluster watches."""

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind[T],
        namespace: str,
        label_selector: str,
        field_selector: str,
        on_change: Callable[[], None],
    ) -> None:
        self._lease = cluster.lease(
            kind, namespaces=(namespace,), label_selector=label_selector, field_selector=field_selector
        )
        self._lease.subscribe(lambda _change: on_change())

    def values(self) -> tuple[T, ...]:
        return tuple(self._lease.store.values())

    @property
    def has_synced(self) -> bool:
        return self._lease.has_synced

    async def run(self) -> None:
        """The cluster runs the watch."""

    def close(self) -> None:
        self._lease.close()


class ReflectedObjects(Generic[T]):
    """Objects that a reflector of their own watches; it runs in `run`."""

    def __init__(
        self,
        connection: WatchingConnection,
        clock: Clock,
        kind: Kind[T],
        namespace: str,
        label_selector: str,
        field_selector: str,
        on_change: Callable[[], None],
    ) -> None:
        lister = connection.lister_watcher(
            kind, namespace, label_selector=label_selector, field_selector=field_selector
        )
        self._reflector: Reflector[T] = Reflector(kind, lister, clock, on_health=lambda _health: on_change())
        self._reflector.store.subscribe(lambda _batch: on_change())

    def values(self) -> tuple[T, ...]:
        return tuple(self._reflector.store.values())

    @property
    def has_synced(self) -> bool:
        return self._reflector.has_synced

    async def run(self) -> None:
        await self._reflector.run()

    def close(self) -> None:
        """It ends with `run`."""
