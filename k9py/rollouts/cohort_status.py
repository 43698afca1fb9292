"""What the pods of one revision tell together: how fast they get ready, how they ended, what they wait for.

Invariant: a pod that is being deleted does not count as a failure of its revision, and a container that has not failed
is never named as failing before its rollout's time is over: a slow rollout is not a broken one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final

from k9py.api.meta import find_condition
from k9py.api.pods import ContainerStatus, Pod, StateTerminated
from k9py.api.workloads import Deployment, Workload
from k9py.rollouts.cohorts import Cohort
from k9py.rollouts.progress import rollout_progress

_NEVER_RAN: Final = frozenset({"StartError", "ContainerCannotRun"})
_PATIENT: Final = ("ContainerCreating", "PodInitializing")
"""Reasons every healthy pod waits for a while; anything else comes before them."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LastExit:
    """How a container ended; `previous`: it runs (or waits) again, so its log is the previous container's."""

    pod: str
    container: str
    exit_code: int
    reason: str
    finished_at: datetime | None
    previous: bool


@dataclass(frozen=True, slots=True)
class WaitingReason:
    """What most pods that wait are waiting for, how many they are, and one of them; `container` "" for the pod."""

    reason: str
    message: str
    pods: int
    pod: str
    container: str

    @property
    def is_normal(self) -> bool:
        """It is what every healthy pod waits for while it starts."""
        return self.reason in _PATIENT


@dataclass(frozen=True, slots=True)
class FailingContainer:
    """The container whose log tells why its revision fails; `previous`: of the run before.

    One that runs and is not ready counts only once its rollout has taken too long.
    """

    namespace: str
    pod: str
    uid: str
    container: str
    previous: bool


@dataclass(frozen=True, slots=True)
class CohortStatus:
    """One cohort and what its pods tell.

    Args:
        desired: pods this revision is to have, None where nothing says.
        median_seconds_to_ready: from a pod's creation to its last getting ready, over the pods that are ready now.
        last_exit: the newest, one that failed before one that did not.
        failing: None when nothing failed, or no container ever ran.
    """

    cohort: Cohort
    desired: int | None
    median_seconds_to_ready: float | None
    last_exit: LastExit | None
    waiting: WaitingReason | None
    failing: FailingContainer | None


def cohort_status(workload: Workload, cohort: Cohort) -> CohortStatus:
    """Return what a cohort of this workload's pods tells."""
    counts = rollout_progress(workload)
    return CohortStatus(
        cohort=cohort,
        desired=_desired(workload, cohort),
        median_seconds_to_ready=_median_to_ready(cohort),
        last_exit=_last_exit(cohort),
        waiting=_waiting(cohort),
        failing=_failing(cohort) or (_never_ready(cohort) if cohort.is_current and counts.timed_out else None),
    )


def _desired(workload: Workload, cohort: Cohort) -> int | None:
    if cohort.revision is None:
        return None
    if isinstance(workload, Deployment):
        return cohort.revision.desired
    counts = rollout_progress(workload)
    return counts.desired - counts.partition if cohort.is_current and counts.is_observed else None


def _median_to_ready(cohort: Cohort) -> float | None:
    seconds = []
    for pod in cohort.pods:
        ready = find_condition(pod.status.conditions, "Ready")
        created = pod.metadata.creation_timestamp
        if ready is None or ready.status != "True" or ready.last_transition_time is None or created is None:
            continue
        seconds.append(max(0.0, (ready.last_transition_time - created).total_seconds()))
    return float(median(seconds)) if seconds else None


def _ends(pod: Pod) -> Iterator[tuple[ContainerStatus, StateTerminated, bool]]:
    """Yield how containers of a pod ended, and whether that was the run before; a finished init container is no end."""
    init = pod.status.init_container_statuses or ()
    for status in (*init, *(pod.status.container_statuses or ())):
        for state, previous in ((status.state, False), (status.last_state, True)):
            ended = state.terminated if state is not None else None
            if ended is None or (ended.exit_code == 0 and status in init):
                continue
            if previous or not pod.is_terminating:  # what a deleted pod ends with is no news
                yield status, ended, previous


def _last_exit(cohort: Cohort) -> LastExit | None:
    ends = [(pod, *end) for pod in cohort.pods for end in _ends(pod)]
    if not ends:
        return None
    pod, status, ended, previous = max(ends, key=lambda one: (one[2].exit_code != 0, one[2].finished_at or _LONG_AGO))
    return LastExit(pod.name, status.name, ended.exit_code, ended.reason, ended.finished_at, previous)


def _waiting(cohort: Cohort) -> WaitingReason | None:
    first: dict[str, WaitingReason] = {}
    count: Counter[str] = Counter()
    for pod in cohort.pods:
        if pod.is_terminating:
            continue
        found = {one.reason: one for one in reversed(tuple(_waits(pod)))}
        count.update(list(found))
        for reason, one in found.items():
            first.setdefault(reason, one)
    if not first:
        return None
    reason = max(first, key=lambda one: (-_patience(one), count[one]))
    one = first[reason]
    return WaitingReason(one.reason, one.message, count[reason], one.pod, one.container)


def _patience(reason: str) -> int:
    return _PATIENT.index(reason) + 1 if reason in _PATIENT else 0


def _waits(pod: Pod) -> Iterator[WaitingReason]:
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        yield WaitingReason(scheduled.reason or "not scheduled", scheduled.message, 1, pod.name, "")
    for status in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        waiting = status.state.waiting if status.state is not None else None
        if waiting is not None:
            yield WaitingReason(waiting.reason or "waiting", waiting.message, 1, pod.name, status.name)


def _failing(cohort: Cohort) -> FailingContainer | None:
    ends = [
        (pod, *end)
        for pod in cohort.pods
        if not pod.is_ready and not pod.is_terminating
        for end in _ends(pod)
        if not end[0].ready and end[1].reason not in _NEVER_RAN
    ]
    if not ends:
        return None
    pod, status, _, previous = max(ends, key=lambda one: (one[2].exit_code != 0, one[2].finished_at or _LONG_AGO))
    return FailingContainer(pod.namespace, pod.name, pod.uid, status.name, previous)


def _never_ready(cohort: Cohort) -> FailingContainer | None:
    """Return a container that runs and is not ready, of a rollout whose time is over."""
    for pod in cohort.pods:
        if pod.is_ready or pod.is_terminating:
            continue
        for status in pod.status.container_statuses or ():
            if not status.ready and status.state is not None and status.state.running is not None:
                return FailingContainer(pod.namespace, pod.name, pod.uid, status.name, previous=False)
    return None
