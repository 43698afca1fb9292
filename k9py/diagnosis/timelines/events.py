"""Events: what controllers and kubelets reported; repetitions are one entry with their number (`topics`, `merging`).

Invariants: an event is shown where nothing else says the same: the steps of a scaling are in `scalings`, the starts of
containers in `pods`. To leave out another normal event: `_SAID_ELSEWHERE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.kinds import EVENT
from k9py.api.meta import ObjectRef
from k9py.api.standard_types import ref_group_of
from k9py.api.text import printable, shorten
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.deployment_steps import SCALING_REASON
from k9py.diagnosis.timelines.source import source
from k9py.diagnosis.timelines.topics import topic_of

_SAID_ELSEWHERE: Final = frozenset(
    {
        SCALING_REASON,
        "Scheduled",
        "Pulling",
        "Pulled",
        "Created",
        "Started",
        "SuccessfulCreate",
        "SuccessfulDelete",
        "SuccessfulAttachVolume",
        "Starting",
        "NodeHasSufficientMemory",
        "NodeHasNoDiskPressure",
        "NodeHasSufficientPID",
        "NodeAllocatableEnforced",
        "LeaderElection",
    }
)
"""Normal events that other entries say better, or that say nothing."""
_KINDS: Final = {"Node": EntryKind.NODE, "Job": EntryKind.JOB, "CronJob": EntryKind.JOB}
_SCALED: Final = frozenset({"SuccessfulRescale", "KEDAScaleTargetActivated", "KEDAScaleTargetDeactivated"})


@source("events", "events; repetitions are one entry", kinds=(EVENT,))
def reported(event: Event, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield an event."""
    at = event.last_seen
    is_normal = event.type != "Warning"
    is_job = event.involved_object.kind == "CronJob"
    if at is None or at < since or (is_normal and event.reason in _SAID_ELSEWHERE and not is_job):
        return
    first, times = event.first_seen, event.occurrences
    topic = topic_of(event)
    about = about_of(event)
    kind = EntryKind.SCALING if event.reason in _SCALED else _KINDS.get(about.kind, EntryKind.EVENT)
    is_end = about.kind == "Pod" and event.reason == "Killing" and is_normal
    if is_end:
        kind = EntryKind.POD
    message = shorten(_without_pod(event))
    yield TimelineEntry(
        at,
        about,
        kind,
        f"{printable(event.reason)}: {message}" if message else printable(event.reason),
        by=printable(event.reporter),
        source=f"event {printable(event.reason)}",
        count=times,
        first=first if times > 1 else None,
        topic=topic.name,
        telling=topic.telling,
        owner=_siblings(about) if about.kind == "Pod" else None,
        is_warning=not is_normal,
    )


def _without_pod(event: Event) -> str:
    """Return the message without what only names its pod: `… container app in pod NAME_NAMESPACE(UID)`.

    Source: pkg/kubelet/util/format, Pod.
    """
    about = event.involved_object
    return event.message.replace(f" in pod {about.name}_{about.namespace}({about.uid})", "")


def _siblings(pod: ObjectRef) -> ObjectRef:
    """Return what the pods of one owner have in common: their names begin with its name. It is no object."""
    return ObjectRef("", pod.namespace, pod.name.rpartition("-")[0] or pod.name)


def about_of(event: Event) -> ObjectRef:
    """Return the object that an event is about, with the group of its kind; events about nodes have a namespace."""
    about = event.involved_object
    group = ref_group_of(about.api_version, about.kind) if about.api_version else ""
    namespace = "" if about.kind in ("Node", "Namespace", "PersistentVolume") else about.namespace
    return ObjectRef(about.kind, namespace, about.name, group)
