"""The cluster's objects and their history: etcd and the generic registry store of a real API server.

Invariant: only the simulator's loop uses it, every call is synchronous, and a stored dict is never changed: a write
stores a new dict. Readers may keep what they got, and must copy before they change it. One counter numbers all writes
and deletions; an object's `resourceVersion` is the number of its last write.

To refuse writes (quotas), add a function to `admission`; to react to them, add one with `on_change` (called
synchronously, in order, after the write).
"""

import bisect
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Literal

from k9py.simulator import status_errors
from k9py.simulator.clock import SimulationClock, timestamp
from k9py.simulator.registry.cache import KindCache, Object, OwnerIndex, StorageEvent
from k9py.simulator.registry.change_feed import ChangeFeed
from k9py.simulator.registry.definition_status import marked_terminating
from k9py.simulator.registry.encoding import EncodedObjects
from k9py.simulator.registry.object_rules import (
    DEFINITION_FINALIZER,
    grace_seconds,
    increments_generation,
    is_removable,
    normalized,
)
from k9py.simulator.registry.resource_table import ResourceTable
from k9py.simulator.registry.resources import CUSTOMRESOURCEDEFINITIONS, NAMESPACES, Resource, by_plural

__all__ = ["Admission", "Object", "Objects", "OwnedObjects", "Propagation", "Storage", "StorageEvent"]

Propagation = Literal["Background", "Foreground", "Orphan"]
PROPAGATION_FINALIZERS: Mapping[str, str] = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
"""The finalizer that each propagation policy adds for the garbage collector."""

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # the alphabet of generateName: no vowels, no look-alikes


Admission = Callable[[Resource, Object], None]
Objects = list[Object]  # defined here because the method `list` hides the type inside the class
MaybeObjects = list[Object | None]
OwnedObjects = list[tuple[Resource, Object]]


