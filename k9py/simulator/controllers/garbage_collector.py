"""The garbage collector: deletes or orphans the dependents of deleted owners.

Invariant: an object with owners is deleted when the last of them is gone (background); an owner with the finalizer
`foregroundDeletion` is removed when the dependents that block it are gone, one with `orphan` when it is no longer the
owner of any. Keys are owner uids.
"""

from collections.abc import Sequence
from typing import Any

from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.storage import PROPAGATION_FINALIZERS, StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_FOREGROUND, _ORPHAN = PROPAGATION_FINALIZERS["Foreground"], PROPAGATION_FINALIZERS["Orphan"]


class GarbageCollector:
    """Deletes dependents."""

    def __init__(self, state: SimulatorState) -> None:
        self._storage = state.storage
        self._storage.collects_garbage = True
        self._waiting: dict[str, tuple[Resource, str, str]] = {}

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the owners (by uid) to check after a change."""
        metadata = change.obj["metadata"]
        if change.type == "DELETED":
            owners = [reference["uid"] for reference in metadata.get("ownerReferences") or ()]
            waiting = [uid for uid in owners if uid in self._waiting]
            return [("", uid) for uid in (metadata["uid"], *waiting)]
        finalizers = metadata.get("finalizers") or ()
        if metadata.get("deletionTimestamp") and (_FOREGROUND in finalizers or _ORPHAN in finalizers):
            place = (change.resource, metadata.get("namespace") or "", metadata["name"])
            self._waiting[metadata["uid"]] = place
            return [("", metadata["uid"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Delete the dependents of an owner that is deleted or being deleted."""
        uid = key[1]
        place = self._waiting.get(uid)
        if place is not None and _ORPHAN in self._finalizers(place):
            self._storage.orphan_dependents(uid)
        for resource, obj in self._storage.owned_by(uid):
            metadata = obj["metadata"]
            owners = metadata.get("ownerReferences") or ()
            if any(reference["uid"] != uid and self._exists(obj, reference) for reference in owners):
                continue
            if not metadata.get("deletionTimestamp"):
                owns = place is not None and self._storage.owned_by(metadata["uid"])
                self._storage.delete(
                    resource,
                    metadata.get("namespace"),
                    metadata["name"],
                    propagation="Foreground" if owns else "Background",
                )
        if place is not None and not any(_blocks(obj, uid) for _, obj in self._storage.owned_by(uid)):
            del self._waiting[uid]
            self._remove_finalizers(place)
        return None

    def _exists(self, obj: Object, reference: Object) -> bool:
        resource = self._storage.resources.owner_type(reference)
        if resource is None:
            return True  # an owner of an unknown type may exist
        namespace = obj["metadata"].get("namespace") if resource.namespaced else None
        owner = self._storage.get(resource, namespace, reference["name"])
        return owner is not None and owner["metadata"]["uid"] == reference["uid"]

    def _finalizers(self, place: tuple[Resource, str, str]) -> Sequence[str]:
        obj = self._storage.get(*place)
        return [] if obj is None else obj["metadata"].get("finalizers") or []

    def _remove_finalizers(self, place: tuple[Resource, str, str]) -> None:
        resource, namespace, name = place
        obj = self._storage.get(resource, namespace, name)
        if obj is None:
            return
        metadata = dict(obj["metadata"])
        metadata["finalizers"] = [held for held in self._finalizers(place) if held not in (_FOREGROUND, _ORPHAN)]
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        self._storage.update(resource, {**obj, "metadata": metadata})


def _blocks(dependent: Object, uid: str) -> bool:
    """Return whether a dependent keeps its owner from being removed."""
    references = dependent["metadata"].get("ownerReferences") or ()
    return any(reference["uid"] == uid and reference.get("blockOwnerDeletion") for reference in references)
