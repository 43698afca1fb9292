"""Where the timeline finds objects: the stores of the home screen, and leases of everything else while it is open.

Invariants: a namespace of a kind is leased once, whatever is asked of it; nothing is polled. All leases end with
`close`. The home screen leaves out the normal events of pods: those of a whole namespace are leased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from k9py.api.kinds import EVENT, Kind
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cluster.cluster import Cluster
from k9py.cluster.graph import Demand
from k9py.cluster.health import ClusterState
from k9py.cluster.lease import LeaseChange, WatchLease
from k9py.cluster.stores import MergedStore
from k9py.cluster.watches import WATCHED
from k9py.diagnosis.graph import Unread


class TimelineObjects:
    """Objects of a cluster.

    Args:
        on_change: called when something that is leased here has changed.
    """

    def __init__(self, cluster: Cluster, on_change: Callable[[], None]) -> None:
        self._cluster = cluster
        self._on_change = on_change
        self._home = {watched.kind: watched.store(cluster.stores) for watched in WATCHED}
        self._leases: dict[tuple[object, ...], WatchLease[Any]] = {}
        self.is_complete = True
        """Nothing that was asked for since `begin` is still being read."""

    def close(self) -> None:
        """End all leases."""
        for lease in self._leases.values():
            lease.close()
        self._leases.clear()

    def begin(self) -> None:
        """Begin to read everything once."""
        self.is_complete = True

    def unread(self) -> Iterator[tuple[str, str]]:
        """Yield the kinds that cannot be read with the reason, once each."""
        reasons: dict[str, str] = {}
        for kind in self._home:
            if isinstance(answer := self._of_home(kind), Unread) and answer.reason:
                reasons[kind.name] = answer.reason
        for lease in self._leases.values():
            if isinstance(answer := _answer(lease), Unread) and answer.reason:
                reasons[lease.request.kind.name] = answer.reason
        yield from reasons.items()

    # -- ObjectSource -------------------------------------------------------------------------------------------------

    def store(self, demand: Demand) -> MergedStore[Any] | Unread:
        """Return a store that holds everything that is demanded."""
        kind, namespace = demand.kind, demand.namespace
        if kind in self._home and self.covers(namespace or "") and not (kind == EVENT and namespace):
            answer = self._of_home(kind)
        else:
            answer = _answer(self._lease(kind, namespace if kind.namespaced else None))
        self.is_complete &= answer != Unread()
        return answer

    def log(self, pod: Pod, container: str, previous: bool) -> tuple[str, ...] | Unread | None:
        """Read no logs: they have their own screen."""
        return Unread("logs are not part of the timeline")

    def covers(self, namespace: str) -> bool:
        """Return whether a namespace is watched; "": whether the scope is, whatever it is."""
        scope = self._cluster.scope
        return scope.is_cluster or not namespace or namespace in scope.namespaces

    def _of_home(self, kind: Kind[Any]) -> MergedStore[Any] | Unread:
        if self._cluster.has_synced(kind.name):
            return self._home[kind]
        health = self._cluster.health.kinds.get(kind.name)
        refused = health is not None and (health.state is ClusterState.FORBIDDEN or health.is_unserved)
        return Unread(printable(health.error.message) if health is not None and refused and health.error else "")

    def _lease(self, kind: Kind[Any], namespace: str | None) -> WatchLease[Any]:
        key = (type(kind), kind.type, kind.resource_type.qualified_name, namespace)
        lease = self._leases.get(key)
        if lease is None:
            lease = self._cluster.lease(kind, namespaces=(namespace,) if namespace else None)
            lease.subscribe(self._changed)
            self._leases[key] = lease
        return lease

    def _changed(self, change: LeaseChange) -> None:
        self._on_change()


def _answer(lease: WatchLease[Any]) -> MergedStore[Any] | Unread:
    if lease.has_synced:
        return lease.store
    health = lease.health
    refused = health.state is ClusterState.FORBIDDEN or health.is_unserved
    return Unread(printable(health.error.message) if refused and health.error is not None else "")
