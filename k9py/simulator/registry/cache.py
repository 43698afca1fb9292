"""In-memory indexes of the storage: the objects of a kind in order, its bounded watch history, dependents by owner.

Invariant: `order` holds exactly the keys of `objects`, sorted; `history` holds every change after `oldest`; an
`OwnerIndex` entry exists exactly as long as a stored object has that ownerReference.
"""

import bisect
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from k9py.simulator.registry.resources import Resource

Object = dict[str, Any]
Key = tuple[str, str]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

HISTORY_LIMIT = 20_000  # changes kept per kind for watches that resume; older revisions answer 410


@dataclass(frozen=True, slots=True)
class StorageEvent:
    """One write. `obj` is the object after it (for DELETED: its last state with the deletion's resourceVersion)."""

    type: ChangeType
    resource: Resource
    obj: Object
    old: Object | None
    revision: int


Changes = list[StorageEvent]
ChangeListener = Callable[[StorageEvent], None]


class KindCache:
    """All objects of one kind, sorted by (namespace, name), and their change history."""

    __slots__ = ("compacted_revision", "history", "listeners", "objects", "order")

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.order: list[Key] = []
        self.history: deque[StorageEvent] = deque()
        self.compacted_revision = 0  # changes with a revision at or below it are compacted
        self.listeners: list[ChangeListener] = []

    def keys(self, namespace: str | None) -> list[Key]:
        """Return the keys of one namespace, or all. Read only."""
        if not namespace:
            return self.order
        start = bisect.bisect_left(self.order, (namespace, ""))
        stop = bisect.bisect_left(self.order, (namespace + "\0", ""))
        return self.order[start:stop]

    def store(self, key: Key, obj: Object) -> None:
        """Add or replace an object."""
        if key not in self.objects:
            if not self.order or key > self.order[-1]:  # the common case: keys arrive in order
                self.order.append(key)
            else:
                bisect.insort(self.order, key)
        self.objects[key] = obj

    def pop(self, key: Key) -> Object | None:
        """Remove and return an object."""
        obj = self.objects.pop(key, None)
        if obj is not None:
            del self.order[bisect.bisect_left(self.order, key)]
        return obj

    def append(self, change: StorageEvent) -> None:
        """Append a change to the history and drop the oldest one beyond the limit."""
        self.history.append(change)
        if len(self.history) > HISTORY_LIMIT:
            self.compacted_revision = self.history.popleft().revision

    def compact(self, revision: int) -> None:
        """Drop the changes up to a revision."""
        while self.history and self.history[0].revision <= revision:
            self.history.popleft()
        self.compacted_revision = max(self.compacted_revision, revision)

    def changes_since(self, revision: int) -> Changes:
        """Return the changes above a revision, oldest first."""
        changes: Changes = []
        for change in reversed(self.history):
            if change.revision <= revision:
                break
            changes.append(change)
        changes.reverse()
        return changes


_Entry = tuple[tuple[str, str], Key]


class OwnerIndex:
    """Dependents by their owner's uid."""

    def __init__(self) -> None:
        self._dependents: dict[str, dict[_Entry, Resource]] = {}

    def dependents(self, uid: str) -> list[tuple[Resource, Key]]:
        """Return the kind and (namespace, name) of every object that names this owner."""
        return [(resource, key) for (_, key), resource in self._dependents.get(uid, {}).items()]

    def update(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        """Update the index for a write from `old` to `new` (None: absent)."""
        before, after = _owner_uids(old), _owner_uids(new)
        if before == after:
            return
        metadata = (new or old or {})["metadata"]
        entry = (resource.storage_key, (metadata.get("namespace") or "", metadata["name"]))
        for uid in before - after:
            held = self._dependents.get(uid, {})
            held.pop(entry, None)
            if not held:
                self._dependents.pop(uid, None)
        for uid in after - before:
            self._dependents.setdefault(uid, {})[entry] = resource


def _owner_uids(obj: Object | None) -> frozenset[str]:
    references: Iterable[Object] = (obj or {}).get("metadata", {}).get("ownerReferences") or ()
    return frozenset(reference["uid"] for reference in references)
