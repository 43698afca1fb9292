"""Nodes: transitions of their conditions, taints with a time, cordons.

Source of the taints: pkg/controller/nodelifecycle; only those that evict (NoExecute) and those of the controller have a
time (core/v1 Taint.timeAdded).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from k9py.api.kinds import NODE
from k9py.api.nodes import Node
from k9py.api.text import printable, shorten
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.source import source

UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"


@source("nodes", "transitions of node conditions, taints, cordons", kinds=(NODE,))
def node_transitions(node: Node, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the last transition of each condition of a node, and its taints."""
    for condition in node.status.conditions or ():
        at = condition.last_transition_time
        if at is not None and at >= since:
            name = printable(condition.type)
            reason = f" ({printable(condition.reason)})" if condition.reason else ""
            yield TimelineEntry(
                at,
                node.key,
                EntryKind.NODE,
                f"{name} became {printable(condition.status)}{reason}",
                source=f"condition {name}",
                details=(shorten(condition.message),) if condition.message else (),
                is_warning=condition.status != ("True" if condition.type == "Ready" else "False"),
            )
    for taint in node.spec.taints or ():
        if taint.time_added is not None and taint.time_added >= since:
            key = printable(taint.key)
            what = "cordoned" if taint.key == UNSCHEDULABLE else f"tainted {key}:{printable(taint.effect)}"
            yield TimelineEntry(taint.time_added, node.key, EntryKind.NODE, what, source=f"taint {key}")
