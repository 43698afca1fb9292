"""Checks of a workload and its pods.

To add a check: a function from `_Case` to findings, named in `_CHECKS`. Pod findings are gathered, one for each
distinct message, so that a hundred pods with one cause are one line with a count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.meta import Condition, find_condition
from k9py.api.pods import Pod
from k9py.api.refusals import creation_failure, parse_creation_failure
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.pods import pod_findings
from k9py.diagnosis.ranking import worst_first

FRESH: Final = timedelta(minutes=2)
"""A workload this young may still be at its first start: that nothing serves yet is no failure by itself."""
_DELETION_SLOW: Final = timedelta(minutes=2)
_TROUBLED_PODS: Final = 500
"""Pods with findings gathered before the rest is only said to exist: a bounded time for a workload of any size."""


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
        return tuple(_being_deleted(workload, now))  # whatever its pods do now is how they end
    return worst_first(found for check in _CHECKS for found in check(case))


def _being_deleted(workload: Workload, now: datetime) -> Iterator[Finding]:
    """An object stays after its deletion as long as a finalizer holds it, foregroundDeletion among them."""
    deleted = workload.metadata.deletion_timestamp
    if deleted is None:
        return
    held = ", ".join(printable(one) for one in workload.metadata.finalizers or ())
    long = now - deleted > _DELETION_SLOW
    message = f"being deleted for {age(deleted, now)}" + (f", held by finalizer {held}" if held else "")
    reason = "StuckTerminating" if long else "Terminating"
    yield Finding(Severity.WARNING if long else Severity.INFO, reason, message, workload.key, deleted)


def _pods(case: _Case) -> Iterator[Finding]:
    by_pod: dict[str, list[Event]] = {}
    for event in case.events:
        by_pod.setdefault(event.involved_object.uid, []).append(event)
    first: dict[tuple[Severity, str], Finding] = {}
    count: dict[tuple[Severity, str], int] = {}
    troubled = 0
    too_late = _deadline_exceeded(case.workload) is not None
    for pod in case.pods:
        if troubled == _TROUBLED_PODS:
            break
        troubled += not pod.is_ready
        for found in pod_findings(pod, case.now, events=by_pod.get(pod.uid, ())):
            if too_late and found.kind is not None and not pod.is_ready:
                found = replace(found, severity=Severity.DOWN)  # what might have needed time has had it
            if found.severity is Severity.INFO:
                continue  # a pod that is merely starting or ending is the rollout's business
            same: tuple[Severity, str] = (found.severity, found.message)
            first.setdefault(same, found)
            count[same] = count.get(same, 0) + 1
    for (severity, message), found in first.items():
        same = (severity, message)
        least = "at least " if troubled == _TROUBLED_PODS else ""
        more = f" ({least}{count[same]} pods)" if count[same] > 1 else ""
        yield replace(found, message=found.message + more)


def _refused_pods(case: _Case) -> Iterator[Finding]:
    workload = case.workload
    if isinstance(workload, Deployment):
        failure = find_condition(workload.status.conditions, "ReplicaFailure")
        if failure is not None and failure.status == "True":
            trouble = parse_creation_failure(failure.message, failure.last_transition_time)
            yield Finding(
                Severity.DOWN,
                trouble.reason,
                trouble.message,
                workload.key,
                trouble.since,
                trouble.kind,
                trouble.remedy,
            )
        return
    wanted, have = _wanted_and_there(workload)
    if have >= wanted:
        return
    told = creation_failure(workload.uid, case.events, case.pods, case.now)
    if told is not None:
        yield Finding(Severity.DOWN, told.reason, told.message, workload.key, told.since, told.kind, told.remedy)


def _wanted_and_there(workload: StatefulSet | DaemonSet) -> tuple[int, int]:
    match workload:
        case StatefulSet():
            replicas = workload.spec.replicas
            return (1 if replicas is None else replicas), workload.status.replicas
        case DaemonSet():
            return workload.status.desired_number_scheduled, workload.status.current_number_scheduled


def _deadline(case: _Case) -> Iterator[Finding]:
    exceeded = _deadline_exceeded(case.workload)
    if exceeded is None or not isinstance(case.workload, Deployment):
        return
    seconds = case.workload.spec.progress_deadline_seconds
    message = "rollout made no progress" + (f" within its deadline of {seconds} s" if seconds is not None else "")
    yield Finding(Severity.STUCK, exceeded.reason, message, case.workload.key, exceeded.last_transition_time)


def _deadline_exceeded(workload: Workload) -> Condition | None:
    """Return the condition that says that the rollout took too long, None when it does not."""
    if not isinstance(workload, Deployment):
        return None
    progressing = find_condition(workload.status.conditions, "Progressing")
    return progressing if progressing is not None and progressing.reason == "ProgressDeadlineExceeded" else None


def _nothing_serves(case: _Case) -> Iterator[Finding]:
    workload = case.workload
    match workload:
        case Deployment():
            ready, wanted = workload.status.ready_replicas, workload.spec.replicas
        case StatefulSet():
            ready, wanted = workload.status.ready_replicas, workload.spec.replicas
        case DaemonSet():
            ready, wanted = workload.status.number_ready, workload.status.desired_number_scheduled
    seen = workload.status.observed_generation > 0
    if seen and ready == 0 and (wanted is None or wanted > 0):
        number = 1 if wanted is None else wanted
        # This is how every workload begins; if a pod shows a cause, its own finding says so from the start.
        created = workload.metadata.creation_timestamp
        young = created is not None and case.now - created < FRESH
        severity = Severity.INFO if young else Severity.DOWN
        message = f"none of {number} wanted pods is ready" if number > 1 else "its pod is not ready"
        yield Finding(severity, "NoReadyPods", message, workload.key)


def _misscheduled(case: _Case) -> Iterator[Finding]:
    if isinstance(case.workload, DaemonSet) and case.workload.status.number_misscheduled > 0:
        count = case.workload.status.number_misscheduled
        message = f"{count} pod{'' if count == 1 else 's'} on nodes that should not run it"
        yield Finding(Severity.WARNING, "Misscheduled", message, case.workload.key)


def _held(case: _Case) -> Iterator[Finding]:
    workload = case.workload
    if isinstance(workload, Deployment) and workload.spec.paused:
        yield Finding(Severity.INFO, "Paused", "rollout is paused: changes wait until it is resumed", workload.key)
    elif isinstance(workload, (StatefulSet, DaemonSet)) and workload.spec.update_strategy.type == "OnDelete":
        yield Finding(Severity.INFO, "OnDelete", "pods take a change only when they are deleted by hand", workload.key)


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Finding]], ...]] = (
    _refused_pods,
    _pods,
    _deadline,
    _nothing_serves,
    _misscheduled,
    _held,
)
