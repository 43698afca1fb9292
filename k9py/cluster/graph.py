"""The graph that checks read, over the stores of a cluster. `diagnosis/graph.py` describes each method.

Invariant: every read is recorded (`reads`): those of a store by the store, those of something unread by its `Demand`,
which the owner of the stores marks when it has been read. Asking for something that nobody watches makes it a demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

import msgspec

from k9py.api.dynamic import DynamicObject
from k9py.api.events import Event
from k9py.api.kinds import (
    DAEMON_SET,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    EVENT,
    POD,
    SERVICE,
    STATEFUL_SET,
    Kind,
    MetadataKind,
)
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import ResourceTypes
from k9py.api.selectors import LabelSelector
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import Workload
from k9py.cluster.indexes import LABEL, NODE, indexed_pairs
from k9py.cluster.queries import Queries
from k9py.cluster.stores import MergedStore
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.graph import FieldManager, NotReadError, ObjectMetadata, Unread
from k9py.rollouts.revisions import Revision

T = TypeVar("T", bound=KubeObject)

TYPES: Final = ("types",)
"""The token of a resource type that is not known."""

_WORKLOADS: Final = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a check asks for.

    Args:
        namespace: None: the scope that is watched; "" for an object of the whole cluster.
        name: of one object, "" for all.
        about: field selector of the events that are asked for beside those of the home screen, "" for anything else.
    """

    kind: Kind[Any]
    namespace: str | None
    name: str = ""
    about: str = ""


class ObjectSource(Protocol):
    """Where the graph finds objects: it watches what is demanded."""

    def store(self, demand: Demand) -> MergedStore[Any] | Unread:
        """Return a store that holds everything that is demanded, Unread while there is none."""
        ...

    def log(self, pod: Pod, container: str, previous: bool) -> tuple[str, ...] | Unread | None:
        """Return the last lines of a log."""
        ...

    def covers(self, namespace: str) -> bool:
        """Return whether a namespace is watched; "": whether the whole cluster is."""
        ...


class ClusterGraph:
    """What checks read, at one time.

    Args:
        types: the resource types that are known.

    Attributes:
        again_at: the earliest time at which the last check asked to run again, None: it did not.
        has_read_time: whether the last check has read what time it is.
    """

    def __init__(self, queries: Queries, source: ObjectSource, types: ResourceTypes, now: datetime) -> None:
        self._now = now
        self.has_read_time = False
        self.again_at: datetime | None = None
        self._queries = queries
        self._relations = queries.relations
        self._source = source
        self._types = types

    def begin(self) -> None:
        """Begin the run of the checks of another object."""
        self.again_at = None
        self.has_read_time = False

    @property
    def now(self) -> datetime:
        self.has_read_time = True
        return self._now

    def look_again(self, at: datetime) -> None:
        if at > self._now and (self.again_at is None or at < self.again_at):
            self.again_at = at

    # -- objects ------------------------------------------------------------------------------------------------------

    def get(self, kind: Kind[T], name: str, namespace: str = "") -> T | Unread | None:
        store = self._source.store(Demand(kind, namespace, name))
        return store if isinstance(store, Unread) else store.get(kind.key(namespace, name))

    def list(self, kind: Kind[T], namespace: str | None = None) -> tuple[T, ...] | Unread:
        store = self._source.store(Demand(kind, namespace))
        if isinstance(store, Unread):
            return store
        return tuple(store.in_namespace(namespace) if namespace else store.values())

    def metadata(self, ref: ObjectRef) -> ObjectMetadata | Unread | None:
        resource_type = self._types.of_ref(ref)
        if resource_type is None:
            self._queries.record(TYPES)
            return Unread("not served")
        store = self._source.store(Demand(MetadataKind(resource_type), ref.namespace, ref.name))
        if isinstance(store, Unread):
            return store
        found = store.get(ref)
        return None if found is None else object_metadata(found)

    def metadata_of(self, resource_type: ResourceType, namespace: str | None) -> tuple[ObjectMetadata, ...] | Unread:
        store = self._source.store(Demand(MetadataKind(resource_type), namespace))
        if isinstance(store, Unread):
            return store
        return tuple(
            object_metadata(found) for found in (store.in_namespace(namespace) if namespace else store.values())
        )

    def covers(self, namespace: str) -> bool:
        return self._source.covers(namespace)

    def has_read(self, kind: Kind[Any]) -> bool:
        return self._queries.has_synced(kind.name) or not isinstance(self._source.store(Demand(kind, None)), Unread)

    def _need_one_of(self, kinds: tuple[Kind[Any], ...]) -> None:
        """Raise NotReadError where none of some kinds has been read: those that have show what is known."""
        # Each is asked for, so that the check runs again when another one has been read.
        read = [self.has_read(kind) for kind in kinds]
        if not any(read):
            raise NotReadError(kinds[0].name)

    def _need(self, *kinds: Kind[Any]) -> None:
        for kind in kinds:
            if not self.has_read(kind):
                raise NotReadError(kind.name)

    # -- relations ----------------------------------------------------------------------------------------------------

    def owned(self, owner: KubeObject, kind: Kind[T]) -> tuple[T, ...] | Unread:
        store = self._source.store(Demand(kind, owner.namespace or None))
        if isinstance(store, Unread):
            return store
        return tuple(sorted(store.by_owner(owner.uid, owner.namespace), key=lambda each: each.name))

    def workload(self, ref: ObjectRef) -> Workload | None:
        return self._queries.workload(ref)

    def workload_of(self, obj: KubeObject) -> ObjectRef | None:
        return self._relations.workload_of(obj)

    def pods_of(self, ref: ObjectRef) -> tuple[Pod, ...]:
        self._need(POD)
        return self._queries.pods_of(ref)

    def pods_matching(self, namespace: str, selector: LabelSelector) -> tuple[Pod, ...]:
        store = self._source.store(Demand(POD, namespace))
        if isinstance(store, Unread):
            raise NotReadError(POD.name)
        pairs = tuple(indexed_pairs(namespace, selector.match_labels))
        candidates: Iterator[Pod] = (
            store.by_index(LABEL, pairs[0], namespace) if pairs else store.in_namespace(namespace)
        )
        matching = (pod for pod in candidates if selector.matches(pod.metadata.labels))
        return tuple(sorted(matching, key=lambda pod: pod.name))

    def pods_on(self, node: str) -> tuple[Pod, ...] | Unread:
        if not self._source.covers(""):
            return Unread("not the whole cluster is watched")
        store = self._source.store(Demand(POD, None))
        if isinstance(store, Unread):
            return store
        return tuple(store.by_index(NODE, node))

    def services_of(self, workload: ObjectRef) -> tuple[ObjectRef, ...]:
        self._need(SERVICE)
        self._need_one_of(_WORKLOADS)
        return self._queries.services_of(workload)

    def backends_of(self, service: ObjectRef) -> tuple[ObjectRef, ...]:
        self._need_one_of(_WORKLOADS)
        return self._queries.backends_of(service)

    def slices_of(self, service: Service) -> tuple[EndpointSlice, ...]:
        self._need(ENDPOINT_SLICE)
        return self._relations.slices_of(service.key)

    def autoscaler_of(self, workload: ObjectRef) -> HorizontalPodAutoscaler | None:
        return self._queries.autoscaler_of(workload)

    def budgets_of(self, workload: ObjectRef) -> tuple[PodDisruptionBudget, ...]:
        return self._queries.budgets_of(workload)

    def revisions_of(self, workload: ObjectRef) -> tuple[Revision, ...]:
        return self._queries.revisions_of(workload)

    def events(self, obj: KubeObject) -> tuple[Event, ...]:
        return _newest_first(self._relations.events_of(obj.uid, obj.namespace))

    def all_events(self, obj: KubeObject) -> tuple[Event, ...] | Unread:
        store = self._source.store(Demand(EVENT, obj.namespace, about=f"involvedObject.uid={obj.uid}"))
        if isinstance(store, Unread):
            return store
        return _newest_first(event for event in store.values() if event.involved_object.uid == obj.uid)

    def events_with_reason(self, reason: str, namespace: str) -> tuple[Event, ...] | Unread:
        store = self._source.store(Demand(EVENT, namespace, about=f"reason={reason}"))
        if isinstance(store, Unread):
            return store
        return _newest_first(event for event in store.in_namespace(namespace) if event.reason == reason)

    # -- what users feel ----------------------------------------------------------------------------------------------

    def workload_health(self, ref: ObjectRef) -> RolloutView | None:
        return self._queries.rollout_view(ref, self._now)

    def service_health(self, ref: ObjectRef) -> ServiceView | None:
        return self._queries.service_view(ref, self._now)

    # -- logs ---------------------------------------------------------------------------------------------------------

    def last_lines(self, pod: Pod, container: str, *, previous: bool = False) -> tuple[str, ...] | Unread | None:
        return self._source.log(pod, container, previous)


