"""All objects held of a cluster: one queryable store per kind, whatever the number of reflectors that fill it.

Invariant: `MergedStore` objects live as long as the cluster; a change of scope replaces their parts. With several
namespaces there is one part per namespace; a query that names its namespace looks only there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import chain
from typing import Generic, TypeVar

from k9py.api.events import Event
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.nodes import Namespace
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload
from k9py.informer.store import Store

T = TypeVar("T", bound=KubeObject)


class MergedStore(Generic[T]):
    """The stores of one kind as one. Parts are given as (namespace or "" for the whole cluster, store)."""

    def __init__(self) -> None:
        self._parts: tuple[Store[T], ...] = ()
        self._by_namespace: dict[str, tuple[Store[T], ...]] = {}

    def set_parts(self, parts: tuple[tuple[str, Store[T]], ...]) -> None:
        """Replace the parts."""
        self._parts = tuple(store for _, store in parts)
        self._by_namespace = {}
        for namespace, store in parts:
            self._by_namespace[namespace] = (*self._by_namespace.get(namespace, ()), store)

    def _at(self, namespace: str) -> tuple[Store[T], ...]:
        """Return the parts that may hold objects of the namespace; all for ""."""
        if not namespace:
            return self._parts
        return self._by_namespace.get("", ()) + self._by_namespace.get(namespace, ())

    def get(self, key: ObjectRef) -> T | None:
        """Return an object, None when there is none (or it has not been read)."""
        for part in self._at(key.namespace):
            value = part.get(key)
            if value is not None:
                return value
        return None

    def values(self) -> Iterator[T]:
        """Yield all objects."""
        return chain.from_iterable(part.values() for part in self._parts)

    def keys(self) -> Iterator[ObjectRef]:
        """Yield all keys."""
        return chain.from_iterable(part.keys() for part in self._parts)

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def in_namespace(self, namespace: str) -> Iterator[T]:
        """Yield the objects of one namespace."""
        return chain.from_iterable(part.in_namespace(namespace) for part in self._at(namespace))

    def by_owner(self, uid: str, namespace: str = "") -> Iterator[T]:
        """Yield the objects this owner controls; with the namespace only its parts are searched."""
        return chain.from_iterable(part.by_owner(uid) for part in self._at(namespace))

    def by_index(self, name: str, value: Hashable, namespace: str = "") -> Iterator[T]:
        """Yield the objects found under the value of a declared index."""
        return chain.from_iterable(part.by_index(name, value) for part in self._at(namespace))


class Stores:
    """One MergedStore per kind."""

    def __init__(self) -> None:
        self.pods: MergedStore[Pod] = MergedStore()
        self.services: MergedStore[Service] = MergedStore()
        self.endpoint_slices: MergedStore[EndpointSlice] = MergedStore()
        self.deployments: MergedStore[Deployment] = MergedStore()
        self.replica_sets: MergedStore[ReplicaSet] = MergedStore()
        self.stateful_sets: MergedStore[StatefulSet] = MergedStore()
        self.daemon_sets: MergedStore[DaemonSet] = MergedStore()
        self.controller_revisions: MergedStore[ControllerRevision] = MergedStore()
        self.events: MergedStore[Event] = MergedStore()
        self.autoscalers: MergedStore[HorizontalPodAutoscaler] = MergedStore()
        self.budgets: MergedStore[PodDisruptionBudget] = MergedStore()
        self.namespaces: MergedStore[Namespace] = MergedStore()

    def workloads(self) -> Iterator[Workload]:
        """Yield every Deployment, StatefulSet and DaemonSet."""
        yield from self.deployments.values()
        yield from self.stateful_sets.values()
        yield from self.daemon_sets.values()

    def workload(self, key: ObjectRef) -> Workload | None:
        """Return a workload by key, None when there is none with that key (or the key is of another kind)."""
        match key.kind:
            case "Deployment":
                return self.deployments.get(key)
            case "StatefulSet":
                return self.stateful_sets.get(key)
            case "DaemonSet":
                return self.daemon_sets.get(key)
        return None

    def workloads_labelled(self, pair: tuple[str, str, str], index: str) -> Iterator[Workload]:
        """Yield the workloads whose pod template has that label."""
        namespace = pair[0]
        yield from self.deployments.by_index(index, pair, namespace)
        yield from self.stateful_sets.by_index(index, pair, namespace)
        yield from self.daemon_sets.by_index(index, pair, namespace)
