"""One object of any type, kept current by a leased watch, with what its description needs besides.

Owns the leases of a screen on one object; they end with `close`. Invariants: the last state of an object that was
deleted is kept; what may not be watched is read once and said not to be live; JSON is decoded once for each version of
an object, in slices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from k9py.api.dynamic import DynamicObject
from k9py.api.errors import KdashError, NotFoundError
from k9py.api.kinds import DynamicKind
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.lease import LeaseChange, WatchLease
from k9py.resources.describe.describer import RelatedRequest, Unread
from k9py.runtime.time_slice import TimeSlice
from k9py.session import ClusterSession

SLICE_SECONDS: Final = 0.003

JsonObject = dict[str, Any]


class LiveObject:
    """An object and what changes with it.

    Args:
        session: Of the cluster it is in.
        ref: The object.
        resource_type: Its type.
        on_change: Called when the object, its state or a related object has changed; quick.
    """

    def __init__(
        self, session: ClusterSession, ref: ObjectRef, resource_type: ResourceType, on_change: Callable[[], None]
    ) -> None:
        self.ref = ref
        self._type = resource_type
        self._session = session
        self._on_change = on_change
        self._lease = self._take(
            RelatedRequest("", resource_type, ref.namespace, field_selector=f"metadata.name={ref.name}")
        )
        self._related: dict[RelatedRequest, WatchLease[DynamicObject]] = {}
        self._decoded: dict[ObjectRef, tuple[DynamicObject, JsonObject]] = {}
        self._body: JsonObject | None = None
        self._read_once: JsonObject | None = None

    @property
    def _cluster(self) -> Cluster:
        return self._session.cluster

    def close(self) -> None:
        """End the leases."""
        for lease in (self._lease, *self._related.values()):
            lease.close()

    # -- the object ---------------------------------------------------------------------------------------------------

    def body(self) -> JsonObject | None:
        """Return the object as it is now, or as it was last; None before it has been read."""
        value = self._lease.store.get(self.ref)
        if value is not None:
            body = self._decode(value)
            if "kind" not in body:  # items of a list have no type
                body = {"apiVersion": self._type.api_version, "kind": self._type.kind, **body}
                self._decoded[value.key] = (value, body)
            self._body = body
        return self._body if self._body is not None else self._read_once

    @property
    def is_deleted(self) -> bool:
        """Whether the object does not exist (any more)."""
        return self._lease.has_synced and self._lease.store.get(self.ref) is None

    @property
    def error(self) -> KdashError | None:
        """Why the object is not live, None while it is."""
        return self._lease.error

    @property
    def state(self) -> ClusterState:
        """The state of the watch of the object."""
        return self._lease.state

    @property
    def is_read_once(self) -> bool:
        """Whether what is shown was read once, because the object may not be watched."""
        return self._body is None and self._read_once is not None

    async def read_once(self) -> None:
        """Read the object with one request, where it may not be watched: to get it may be allowed.

        Raises:
            KdashError: it cannot be read either.
        """
        self._read_once = await self._session.connection.get(self.ref)

    # -- what belongs to it -------------------------------------------------------------------------------------------

    def lease_related(self, requests: tuple[RelatedRequest, ...]) -> None:
        """Watch what a description needs; end the leases of what it does not need any more."""
        for request in [request for request in self._related if request not in requests]:
            self._related.pop(request).close()
        for request in requests:
            if request not in self._related:
                self._related[request] = self._take(request)

    async def related(self) -> Mapping[str, tuple[JsonObject, ...] | Unread]:
        """Return what was read, by the name of its request; what was not is `Unread` with the reason."""
        time_slice = TimeSlice(SLICE_SECONDS)
        result: dict[str, tuple[JsonObject, ...] | Unread] = {}
        kept: dict[ObjectRef, tuple[DynamicObject, JsonObject]] = {}
        for request, lease in tuple(self._related.items()):
            if not lease.has_synced:
                result[request.name] = Unread(_reason(lease))
                continue
            bodies = []
            for value in tuple(lease.store.values()):
                bodies.append(self._decode(value))
                kept[value.key] = self._decoded[value.key]
                await time_slice.yield_if_over()
            result[request.name] = tuple(bodies)
        if self.ref in self._decoded:
            kept[self.ref] = self._decoded[self.ref]
        self._decoded = kept
        return result

    def _take(self, request: RelatedRequest) -> WatchLease[DynamicObject]:
        resource_type = request.resource_type
        has_namespace = resource_type.namespaced and request.namespace
        lease = self._cluster.lease(
            DynamicKind(resource_type),
            namespaces=(request.namespace,) if has_namespace else (),
            label_selector=request.label_selector,
            field_selector=request.field_selector,
        )
        lease.subscribe(self._changed)
        return lease

    def _changed(self, _change: LeaseChange) -> None:
        self._on_change()

    def _decode(self, value: DynamicObject) -> JsonObject:
        known = self._decoded.get(value.key)
        if known is not None and known[0] is value:
            return known[1]
        body = value.body
        self._decoded[value.key] = (value, body)
        return body


def _reason(lease: WatchLease[DynamicObject]) -> str:
    error = lease.error
    if error is None:
        return "loading…"
    return "this server does not have it" if isinstance(error, NotFoundError) else error.message
