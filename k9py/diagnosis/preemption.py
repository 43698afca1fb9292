"""Say for whom the scheduler ended the predecessor of a pod that waits now.

Invariant: only the event of the scheduler shows it; the pod that it made room for may be where nothing is read.
Source: pkg/scheduler/framework/preemption (`Preempted by pod <uid> on node <node>`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from k9py.api.kinds import POD
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Pod
from k9py.api.text import printable, shorten
from k9py.diagnosis.finding import Evidence, EvidenceSource
from k9py.diagnosis.graph import Graph, Unread

_BEFORE: Final = timedelta(minutes=5)
"""Time in which the pod that replaces a preempted one has been created (its grace period, mostly)."""
_AFTER: Final = timedelta(seconds=10)
_PREEMPTED: Final = lazy_pattern(r"Preempted by (?:a )?pod (?P<uid>\S+) on node (?P<node>\S+)")
HELPS: Final = "give it as high a priority, lower its requests, or add a node"


@dataclass(frozen=True, slots=True)
class Preemption:
    """A pod that had to leave its node.

    Args:
        text: by whom: `its predecessor was preempted by Deployment vip (PriorityClass high)`.
    """

    text: str
    evidence: Evidence


def preemption(pod: Pod, graph: Graph) -> Preemption | None:
    """Return that a pod replaces one that was preempted, None when no event shows it."""
    owner, created = pod.metadata.controller, pod.metadata.creation_timestamp
    if owner is None or created is None:
        return None
    events = graph.events_with_reason("Preempted", pod.namespace)
    for event in () if isinstance(events, Unread) else events:
        about, at = event.involved_object, event.last_seen
        is_sibling = about.kind == "Pod" and (about.name.startswith(f"{owner.name}-") or about.name == pod.name)
        match = _PREEMPTED.search(event.message)
        if match and is_sibling and at is not None and created - _BEFORE <= at <= created + _AFTER:
            by = _preemptor(match["uid"], pod.namespace, graph) or "another pod"
            evidence = Evidence(EvidenceSource.EVENT, pod.key, "Preempted", shorten(event.message), at)
            return Preemption(f"its predecessor was preempted by {by}", evidence)
    return None


def _preemptor(uid: str, namespace: str, graph: Graph) -> str:
    """Return the workload, or the pod, that the scheduler made room for; "" when it is not among those read."""
    pods = graph.list(POD, namespace)
    found = next((each for each in pods if each.uid == uid), None) if not isinstance(pods, Unread) else None
    if found is None:
        everywhere = graph.list(POD) if graph.covers("") else ()
        found = next((each for each in everywhere if each.uid == uid), None) if isinstance(everywhere, tuple) else None
    if found is None:
        return ""
    workload = graph.workload_of(found)
    name = f"{workload.kind} {workload.name}" if workload is not None else f"pod {found.name}"
    where = f" in {printable(found.namespace)}" if found.namespace != namespace else ""
    priority = found.spec.priority_class_name
    return printable(name) + where + (f" (PriorityClass {printable(priority)})" if priority else "")
