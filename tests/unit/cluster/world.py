"""The stores and queries of a cluster without a server: objects are put in, views are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.workloads import Deployment, ReplicaSet
from k9py.cluster.change_feed import AffectedObjects
from k9py.cluster.change_tracer import ChangeTracer
from k9py.cluster.queries import Queries
from k9py.cluster.stores import Stores
from k9py.cluster.watches import WATCHED
from k9py.informer.store import ChangeBatch, Store
from tests import factories as make


class World:
    """Stores of one scope, wired as `Cluster` wires them; `affected` is what the batches affected, in order."""

    def __init__(self, *objects: KubeObject, unknown: Iterable[str] = ()) -> None:
        self.unknown = set(unknown)
        self.affected: list[AffectedObjects] = []
        self._version = 0
        self.stores = Stores()
        self.queries = Queries(self.stores, lambda kind: kind not in self.unknown)
        self.tracer = ChangeTracer(self.stores.reads, {watched.kind.name: watched.indexes for watched in WATCHED})
        self._by_kind: dict[str, Store[Any]] = {}
        for watched in WATCHED:
            store: Store[Any] = Store(watched.indexes)
            name = watched.kind.name
            store.subscribe(lambda batch, name=name: self._on_batch(name, batch))  # type: ignore[misc]
            self._by_kind[name] = store
            watched.store(self.stores).set_parts((("", store),))
        self.put(*objects)
        self.read_all()
        self.affected.clear()

    def read_all(self) -> None:
        """Compute every view, so that what it reads is recorded."""
        for key in tuple(self.queries.service_keys()):
            self.queries.service_view(key, make.NOW)
        for key in tuple(self.queries.rollout_keys()):
            self.queries.rollout_view(key, make.NOW)

    def put(self, *objects: KubeObject) -> None:
        for obj in objects:
            self.put_together(obj.KIND, [obj])

    def put_together(self, kind: str, objects: Iterable[KubeObject]) -> None:
        self._by_kind[kind].upsert_all(self._at_next_version(obj) for obj in objects)

    def _at_next_version(self, obj: KubeObject) -> KubeObject:
        """Return the object at a later version, so that the store treats it as a change."""
        self._version += 1
        metadata = msgspec.structs.replace(obj.metadata, resource_version=str(self._version))
        return msgspec.structs.replace(obj, metadata=metadata)

    def remove(self, *keys: ObjectRef) -> None:
        for key in keys:
            self._by_kind[key.kind].remove_all([key])

    def _on_batch(self, kind: str, batch: ChangeBatch[Any]) -> None:
        affected = self.tracer.trace(kind, batch)
        if affected.everything:
            self.queries.views.invalidate_all()
        self.affected.append(affected)

    @property
    def dirty(self) -> tuple[set[str], set[str], set[str]]:
        """Names of the services, rollouts and pods marked since the last call."""
        affected, self.affected = self.affected, []
        return (
            {key.name for objects in affected for key in objects.services},
            {key.name for objects in affected for key in objects.rollouts},
            {key.name for objects in affected for key in objects.pods},
        )


def checkout(
    *, replicas: int = 2, name: str = "checkout", namespace: str = "shop"
) -> tuple[Deployment, ReplicaSet, list[Pod]]:
    """Return a Deployment with its ReplicaSet and ready pods."""
    deployment = make.deployment(name, namespace, replicas=replicas)
    replica_set = make.replica_set(deployment, replicas=replicas)
    pods = [
        make.pod(f"{name}-aaa-{number}", namespace, owner=replica_set, labels={"app": name})
        for number in range(replicas)
    ]
    return deployment, replica_set, pods
