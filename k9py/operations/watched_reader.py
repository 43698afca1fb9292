"""The reader of the dashboard: who owns what comes from the stores of what is watched anyway, the rest from the server.

Invariant: a store counts only while its watch is live and covers the namespace; else the server is asked.
"""

from __future__ import annotations

import builtins
from typing import Any, Final

from k9py.api.discovery import Discovered
from k9py.api.meta import ObjectRef
from k9py.api.owners import OwnedObject, OwnerList
from k9py.api.resource_type import ResourceType
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.stores import MergedStore
from k9py.cluster.watches import WATCHED
from k9py.operations.patcher import Reader
from k9py.runtime.time_slice import TimeSlice

_WATCHED: Final = {
    (watched.kind.resource_type.group, watched.kind.resource_type.plural): watched
    for watched in WATCHED
    if watched.field_selectors == ("",)
}


class WatchedReader:
    """Reads for the operations of one cluster."""

    def __init__(self, reader: Reader, cluster: Cluster) -> None:
        self._reader = reader
        self._cluster = cluster

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]:
        return await self._reader.get(key, subresource)

    async def list(
        self, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> builtins.list[dict[str, Any]]:
        return await self._reader.list(kind, namespace, label_selector=label_selector, field_selector=field_selector)

    async def served_types(self) -> Discovered:
        return await self._reader.served_types()

    async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
        store = self._live_store(resource_type, namespace)
        if store is None:
            return await self._reader.list_owners(resource_type, namespace, most=most)
        objects: builtins.list[OwnedObject] = []
        time_slice = TimeSlice()
        for held in [*(store.in_namespace(namespace) if namespace else store.values())]:
            owners = held.metadata.owner_references or ()
            objects.append(OwnedObject(held.uid, tuple(owner.uid for owner in owners)))
            await time_slice.yield_if_over()
        return OwnerList(tuple(objects))

    async def can_i(
        self, verb: str, kind: str | ObjectRef, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        return await self._reader.can_i(verb, kind, namespace, name=name, subresource=subresource)

    def _live_store(self, resource_type: ResourceType, namespace: str) -> MergedStore[Any] | None:
        watched = _WATCHED.get((resource_type.group, resource_type.plural))
        if watched is None:
            return None
        scope = self._cluster.scope.namespaces
        health = self._cluster.health.kinds.get(watched.kind.name)
        is_live = health is not None and health.state is ClusterState.LIVE and not health.decode_error
        is_covered = not scope or namespace in scope
        return watched.store(self._cluster.stores) if is_live and is_covered else None
