"""Resolve what a workload's update strategy allows during a rollout, in pods, and its progress deadline.

Resolved like the controllers do: kubernetes/pkg/controller/deployment/util (`ResolveFenceposts`, `DeploymentTimedOut`),
statefulset/stateful_set_utils.go and daemon/util (which rounds unavailable up too). None: it does not apply, or the
object's value is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.meta import find_condition
from k9py.api.quantities import resolve_int_or_percent
from k9py.api.workloads import DaemonSet, Deployment, RollingUpdate, StatefulSet, Workload
from k9py.rollouts.progress import rollout_progress

_NO_DEADLINE: Final = 2**31 - 1
NEW_REPLICA_SET_AVAILABLE: Final = "NewReplicaSetAvailable"
"""Reason of the Progressing condition of a complete rollout (deployment/util)."""


@dataclass(frozen=True, slots=True)
class StrategyLimits:
    """What the strategy allows.

    Args:
        strategy: RollingUpdate, Recreate or OnDelete.
        surge: pods beyond the wanted number.
        unavailable: pods that may be unavailable.
        partition: pods of a StatefulSet that keep the old revision.
        min_ready_seconds: how long a pod must be ready to count as available.
    """

    strategy: str
    surge: int | None
    unavailable: int | None
    partition: int
    min_ready_seconds: int

    @property
    def text(self) -> str:
        """The limits on one line: `maxSurge 1, maxUnavailable 0, minReadySeconds 10`."""
        parts = []
        match self.strategy:
            case "Recreate":
                parts.append("Recreate: old pods terminate before new ones start")
            case "OnDelete":
                parts.append("OnDelete: pods are replaced when deleted by hand")
            case _:
                unavailable = "?" if self.unavailable is None else self.unavailable
                surge = "?" if self.surge is None else self.surge
                parts.append(f"maxSurge {surge}, maxUnavailable {unavailable}")
        if self.partition:
            parts.append(f"partition keeps {self.partition} on the old revision")
        if self.min_ready_seconds:
            parts.append(f"minReadySeconds {self.min_ready_seconds}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class ProgressDeadline:
    """The progress deadline and the time that remains, both in seconds; `remaining` is 0 once it has passed."""

    seconds: int
    remaining: float


def strategy_limits(workload: Workload) -> StrategyLimits:
    """Return what the workload's strategy allows, in pods of the number wanted now."""
    progress, seconds = rollout_progress(workload), workload.spec.min_ready_seconds
    strategy = workload.spec.strategy if isinstance(workload, Deployment) else workload.spec.update_strategy
    if strategy.type != "RollingUpdate":
        return StrategyLimits(strategy.type, None, None, 0, seconds)
    rolling = strategy.rolling_update or RollingUpdate()
    surge: int | None
    match workload:
        case Deployment():
            surge = _resolve(rolling.max_surge, "25%", progress.desired, round_up=True)
            unavailable = _resolve(rolling.max_unavailable, "25%", progress.desired, round_up=False)
            unavailable = _not_both_zero(surge, unavailable)
            unavailable = None if unavailable is None else min(unavailable, progress.desired)
        case StatefulSet():
            surge = 0
            unavailable = _resolve(rolling.max_unavailable, 1, progress.desired, round_up=False)
            unavailable = None if unavailable is None else max(1, unavailable)
        case DaemonSet():
            surge = _resolve(rolling.max_surge, 0, progress.desired, round_up=True)
            unavailable = _resolve(rolling.max_unavailable, 1, progress.desired, round_up=True)
            unavailable = _not_both_zero(surge, unavailable)
    return StrategyLimits(strategy.type, surge, unavailable, progress.partition, seconds)


def progress_deadline(workload: Workload, now: datetime) -> ProgressDeadline | None:
    """Return how long a Deployment may still go without progress, since its last; None if no deadline applies."""
    if not isinstance(workload, Deployment):
        return None
    progress = rollout_progress(workload)
    progressing = find_condition(workload.status.conditions, "Progressing")
    if progress.paused or progress.is_complete or not progress.is_observed or progressing is None:
        return None
    if progress.deadline >= _NO_DEADLINE:
        return None
    if progress.timed_out:
        return ProgressDeadline(progress.deadline, 0.0)
    if progressing.reason == NEW_REPLICA_SET_AVAILABLE or progress.last_progress_at is None:
        return None
    elapsed = (now - progress.last_progress_at).total_seconds()
    return ProgressDeadline(progress.deadline, max(0.0, progress.deadline - elapsed))


def has_completed(workload: Workload) -> bool:
    """Return whether the rollout of the current pod template is known to have been complete at some time.

    A scale changes nothing that this reads. A StatefulSet's first revision counts from its creation.
    """
    match workload:
        case Deployment(status=status):
            progressing = find_condition(status.conditions, "Progressing")
            is_available = progressing is not None and progressing.reason == NEW_REPLICA_SET_AVAILABLE
            return is_available and status.observed_generation >= workload.metadata.generation
        case StatefulSet(status=status):
            return bool(status.update_revision) and status.update_revision == status.current_revision
        case DaemonSet():
            return False


def _resolve(value: int | str | None, default: int | str, desired: int, *, round_up: bool) -> int | None:
    try:
        return resolve_int_or_percent(default if value is None else value, desired, round_up=round_up)
    except ValueError:
        return None


def _not_both_zero(surge: int | None, unavailable: int | None) -> int | None:
    return 1 if surge == 0 and unavailable == 0 else unavailable
