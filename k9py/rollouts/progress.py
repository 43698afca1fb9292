"""How far a rollout is by the controller's own counts: kubectl's rules, kind by kind.

Source: kubectl/pkg/polymorphichelpers/rollout_status.go. Invariant: `done` is true exactly when `kubectl rollout
status` would end well; where kubectl refuses to say (OnDelete), when every wanted pod is updated and available.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from k9py.api.meta import Condition, find_condition
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet, Workload

PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class RolloutProgress:
    """The counts of one workload in one shape.

    Args:
        observed: the controller has seen this generation; if not, no other field tells of it.
        done: the rollout is complete.
        timed_out: the controller gave up waiting for progress (Deployments only).
        desired: pods wanted; `total`: pods there are; the rest as in the status.
        on_delete: pods are replaced only when a person deletes them.
        partition: pods that keep the old revision on purpose (StatefulSets), 0 for none.
        deadline: seconds without progress after which it counts as stalled.
        moved_at: the controller's last progress, None where it does not say.
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
    deadline: int = 600
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
    observed = 0 < status.observed_generation >= workload.metadata.generation
    done = (
        observed
        and not timed_out
        and status.updated_replicas >= desired
        and status.replicas <= status.updated_replicas
        and status.available_replicas >= status.updated_replicas
    )
    return RolloutProgress(
        is_observed=observed,
        is_complete=done,
        timed_out=timed_out,
        desired=desired,
        total=status.replicas,
        updated=status.updated_replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        paused=spec.paused,
        deadline=600 if spec.progress_deadline_seconds is None else spec.progress_deadline_seconds,
        last_progress_at=progressing.last_update_time if progressing else None,
        replica_failure=failure if failure is not None and failure.status == "True" else None,
    )


def _stateful_set(workload: StatefulSet) -> RolloutProgress:
    spec, status = workload.spec, workload.status
    desired = 1 if spec.replicas is None else spec.replicas
    observed = 0 < status.observed_generation >= workload.metadata.generation
    on_delete = spec.update_strategy.type == "OnDelete"
    rolling = spec.update_strategy.rolling_update
    partition = (rolling.partition or 0) if rolling and not on_delete else 0
    all_ready = observed and status.ready_replicas >= desired
    if on_delete:
        done = all_ready and status.updated_replicas >= desired
    elif partition > 0:
        done = all_ready and status.updated_replicas >= desired - partition
    else:
        done = all_ready and status.update_revision == status.current_revision
    return RolloutProgress(
        is_observed=observed,
        is_complete=done,
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
    observed = 0 < status.observed_generation >= workload.metadata.generation
    return RolloutProgress(
        is_observed=observed,
        is_complete=observed and status.updated_number_scheduled >= desired and status.number_available >= desired,
        timed_out=False,
        desired=desired,
        total=status.current_number_scheduled,
        updated=status.updated_number_scheduled,
        ready=status.number_ready,
        available=status.number_available,
        on_delete=workload.spec.update_strategy.type == "OnDelete",
    )
