"""Turn an initial list into the contents of the store: visible as it arrives, but a relist only when complete.


Invariant: after `finish` the store holds exactly what the list held. Until then a store that was complete once stays
unchanged, so that a person sees a consistent state and not a mixture; a store that was never complete shows what has
arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Generic, Protocol, TypeVar

from k9py.api.meta import KubeObject, ObjectRef
from k9py.informer.resource_version import is_older, is_same_state
from k9py.informer.store import ObjectChange, Store
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)
In = TypeVar("In", bound=KubeObject, contravariant=True)

_PUBLISHED_TOGETHER: Final = 200
"""Changes per batch when a relist is published: bounds the subscribers' work between two passes of the event loop."""


class InitialList(Protocol[In]):
    """A list that is arriving.

    Attributes:
        has_older_objects: an object in it is older than the same object in the store: the server was restored.
    """

    has_older_objects: bool

    def add(self, objects: Iterable[In]) -> None:
        """Add objects of the list."""
        ...

    def remove(self, deleted: In) -> None:
        """Remove an object that was deleted while the list was streamed."""
        ...

    async def finish(self) -> None:
        """Make the store equal to the list, in time slices."""
        ...


class FirstList(Generic[T]):
    """The first list: its objects are stored as they arrive."""

    def __init__(self, store: Store[T], time_slicer: TimeSlicer) -> None:
        self._store = store
        self._time_slicer = time_slicer
        self._listed: set[ObjectRef] = set()
        self.has_older_objects = False

    def add(self, objects: Iterable[T]) -> None:
        objects = tuple(objects)
        self._listed.update(value.key for value in objects)
        self._store.upsert_all(objects)

    def remove(self, deleted: T) -> None:
        self._listed.discard(deleted.key)

    async def finish(self) -> None:
        if len(self._listed) != len(self._store):
            # An incomplete list before this one brought objects that were deleted since.
            async with self._time_slicer.slice():
                self._store.remove_all(self._store.keys() - self._listed)


class Relist(Generic[T]):
    """A list after a break: built next to the old contents, compared with them, swapped in one step.

    Args:
        distrust_versions: versions prove nothing, because the restored server has issued them twice: compare the
            objects themselves.
    """

    def __init__(self, store: Store[T], time_slicer: TimeSlicer, *, distrust_versions: bool = False) -> None:
        self._store = store
        self._time_slicer = time_slicer
        self._distrust_versions = distrust_versions
        self.has_older_objects = False
        self._contents = store.empty_contents()

    def add(self, objects: Iterable[T]) -> None:
        for new in objects:
            key = new.key
            old = self._store.get(key)
            # Keeping the old object where nothing changed halves the memory of a relist and notifies nobody.
            if old is not None and is_same_state(old, new) and (not self._distrust_versions or old == new):
                self._contents.put(key, old)
                continue
            self._contents.put(key, new)
            if old is not None and old.metadata.uid == new.metadata.uid and is_older(new, old):
                self.has_older_objects = not self._distrust_versions

    def remove(self, deleted: T) -> None:
        if deleted.key in self._contents.objects:
            self._contents.remove(deleted.key)

    async def finish(self) -> None:
        changes: list[ObjectChange[T]] = []
        comparison = self._compare()
        is_done = False
        while not is_done:
            async with self._time_slicer.slice():
                is_done = True
                for change in comparison:
                    if change is not None:
                        changes.append(change)
                    if self._time_slicer.is_over:
                        is_done = False
                        break
        self._store.replace(self._contents)
        for start in range(0, len(changes), _PUBLISHED_TOGETHER):
            async with self._time_slicer.slice():
                self._store.publish(changes[start : start + _PUBLISHED_TOGETHER])

    def _compare(self) -> Iterator[ObjectChange[T] | None]:
        """Yield the change of each object, None where nothing changed, so that the caller can pause at each."""
        for key, new in self._contents.objects.items():
            old = self._store.get(key)
            yield ObjectChange(key, old, new) if old is not new else None
        for old in self._store.values():
            yield ObjectChange(old.key, old, None) if old.key not in self._contents.objects else None
