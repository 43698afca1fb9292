"""Check a workload and its pods.

To add a check: a function from `_Case` to findings, listed in `_CHECKS`. Findings of pods are merged by message, so
that a hundred pods with one cause are one line with a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.meta import Condition, ObjectRef, find_condition
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload
from k9py.diagnosis.creation import creation_failure, parse_creation_failure
from k9py.diagnosis.finding import LATEST, Finding, finding_of, worst_first
from k9py.diagnosis.pods import pod_findings

FRESH: Final = timedelta(minutes=2)
"""A workload younger than this may still be starting: that nothing serves yet is not a failure in itself."""
_DELETION_SLOW: Final = timedelta(minutes=2)
_MAX_UNREADY_PODS: Final = 500
"""Unready pods examined; the rest is only counted as "at least", which bounds the time for a workload of any size."""


@dataclass(frozen=True, slots=True)
class _Case:
    workload: Workload
    owned: Sequence[ReplicaSet | ControllerRevision]
    pods: Sequence[Pod]
    events: Sequence[Event]
    now: datetime


def workload_findings(
    workload: Workload,
    owned: Sequence[ReplicaSet | ControllerRevision],
    pods: Sequence[Pod],
    events: Sequence[Event],
    now: datetime,
) -> tuple[Finding, ...]:
    """Return what is wrong with a workload, worst first.

    Args:
        owned: its ReplicaSets or ControllerRevisions.
        events: about it, its ReplicaSets and its pods.
    """
    case = _Case(workload, owned, pods, events, now)
    if workload.metadata.deletion_timestamp is not None:
        return tuple(_deletion(workload, now))  # whatever its pods do now is part of the deletion
    return worst_first(finding for check in _CHECKS for finding in check(case))


def _deletion(workload: Workload, now: datetime) -> Iterator[Finding]:
    """Yield that a workload is being deleted. It exists until its finalizers are gone, also foregroundDeletion."""
    deleted = workload.metadata.deletion_timestamp
    if deleted is None:
        return
    finalizers = ", ".join(printable(finalizer) for finalizer in workload.metadata.finalizers or ())
    is_slow = now - deleted > _DELETION_SLOW
    message = f"being deleted for {age(deleted, now)}" + (f", held by finalizer {finalizers}" if finalizers else "")
    reason = "StuckTerminating" if is_slow else "Terminating"
    yield Finding(Severity.WARNING if is_slow else Severity.INFO, reason, message, workload.key, deleted)


def _failed_creation(case: _Case) -> Iterator[Finding]:
    """Yield why the API server rejects the workload's pods."""
    workload = case.workload
    if isinstance(workload, Deployment):
        failure = find_condition(workload.status.conditions, "ReplicaFailure")
        if failure is not None and failure.status == "True":
            cause = parse_creation_failure(failure.message, failure.last_transition_time)
            yield finding_of(cause, Severity.DOWN, workload.key)
        return
    wanted, present = _wanted_and_present(workload)
    if present >= wanted:
        return
    rejection = creation_failure(workload.uid, case.events, case.pods, case.now)
    if rejection is not None:
        yield finding_of(rejection, Severity.DOWN, workload.key)


def _wanted_and_present(workload: StatefulSet | DaemonSet) -> tuple[int, int]:
    match workload:
        case StatefulSet():
            replicas = workload.spec.replicas
            return (1 if replicas is None else replicas), workload.status.replicas
        case DaemonSet():
            return workload.status.desired_number_scheduled, workload.status.current_number_scheduled


