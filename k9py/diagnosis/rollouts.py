"""Diagnose a rollout: its status with the one cause that explains most, pods of the new revision first.

Invariant: a cause is always one that a pod, a condition or an event states, in the words of the pod checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.pods import Pod
from k9py.api.workloads import Deployment, StatefulSet, Workload
from k9py.diagnosis.creation import creation_failure, parse_creation_failure
from k9py.diagnosis.nodes import stuck_termination
from k9py.diagnosis.pods import unready_causes
from k9py.rollouts.cohorts import Cohort, cohorts
from k9py.rollouts.progress import RolloutProgress, rollout_progress
from k9py.rollouts.revisions import Revision
from k9py.rollouts.status import RolloutBlocker, RolloutStatus, rollout_status
from k9py.rollouts.template_change import template_change

_MAX_PODS: Final = 200
"""Unready pods examined: enough to find the most common cause, in bounded time."""


def diagnose_rollout(
    workload: Workload,
    revisions: Sequence[Revision],
    pods: Sequence[Pod],
    now: datetime,
    *,
    events: Sequence[Event] = (),
) -> RolloutStatus:
    """Return a rollout's status with its cause.

    Args:
        revisions: of this workload (`rollouts.revisions`); empty if not read.
        pods: of this workload; empty if not read: then only counts and conditions are used.
        events: about the workload, its ReplicaSets and pods, for causes that no status field shows (mounts, probes).
    """
    progress = rollout_progress(workload)
    # The pods of a complete rollout have nothing to add. Most rollouts are complete, and some have thousands of pods.
    groups = () if progress.is_complete and not progress.paused else cohorts(revisions, pods)
    blocker = None
    if progress.is_observed and not progress.is_complete:
        blocker = rollout_blocker(workload, progress, groups, events, now)
    change = template_change(workload, revisions, pods, events)
    return rollout_status(workload, progress, revisions, groups, blocker, change)


def rollout_blocker(
    workload: Workload,
    progress: RolloutProgress,
    groups: Sequence[Cohort],
    events: Sequence[Event],
    now: datetime,
) -> RolloutBlocker | None:
    """Return what keeps the rollout from completing, None if nothing is known to.

    A blocking cause takes precedence over one that may pass. A pod that cannot terminate on a lost node blocks a
    controller that waits for its place, which a Deployment does not. Old pods are only blamed where they block the new
    ones: in a StatefulSet, which waits for each pod, and if the controller gave up while the new pods show nothing.

    Args:
        groups: the pods by revision; all of unknown revision if the revisions have not been read.
    """
    # If revisions were read but the current one is not among them yet, no pod is known to be new.
    has_revisions = any(cohort.revision is not None for cohort in groups)
    new = [pod for cohort in groups if cohort.is_current or not has_revisions for pod in cohort.pods]
    old = [pod for cohort in groups if has_revisions and not cohort.is_current for pod in cohort.pods]
    of_new = _most_common_cause(new, now, events, progress.deadline)
    if of_new is not None and of_new.cause.is_blocking:
        return of_new
    rejection = _creation_failure(workload, progress, (*new, *old), events, now)
    if rejection is not None:
        return RolloutBlocker(rejection)
    if isinstance(workload, StatefulSet) or (progress.timed_out and of_new is None):
        of_old = _most_common_cause(old, now, events, progress.deadline)
        if of_old is not None and of_old.cause.is_blocking:
            return RolloutBlocker(of_old.cause, of_old.pod, is_old=True)
    if not isinstance(workload, Deployment):
        stuck = _stuck_termination((*new, *old), now)
        if stuck is not None:
            return stuck
    if of_new is not None:
        return of_new
    if progress.timed_out:
        message = f"no progress for {progress.deadline}s"
        return RolloutBlocker(Cause(CauseKind.DEADLINE, "ProgressDeadlineExceeded", message))
    return None


def _stuck_termination(pods: Sequence[Pod], now: datetime) -> RolloutBlocker | None:
    """Return a pod on a lost node that cannot terminate: its replacement is not created before it is gone."""
    for pod in pods:
        cause = stuck_termination(pod, now) if pod.is_terminating else None
        if cause is not None:
            return RolloutBlocker(cause, pod)
    return None


def _most_common_cause(
    pods: Sequence[Pod], now: datetime, events: Sequence[Event], deadline: int
) -> RolloutBlocker | None:
    """Return the cause that most unready pods have, a blocking one first.

    Args:
        deadline: seconds after which a cause that may pass counts as blocking.
    """
    by_pod: dict[str, list[Event]] = {}
    for event in events:
        by_pod.setdefault(event.involved_object.uid, []).append(event)
    first: dict[str, RolloutBlocker] = {}
    count: Counter[str] = Counter()
    for pod in islice((pod for pod in pods if not pod.is_ready), _MAX_PODS):
        causes = unready_causes(pod, now, by_pod.get(pod.uid, ()))
        if not causes:
            continue
        cause = _after_deadline(causes[0], now, deadline)
        first.setdefault(cause.message, RolloutBlocker(cause, pod))
        count[cause.message] += 1
    if not first:
        return None
    return max(first.values(), key=lambda blocker: (blocker.cause.is_blocking, count[blocker.cause.message]))


def _after_deadline(cause: Cause, now: datetime, deadline: int) -> Cause:
    """Return the cause, blocking if it has lasted longer than the deadline (seconds)."""
    if cause.is_blocking or cause.since is None or (now - cause.since).total_seconds() <= deadline:
        return cause
    return replace(cause, is_blocking=True)


def _creation_failure(
    workload: Workload, progress: RolloutProgress, pods: Sequence[Pod], events: Sequence[Event], now: datetime
) -> Cause | None:
    """Return why pods cannot be created: a Deployment has a condition for it, the others only events."""
    if progress.replica_failure is not None:
        return parse_creation_failure(progress.replica_failure.message, progress.replica_failure.last_transition_time)
    return creation_failure(workload.uid, events, pods, now) if progress.total < progress.desired else None
