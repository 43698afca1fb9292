"""The objects of one kind in one scope, by key, with indexes: a query costs the size of its result.

Invariant: the reflector alone writes; everyone else reads or subscribes. Every index agrees with the objects whenever a
reader can look. Subscribers are notified after a change, in batches; a batch holds a key at most once.
To add an index: a function from an object to its index values, given at construction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, KeysView, Mapping, Sequence, ValuesView
from typing import Final, Generic, TypeVar

import msgspec

from k9py.api.meta import KubeObject, ObjectRef
from k9py.informer.events import Applied, Deleted
from k9py.informer.resource_version import is_older, is_same_state

T = TypeVar("T", bound=KubeObject)

Index = Callable[[T], Iterable[Hashable]]
"""Returns the index values of an object; none, one or many."""

_NAMESPACE: Final = "namespace"
_OWNER: Final = "owner"


class ObjectChange(msgspec.Struct, Generic[T], frozen=True):
    """A change of one object: `old` is None when it was added, `new` is None when it was deleted."""

    key: ObjectRef
    old: T | None
    new: T | None


class ChangeBatch(msgspec.Struct, Generic[T], frozen=True):
    """Changes that were made together."""

    changes: tuple[ObjectChange[T], ...]


class Contents(Generic[T]):
    """Objects and their indexes, without subscribers: a relist builds a second one next to the first."""

    __slots__ = ("_buckets", "_indexes", "objects")

    def __init__(self, indexes: Mapping[str, Index[T]]) -> None:
        self._indexes = indexes
        self.objects: dict[ObjectRef, T] = {}
        self._buckets: dict[str, dict[Hashable, dict[ObjectRef, T]]] = {name: {} for name in indexes}

    def put(self, key: ObjectRef, new: T) -> None:
        """Add or replace an object."""
        old = self.objects.get(key)
        self.objects[key] = new
        for name, values_of in self._indexes.items():
            buckets = self._buckets[name]
            values = tuple(values_of(new))
            if old is not None:
                for value in values_of(old):
                    if value not in values:
                        self._drop(buckets, value, key)
            for value in values:
                bucket = buckets.get(value)
                if bucket is None:
                    buckets[value] = {key: new}
                else:
                    bucket[key] = new

    def remove(self, key: ObjectRef) -> None:
        """Remove an object that is held."""
        old = self.objects.pop(key)
        for name, values_of in self._indexes.items():
            buckets = self._buckets[name]
            for value in values_of(old):
                self._drop(buckets, value, key)

    def bucket(self, index: str, value: Hashable) -> Collection[T]:
        """Return the objects that an index has under a value, as a view."""
        bucket = self._buckets[index].get(value)
        return bucket.values() if bucket else ()

    @staticmethod
    def _drop(buckets: dict[Hashable, dict[ObjectRef, T]], value: Hashable, key: ObjectRef) -> None:
        bucket = buckets.get(value)
        if bucket is not None:
            bucket.pop(key, None)
            if not bucket:
                del buckets[value]


class Store(Generic[T]):
    """Objects of one kind by key.

    Args:
        indexes: further indexes by name, in addition to those by namespace and by the uid of the controller.

    Attributes:
        version: grows with every change; equal versions mean that nothing changed.
    """

    def __init__(self, indexes: Mapping[str, Index[T]] | None = None) -> None:
        self._indexes: dict[str, Index[T]] = {_NAMESPACE: _namespace, _OWNER: _owner, **(indexes or {})}
        self._contents = Contents[T](self._indexes)
        self._subscribers: list[Callable[[ChangeBatch[T]], None]] = []
        self.version = 0

    # Reading: for everyone.

    def get(self, key: ObjectRef) -> T | None:
        """Return an object, None when it is not held."""
        return self._contents.objects.get(key)

    def values(self) -> ValuesView[T]:
        """Return all objects, as a view; do not keep it across an await."""
        return self._contents.objects.values()

    def keys(self) -> KeysView[ObjectRef]:
        """Return all keys, as a view; do not keep it across an await."""
        return self._contents.objects.keys()

    def __len__(self) -> int:
        return len(self._contents.objects)

    def __contains__(self, key: ObjectRef) -> bool:
        return key in self._contents.objects

    def in_namespace(self, namespace: str) -> list[T]:
        """Return the objects of a namespace."""
        return list(self._contents.bucket(_NAMESPACE, namespace))

    def by_owner(self, uid: str) -> list[T]:
        """Return the objects whose managing controller has this uid."""
        return list(self._contents.bucket(_OWNER, uid))

    def by_index(self, name: str, value: Hashable) -> list[T]:
        """Return the objects that an index has under a value.

        Raises:
            KeyError: no such index was declared.
        """
        return list(self._contents.bucket(name, value))

    def subscribe(self, callback: Callable[[ChangeBatch[T]], None]) -> Callable[[], None]:
        """Call a function with every batch of changes, once the store has them; it must be quick and not fail.


        Returns:
            A function that ends the subscription; a second call does nothing.
        """
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    # Writing: for the reflector alone.

    def apply(self, events: Iterable[Applied[T] | Deleted[T]]) -> None:
        """Apply watch events in order and publish their sum; states older than what is held change nothing."""
        contents = self._contents
        before: dict[ObjectRef, T | None] = {}
        for event in events:
            value = event.object
            key = value.key
            old = contents.objects.get(key)
            if isinstance(event, Applied):
                if old is not None and (is_same_state(value, old) or is_older(value, old)):
                    continue
                contents.put(key, value)
            else:
                if old is None or is_older(value, old):
                    continue
                contents.remove(key)
            before.setdefault(key, old)
        self._publish_since(before)

    def upsert_all(self, values: Iterable[T]) -> None:
        """Add or replace objects, whatever is held: for an initial list."""
        before: dict[ObjectRef, T | None] = {}
        for value in values:
            key = value.key
            old = self._contents.objects.get(key)
            if old is None or not is_same_state(value, old):
                self._contents.put(key, value)
                before.setdefault(key, old)
        self._publish_since(before)

    def remove_all(self, keys: Iterable[ObjectRef]) -> None:
        """Remove objects that no longer exist."""
        before: dict[ObjectRef, T | None] = {}
        for key in keys:
            old = self._contents.objects.get(key)
            if old is not None:
                self._contents.remove(key)
                before.setdefault(key, old)
        self._publish_since(before)

    def empty_contents(self) -> Contents[T]:
        """Return empty contents with the indexes of this store, to be filled and passed to `replace`."""
        return Contents(self._indexes)

    def replace(self, contents: Contents[T]) -> None:
        """Replace the contents in one step. The caller publishes the changes."""
        self._contents = contents
        self.version += 1

    def publish(self, changes: Sequence[ObjectChange[T]]) -> None:
        """Notify subscribers of changes already made."""
        if changes:
            batch = ChangeBatch(tuple(changes))
            for callback in tuple(self._subscribers):
                callback(batch)

    def _publish_since(self, before: Mapping[ObjectRef, T | None]) -> None:
        now = self._contents.objects
        changes = [ObjectChange(key, old, now.get(key)) for key, old in before.items() if old is not now.get(key)]
        if changes:
            self.version += 1
            self.publish(changes)


def _namespace(value: KubeObject) -> tuple[str]:
    return (value.metadata.namespace,)


def _owner(value: KubeObject) -> tuple[str, ...]:
    controller = value.metadata.controller
    return (controller.uid,) if controller is not None else ()