class Storage(ChangeFeed):
    """Objects by kind, namespace and name."""

    def __init__(
        self,
        clock: SimulationClock,
        *,
        new_uid: Callable[[], str] | None = None,
        pick: Callable[[str], str] | None = None,
    ) -> None:
        """Create an empty storage.

        Args:
            clock: for creation and deletion timestamps.
            new_uid: returns a uid; random by default.
            pick: chooses one character of a string, for generateName; random by default.
        """
        super().__init__()
        self.admission: list[Admission] = []
        self.collects_garbage = False  # set by the garbage collector
        self.encoded = EncodedObjects()
        self._clock = clock
        self._new_uid = new_uid or (lambda: str(uuid.uuid4()))
        self._pick = pick or (lambda alphabet: alphabet[uuid.uuid4().int % len(alphabet)])
        self.resources = ResourceTable()
        self._owners = OwnerIndex()

    # -- reads ---------------------------------------------------------------------------------------------------

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """Return the stored object, or None. For cluster-scoped kinds the namespace is "" or None."""
        return self._kind(resource).objects.get((namespace or "", name))

    def list(self, resource: Resource, namespace: str | None = None) -> Objects:
        """Return the objects sorted by (namespace, name); `namespace` None: of all namespaces."""
        kind = self._kind(resource)
        return [kind.objects[key] for key in kind.keys(namespace)]

    def keys_after(
        self, resource: Resource, namespace: str | None, after: tuple[str, str] | None
    ) -> Sequence[tuple[str, str]]:
        """Return the sorted (namespace, name) keys after a key: the rest of a paged list."""
        kind = self._kind(resource)
        keys = kind.keys(namespace)
        return keys if after is None else keys[bisect.bisect_right(keys, after) :]

    def get_many(self, resource: Resource, keys: Iterable[tuple[str, str]]) -> MaybeObjects:
        """Return the object of each key, None where there is none."""
        objects = self._kind(resource).objects
        return [objects.get(key) for key in keys]

    def count(self, resource: Resource) -> int:
        return len(self._kind(resource).objects)

    def owned_by(self, uid: str) -> OwnedObjects:
        """Return every object with an ownerReference to this uid."""
        owned = ((resource, self.get(resource, *key)) for resource, key in self._owners.dependents(uid))
        return [(resource, obj) for resource, obj in owned if obj is not None]

    # -- writes --------------------------------------------------------------------------------------------------

    def create(self, resource: Resource, obj: Object) -> Object:
        """Store a new object and return it with uid, resourceVersion, creationTimestamp (kept if given) and name.

        Raises:
            StatusError: 409 AlreadyExists; or the refusal of an admission function.
        """
        stored = self.prepare_create(resource, obj)
        self._store(resource, stored, None)
        return stored

    def prepare_create(self, resource: Resource, obj: Object) -> Object:
        """Return the object `create` would store, without storing it (for dry runs), with the next resourceVersion."""
        kind = self._kind(resource)
        metadata = dict(obj.get("metadata") or {})
        namespace = metadata.get("namespace") or ""
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._generate_name(kind, namespace, metadata["generateName"])
        name = metadata.get("name") or ""
        if (namespace, name) in kind.objects:
            deleted = kind.objects[namespace, name]["metadata"].get("deletionTimestamp")
            raise status_errors.already_exists(resource, name, being_deleted=bool(deleted))
        for admit in self.admission:
            admit(resource, {**obj, "metadata": metadata})
        metadata["uid"] = metadata.get("uid") or self._new_uid()
        metadata["creationTimestamp"] = metadata.get("creationTimestamp") or timestamp(self._clock.now())
        if resource.counts_generation:
            metadata["generation"] = metadata.get("generation") or 1
        metadata["resourceVersion"] = str(self.revision + 1)
        return normalized(resource, obj, metadata)

    def update(
        self,
        resource: Resource,
        obj: Object,
        *,
        status_only: bool = False,
        bump_generation: bool | None = None,
        signs_status: bool = False,
    ) -> Object:
        """Replace an object; a write without changes keeps the object and the revision.

        Args:
            resource: its kind.
            obj: the whole object; a resourceVersion in its metadata must match the stored one.
            status_only: use only its `status`.
            signs_status: use its `managedFields` too, for a write of the status over the API.
            bump_generation: None bumps `metadata.generation` when the spec changed, for kinds that count it.

        Raises:
            StatusError: 404; 409 if a given resourceVersion or uid does not match.
        """
        old, stored = self.prepare_update(
            resource, obj, status_only=status_only, bump_generation=bump_generation, signs_status=signs_status
        )
        if stored is old:
            return old
        if stored["metadata"].get("deletionTimestamp") and is_removable(stored):
            self._remove(resource, stored)
            return stored
        self._store(resource, stored, old)
        return stored

    def prepare_update(
        self,
        resource: Resource,
        obj: Object,
        *,
        status_only: bool = False,
        bump_generation: bool | None = None,
        signs_status: bool = False,
    ) -> tuple[Object, Object]:
        """Return (the stored object, the object `update` would store); the same dict twice if nothing would change."""
        given = obj["metadata"]
        namespace, name = given.get("namespace") or "", given["name"]
        old = self.get(resource, namespace, name)
        if old is None:
            raise status_errors.not_found(resource, name)
        current = old["metadata"]
        if given.get("resourceVersion") and given["resourceVersion"] != current["resourceVersion"]:
            raise status_errors.conflict(resource, name)
        if given.get("uid") and given["uid"] != current["uid"]:
            raise status_errors.conflict(
                resource,
                name,
                f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: {current['uid']}",
            )
        if status_only:
            body = {**old, "status": obj.get("status", {})}
            metadata = dict(current)
            if signs_status and given.get("managedFields"):
                metadata["managedFields"] = given["managedFields"]
        else:
            body = obj
            metadata = dict(given)
            for kept in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
                if kept in current:
                    metadata[kept] = current[kept]
                else:
                    metadata.pop(kept, None)
        metadata["resourceVersion"] = current["resourceVersion"]
        stored = normalized(resource, body, metadata)
        if stored == old:
            return old, old
        if bump_generation is None:
            bump_generation = not status_only and increments_generation(resource, old, stored)
        if bump_generation and resource.counts_generation:
            metadata["generation"] = current.get("generation", 0) + 1
        metadata["resourceVersion"] = str(self.revision + 1)
        return old, stored

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        grace: int | None = None,
        propagation: Propagation = "Background",
    ) -> Object:
        """Delete an object as the API does and return it as the response shows it.

        A scheduled pod stays, with a deletionTimestamp, until the kubelet calls `remove`; an object with finalizers
        stays until they are removed; others are removed immediately. Foreground and Orphan add a finalizer, which the
        garbage collector removes when it has deleted or orphaned the dependents; where none runs, Orphan orphans them
        here.

        Args:
            grace: grace period of a pod in seconds; None takes the pod's own, 0 removes it immediately.

        Raises:
            StatusError: 404; 409 if a precondition fails.
        """
        obj = self.get(resource, namespace, name)
        if obj is None:
            raise status_errors.not_found(resource, name)
        current = obj["metadata"]
        self.check_preconditions(resource, obj, uid=uid, resource_version=resource_version)
        finalizers = list(current.get("finalizers") or ())
        collector = PROPAGATION_FINALIZERS.get(propagation)
        if propagation == "Orphan" and not self.collects_garbage:
            self.orphan_dependents(current["uid"])
        elif (
            collector is not None
            and collector not in finalizers
            and (self.collects_garbage or self._owners.dependents(current["uid"]))
        ):
            finalizers.append(collector)
        is_definition = resource is CUSTOMRESOURCEDEFINITIONS
        if is_definition and DEFINITION_FINALIZER not in finalizers:
            finalizers.append(DEFINITION_FINALIZER)  # its objects are deleted first
        seconds = grace_seconds(resource, obj, grace)
        if not seconds and not finalizers:
            self._remove(resource, obj)
            if resource is NAMESPACES:
                self._remove_namespace_content(name)
            return obj
        if current.get("deletionTimestamp") and seconds >= current.get("deletionGracePeriodSeconds", 0):
            return obj
        metadata = {
            **current,
            "deletionTimestamp": timestamp(self._clock.now() + timedelta(seconds=seconds)),
            "deletionGracePeriodSeconds": seconds,
            "resourceVersion": str(self.revision + 1),
        }
        if finalizers:
            metadata["finalizers"] = finalizers
        if current.get("generation") and not current.get("deletionTimestamp") and not is_definition:
            metadata["generation"] = current["generation"] + 1
        if is_definition:
            del metadata["deletionGracePeriodSeconds"]
            obj = marked_terminating(obj, self._clock.now())
        stored = normalized(resource, obj, metadata)
        self._store(resource, stored, self.get(resource, namespace, name))
        return stored

    def check_preconditions(
        self, resource: Resource, obj: Object, *, uid: str | None = None, resource_version: str | None = None
    ) -> None:
        """Check the preconditions of a delete.

        Raises:
            StatusError: 409 if one fails.
        """
        current = obj["metadata"]
        if uid is not None and uid != current["uid"]:
            raise status_errors.precondition_failed(resource, current["name"], "UID", uid, current["uid"])
        if resource_version is not None and resource_version != current["resourceVersion"]:
            raise status_errors.precondition_failed(
                resource, current["name"], "ResourceVersion", resource_version, current["resourceVersion"]
            )

    def remove(self, resource: Resource, namespace: str | None, name: str) -> None:
        """Remove an object immediately (kubelet and garbage collector); no-op if it does not exist."""
        obj = self.get(resource, namespace, name)
        if obj is not None:
            self._remove(resource, obj)

    def new_uid(self) -> str:
        """Return a uid for an object that needs it before it is stored."""
        return self._new_uid()

    # -- internals ------------------------------------------------------------------------------------------------

    def _store(self, resource: Resource, stored: Object, old: Object | None) -> None:
        resource = _stored_type(resource)
        self.revision += 1
        stored["metadata"]["resourceVersion"] = str(self.revision)
        metadata = stored["metadata"]
        key = (metadata.get("namespace") or "", metadata["name"])
        kind = self._kind(resource)
        kind.store(key, stored)
        self._owners.update(resource, old, stored)
        self._publish(kind, StorageEvent("ADDED" if old is None else "MODIFIED", resource, stored, old, self.revision))

    def _remove(self, resource: Resource, obj: Object) -> None:
        resource = _stored_type(resource)
        metadata = obj["metadata"]
        key = (metadata.get("namespace") or "", metadata["name"])
        kind = self._kind(resource)
        old = kind.pop(key)
        if old is None:
            return
        self.revision += 1
        last = {**obj, "metadata": {**metadata, "resourceVersion": str(self.revision)}}
        self._owners.update(resource, old, None)
        self.encoded.forget(resource, key)
        self._publish(kind, StorageEvent("DELETED", resource, last, old, self.revision))

    def orphan_dependents(self, uid: str) -> None:
        """Remove an owner from the ownerReferences of its dependents."""
        for resource, obj in self.owned_by(uid):
            references = [ref for ref in obj["metadata"]["ownerReferences"] if ref["uid"] != uid]
            metadata = {key: value for key, value in obj["metadata"].items() if key != "ownerReferences"}
            if references:
                metadata["ownerReferences"] = references
            self.update(resource, {**obj, "metadata": metadata})

    def _remove_namespace_content(self, namespace: str) -> None:
        """Remove the objects of a deleted namespace (a real cluster does it step by step)."""
        for resource in self.resources.stored():
            if resource.namespaced:
                for obj in self.list(resource, namespace):
                    self._remove(resource, obj)

    def _generate_name(self, kind: KindCache, namespace: str, prefix: str) -> str:
        while True:
            name = prefix + "".join(self._pick(SUFFIX_ALPHABET) for _ in range(5))
            if (namespace, name) not in kind.objects:
                return name


def _stored_type(resource: Resource) -> Resource:
    """Return the resource that changes are published as: the storage version of a built-in kind."""
    if resource.storage_version is None or resource.custom is not None:
        return resource
    return by_plural(resource.storage_version[1])
