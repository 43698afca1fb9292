"""Say what the pods of a Job waited for until its deadline: the Job controller deletes them, their events stay.

Invariant: only warnings about pods of this Job, seen while it ran, count; of several that which comes first in the life
of a pod, for a pod without a node has no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from k9py.api.batch import Job
from k9py.api.events import Event
from k9py.api.kinds import EVENT
from k9py.api.meta import find_condition
from k9py.api.text import printable, shorten
from k9py.diagnosis.finding import Evidence, EvidenceSource
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.scheduler_message import without_post_filters

_REASONS: Final = {
    "FailedScheduling": "its pod could not be scheduled",
    "FailedAttachVolume": "a volume of its pod could not be attached",
    "FailedMount": "a volume of its pod could not be mounted",
    "FailedCreatePodSandBox": "the sandbox of its pod could not be created",
    "InspectFailed": "its image name is not valid",
    "ErrImageNeverPull": "its image is not on the node",
    "Failed": "its container could not be started",
    "BackOff": "its container kept failing",
}
"""Events of a pod that does not run, in the order of a pod's life, and what they mean for the Job."""
_EMPTY: Final = ("skip schedule deleting pod", "Error: ErrImagePull", "Error: ImagePullBackOff", "context deadline")
"""Parts of messages that do not name a cause."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Why a pod of a Job did not run: `its pod could not be scheduled: 0/6 nodes are available: 6 Insufficient gpu`."""

    text: str
    evidence: Evidence


def what_pods_waited_for(job: Job, graph: Graph) -> Waited | None:
    """Return why the pods of a Job that is over its deadline did not run, None when no event shows it."""
    events = graph.list(EVENT, job.namespace)
    if isinstance(events, Unread):
        return None
    order = tuple(_REASONS)
    found = [each for each in events if each.reason in _REASONS and _is_of_job(each, job)]
    chosen = min(found, key=lambda each: (order.index(each.reason), -_last(each)), default=None)
    if chosen is None:
        return None
    message = shorten(without_post_filters(chosen.message).rstrip(" ."))
    evidence = Evidence(EvidenceSource.EVENT, job.key, chosen.reason, message, chosen.last_seen)
    name = printable(chosen.involved_object.name)
    return Waited(f"{_REASONS[chosen.reason]}: {message}".replace(f" {name}", " the pod"), evidence)


def _is_of_job(event: Event, job: Job) -> bool:
    about, seen = event.involved_object, event.last_seen
    failed = find_condition(job.status.conditions, "Failed")
    began = job.status.start_time or job.metadata.creation_timestamp
    if about.kind != "Pod" or not about.name.startswith(f"{job.name}-") or event.type == "Normal":
        return False
    if any(part in event.message for part in _EMPTY) or seen is None or began is None or seen < began:
        return False
    ended = failed.last_transition_time if failed is not None else None
    first = event.first_seen or seen
    return ended is None or first <= ended


def _last(event: Event) -> float:
    return event.last_seen.timestamp() if event.last_seen is not None else 0.0
