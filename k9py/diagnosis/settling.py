"""Decide whether something is so recent that it may still become right by itself.

Invariant: whoever is silent for that reason is run again when it is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import NAMESPACE
from k9py.api.meta import KubeObject
from k9py.api.nodes import Namespace
from k9py.diagnosis.graph import Graph

YOUNG: Final = timedelta(seconds=60)
"""An object this young may wait for what its controllers make of it."""


def is_young(obj: KubeObject, graph: Graph, margin: timedelta = YOUNG) -> bool:
    """Return whether an object has just been created; the check runs again when it is no longer young."""
    return is_recent(obj.metadata.creation_timestamp, graph, margin)


def is_recent(at: datetime | None, graph: Graph, margin: timedelta = YOUNG) -> bool:
    """Return whether a time is less than a margin ago; the check runs again when it is not. None is not recent."""
    if at is None or graph.now - at >= margin:
        return False
    graph.look_again(at + margin)
    return True


def is_being_deleted(obj: KubeObject, graph: Graph) -> bool:
    """Return whether an object or its namespace is being deleted: nothing about it is a problem any more."""
    if obj.metadata.deletion_timestamp is not None:
        return True
    namespace = graph.get(NAMESPACE, obj.namespace) if obj.namespace else None
    return isinstance(namespace, Namespace) and namespace.metadata.deletion_timestamp is not None


def latest(*times: datetime | None) -> datetime | None:
    """Return the last of the times that are known, None when none is."""
    return max((time for time in times if time is not None), default=None)
