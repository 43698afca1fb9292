"""Reads what a tree consists of: the objects that own each other in a namespace, and the relations between kinds.

Owns the leases of a tree; they end with `close`. Types are leased a few at a time, those of the usual chains first, so
that the tree grows on the screen; a type without an object in the tree is not watched any longer. Invariants: what the
dashboard watches already is not requested again; a type that cannot be read is named, never taken for empty; the
subject is below its owner although that may not be read: its ownerReferences have the uid.
Which relations there are besides owners: `_related`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.kinds import DynamicKind, is_workload
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.plural import count_noun
from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import ref_group_of
from k9py.cluster.lease import WatchLease
from k9py.cluster.watches import WATCHED
from k9py.resources.registry import ResourceRegistry
from k9py.resources.resource import MetricsOf, Resource
from k9py.resources.tree import Dependent, TreeItem, state_of
from k9py.runtime.clock import Clock
from k9py.session import ClusterSession
from k9py.tui.browse.lookup import controller_of, owner_ref, read_body
from k9py.tui.browse.resource_rows import ResourceRows, kind_of
from k9py.tui.browse.row_context import ClusterRowContext
from k9py.views.values import Tone

AT_ONCE: Final = 4
"""Types that are listed at the same time."""
READ_SECONDS: Final = 10.0
"""After which the next types are leased, although these have not been read."""
MAX_OWNERS: Final = 20
"""Owners above an object."""
MAX_USERS: Final = 200
"""Pods shown that use a ConfigMap, Secret, claim or service account."""
_FIRST: Final = (
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "EndpointSlice",
    "Ingress",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)
_NEVER: Final = frozenset({"Event", "ComponentStatus", "PodMetrics", "NodeMetrics", "Lease"})
_USED_BY_PODS: Final = {
    "ConfigMap": ("configMap", "configMapRef", "configMapKeyRef"),
    "Secret": ("secret", "secretRef", "secretKeyRef", "imagePullSecrets"),
    "PersistentVolumeClaim": ("persistentVolumeClaim",),
    "ServiceAccount": ("serviceAccountName",),
}
_UPWARDS: Final = frozenset({"selected by", "scaled by", "guarded by", "routed by"})
_WATCHED_KINDS: Final = frozenset(watched.kind.name for watched in WATCHED if watched.kind.name != "Event")


@dataclass(slots=True)
class _Read:
    """A type that is read."""

    resource_type: ResourceType
    lease: WatchLease[Any]
    rows: ResourceRows
    owned: dict[str, list[ObjectRef]] = field(default_factory=dict)
    """Objects by the uid of each owner."""
    is_outdated: bool = True


class TreeReader:
    """What the tree of one object consists of.

    Args:
        subject: The object.
        on_change: Called when the tree may differ; quick.
    """

    def __init__(
        self,
        session: ClusterSession,
        subject: ObjectRef,
        resources: ResourceRegistry,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self.subject = subject
        self.read_count = self.type_count = 0
        self.unreadable: dict[str, str] = {}
        """Why types are not read, by their names."""
        self.is_done = False
        self._session = session
        self._resources = resources
        self._clock = clock
        self._on_change = on_change
        self._reads: dict[tuple[str, str], _Read] = {}
        self._ingress_services: dict[ObjectRef, tuple[ObjectRef, ...]] = {}
        self._users: tuple[ObjectRef, ...] = ()
        self._old: dict[ObjectRef, tuple[ObjectRef, ...]] = {}
        self._target: ObjectRef | None = None
        self._root = subject
        self._owner_uids: dict[ObjectRef, str] = {}
        """Uids of the owners above the subject, from the ownerReferences."""
        self._path: dict[ObjectRef, ObjectRef] = {}
        """What is below each owner above the subject."""
        self._row_context = ClusterRowContext(session.cluster, clock, MetricsOf.NOTHING, ())

    # -- reading ------------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read all types, a few at a time; errors are kept in `unreadable`."""
        types = self._types()
        self.type_count = len(types)
        await self._read_relations()
        for at in range(0, len(types), AT_ONCE):
            some = [self._take(resource_type) for resource_type in types[at : at + AT_ONCE]]
            await asyncio.gather(*(self._wait(read) for read in some))
            self.read_count += len(some)
            self._on_change()
        self.is_done = True
        self._drop_unused()
        self._on_change()

    def close(self) -> None:
        """End the leases."""
        for read in self._reads.values():
            read.lease.close()
        self._reads = {}

    def _types(self) -> list[ResourceType]:
        is_namespaced = bool(self.subject.namespace)
        types = [
            known
            for known in self._session.cluster.resource_types
            if known.can_list and known.can_watch and known.namespaced is is_namespaced and known.kind not in _NEVER
        ]
        places = {kind: place for place, kind in enumerate((self.subject.kind, *_FIRST))}
        types.sort(key=lambda known: places.get(known.kind, len(places)) if not known.ref_group else len(places))
        unique = {(known.kind, known.ref_group): known for known in reversed(types)}
        return [known for known in types if unique.get((known.kind, known.ref_group)) is known]

    def _take(self, resource_type: ResourceType) -> _Read:
        cluster, namespace = self._session.cluster, self.subject.namespace
        scope = cluster.scope.namespaces
        is_watched = resource_type.kind in _WATCHED_KINDS and not resource_type.ref_group
        is_in_scope = is_watched and (not scope or namespace in scope)
        resource = self._resources.of(resource_type)
        lease = cluster.lease(
            kind_of(resource_type, resource),
            namespaces=None if is_in_scope else (namespace,) if namespace else (),
        )
        read = _Read(resource_type, lease, self._rows(lease, resource))
        lease.subscribe(lambda _change: self._changed(read))
        self._reads[resource_type.kind, resource_type.ref_group] = read
        return read

    def _rows(self, lease: WatchLease[Any], resource: Resource | None) -> ResourceRows:
        return ResourceRows(lease, resource, self._row_context, shows_namespace=False, taken=())

    def _changed(self, read: _Read) -> None:
        read.is_outdated = True
        self._on_change()

    async def _wait(self, read: _Read) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                await read.lease.wait_for_sync()
        except KdashError as error:
            self.unreadable[read.resource_type.qualified_name] = error.message
        except TimeoutError:
            self.unreadable[read.resource_type.qualified_name] = "no answer yet"
        read.is_outdated = True

    def _drop_unused(self) -> None:
        """End the watches of types without an object that owns, or is owned by, another one here."""
        for key, read in tuple(self._reads.items()):
            self._index(read)
            is_used = key[0] in (*_FIRST, self.subject.kind) or read.owned
            if not is_used:
                read.lease.close()
                del self._reads[key]

    # -- relations ----------------------------------------------------------------------------------------------------

    async def _read_relations(self) -> None:
        subject = self.subject
        if subject.group:
            return
        try:
            if subject.kind in _USED_BY_PODS:
                pods = await self._session.connection.list("Pod", subject.namespace)
                fields = _USED_BY_PODS[subject.kind]
                users = [pod for pod in pods if _names(pod.get("spec"), fields, subject.name)]
                refs = [ObjectRef("Pod", subject.namespace, str(pod["metadata"]["name"])) for pod in users]
                self._users = tuple(refs[:MAX_USERS])
            elif subject.kind == "HorizontalPodAutoscaler":
                body = await read_body(self._session, subject)
                target = (body.get("spec") or {}).get("scaleTargetRef") or {}
                kind = str(target.get("kind") or "")
                group = ref_group_of(str(target.get("apiVersion") or ""), kind)
                self._target = ObjectRef(kind, subject.namespace, str(target.get("name") or ""), group)
            if subject.namespace:
                await self._read_ingresses()
        except KdashError as error:
            self.unreadable["relations"] = error.message

    async def _read_ingresses(self) -> None:
        ingresses = self._session.cluster.resource_types.of_ref(ObjectRef("Ingress", "", ""))
        if ingresses is None:
            return
        lease = self._session.cluster.lease(DynamicKind(ingresses), namespaces=(self.subject.namespace,))
        try:
            async with asyncio.timeout(READ_SECONDS):
                await lease.wait_for_sync()
            for ingress in lease.store.values():
                names = tuple(_backends(ingress.body.get("spec")))
                self._ingress_services[ingress.key] = tuple(
                    ObjectRef("Service", ingress.namespace, name) for name in dict.fromkeys(names)
                )
        except (KdashError, TimeoutError):
            self.unreadable["relations of ingresses"] = "not read"
        finally:
            lease.close()

    # -- the tree -----------------------------------------------------------------------------------------------------

    def root(self) -> TreeItem:
        """Return the topmost owner of the subject, as far as it is known."""
        ref, seen = self.subject, {self.subject}
        self._owner_uids, self._path = {}, {}
        types = self._session.cluster.resource_types
        for _ in range(MAX_OWNERS):
            held = self._object(ref)
            owner = None if held is None else controller_of(held.metadata)
            if owner is None:
                break
            above = owner_ref(owner, ref.namespace, types)
            if above in seen:
                break
            seen.add(above)
            self._owner_uids[above], self._path[above] = owner.uid, ref
            ref = above
        self._root = ref
        return self.item(ref)

    def item(self, ref: ObjectRef) -> TreeItem:
        """Return an object with its state; without one when it has not been read."""
        read = self._reads.get((ref.kind, ref.group))
        held = self._object(ref)
        if held is None:
            return TreeItem(ref, self._owner_uids.get(ref, ""), self._unread_state(ref), Tone.MUTED)
        state, tone = "", Tone.PLAIN
        if read is not None:
            row = read.rows.row(ref, self._clock.now())
            if row is not None:
                state, tone = state_of(read.rows.columns, row), row.tone
        if held.metadata.deletion_timestamp is not None and "erminating" not in state:
            state = f"{state} · terminating" if state else "terminating"
        return TreeItem(ref, held.uid, state, tone, held.metadata.creation_timestamp)

    def dependents(self, reached: Dependent) -> list[Dependent]:
        """Return what belongs below an object: what it owns, then what it is related to.

        What refers to an object is followed upwards, what an object refers to downwards: an Ingress that routes to a
        Service of the tree does not bring its other Services.
        """
        item = reached.item
        if item.ref == self.unread_group:
            return [Dependent(TreeItem(ref, tone=Tone.MUTED)) for ref in self._unread_types()]
        if item.ref in self._old:
            return [Dependent(self.item(ref)) for ref in self._old[item.ref]]
        owned: list[ObjectRef] = []
        if item.uid:
            for read in self._reads.values():
                self._index(read)
                owned += read.owned.get(item.uid, ())
        if (below := self._path.get(item.ref)) is not None and below not in owned:
            owned.append(below)
        result = self._without_old(item, [Dependent(self.item(ref)) for ref in owned])
        for ref, relation in self._related(item.ref):
            if not reached.relation or (relation in _UPWARDS) is (reached.relation in _UPWARDS):
                result.append(Dependent(self.item(ref), relation))
        if self.unreadable and item.ref == self._root:
            result.append(Dependent(TreeItem(self.unread_group, tone=Tone.WARN)))
        return result

    @property
    def unread_group(self) -> ObjectRef:
        """The last line of the tree: the types that could not be read are below it."""
        return ObjectRef("", self.subject.namespace, f"{count_noun(len(self.unreadable), 'type')} not readable")

    def _unread_types(self) -> Iterable[ObjectRef]:
        for name, reason in self.unreadable.items():
            yield ObjectRef("", self.subject.namespace, f"{name}: {reason}")

    def _unread_state(self, ref: ObjectRef) -> str:
        """Return the state of an object that was not read."""
        if self._is_missing(ref):
            return "not found"
        known = self._session.cluster.resource_types.of_ref(ref)
        return "not readable" if known is not None and known.qualified_name in self.unreadable else ""

    def _without_old(self, owner: TreeItem, owned: list[Dependent]) -> list[Dependent]:
        """Put the ReplicaSets of old revisions, which have no pods, into a group at the end."""
        if owner.ref.kind != "Deployment" or owner.ref.group:
            return owned
        old = [child for child in owned if child.item.ref.kind == "ReplicaSet" and not self._owns_something(child.item)]
        if len(old) < 2:
            return owned
        name = f"{count_noun(len(old), 'old ReplicaSet')} of {owner.ref.name}"
        group = ObjectRef("", owner.ref.namespace, name)
        self._old[group] = tuple(child.item.ref for child in old)
        return [*(child for child in owned if child not in old), Dependent(TreeItem(group, tone=Tone.MUTED))]

    def _owns_something(self, item: TreeItem) -> bool:
        return any(item.uid in read.owned for read in self._reads.values())

    def _related(self, ref: ObjectRef) -> Iterable[tuple[ObjectRef, str]]:
        """Yield what is related to an object by something else than ownership, and how."""
        queries = self._session.cluster.queries
        if ref.group:
            return
        if is_workload(ref):
            yield from ((service, "selected by") for service in queries.services_of(ref))
            autoscaler = queries.autoscaler_of(ref)
            if autoscaler is not None:
                yield autoscaler.key, "scaled by"
            yield from ((budget.key, "guarded by") for budget in queries.budgets_of(ref))
        elif ref.kind == "Service":
            yield from ((workload, "selects") for workload in queries.backends_of(ref))
            for ingress, services in self._ingress_services.items():
                if ref in services:
                    yield ingress, "routed by"
        elif ref.kind == "Ingress":
            yield from ((service, "routes to") for service in self._ingress_services.get(ref, ()))
        elif ref == self.subject and self._target is not None:
            yield self._target, "scales"
        elif ref == self.subject:
            yield from ((pod, "used by") for pod in self._users)

    def _object(self, ref: ObjectRef) -> KubeObject | None:
        read = self._reads.get((ref.kind, ref.group))
        held = None if read is None else read.lease.store.get(ref)
        return held or (None if ref.group else self._session.cluster.queries.object(ref))

    def _is_missing(self, ref: ObjectRef) -> bool:
        read = self._reads.get((ref.kind, ref.group))
        return read is not None and read.lease.has_synced

    def _index(self, read: _Read) -> None:
        if not read.is_outdated:
            return
        read.is_outdated = False
        owned: dict[str, list[ObjectRef]] = {}
        namespace = self.subject.namespace
        for value in read.lease.store.in_namespace(namespace) if namespace else read.lease.store.values():
            for owner in value.metadata.owner_references or ():
                owned.setdefault(owner.uid, []).append(value.key)
        read.owned = owned


def _backends(spec: Any) -> Iterable[str]:
    """Yield the names of the Services that an Ingress routes to."""
    rules = [spec.get("defaultBackend")] if isinstance(spec, Mapping) else []
    for rule in (spec.get("rules") or ()) if isinstance(spec, Mapping) else ():
        rules += [path.get("backend") for path in ((rule.get("http") or {}).get("paths") or ())]
    for backend in rules:
        name = ((backend or {}).get("service") or {}).get("name")
        if name:
            yield str(name)


def _names(value: Any, fields: tuple[str, ...], name: str) -> bool:
    """Return whether a pod spec names an object in one of these fields, wherever they are."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            for key, inner in part.items():
                if key in fields and _is_named(inner, name):
                    return True
                waiting.append(inner)
        elif isinstance(part, list):
            waiting += part
    return False


def _is_named(reference: Any, name: str) -> bool:
    if isinstance(reference, str):
        return reference == name
    if isinstance(reference, list):
        return any(_is_named(part, name) for part in reference)
    if isinstance(reference, Mapping):
        return name in (reference.get("name"), reference.get("secretName"), reference.get("claimName"))
    return False
