"""The history of every kind, and who is called after a change.

Invariant: one counter, `revision`, numbers all changes; a kind's cache appears with its first use, so that custom
resources need no registration here. `Storage` is the only subclass: it alone appends changes.
"""

from collections.abc import Callable

from k9py.simulator.registry.cache import ChangeListener, Changes, KindCache, StorageEvent
from k9py.simulator.registry.resources import Resource


class ChangeFeed:
    """The caches of all kinds with their change histories."""

    def __init__(self) -> None:
        self.revision = 1
        self._kinds: dict[tuple[str, str], KindCache] = {}
        self._compacted_revision = 0
        self._listeners: list[ChangeListener] = []

    def on_change(self, listener: ChangeListener) -> Callable[[], None]:
        """Call a function with every change from now on; return the function that unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def subscribe(self, resource: Resource, listener: ChangeListener) -> Callable[[], None]:
        """Call a function with every change of one kind from now on; return the function that unsubscribes."""
        listeners = self._kind(resource).listeners
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def listeners(self, resource: Resource) -> int:
        """Return how many functions are subscribed to a kind (an ended watch leaves none)."""
        return len(self._kind(resource).listeners)

    def events_since(self, resource: Resource, revision: int) -> Changes | None:
        """Return a kind's changes after a revision, oldest first; None if they are compacted (410)."""
        kind = self._kind(resource)
        if revision < kind.compacted_revision:
            return None
        return kind.changes_since(revision)

    def compact(self, revision: int | None = None) -> None:
        """Drop the changes up to a revision (None: all); watches from before it get 410."""
        limit = self.revision if revision is None else revision
        self._compacted_revision = max(self._compacted_revision, limit)
        for kind in self._kinds.values():
            kind.compact(limit)

    def expire_watches(self, resource: Resource) -> None:
        """Let watches of a kind that resume get 410: its definition changed or is gone."""
        self._kind(resource).compacted_revision = self.revision

    def last_events_since(self, resource: Resource, revision: int) -> Changes:
        """Return a kind's changes after a revision for a watch that ends, even if the kind's watches have expired."""
        return self._kind(resource).changes_since(revision)

    def oldest_revision(self, resource: Resource) -> int:
        """Return the lowest revision a watch of this kind may start from."""
        return self._kind(resource).compacted_revision

    def _kind(self, resource: Resource) -> KindCache:
        key = resource.storage_key
        cache = self._kinds.get(key)
        if cache is None:
            cache = self._kinds[key] = KindCache()
            cache.compacted_revision = self._compacted_revision
        return cache

    def _publish(self, kind: KindCache, change: StorageEvent) -> None:
        kind.append(change)
        for listener in (*kind.listeners, *self._listeners):
            listener(change)
