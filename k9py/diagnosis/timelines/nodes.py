"""Nodes: transitions of their conditions, taints with a time, cordons.

Source of the taints: pkg/controller/nodelifecycle; only those that evict (NoExecute) and those of the controller have a
time (core/v1 Taint.timeAdded).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import NODE
from k9py.api.meta import Condition
from k9py.api.nodes import Node
from k9py.api.scheduling import Taint
from k9py.api.text import printable, shorten
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.source import source

UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"
READY: Final = "Ready"
_LOST: Final = frozenset({"node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"})
_AT_ONCE: Final = timedelta(seconds=10)
"""The node controller sets all conditions of a kubelet that is silent, and its taints, within this time."""


@source("nodes", "transitions of node conditions, taints, cordons", kinds=(NODE,))
def node_transitions(node: Node, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the last transition of each condition of a node, and its taints; what a silent kubelet causes is one."""
    recent = [
        (at, each)
        for each in node.status.conditions or ()
        if (at := each.last_transition_time) is not None and at >= since
    ]
    taints = [
        (taint.time_added, taint)
        for taint in node.spec.taints or ()
        if taint.time_added is not None and taint.time_added >= since
    ]
    for together in _together(recent):
        at, first = together[0]
        own = [taint for added, taint in taints if taint.key in _LOST and abs(added - at) <= _AT_ONCE]
        own = own if _is_silent(first) else []
        taints = [(added, taint) for added, taint in taints if taint not in own]
        yield _transition(node, at, [condition for _, condition in together], own)
    for added, taint in taints:
        key = printable(taint.key)
        what = "cordoned" if taint.key == UNSCHEDULABLE else _tainted(taint)
        yield TimelineEntry(added, node.key, EntryKind.NODE, what, source=f"taint {key}")


def _together(recent: Sequence[tuple[datetime, Condition]]) -> Iterator[list[tuple[datetime, Condition]]]:
    """Yield the transitions, those to Unknown at the same time together, Ready first."""
    silent = sorted((each for each in recent if _is_silent(each[1])), key=lambda each: (each[1].type != READY, each[0]))
    while silent:
        at = silent[0][0]
        group = [each for each in silent if abs(each[0] - at) <= _AT_ONCE]
        yield group
        silent = [each for each in silent if each not in group]
    yield from ([each] for each in recent if not _is_silent(each[1]))


def _transition(node: Node, at: datetime, conditions: Sequence[Condition], taints: Sequence[Taint]) -> TimelineEntry:
    first = conditions[0]
    names = [printable(each.type) for each in conditions]
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    reason = f" ({printable(first.reason)})" if first.reason else ""
    messages = dict.fromkeys(shorten(each.message) for each in conditions if each.message)
    return TimelineEntry(
        at,
        node.key,
        EntryKind.NODE,
        f"{listed} became {printable(first.status)}{reason}",
        source=f"condition {names[0]}",
        details=(*messages, *map(_tainted, taints)),
        is_warning=first.status != ("True" if first.type == READY else "False"),
    )


def _is_silent(condition: Condition) -> bool:
    return condition.status == "Unknown"


def _tainted(taint: Taint) -> str:
    return f"tainted {printable(taint.key)}:{printable(taint.effect)}"
