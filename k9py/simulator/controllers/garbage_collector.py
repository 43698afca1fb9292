"""The garbage collector: deletes the dependents of deleted owners.

Invariant: an object with owners is deleted when the last of them is gone (background), and an owner with the finalizer
`foregroundDeletion` is removed when its dependents are gone. Keys are owner uids.
"""

from typing import Any

from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_FOREGROUND = "foregroundDeletion"


class GarbageCollector:
    """Deletes dependents."""

    def __init__(self, state: SimulatorState) -> None:
        self._storage = state.storage
        self._waiting: dict[str, tuple[Resource, str, str]] = {}

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the owners (by uid) to check after a change."""
        metadata = change.obj["metadata"]
        if change.type == "DELETED":
            owners = [reference["uid"] for reference in metadata.get("ownerReferences") or ()]
            waiting = [uid for uid in owners if uid in self._waiting]
            return [("", uid) for uid in (metadata["uid"], *waiting)]
        if metadata.get("deletionTimestamp") and _FOREGROUND in (metadata.get("finalizers") or ()):
            place = (change.resource, metadata.get("namespace") or "", metadata["name"])
            self._waiting[metadata["uid"]] = place
            return [("", metadata["uid"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Delete the dependents of an owner that is deleted or being deleted."""
        uid = key[1]
        place = self._waiting.get(uid)
        dependents = self._storage.owned_by(uid)
        for resource, obj in dependents:
            metadata = obj["metadata"]
            owners = metadata.get("ownerReferences") or ()
            if any(reference["uid"] != uid and self._exists(obj, reference) for reference in owners):
                continue
            if not metadata.get("deletionTimestamp"):
                self._storage.delete(
                    resource,
                    metadata.get("namespace"),
                    metadata["name"],
                    propagation="Background" if place is None else "Foreground",
                )
        if place is not None and not self._storage.owned_by(uid):
            del self._waiting[uid]
            self._remove_finalizer(place)
        return None

    def _exists(self, obj: Object, reference: Object) -> bool:
        resource = self._storage.resources.owner_type(reference)
        if resource is None:
            return True  # an owner of an unknown type may exist
        namespace = obj["metadata"].get("namespace") if resource.namespaced else None
        owner = self._storage.get(resource, namespace, reference["name"])
        return owner is not None and owner["metadata"]["uid"] == reference["uid"]

    def _remove_finalizer(self, place: tuple[Resource, str, str]) -> None:
        resource, namespace, name = place
        obj = self._storage.get(resource, namespace, name)
        if obj is None:
            return
        metadata = dict(obj["metadata"])
        metadata["finalizers"] = [
            finalizer for finalizer in metadata.get("finalizers") or () if finalizer != _FOREGROUND
        ]
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        self._storage.update(resource, {**obj, "metadata": metadata})
