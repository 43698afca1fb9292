"""Decide whether something is so recent that it may still become right by itself.

Invariant: whoever is silent for that reason is run again when it is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import KubeObject
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
