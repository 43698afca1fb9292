"""Which objects name which owners: the garbage collector's graph.

Invariant: an entry stands for exactly as long as a stored object has that ownerReference.
"""

from collections.abc import Iterable

from k9py.simulator.changes import Key, Object
from k9py.simulator.resources import Resource

_Entry = tuple[tuple[str, str], Key]


class OwnerIndex:
    """Dependents by their owner's uid."""

    def __init__(self) -> None:
        self._dependents: dict[str, dict[_Entry, Resource]] = {}

    def dependents(self, uid: str) -> list[tuple[Resource, Key]]:
        """Return the kind and (namespace, name) of every object that names this owner."""
        return [(resource, key) for (_, key), resource in self._dependents.get(uid, {}).items()]

    def note(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        """Follow a write from `old` to `new` (None: not there)."""
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
