"""How an initial list becomes the store's contents: shown as it comes the first time, swapped in whole after that.

Invariant: after `finish` the store holds exactly what the list held. Until then a store that was complete once stays
as it was, so that a person reads one moment's truth and not a mixture; a store that never was shows what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from k9py.api.meta import KubeObject, ObjectKey
from k9py.informer.store import ObjectChange, Store
from k9py.informer.versions import is_older, is_same
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)
In = TypeVar("In", bound=KubeObject, contravariant=True)


class InitialList(Protocol[In]):
    """A list that is coming in. `fell`: an object in it is older than the same object in the store, so the server went
    back in time."""

    fell: bool

    def add(self, objects: Iterable[In]) -> None:
        """Take objects of the list."""
        ...

    def remove(self, gone: In) -> None:
        """Take back an object that was deleted while the list was being streamed."""
        ...

    async def finish(self) -> None:
        """Make the store what the list was, in turns."""
        ...


class FirstList(Generic[T]):
    """The first list: rows show from the first objects on."""

    def __init__(self, store: Store[T], time_slicer: TimeSlicer) -> None:
        self._store = store
        self._time_slicer = time_slicer
        self._seen: set[ObjectKey] = set()
        self.fell = False

    def add(self, objects: Iterable[T]) -> None:
        objects = tuple(objects)
        self._seen.update(one.key for one in objects)
        self._store.upsert_all(objects)

    def remove(self, gone: T) -> None:
        self._seen.discard(gone.key)

    async def finish(self) -> None:
        if len(self._seen) != len(self._store):
            # A try before this one got further with some objects than the cluster did.
            async with self._time_slicer.slice():
                self._store.remove_all(self._store.keys() - self._seen)


class Relist(Generic[T]):
    """A list after a break: built beside the old contents, compared with them, exchanged at once.

    Args:
        distrust: versions prove nothing (the server was restored, and has given them a second time): compare values.
    """

    def __init__(self, store: Store[T], time_slicer: TimeSlicer, *, distrust: bool = False) -> None:
        self._store = store
        self._time_slicer = time_slicer
        self._distrust = distrust
        self.fell = False
        self._contents = store.empty_contents()

    def add(self, objects: Iterable[T]) -> None:
        for new in objects:
            key = new.key
            old = self._store.get(key)
            # Keeping the old value where nothing changed halves the memory of a relist and tells nobody of it.
            if old is not None and is_same(old, new) and (not self._distrust or old == new):
                self._contents.put(key, old)
                continue
            self._contents.put(key, new)
            if old is not None and old.metadata.uid == new.metadata.uid and is_older(new, old):
                self.fell = not self._distrust

    def remove(self, gone: T) -> None:
        if gone.key in self._contents.objects:
            self._contents.remove(gone.key)

    async def finish(self) -> None:
        changes: list[ObjectChange[T]] = []
        comparison = self._changes()
        done = False
        while not done:
            async with self._time_slicer.slice():
                done = True
                for change in comparison:
                    if change is not None:
                        changes.append(change)
                    if self._time_slicer.is_over:
                        done = False
                        break
        self._store.replace(self._contents)
        for at in range(0, len(changes), _TOLD_TOGETHER):
            async with self._time_slicer.slice():
                self._store.publish(changes[at : at + _TOLD_TOGETHER])

    def _changes(self) -> Iterator[ObjectChange[T] | None]:
        for key, new in self._contents.objects.items():
            old = self._store.get(key)
            yield ObjectChange(key, old, new) if old is not new else None
        for old in self._store.values():
            yield ObjectChange(old.key, old, None) if old.key not in self._contents.objects else None


_TOLD_TOGETHER = 200
"""Changes a batch when a relist is told: subscribers' work between two passes of the event loop."""
