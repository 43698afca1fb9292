"""Pods: created, terminating, ready or not, and the runs of their containers as far as their status has them.

Invariant: a status has the current run of a container and the one before; earlier ones are known only from the watch.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.pods import ContainerStatus, Pod, StateTerminated
from k9py.api.standard_types import ref_group_of
from k9py.api.text import bounded, printable
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.source import source

_GRACE: Final = 30
"""Seconds: terminationGracePeriodSeconds of a pod that sets none."""


@source("pods", "pods: created, scheduled, ready, terminating; container starts and ends", kinds=(POD,))
def pod_story(pod: Pod, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield what the status of a pod says about its past."""
    owner = owner_of(pod)
    for at, what, where, is_warning in _moments(pod):
        if at is not None and at >= since:
            yield TimelineEntry(
                at, pod.key, EntryKind.POD, what, source=f"Pod {where}", owner=owner, is_warning=is_warning
            )
    terminating = _deletion_began(pod)
    if terminating is not None and terminating >= since:
        yield TimelineEntry(
            terminating,
            pod.key,
            EntryKind.POD,
            "deletion began",
            source="Pod metadata.deletionTimestamp",
            is_approximate=True,
            owner=owner,
        )


def owner_of(pod: Pod) -> ObjectRef | None:
    """Return the controller of a pod."""
    owner = pod.metadata.controller
    if owner is None:
        return None
    return ObjectRef(owner.kind, pod.namespace, owner.name, ref_group_of(owner.api_version, owner.kind))


_Moment = tuple[datetime | None, str, str, bool]


def _moments(pod: Pod) -> Iterator[_Moment]:
    """Yield times with what happened then, the field that says so, and whether it is a failure."""
    yield pod.metadata.creation_timestamp, "pod created", "metadata.creationTimestamp", False
    ready = find_condition(pod.status.conditions, "Ready")
    created = pod.metadata.creation_timestamp
    if ready is not None and (ready.status == "True" or ready.last_transition_time != created):
        at = ready.last_transition_time
        is_first = created is None or at is None or at - created <= timedelta(seconds=2)
        if ready.status == "True":
            yield at, "pod became ready", "condition Ready", False
        elif not is_first:
            yield at, "pod became not ready", "condition Ready", True
    for status in pod.statuses():
        yield from _runs(status)


def _runs(status: ContainerStatus) -> Iterator[_Moment]:
    name = printable(status.name)
    for state, where in ((status.last_state, "lastState.terminated"), (status.state, "state.terminated")):
        ended = state.terminated if state is not None else None
        if ended is not None:
            yield ended.finished_at, f"container {name} ended: {end_text(ended)}", where, ended.exit_code != 0
            yield ended.started_at, f"container {name} started", where, False
    running = status.state.running if status.state is not None else None
    if running is not None:
        again = " again" if status.restart_count else ""
        yield running.started_at, f"container {name} started{again}", "state.running", False


def end_text(ended: StateTerminated) -> str:
    """Return how a container ended: `OOMKilled, exit code 137`, `Completed`, `exit code 1: no such file`."""
    if ended.exit_code == 0 and not ended.signal:
        return printable(ended.reason) or "exit code 0"
    code = f"signal {ended.signal}" if ended.signal else f"exit code {ended.exit_code}"
    reason = "" if ended.reason in ("", "Error") else f"{printable(ended.reason)}, "
    message = f": {bounded(ended.message, 120)}" if ended.message.strip() else ""
    return f"{reason}{code}{message}"


def _deletion_began(pod: Pod) -> datetime | None:
    """Return when the deletion was requested: deletionTimestamp is that time plus the grace period."""
    deleted = pod.metadata.deletion_timestamp
    if deleted is None:
        return None
    grace = pod.spec.termination_grace_period_seconds
    return deleted - timedelta(seconds=_GRACE if grace is None else grace)
