"""Summarize the pods of one revision: how fast they become ready, how they terminated, what they wait for.

Invariant: a terminating pod does not count as a failure of its revision, and a container that has not failed is never
named as failing before the rollout's deadline: a slow rollout is not a broken one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from k9py.api.meta import find_condition
from k9py.api.pods import ContainerStatus, Pod, StateTerminated
from k9py.api.workloads import Deployment, Workload
from k9py.rollouts.cohorts import Cohort
from k9py.rollouts.progress import rollout_progress
from k9py.rollouts.revisions import LONG_AGO

_START_FAILURES: Final = frozenset({"StartError", "ContainerCannotRun"})
_NORMAL_REASONS: Final = ("ContainerCreating", "PodInitializing")
"""Reasons every healthy pod waits for while it starts; any other reason takes precedence."""


@dataclass(frozen=True, slots=True)
class LastExit:
    """How a container terminated; `previous`: it was restarted, so its log is that of the previous container."""

    pod: str
    container: str
    exit_code: int
    reason: str
    finished_at: datetime | None
    previous: bool


@dataclass(frozen=True, slots=True)
class WaitingReason:
    """What most waiting pods wait for, how many those are, and one of them; `container` "" for the pod itself."""

    reason: str
    message: str
    pods: int
    pod: str
    container: str

    @property
    def is_normal(self) -> bool:
        """True if every healthy pod waits for this while it starts."""
        return self.reason in _NORMAL_REASONS


@dataclass(frozen=True, slots=True)
class FailingContainer:
    """The container whose log shows why its revision fails; `previous`: in its previous run.

    A container that runs without becoming ready only counts after the rollout's deadline.
    """

    namespace: str
    pod: str
    uid: str
    container: str
    previous: bool


@dataclass(frozen=True, slots=True)
class CohortStatus:
    """One cohort and the summary of its pods.

    Args:
        desired: pods this revision should have, None if unknown.
        median_seconds_to_ready: from a pod's creation until it was last ready, over the pods that are ready now.
        last_exit: the newest, a failed one first.
        failing: None if nothing failed, or no container ever ran.
    """

    cohort: Cohort
    desired: int | None
    median_seconds_to_ready: float | None
    last_exit: LastExit | None
    waiting: WaitingReason | None
    failing: FailingContainer | None


def cohort_status(workload: Workload, cohort: Cohort) -> CohortStatus:
    """Return the summary of a cohort of this workload's pods."""
    has_timed_out = cohort.is_current and rollout_progress(workload).timed_out
    return CohortStatus(
        cohort=cohort,
        desired=_desired(workload, cohort),
        median_seconds_to_ready=_median_seconds_to_ready(cohort),
        last_exit=_last_exit(cohort),
        waiting=_waiting_reason(cohort),
        failing=_failed_container(cohort) or (_unready_container(cohort) if has_timed_out else None),
    )


def _desired(workload: Workload, cohort: Cohort) -> int | None:
    if cohort.revision is None:
        return None
    if isinstance(workload, Deployment):
        return cohort.revision.desired
    progress = rollout_progress(workload)
    return progress.desired - progress.partition if cohort.is_current and progress.is_observed else None


def _median_seconds_to_ready(cohort: Cohort) -> float | None:
    seconds = []
    for pod in cohort.pods:
        ready = find_condition(pod.status.conditions, "Ready")
        created = pod.metadata.creation_timestamp
        if ready is None or ready.status != "True" or ready.last_transition_time is None or created is None:
            continue
        seconds.append(max(0.0, (ready.last_transition_time - created).total_seconds()))
    return float(median(seconds)) if seconds else None


def _exits(pod: Pod) -> Iterator[tuple[ContainerStatus, StateTerminated, bool]]:
    """Yield how containers of a pod terminated, and whether in the previous run; not a completed init container."""
    init = pod.status.init_container_statuses or ()
    for status in (*init, *(pod.status.container_statuses or ())):
        for state, previous in ((status.state, False), (status.last_state, True)):
            ended = state.terminated if state is not None else None
            if ended is None or (ended.exit_code == 0 and status in init):
                continue
            if previous or not pod.is_terminating:  # how the containers of a deleted pod terminate is expected
                yield status, ended, previous


def _last_exit(cohort: Cohort) -> LastExit | None:
    exits = [(pod, *exit_) for pod in cohort.pods for exit_ in _exits(pod)]
    if not exits:
        return None
    pod, status, ended, previous = max(exits, key=_exit_order)
    return LastExit(pod.name, status.name, ended.exit_code, ended.reason, ended.finished_at, previous)


def _exit_order(exit_: tuple[Pod, ContainerStatus, StateTerminated, bool]) -> tuple[bool, datetime]:
    ended = exit_[2]
    return ended.exit_code != 0, ended.finished_at or LONG_AGO


def _waiting_reason(cohort: Cohort) -> WaitingReason | None:
    first: dict[str, WaitingReason] = {}
    count: Counter[str] = Counter()
    for pod in cohort.pods:
        if pod.is_terminating:
            continue
        by_reason = {waiting.reason: waiting for waiting in reversed(tuple(_waiting_reasons(pod)))}
        count.update(list(by_reason))
        for reason, waiting in by_reason.items():
            first.setdefault(reason, waiting)
    if not first:
        return None
    common = max(first.values(), key=lambda waiting: (-_normality(waiting.reason), count[waiting.reason]))
    return WaitingReason(common.reason, common.message, count[common.reason], common.pod, common.container)


def _normality(reason: str) -> int:
    return _NORMAL_REASONS.index(reason) + 1 if reason in _NORMAL_REASONS else 0


def _waiting_reasons(pod: Pod) -> Iterator[WaitingReason]:
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        yield WaitingReason(scheduled.reason or "not scheduled", scheduled.message, 1, pod.name, "")
    for status in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        waiting = status.state.waiting if status.state is not None else None
        if waiting is not None:
            yield WaitingReason(waiting.reason or "waiting", waiting.message, 1, pod.name, status.name)


def _failed_container(cohort: Cohort) -> FailingContainer | None:
    """Return the container that terminated last, a failed one first, among pods that are not ready."""
    exits = [
        (pod, *exit_)
        for pod in cohort.pods
        if not pod.is_ready and not pod.is_terminating
        for exit_ in _exits(pod)
        if not exit_[0].ready and exit_[1].reason not in _START_FAILURES
    ]
    if not exits:
        return None
    pod, status, _, previous = max(exits, key=_exit_order)
    return FailingContainer(pod.namespace, pod.name, pod.uid, status.name, previous)


def _unready_container(cohort: Cohort) -> FailingContainer | None:
    """Return a container that runs and is not ready."""
    for pod in cohort.pods:
        if pod.is_ready or pod.is_terminating:
            continue
        for status in pod.status.container_statuses or ():
            if not status.ready and status.state is not None and status.state.running is not None:
                return FailingContainer(pod.namespace, pod.name, pod.uid, status.name, previous=False)
    return None
