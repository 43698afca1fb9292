"""Reads what a tree consists of: the objects that own each other, and those that are related in another way.

Owns the leases of a tree; they end with `close`. Types are leased a few at a time, those of the usual chains first, so
that the tree grows on the screen; a type without an object in the tree is not watched any longer. Invariants: what the
dashboard watches already is not requested again; a type that cannot be read is named, never taken for empty; the
subject is below its owner although that may not be read: its ownerReferences have the uid.
Which relations there are besides owners: `relation_reader.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.plural import count_noun
from k9py.api.relations import KindKey
from k9py.api.resource_type import ResourceType
from k9py.cluster.lease import LeaseChange, WatchLease
from k9py.cluster.watches import WATCHED
from k9py.resources.registry import ResourceRegistry
from k9py.resources.resource import MetricsOf, Resource
from k9py.resources.tree import Dependent, TreeItem, state_of
from k9py.runtime.clock import Clock
from k9py.session import ClusterSession
from k9py.tui.browse.lookup import controller_of, owner_ref
from k9py.tui.browse.relation_reader import RelationReader
from k9py.tui.browse.resource_rows import ResourceRows, kind_of
from k9py.tui.browse.row_context import ClusterRowContext
from k9py.views.values import Tone

AT_ONCE: Final = 4
"""Types that are listed at the same time."""
READ_SECONDS: Final = 10.0
"""After which the next types are leased, although these have not been read."""
MAX_OWNERS: Final = 20
"""Owners above an object."""
MOST: Final = 5000
"""Objects of a type whose owners are read, for an owner without a namespace."""
MAX_RELATED: Final = 100
"""Objects with the same relation to another one; more of them are in a group, which is folded at first."""
_FIRST: Final = (
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "EndpointSlice",
    "Ingress",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)
_NEVER: Final = frozenset({"Event", "ComponentStatus", "PodMetrics", "NodeMetrics", "Lease"})
_WATCHED_KINDS: Final = frozenset(watched.kind.name for watched in WATCHED if watched.kind.name != "Event")


@dataclass(slots=True)
class _Read:
    """A type that is read."""

    resource_type: ResourceType
    lease: WatchLease[Any]
    rows: ResourceRows
    owned: dict[str, list[ObjectRef]] = field(default_factory=dict)
    """Objects by the uid of each owner."""
    is_outdated: bool = True


class TreeReader:
    """What the tree of one object consists of.

    Args:
        subject: The object.
        on_change: Called when the tree may differ; quick.
    """

    def __init__(
        self,
        session: ClusterSession,
        subject: ObjectRef,
        resources: ResourceRegistry,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self.subject = subject
        self.read_count = self.type_count = 0
        self.unreadable: dict[str, str] = {}
        """Why types are not read, by their names."""
        self.is_done = False
        self._session = session
        self._resources = resources
        self._clock = clock
        self._on_change = on_change
        self._reads: dict[tuple[str, str], _Read] = {}
        self._relations = RelationReader(session, subject, resources, clock, self.unreadable, on_change)
        self._groups: dict[ObjectRef, tuple[ObjectRef, ...]] = {}
        self._root = subject
        self._owner_uids: dict[ObjectRef, str] = {}
        """Uids of the owners above the subject, from the ownerReferences."""
        self._path: dict[ObjectRef, ObjectRef] = {}
        """What is below each owner above the subject."""
        self._row_context = ClusterRowContext(session.cluster, clock, MetricsOf.NOTHING, ())

    # -- reading ------------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read all types, a few at a time; errors are kept in `unreadable`."""
        await self._relations.read()
        await self._read_types(self._types())
        if not self.subject.namespace and self.subject.group:
            await self._read_types(await self._types_with_dependents())
        self.is_done = True
        self._drop_unused()
        self._on_change()

    async def _read_types(self, types: list[ResourceType]) -> None:
        self.type_count += len(types)
        for at in range(0, len(types), AT_ONCE):
            some = [self._take(resource_type) for resource_type in types[at : at + AT_ONCE]]
            await asyncio.gather(*(self._wait(read) for read in some))
            self.read_count += len(some)
            self._on_change()

    async def _types_with_dependents(self) -> list[ResourceType]:
        """Return the namespaced types with objects that the subject, which has no namespace, owns at some depth."""
        held, connection = self._object(self.subject), self._session.connection
        if held is None:
            return []
        children: dict[str, list[tuple[ResourceType, str]]] = {}
        limit = asyncio.Semaphore(AT_ONCE)

        async def read(known: ResourceType) -> None:
            name = known.qualified_name
            try:
                async with limit, asyncio.timeout(READ_SECONDS):
                    owners = await connection.list_owners(known, "", most=MOST)
            except (KdashError, TimeoutError) as error:
                self.unreadable[name] = error.message if isinstance(error, KdashError) else "no answer yet"
                return
            if owners.left_out:
                self.unreadable[name] = f"only {MOST:,} of them were read"
            for owned in owners.objects:
                for owner in owned.owners:
                    children.setdefault(owner, []).append((known, owned.uid))

        unique: dict[tuple[str, str], ResourceType] = {}
        for known in self._session.cluster.resource_types:
            if known.namespaced and known.can_list and known.can_watch and known.kind not in _NEVER:
                unique.setdefault((known.kind, known.ref_group), known)
        await asyncio.gather(*(read(known) for known in unique.values()))
        result: dict[ResourceType, None] = {}
        seen, waiting = {held.uid}, [held.uid]
        while waiting:
            for known, uid in children.get(waiting.pop(), ()):
                if uid not in seen:
                    seen.add(uid)
                    waiting.append(uid)
                    result[known] = None
        return [known for known in result if (known.kind, known.ref_group) not in self._reads]

    @property
    def needs_relations(self) -> bool:
        """Whether objects appeared or vanished since the relations were read."""
        return self.is_done and self._relations.is_outdated

    async def read_relations(self) -> None:
        """Read the relations again."""
        await self._relations.read()

    def close(self) -> None:
        """End the leases."""
        for read in self._reads.values():
            read.lease.close()
        self._reads = {}

    def _types(self) -> list[ResourceType]:
        is_namespaced = bool(self.subject.namespace)
        types = [
            known
            for known in self._session.cluster.resource_types
            if known.can_list
            and known.can_watch
            and known.kind not in _NEVER
            and (known.namespaced is is_namespaced or self._is_watched_source(known))
        ]
        places = {kind: place for place, kind in enumerate((self.subject.kind, *_FIRST))}
        types.sort(key=lambda known: places.get(known.kind, len(places)) if not known.ref_group else len(places))
        unique = {(known.kind, known.ref_group): known for known in reversed(types)}
        return [known for known in types if unique.get((known.kind, known.ref_group)) is known]

    def _is_watched_source(self, known: ResourceType) -> bool:
        """Return whether its objects refer to the subject and are watched already: their states are shown."""
        is_watched = known.kind in _WATCHED_KINDS and not known.ref_group
        return is_watched and KindKey(known.kind) in self._relations.sources and known.namespaced

    def _take(self, resource_type: ResourceType) -> _Read:
        cluster, namespace = self._session.cluster, self.subject.namespace
        scope = cluster.scope.namespaces
        is_watched = resource_type.kind in _WATCHED_KINDS and not resource_type.ref_group
        is_in_scope = is_watched and (not scope or not namespace or namespace in scope)
        resource = self._resources.of(resource_type)
        lease = cluster.lease(
            kind_of(resource_type, resource),
            namespaces=None if is_in_scope else (namespace,) if namespace else (),
        )
        read = _Read(resource_type, lease, self._rows(lease, resource))
        lease.subscribe(lambda change: self._changed(read, change))
        self._reads[resource_type.kind, resource_type.ref_group] = read
        return read

    def _rows(self, lease: WatchLease[Any], resource: Resource | None) -> ResourceRows:
        return ResourceRows(lease, resource, self._row_context, shows_namespace=False, taken=())

    def _changed(self, read: _Read, change: LeaseChange) -> None:
        read.is_outdated = True
        for ref in change.refs:
            self._relations.take_change(ref, read.lease.store.get(ref))
        self._on_change()

    async def _wait(self, read: _Read) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                await read.lease.wait_for_sync()
        except KdashError as error:
            self.unreadable[read.resource_type.qualified_name] = error.message
        except TimeoutError:
            self.unreadable[read.resource_type.qualified_name] = "no answer yet"
        read.is_outdated = True

    def _drop_unused(self) -> None:
        """End the watches of types without an object that owns, or is owned by, another one here."""
        for key, read in tuple(self._reads.items()):
            self._index(read)
            is_used = key[0] in (*_FIRST, self.subject.kind) or read.owned
            if not is_used:
                read.lease.close()
                del self._reads[key]

    # -- the tree -----------------------------------------------------------------------------------------------------

    def root(self) -> TreeItem:
        """Return the topmost owner of the subject, as far as it is known."""
        ref, seen = self.subject, {self.subject}
        self._owner_uids, self._path = {}, {}
        types = self._session.cluster.resource_types
        for _ in range(MAX_OWNERS):
            held = self._object(ref)
            owner = None if held is None else controller_of(held.metadata)
            if owner is None:
                break
            above = owner_ref(owner, ref.namespace, types)
            if above in seen:
                break
            seen.add(above)
            self._owner_uids[above], self._path[above] = owner.uid, ref
            ref = above
        self._root = ref
        return self.item(ref)

    def item(self, ref: ObjectRef) -> TreeItem:
        """Return an object with its state; without one when it has not been read."""
        read = self._reads.get((ref.kind, ref.group))
        held = self._object(ref)
        if held is None:
            return TreeItem(ref, self._owner_uids.get(ref, ""), self._unread_state(ref), Tone.MUTED)
        state, tone = "", Tone.PLAIN
        if read is not None:
            row = read.rows.row(ref, self._clock.now())
            if row is not None:
                state, tone = state_of(read.rows.columns, row), row.tone
        if held.metadata.deletion_timestamp is not None and "erminating" not in state:
            state = f"{state} · terminating" if state else "terminating"
        return TreeItem(ref, held.uid, state, tone, held.metadata.creation_timestamp)

    def dependents(self, reached: Dependent) -> list[Dependent]:
        """Return what belongs below an object: what it owns, then what it is related to.

        What refers to an object is followed upwards, what an object refers to downwards: an Ingress that routes to a
        Service of the tree does not bring its other Services.
        """
        item = reached.item
        if item.ref == self.unread_group:
            return [Dependent(TreeItem(ref, tone=Tone.MUTED)) for ref in self._unread_types()]
        if item.ref in self._groups:
            inside = self._groups[item.ref]
            return [Dependent(self.item(ref), reached.relation, reached.follow_backward) for ref in inside]
        owned: list[ObjectRef] = []
        if item.uid:
            for read in self._reads.values():
                self._index(read)
                owned += read.owned.get(item.uid, ())
        if (below := self._path.get(item.ref)) is not None and below not in owned:
            owned.append(below)
        direction = reached.follow_backward
        result = self._without_old(item, [Dependent(self.item(ref), "", direction) for ref in owned])
        result += self._related(reached)
        if self.unreadable and item.ref == self._root:
            result.append(Dependent(TreeItem(self.unread_group, tone=Tone.WARN)))
        return result

    def _related(self, reached: Dependent) -> Iterable[Dependent]:
        """Yield what is related to an object, many of one relation in a group."""
        item, direction = reached.item, reached.follow_backward
        by_relation: dict[tuple[str, bool], dict[ObjectRef, None]] = {}
        for related in self._relations.related(item.ref):
            if direction is None or related.is_backward is direction:
                same = by_relation.setdefault((related.relation, related.follow_backward), {})
                same[related.ref] = None
        for (relation, follow), refs in by_relation.items():
            shown = list(refs)
            for ref in shown[:MAX_RELATED]:
                yield Dependent(self.item(ref), relation, follow)
            more = tuple(shown[MAX_RELATED:])
            if more:
                group = ObjectRef("", item.ref.namespace, f"{len(more):,} more ({item.ref.kind}/{item.ref.name})")
                self._groups[group] = more
                yield Dependent(TreeItem(group, tone=Tone.MUTED), relation, follow)

    @property
    def unread_group(self) -> ObjectRef:
        """The last line of the tree: the types that could not be read are below it."""
        return ObjectRef("", self.subject.namespace, f"{count_noun(len(self.unreadable), 'type')} not readable")

    def _unread_types(self) -> Iterable[ObjectRef]:
        for name, reason in self.unreadable.items():
            yield ObjectRef("", self.subject.namespace, f"{name}: {reason}")

    def _unread_state(self, ref: ObjectRef) -> str:
        """Return the state of an object that was not read."""
        if self._is_missing(ref):
            return "not found"
        known = self._session.cluster.resource_types.of_ref(ref)
        return "not readable" if known is not None and known.qualified_name in self.unreadable else ""

    def _without_old(self, owner: TreeItem, owned: list[Dependent]) -> list[Dependent]:
        """Put the ReplicaSets of old revisions, which have no pods, into a group at the end."""
        if owner.ref.kind != "Deployment" or owner.ref.group:
            return owned
        old = [child for child in owned if child.item.ref.kind == "ReplicaSet" and not self._owns_something(child.item)]
        if len(old) < 2:
            return owned
        name = f"{count_noun(len(old), 'old ReplicaSet')} of {owner.ref.name}"
        group = ObjectRef("", owner.ref.namespace, name)
        self._groups[group] = tuple(child.item.ref for child in old)
        return [*(child for child in owned if child not in old), Dependent(TreeItem(group, tone=Tone.MUTED))]

    def _owns_something(self, item: TreeItem) -> bool:
        return any(item.uid in read.owned for read in self._reads.values())

    def _object(self, ref: ObjectRef) -> KubeObject | None:
        read = self._reads.get((ref.kind, ref.group))
        held = None if read is None else read.lease.store.get(ref)
        return held or (None if ref.group else self._session.cluster.queries.object(ref))

    def _is_missing(self, ref: ObjectRef) -> bool:
        read = self._reads.get((ref.kind, ref.group))
        return read is not None and read.lease.has_synced

    def _index(self, read: _Read) -> None:
        if not read.is_outdated:
            return
        read.is_outdated = False
        owned: dict[str, list[ObjectRef]] = {}
        namespace = self.subject.namespace
        for value in read.lease.store.in_namespace(namespace) if namespace else read.lease.store.values():
            for owner in value.metadata.owner_references or ():
                owned.setdefault(owner.uid, []).append(value.key)
        read.owned = owned
