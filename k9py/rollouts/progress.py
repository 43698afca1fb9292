"""Read how far a rollout is from the controller's own counts, by kubectl's rules for each kind.

Source: kubectl/pkg/polymorphichelpers/rollout_status.go. Invariant: `is_complete` is true exactly if `kubectl rollout
status` would succeed; for OnDelete, which kubectl rejects, if every wanted pod is updated and available.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.meta import Condition, find_condition
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet, Workload

PROGRESS_DEADLINE_EXCEEDED: Final = "ProgressDeadlineExceeded"
_DEFAULT_DEADLINE: Final = 600


@dataclass(frozen=True, slots=True)
class RolloutProgress:
    """The counts of a workload of any kind.

    Args:
        is_observed: the controller has observed this generation; if not, no other field describes it.
        is_complete: the rollout is complete.
        timed_out: the controller gave up waiting for progress (Deployments only).
        desired: pods wanted.
        total: pods that exist.
        updated, ready, available: pods as the status counts them.
        on_delete: pods are replaced only if a person deletes them.
        partition: pods that keep the old revision on purpose (StatefulSets), 0 for none.
        deadline: seconds without progress after which the rollout counts as stalled.
        last_progress_at: the controller's last progress, None if not reported.
        replica_failure: the condition that pods cannot be created, None if there is none.
    """

    is_observed: bool
    is_complete: bool
    timed_out: bool
    desired: int
    total: int
    updated: int
    ready: int
    available: int
    paused: bool = False
    on_delete: bool = False
    partition: int = 0
    deadline: int = _DEFAULT_DEADLINE
    last_progress_at: datetime | None = None
    replica_failure: Condition | None = None


def rollout_progress(workload: Workload) -> RolloutProgress:
    """Return how far the workload's rollout is."""
    match workload:
        case Deployment():
            return _deployment(workload)
        case StatefulSet():
            return _stateful_set(workload)
        case DaemonSet():
            return _daemon_set(workload)


def _deployment(workload: Deployment) -> RolloutProgress:
    spec, status = workload.spec, workload.status
    desired = 1 if spec.replicas is None else spec.replicas
    progressing = find_condition(status.conditions, "Progressing")
    failure = find_condition(status.conditions, "ReplicaFailure")
    timed_out = progressing is not None and progressing.reason == PROGRESS_DEADLINE_EXCEEDED
    is_observed = 0 < status.observed_generation >= workload.metadata.generation
    is_complete = (
        is_observed
        and not timed_out
        and status.updated_replicas >= desired
        and status.replicas <= status.updated_replicas
        and status.available_replicas >= status.updated_replicas
    )
    deadline = spec.progress_deadline_seconds
    return RolloutProgress(
        is_observed=is_observed,
        is_complete=is_complete,
        timed_out=timed_out,
        desired=desired,
        total=status.replicas,
        updated=status.updated_replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        paused=spec.paused,
        deadline=_DEFAULT_DEADLINE if deadline is None else deadline,
        last_progress_at=progressing.last_update_time if progressing else None,
        replica_failure=failure if failure is not None and failure.status == "True" else None,
    )


def _stateful_set(workload: StatefulSet) -> RolloutProgress:
    spec, status = workload.spec, workload.status
    desired = 1 if spec.replicas is None else spec.replicas
    is_observed = 0 < status.observed_generation >= workload.metadata.generation
    on_delete = spec.update_strategy.type == "OnDelete"
    rolling = spec.update_strategy.rolling_update
    partition = (rolling.partition or 0) if rolling and not on_delete else 0
    all_ready = is_observed and status.ready_replicas >= desired
    if on_delete:
        is_complete = all_ready and status.updated_replicas >= desired
    elif partition > 0:
        is_complete = all_ready and status.updated_replicas >= desired - partition
    else:
        is_complete = all_ready and status.update_revision == status.current_revision
    return RolloutProgress(
        is_observed=is_observed,
        is_complete=is_complete,
        timed_out=False,
        desired=desired,
        total=status.replicas,
        updated=status.updated_replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        on_delete=on_delete,
        partition=min(partition, desired),
    )


def _daemon_set(workload: DaemonSet) -> RolloutProgress:
    status = workload.status
    desired = status.desired_number_scheduled
    is_observed = 0 < status.observed_generation >= workload.metadata.generation
    are_all_updated = status.updated_number_scheduled >= desired and status.number_available >= desired
    return RolloutProgress(
        is_observed=is_observed,
        is_complete=is_observed and are_all_updated,
        timed_out=False,
        desired=desired,
        total=status.current_number_scheduled,
        updated=status.updated_number_scheduled,
        ready=status.number_ready,
        available=status.number_available,
        on_delete=workload.spec.update_strategy.type == "OnDelete",
    )
