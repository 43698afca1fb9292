"""Reads the relations of the objects of a tree: the bodies of the kinds that refer to others, each kind once.

Invariants: bodies are read, indexed in slices and dropped; they are read again when an object that the tree watches and
that nothing owns appears or vanishes, never on a timer: what an object refers to is what it was then. A kind that
cannot be read is named in `unreadable`. Which relations there are: `api/relations.py` and the `relations` of
descriptors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.relations import POD, KindKey
from k9py.api.resource_type import ResourceType
from k9py.resources.registry import ResourceRegistry
from k9py.resources.relation_index import Related, RelationIndex
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice
from k9py.session import ClusterSession

AT_ONCE: Final = 4
"""Kinds that are read at the same time."""
READ_SECONDS: Final = 10.0
MANY_PODS: Final = 2000
"""From so many pods in a namespace on, their bodies are read for those subjects alone that only pods refer to."""
NODE: Final = KindKey("Node")


class RelationReader:
    """What the objects around one object are related to.

    Args:
        subject: The object.
        unreadable: Is given why kinds are not read, by their names.
        on_change: Called when there are other relations; quick.
    """

    def __init__(
        self,
        session: ClusterSession,
        subject: ObjectRef,
        resources: ResourceRegistry,
        clock: Clock,
        unreadable: dict[str, str],
        on_change: Callable[[], None],
    ) -> None:
        self._session = session
        self._subject = subject
        self._resources = resources
        self._clock = clock
        self._unreadable = unreadable
        self._on_change = on_change
        self._index = RelationIndex(())
        self.is_read = self.is_outdated = False
        self.sources: tuple[KindKey, ...] = ()
        """Kinds that may refer to the subject."""

    def related(self, ref: ObjectRef) -> Iterator[Related]:
        """Yield what an object is related to."""
        return self._index.related(ref, is_subject=ref == self._subject)

    async def read(self) -> None:
        """Read all kinds that matter."""
        while self._resources.load_next():  # noqa: ASYNC110
            await asyncio.sleep(0)
        index = RelationIndex(self._resources.relations())
        self.is_outdated = False
        self.sources = index.sources_of(KindKey.of(self._subject))
        limit = asyncio.Semaphore(AT_ONCE)

        async def read(resource_type: ResourceType) -> None:
            async with limit:
                await self._read(index, resource_type)

        await asyncio.gather(*(read(resource_type) for resource_type in self._types(index)))
        self._index, self.is_read = index, True
        self._on_change()

    def take_change(self, ref: ObjectRef, held: KubeObject | None) -> None:
        """Note that an object changed; None: it is gone."""
        is_owned = held is not None and bool(held.metadata.owner_references)
        if self.is_read and self._index.differs(ref, exists=held is not None, is_owned=is_owned):
            self.is_outdated = True

    def _types(self, index: RelationIndex) -> Iterator[ResourceType]:
        """Yield the types whose bodies are read."""
        subject, seen = KindKey.of(self._subject), set[KindKey]()
        for known in self._session.cluster.resource_types:
            key = KindKey(known.kind, known.ref_group)
            if key in seen or not known.can_list:
                continue
            seen.add(key)
            if self._subject.namespace:
                is_wanted = index.is_read(key) and (known.namespaced or key in self.sources)
            else:  # of the whole cluster only what may refer to it
                is_wanted = key in self.sources and (key != POD or subject == NODE)
            if is_wanted or key == subject:
                yield known

    async def _read(self, index: RelationIndex, resource_type: ResourceType) -> None:
        key = KindKey(resource_type.kind, resource_type.ref_group)
        try:
            async with asyncio.timeout(READ_SECONDS):
                bodies = await self._bodies(key, resource_type)
        except KdashError as error:
            self._unreadable[resource_type.qualified_name] = error.message
            return
        except TimeoutError:
            self._unreadable[resource_type.qualified_name] = "no answer yet"
            return
        time_slice = TimeSlice(monotonic=self._clock.monotonic)
        for body in bodies:
            index.add(key, body)
            await time_slice.yield_if_over()

    async def _bodies(self, key: KindKey, resource_type: ResourceType) -> Iterable[dict[str, Any]]:
        subject, connection = self._subject, self._session.connection
        if key == KindKey.of(subject) and not subject.namespace:
            return [await connection.get(subject)]
        if key == POD and subject.namespace and POD not in self.sources and self._has_many_pods():
            return self._known_pods()
        selector = f"spec.nodeName={subject.name}" if key == POD and KindKey.of(subject) == NODE else ""
        if subject.namespace and resource_type.namespaced:
            return await connection.list(resource_type, subject.namespace)
        scope = self._session.cluster.scope.namespaces if resource_type.namespaced else ()
        lists = [
            await connection.list(resource_type, namespace, field_selector=selector) for namespace in scope or ("",)
        ]
        return [body for bodies in lists for body in bodies]

    def _has_many_pods(self) -> bool:
        pods = self._session.cluster.stores.pods.in_namespace(self._subject.namespace)
        return any(at >= MANY_PODS for at, _ in enumerate(pods))

    def _known_pods(self) -> Iterator[dict[str, Any]]:
        """Yield the metadata of the pods that are watched: who selects them is known from it."""
        for pod in self._session.cluster.stores.pods.in_namespace(self._subject.namespace):
            owners = [
                {"uid": owner.uid, "controller": owner.controller} for owner in pod.metadata.owner_references or ()
            ]
            metadata = {
                "name": pod.name,
                "namespace": pod.namespace,
                "uid": pod.uid,
                "labels": pod.metadata.labels or {},
            }
            yield {"metadata": {**metadata, "ownerReferences": owners}}