def _pods(case: _Case) -> Iterator[Finding]:
    """Yield the findings of the pods, merged by severity and message; pods that merely start or terminate have none."""
    by_pod: dict[str, list[Event]] = {}
    for event in case.events:
        by_pod.setdefault(event.involved_object.uid, []).append(event)
    first: dict[tuple[Severity, str], Finding] = {}
    count: Counter[tuple[Severity, str]] = Counter()
    unready = 0
    is_late = _exceeded_deadline(case.workload) is not None
    for pod in case.pods:
        if unready == _MAX_UNREADY_PODS:
            break
        unready += not pod.is_ready
        for finding in pod_findings(pod, case.now, events=by_pod.get(pod.uid, ())):
            if is_late and finding.kind is not None and not pod.is_ready:
                finding = replace(finding, severity=Severity.DOWN)  # it had the time it may have needed
            if finding.severity is Severity.INFO:
                continue
            key: tuple[Severity, str] = (finding.severity, finding.message)
            first[key] = min(first.get(key, finding), finding, key=_oldest)
            count[key] += 1
    at_least = "at least " if unready == _MAX_UNREADY_PODS else ""
    for alike, finding in first.items():
        more = f" ({at_least}{count[alike]} pods)" if count[alike] > 1 else ""
        yield replace(finding, message=finding.message + more)


def _oldest(finding: Finding) -> tuple[datetime, ObjectRef]:
    return (finding.since or LATEST, finding.about)


def _progress_deadline(case: _Case) -> Iterator[Finding]:
    """Yield that a Deployment's rollout exceeded its progress deadline."""
    exceeded = _exceeded_deadline(case.workload)
    if exceeded is None or not isinstance(case.workload, Deployment):
        return
    seconds = case.workload.spec.progress_deadline_seconds
    message = "rollout made no progress" + (f" within its deadline of {seconds}s" if seconds is not None else "")
    yield Finding(Severity.STUCK, exceeded.reason, message, case.workload.key, exceeded.last_transition_time)


def _exceeded_deadline(workload: Workload) -> Condition | None:
    if not isinstance(workload, Deployment):
        return None
    progressing = find_condition(workload.status.conditions, "Progressing")
    return progressing if progressing is not None and progressing.reason == "ProgressDeadlineExceeded" else None


def _no_ready_pods(case: _Case) -> Iterator[Finding]:
    """Yield that none of the desired pods is ready."""
    workload = case.workload
    match workload:
        case Deployment():
            ready, wanted = workload.status.ready_replicas, workload.spec.replicas
        case StatefulSet():
            ready, wanted = workload.status.ready_replicas, workload.spec.replicas
        case DaemonSet():
            ready, wanted = workload.status.number_ready, workload.status.desired_number_scheduled
    is_observed = workload.status.observed_generation > 0
    if is_observed and ready == 0 and (wanted is None or wanted > 0):
        number = 1 if wanted is None else wanted
        # Every workload begins like this. If a pod shows a cause, its own finding reports it from the start.
        created = workload.metadata.creation_timestamp
        is_fresh = created is not None and case.now - created < FRESH
        severity = Severity.INFO if is_fresh else Severity.DOWN
        message = f"0 of {number} pods are ready" if number > 1 else "its pod is not ready"
        yield Finding(severity, "NoReadyPods", message, workload.key)


def _misscheduled(case: _Case) -> Iterator[Finding]:
    """Yield that a DaemonSet has pods on nodes that it does not select."""
    if isinstance(case.workload, DaemonSet) and case.workload.status.number_misscheduled > 0:
        count = case.workload.status.number_misscheduled
        message = f"{count_noun(count, 'pod')} on nodes that should not run it"
        yield Finding(Severity.WARNING, "Misscheduled", message, case.workload.key)


def _paused(case: _Case) -> Iterator[Finding]:
    """Yield that changes wait for a person: the rollout is paused, or the update strategy is OnDelete."""
    workload = case.workload
    if isinstance(workload, Deployment) and workload.spec.paused:
        yield Finding(Severity.INFO, "Paused", "rollout is paused: changes wait until it is resumed", workload.key)
    elif isinstance(workload, (StatefulSet, DaemonSet)) and workload.spec.update_strategy.type == "OnDelete":
        yield Finding(Severity.INFO, "OnDelete", "pods are only updated when deleted by hand", workload.key)


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Finding]], ...]] = (
    _failed_creation,
    _pods,
    _progress_deadline,
    _no_ready_pods,
    _misscheduled,
    _paused,
)
