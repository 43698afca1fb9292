"""Which views and pods a batch of changes affects, by what was read (`reads`).

Invariants: the object itself is always affected, whether or not its view has been computed. The cost of a batch is the
number of its changes and of the views that become stale, never the size of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from k9py.api.events import Event
from k9py.api.kinds import POD, SERVICE, WORKLOAD_KINDS
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.cluster.change_feed import AffectedObjects
from k9py.cluster.reads import ReadGraph, Token
from k9py.cluster.stores import tokens_of
from k9py.informer.store import ChangeBatch, Index, ObjectChange

MAX_TRACED: Final = 2_000
"""Changes in one batch above which everything is marked instead: tracing each would hold the event loop too long."""


class ChangeTracer:
    """Traces changes to the views that read the changed objects, and makes those stale.

    Args:
        reads: the recorded reads.
        indexes: of the stores, by kind.
    """

    def __init__(self, reads: ReadGraph, indexes: Mapping[str, Mapping[str, Index[Any]]]) -> None:
        self._reads = reads
        self._indexes = indexes

    def trace(self, kind: str, batch: ChangeBatch[Any]) -> AffectedObjects:
        """Make stale what a batch of changes of one kind affects, and return it."""
        if len(batch.changes) > MAX_TRACED:
            return AffectedObjects(kind=kind, everything=True)
        stale = self._reads.mark(self._tokens(kind, batch.changes))
        pods: set[ObjectRef] = set()
        for change in batch.changes:
            if kind == POD.name:
                pods.add(change.key)
            elif kind == SERVICE.name or kind in WORKLOAD_KINDS:
                stale.add(change.key)
            elif isinstance(event := change.new or change.old, Event) and event.regarding.kind == POD.name:
                pods.add(event.regarding)
        return affected(stale, pods, kind)

    def _tokens(self, kind: str, changes: Iterable[ObjectChange[Any]]) -> set[Token]:
        indexes = self._indexes.get(kind, {})
        return {token for change in changes for state in _states(change) for token in tokens_of(kind, state, indexes)}


def affected(views: Iterable[ObjectRef], pods: Iterable[ObjectRef] = (), kind: str = "") -> AffectedObjects:
    """Return affected objects, given those whose views are stale."""
    services = {ref for ref in views if ref.kind == SERVICE.name}
    return AffectedObjects(services, {ref for ref in views if ref not in services}, pods, kind)


def _states(change: ObjectChange[Any]) -> Iterator[KubeObject]:
    """Yield the new state of an object and, where it may appear in other queries than before, the old one."""
    old, new = change.old, change.new
    if new is not None:
        yield new
    if old is not None and not (isinstance(new, Pod) and _appears_alike(old, new)):
        yield old


def _appears_alike(old: Pod, new: Pod) -> bool:
    return old.metadata.labels == new.metadata.labels and old.metadata.owner_references == new.metadata.owner_references