class _ManagedFields(msgspec.Struct, frozen=True, rename="camel"):
    manager: str = ""
    time: datetime | None = None
    subresource: str = ""
    fields: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="fieldsV1")


class _WrittenMetadata(msgspec.Struct, frozen=True, rename="camel"):
    managed_fields: tuple[_ManagedFields, ...] = ()


class _Written(msgspec.Struct, frozen=True):
    metadata: _WrittenMetadata = _WrittenMetadata()


_written = msgspec.json.Decoder(_Written)
_field_set = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_DIVIDED: Final = ("spec", "metadata")
"""Fields whose own fields are named: the keys of a Secret's data are nobody's business."""


def object_metadata(obj: DynamicObject) -> ObjectMetadata:
    """Return the metadata of an object with its managers, the last writer first."""
    metadata = obj.metadata
    managers = [
        FieldManager(entry.manager, entry.time, entry.subresource, _owned(entry.fields))
        for entry in _written.decode(obj.raw).metadata.managed_fields
    ]
    return ObjectMetadata(
        obj.key,
        metadata.uid,
        metadata.creation_timestamp,
        metadata.deletion_timestamp,
        metadata.labels or {},
        metadata.annotations or {},
        metadata.finalizers or (),
        tuple(sorted(managers, key=lambda each: each.at or _EARLIEST, reverse=True)),
    )


def _owned(fields: msgspec.Raw) -> tuple[str, ...]:
    """Return the paths of the fields in a metav1.FieldsV1; () when it has another form."""
    try:
        owned = _field_set.decode(fields) if bytes(fields) else {}
    except msgspec.DecodeError:
        return ()
    paths = set[str]()
    for field, below in owned.items():
        name = field.removeprefix("f:")
        names = [each.removeprefix("f:") for each in below if each.startswith("f:")] if name in _DIVIDED else []
        paths.update(f"{name}.{each}" for each in names)
        if not names:
            paths.add(name)
    return tuple(sorted(paths))


def _newest_first(events: Iterator[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: (event.last_seen or _EARLIEST, event.name), reverse=True))
