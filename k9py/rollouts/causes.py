"""Why a rollout does not get on: the one cause that explains most, pods of the new revision first.

Invariant: a cause is only ever one that a pod, a condition or an event states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.pod_troubles import stuck_termination, unready_causes
from k9py.api.pods import Pod
from k9py.api.refusals import creation_failure, parse_creation_failure
from k9py.api.workloads import Deployment, StatefulSet, Workload
from k9py.rollouts.cohorts import Cohort
from k9py.rollouts.progress import RolloutProgress

_LOOKED_AT: Final = 200
"""Unready pods examined: enough to see what most have, in a bounded time."""


@dataclass(frozen=True, slots=True)
class RolloutBlocker:
    """A cause and the pod that shows it; `pod` None when no pod could be made."""

    cause: Cause
    pod: Pod | None = None
    is_old: bool = False


def rollout_cause(
    workload: Workload, counts: RolloutProgress, groups: Sequence[Cohort], events: Sequence[Event], now: datetime
) -> RolloutBlocker | None:
    """Return what keeps the rollout from completing, None when nothing is known to.

    Args:
        groups: the pods by revision; all of unknown revision when the revisions have not been read.

    A blocking cause is preferred to one that may pass. A pod that cannot end on a lost node holds up who waits for its
    place, which a Deployment does not. Old pods are blamed only where they do hold up the new ones: in
    a StatefulSet, which waits for each pod, and where the controller gave up and the new pods show nothing.
    """
    # Revisions read, but the current one not among them yet: then no pod is known to be a new one.
    read = any(one.revision is not None for one in groups)
    new = [pod for one in groups if one.is_current or not read for pod in one.pods]
    old = [pod for one in groups if read and not one.is_current for pod in one.pods]
    fresh = _most_common(new, now, events, counts.deadline)
    if fresh is not None and fresh.cause.is_blocking:
        return fresh
    refused = _refused(workload, counts, (*new, *old), events, now)
    if refused is not None:
        return RolloutBlocker(refused)
    if isinstance(workload, StatefulSet) or (counts.timed_out and fresh is None):
        stale = _most_common(old, now, events, counts.deadline)
        if stale is not None and stale.cause.is_blocking:
            return RolloutBlocker(stale.cause, stale.pod, is_old=True)
    if not isinstance(workload, Deployment):
        held = _never_ending((*new, *old), now)
        if held is not None:
            return held
    if fresh is not None:
        return fresh
    if counts.timed_out:
        seconds = counts.deadline
        return RolloutBlocker(Cause(CauseKind.DEADLINE, "ProgressDeadlineExceeded", f"no progress for {seconds} s"))
    return None


def _never_ending(pods: Sequence[Pod], now: datetime) -> RolloutBlocker | None:
    """Return the pod on a lost node that is to end and cannot: its place is not given to another before."""
    for pod in pods:
        trouble = stuck_termination(pod, now) if pod.is_terminating else None
        if trouble is not None:
            return RolloutBlocker(trouble, pod)
    return None


def _most_common(pods: Sequence[Pod], now: datetime, events: Sequence[Event], deadline: int) -> RolloutBlocker | None:
    """Return the trouble most pods have; one that may pass becomes blocking past the deadline (seconds)."""
    by_pod: dict[str, list[Event]] = {}
    for event in events:
        by_pod.setdefault(event.involved_object.uid, []).append(event)
    shown: dict[str, RolloutBlocker] = {}
    count: Counter[str] = Counter()
    for pod in islice((one for one in pods if not one.is_ready), _LOOKED_AT):
        troubles = unready_causes(pod, now, by_pod.get(pod.uid, ()))
        if not troubles:
            continue
        first = _aged(troubles[0], now, deadline)
        shown.setdefault(first.message, RolloutBlocker(first, pod))
        count[first.message] += 1
    if not shown:
        return None
    return max(shown.values(), key=lambda one: (one.cause.is_blocking, count[one.cause.message]))


def _aged(trouble: Cause, now: datetime, deadline: int) -> Cause:
    if trouble.is_blocking or trouble.since is None or (now - trouble.since).total_seconds() <= deadline:
        return trouble
    return replace(trouble, is_blocking=True)


def _refused(
    workload: Workload, counts: RolloutProgress, pods: Sequence[Pod], events: Sequence[Event], now: datetime
) -> Cause | None:
    """Return why pods cannot be created: a Deployment says it in a condition, the others only in events."""
    if counts.replica_failure is not None:
        return parse_creation_failure(counts.replica_failure.message, counts.replica_failure.last_transition_time)
    return creation_failure(workload.uid, events, pods, now) if counts.total < counts.desired else None
