"""All objects held of a cluster: one queryable store per kind, whatever the number of reflectors that fill it.

Invariants: `MergedStore` objects live as long as the cluster; a change of scope replaces their parts. With several
namespaces there is one part per namespace; a query that names its namespace looks only there. Every query records its
token (see `reads`); `tokens_of` returns those an object appears under.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, Generic, TypeVar

from k9py.api.events import Event
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.nodes import Namespace
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload
from k9py.cluster.reads import ReadGraph, Token
from k9py.informer.store import Index, Store

T = TypeVar("T", bound=KubeObject)


_ALL: Final = "all"
_NAMESPACE: Final = "namespace"
_OWNER: Final = "owner"


class MergedStore(Generic[T]):
    """The stores of one kind as one.

    Args:
        kind: name of the kind.
        reads: where queries are recorded, None: nowhere.
    """

    def __init__(self, kind: str, reads: ReadGraph | None = None) -> None:
        self._kind = kind
        self._reads = reads
        self._parts: tuple[Store[T], ...] = ()
        self._by_namespace: dict[str, tuple[Store[T], ...]] = {}

    def set_parts(self, parts: tuple[tuple[str, Store[T]], ...]) -> None:
        """Replace the parts: (namespace or "" for the whole cluster, store)."""
        self._parts = tuple(store for _, store in parts)
        self._by_namespace = {}
        for namespace, store in parts:
            self._by_namespace[namespace] = (*self._by_namespace.get(namespace, ()), store)

    def _at(self, namespace: str) -> tuple[Store[T], ...]:
        """Return the parts that may hold objects of the namespace; all for ""."""
        if not namespace:
            return self._parts
        return self._by_namespace.get("", ()) + self._by_namespace.get(namespace, ())

    def _record(self, index: str, value: Hashable) -> None:
        if self._reads is not None:
            self._reads.record((self._kind, index, value))

    def get(self, key: ObjectRef) -> T | None:
        """Return an object, None when there is none (or it has not been read)."""
        if self._reads is not None:
            self._reads.record(key)
        for part in self._at(key.namespace):
            value = part.get(key)
            if value is not None:
                return value
        return None

    def values(self) -> Iterator[T]:
        """Return all objects."""
        self._record(_ALL, None)
        return chain.from_iterable(part.values() for part in self._parts)

    def keys(self) -> Iterator[ObjectRef]:
        """Return all keys."""
        self._record(_ALL, None)
        return chain.from_iterable(part.keys() for part in self._parts)

    def __len__(self) -> int:
        self._record(_ALL, None)
        return sum(len(part) for part in self._parts)

    def in_namespace(self, namespace: str) -> Iterator[T]:
        """Return the objects of one namespace."""
        self._record(_NAMESPACE, namespace)
        return chain.from_iterable(part.in_namespace(namespace) for part in self._at(namespace))

    def by_owner(self, uid: str, namespace: str = "") -> Iterator[T]:
        """Return the objects this owner controls; with the namespace only its parts are searched."""
        self._record(_OWNER, uid)
        return chain.from_iterable(part.by_owner(uid) for part in self._at(namespace))

    def by_index(self, name: str, value: Hashable, namespace: str = "") -> Iterator[T]:
        """Return the objects found under the value of a declared index."""
        self._record(name, value)
        return chain.from_iterable(part.by_index(name, value) for part in self._at(namespace))


def tokens_of(kind: str, value: KubeObject, indexes: Mapping[str, Index[Any]]) -> Iterator[Token]:
    """Yield the tokens of all queries that an object appears in.

    Args:
        kind: name of its kind.
        indexes: those of its store.
    """
    yield value.key
    yield (kind, _ALL, None)
    yield (kind, _NAMESPACE, value.namespace)
    if value.owner_uid:
        yield (kind, _OWNER, value.owner_uid)
    for name, values_of in indexes.items():
        for index_value in values_of(value):
            yield (kind, name, index_value)


class Stores:
    """One MergedStore per kind.

    Attributes:
        reads: records what is read.
    """

    def __init__(self) -> None:
        self.reads = ReadGraph()
        self.pods: MergedStore[Pod] = MergedStore(Pod.KIND, self.reads)
        self.services: MergedStore[Service] = MergedStore(Service.KIND, self.reads)
        self.endpoint_slices: MergedStore[EndpointSlice] = MergedStore(EndpointSlice.KIND, self.reads)
        self.deployments: MergedStore[Deployment] = MergedStore(Deployment.KIND, self.reads)
        self.replica_sets: MergedStore[ReplicaSet] = MergedStore(ReplicaSet.KIND, self.reads)
        self.stateful_sets: MergedStore[StatefulSet] = MergedStore(StatefulSet.KIND, self.reads)
        self.daemon_sets: MergedStore[DaemonSet] = MergedStore(DaemonSet.KIND, self.reads)
        self.controller_revisions: MergedStore[ControllerRevision] = MergedStore(ControllerRevision.KIND, self.reads)
        self.events: MergedStore[Event] = MergedStore(Event.KIND, self.reads)
        self.autoscalers: MergedStore[HorizontalPodAutoscaler] = MergedStore(HorizontalPodAutoscaler.KIND, self.reads)
        self.budgets: MergedStore[PodDisruptionBudget] = MergedStore(PodDisruptionBudget.KIND, self.reads)
        self.namespaces: MergedStore[Namespace] = MergedStore(Namespace.KIND, self.reads)

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
