"""Determine when a workload's pod template last changed, and who changed it.

A new template creates a new revision within seconds, so the revision's creation time is the answer. An undo reuses an
old revision and keeps its creation time; then the earliest trace of the reuse is the best answer.
Invariant: a scale, a pause or an expired deadline does not move the time; nobody is named unless a time proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.meta import ManagedFields
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import Revision, current_revision

_CREATION_DELAY: Final = timedelta(seconds=10)
"""A controller creates a revision's object within seconds of the write."""
_ROUNDING: Final = timedelta(seconds=2)
"""A write this soon after a revision was created is the one that created it: times have no fractions."""


@dataclass(frozen=True, slots=True)
class TemplateWrite:
    """A change of the pod template: when, and by which field manager (printable). None and "" if unknown."""

    at: datetime | None = None
    by: str = ""


def template_change(
    workload: Workload, revisions: Sequence[Revision], pods: Sequence[Pod], events: Iterable[Event] = ()
) -> TemplateWrite:
    """Return when the template last changed and who changed it.

    Args:
        revisions, pods: of this workload; empty if not read.
        events: about it; its ScalingReplicaSet events date an undo.
    """
    writers = [entry for entry in workload.metadata.managed_fields or () if entry.owns_template]
    written = max((entry.time for entry in writers if entry.time is not None), default=None)
    current = current_revision(revisions)
    at: datetime | None
    if current is None or current.images != workload.spec.template.images:
        # The controller has not created this template's revision yet, it is paused, or revisions are not read.
        at = workload.metadata.creation_timestamp if workload.metadata.generation == 1 else written
    else:
        later = [*_scaled_up(current, events), *([written] if written is not None else [])]
        at = revision_since(current, revisions, pods, later)
    others = [
        revision.created_at for revision in revisions if revision.created_at is not None and not revision.is_current
    ]
    return TemplateWrite(at, _writer_at(writers, at, others))


def template_writer(workload: Workload, at: datetime, others: Sequence[datetime] = ()) -> str:
    """Return which field manager wrote the template at a time, printable, "" when no write proves it.

    Args:
        others: when the other revisions were created: a writer nearer to one of those created that one.
    """
    writers = [entry for entry in workload.metadata.managed_fields or () if entry.owns_template]
    return _nearest_writer(writers, at, others)


def revision_since(
    current: Revision | None,
    revisions: Sequence[Revision],
    pods: Sequence[Pod],
    later_times: Iterable[datetime] = (),
) -> datetime | None:
    """Return since when the current revision has been in use, as far as known; None if unknown.

    Args:
        later_times: times of other events that coincide with a template change or follow it.
    """
    if current is None or current.created_at is None:
        return None
    created = current.created_at
    newer = max(
        (revision.created_at for revision in revisions if revision.created_at and revision.created_at > created),
        default=None,
    )
    if newer is None and not current.was_reused:
        return created
    least = newer or created
    times = [at for at in later_times if at - least > _ROUNDING]
    for cohort in cohorts(revisions, pods):
        created_times = (pod.metadata.creation_timestamp for pod in cohort.pods if cohort.is_current)
        times += [at for at in created_times if at is not None and at > least]
    # A reused revision without a newer one was reused some time after its creation; more is not known.
    return min(times, default=newer)


def _scaled_up(current: Revision, events: Iterable[Event]) -> Iterator[datetime]:
    """Yield when the Deployment controller began to scale up the revision's ReplicaSet."""
    for event in events:
        if event.reason == "ScalingReplicaSet" and event.message.startswith(f"Scaled up replica set {current.name} "):
            at = event.first_seen
            if at is not None:
                yield at


def _writer_at(writers: Sequence[ManagedFields], at: datetime | None, others: Sequence[datetime] = ()) -> str:
    """Return who wrote the template at that time: the nearest last write, or the only possible writer.

    Args:
        others: when the other revisions were created: a writer nearer to one of those created that one.
    """
    if len(writers) == 1 and (at is None or writers[0].time is None):
        return printable(writers[0].manager)
    dated = [(entry.time, entry.manager) for entry in writers if entry.time is not None and entry.manager]
    if at is None or not dated:
        return ""
    near = _nearest_writer(writers, at, others)
    if near:
        return near
    later = {manager for time, manager in dated if time > at}
    return printable(later.pop()) if len(later) == 1 else ""


def _nearest_writer(writers: Sequence[ManagedFields], at: datetime, others: Sequence[datetime]) -> str:
    near = [
        (abs(entry.time - at), entry.manager)
        for entry in writers
        if entry.time is not None
        and entry.manager
        and entry.time - at <= _ROUNDING
        and abs(entry.time - at) <= min((_CREATION_DELAY, *(abs(entry.time - other) for other in others)))
    ]
    return printable(min(near)[1]) if near else ""
