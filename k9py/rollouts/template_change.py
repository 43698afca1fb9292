"""When the pod template of a workload last changed, and by whom.

A new template makes a new revision within seconds, so its object's creation tells. An undo takes an old one into use
again and leaves its creation time as it was; then the earliest of what can only have come after it is best.
Invariant: neither a scale, a pause, nor the passing of a deadline moves it; nobody is named unless a time says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.managed import ManagedFields
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import Revision, current_revision

_SLACK: Final = timedelta(seconds=10)
"""A controller makes a revision's object within seconds of the write."""
_NEXT: Final = timedelta(seconds=2)
"""A write this soon after a revision was made is the one that made it: times have no fractions."""


@dataclass(frozen=True, slots=True)
class TemplateWrite:
    """A change of the pod template; `by` is the field manager, printable. None and "" where it is not known."""

    at: datetime | None = None
    by: str = ""


def template_change(
    workload: Workload, revisions: Sequence[Revision], pods: Sequence[Pod], events: Iterable[Event] = ()
) -> TemplateWrite:
    """Return when the template last changed and who did it.

    Args:
        revisions, pods: of this workload; may be empty when not read.
        events: about it; its ScalingReplicaSet events date an undo.
    """
    writers = [one for one in workload.metadata.managed_fields or () if one.owns_template]
    written = max((one.time for one in writers if one.time is not None), default=None)
    current = current_revision(revisions)
    at: datetime | None
    if current is None or current.images != workload.spec.template.images:
        # The controller has not made the revision of this template, or it is paused, or revisions are not read.
        at = workload.metadata.creation_timestamp if workload.metadata.generation == 1 else written
    else:
        told = [*_scaled_up(current, events), *([written] if written is not None else [])]
        at = revision_since(current, revisions, pods, told)
    others = [one.created_at for one in revisions if one.created_at is not None and not one.is_current]
    return TemplateWrite(at, _author(writers, at, others))


def revision_since(
    current: Revision | None, revisions: Sequence[Revision], pods: Sequence[Pod], later_times: Iterable[datetime] = ()
) -> datetime | None:
    """Return since when the current revision is in use, as far as anything tells; None when unknown.

    Args:
        told: times of other things that come with a change of the template or after it.
    """
    if current is None or current.created_at is None:
        return None
    created = current.created_at
    later = max((one.created_at for one in revisions if one.created_at and one.created_at > created), default=None)
    if later is None and not current.was_reused:
        return created
    least = later or created
    times = [at for at in later_times if at - least > _NEXT]
    for group in cohorts(revisions, pods):
        made = (pod.metadata.creation_timestamp for pod in group.pods if group.is_current)
        times += [at for at in made if at is not None and at > least]
    # A reused revision with none newer left was in use again at some time after it was made: that is all.
    return min(times, default=later)


def _scaled_up(current: Revision, events: Iterable[Event]) -> Iterator[datetime]:
    """Yield when the Deployment controller began to give the revision's ReplicaSet pods."""
    for event in events:
        if event.reason == "ScalingReplicaSet" and event.message.startswith(f"Scaled up replica set {current.name} "):
            at = event.first_seen
            if at is not None:
                yield at


def _author(writers: Sequence[ManagedFields], at: datetime | None, others: Sequence[datetime] = ()) -> str:
    """Return who wrote the template then: the one whose last write is nearest, or the only one it can be.

    Args:
        others: when the other revisions were made: who wrote nearer to one of those made that one.
    """
    if len(writers) == 1 and (at is None or writers[0].time is None):
        return printable(writers[0].manager)
    dated = [(one.time, one.manager) for one in writers if one.time is not None and one.manager]
    if at is None or not dated:
        return ""
    near = [
        (abs(time - at), manager)
        for time, manager in dated
        if time - at <= _NEXT and abs(time - at) <= min((_SLACK, *(abs(time - other) for other in others)))
    ]
    if near:
        return printable(min(near)[1])
    since = {manager for time, manager in dated if time > at}
    return printable(since.pop()) if len(since) == 1 else ""
