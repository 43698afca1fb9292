"""What a workload's strategy allows during a rollout, in pods, and how long it may go on without progress.

Resolved as the controllers do: kubernetes/pkg/controller/deployment/util (`ResolveFenceposts`, `DeploymentTimedOut`),
statefulset/stateful_set_utils.go and daemon/util (which rounds unavailable up too). None: it does not apply, or what
the object says is not a number.
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
"""Reason of the Progressing condition of a rollout that is through (deployment/util)."""


def has_completed(workload: Workload) -> bool:
    """Tell whether the rollout of the present pod template is known to have been complete at some time.

    A scale changes none of what is asked here. A StatefulSet's first revision counts from its creation.
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


@dataclass(frozen=True, slots=True)
class StrategyLimits:
    """What the strategy allows.

    Args:
        strategy: RollingUpdate, Recreate or OnDelete.
        surge: pods beyond the wanted number; `unavailable`: pods that may be missing.
        partition: pods of a StatefulSet that keep the old revision on purpose.
        min_ready_seconds: how long a pod must be ready to count as available.
    """

    strategy: str
    surge: int | None
    unavailable: int | None
    partition: int
    min_ready_seconds: int

    @property
    def text(self) -> str:
        """The allowance for a person: `1 extra pod, 0 unavailable, available after 10s ready`."""
        parts = []
        match self.strategy:
            case "Recreate":
                parts.append("Recreate: old pods end before new ones start")
            case "OnDelete":
                parts.append("OnDelete: a pod is replaced when somebody deletes it")
            case _:
                surge = "?" if self.surge is None else self.surge
                unavailable = "?" if self.unavailable is None else self.unavailable
                parts.append(f"{surge} extra pod{'' if surge == 1 else 's'}, {unavailable} unavailable")
        if self.partition:
            parts.append(f"{self.partition} kept on the old revision by the partition")
        if self.min_ready_seconds:
            parts.append(f"available after {self.min_ready_seconds}s ready")
        return ", ".join(parts)


def strategy_limits(workload: Workload) -> StrategyLimits:
    """Return what the workload's strategy allows, in pods of the number wanted now."""
    counts, seconds = rollout_progress(workload), workload.spec.min_ready_seconds
    strategy = workload.spec.strategy if isinstance(workload, Deployment) else workload.spec.update_strategy
    if strategy.type != "RollingUpdate":
        return StrategyLimits(strategy.type, None, None, 0, seconds)
    rolling = strategy.rolling_update or RollingUpdate()
    surge: int | None
    match workload:
        case Deployment():
            surge = _pods(rolling.max_surge, "25%", counts.desired, round_up=True)
            unavailable = _pods(rolling.max_unavailable, "25%", counts.desired, round_up=False)
            unavailable = _not_both_zero(surge, unavailable)
            unavailable = None if unavailable is None else min(unavailable, counts.desired)
        case StatefulSet():
            surge = 0
            unavailable = _pods(rolling.max_unavailable, 1, counts.desired, round_up=False)
            unavailable = None if unavailable is None else max(1, unavailable)
        case DaemonSet():
            surge = _pods(rolling.max_surge, 0, counts.desired, round_up=True)
            unavailable = _not_both_zero(surge, _pods(rolling.max_unavailable, 1, counts.desired, round_up=True))
    return StrategyLimits(strategy.type, surge, unavailable, counts.partition, seconds)


@dataclass(frozen=True, slots=True)
class ProgressDeadline:
    """The progress deadline and what is left of it, both in seconds; `left` is 0 once it has passed."""

    seconds: int
    remaining: float


def progress_deadline(workload: Workload, now: datetime) -> ProgressDeadline | None:
    """Return how long a Deployment may go on without progress, counted from its last; None when nothing is counted."""
    if not isinstance(workload, Deployment):
        return None
    counts = rollout_progress(workload)
    progressing = find_condition(workload.status.conditions, "Progressing")
    if (
        counts.paused
        or counts.is_complete
        or not counts.is_observed
        or progressing is None
        or counts.deadline >= _NO_DEADLINE
    ):
        return None
    if counts.timed_out:
        return ProgressDeadline(counts.deadline, 0.0)
    if progressing.reason == NEW_REPLICA_SET_AVAILABLE or counts.last_progress_at is None:
        return None
    return ProgressDeadline(
        counts.deadline, max(0.0, counts.deadline - (now - counts.last_progress_at).total_seconds())
    )


def _pods(value: int | str | None, default: int | str, desired: int, *, round_up: bool) -> int | None:
    try:
        return resolve_int_or_percent(default if value is None else value, desired, round_up=round_up)
    except ValueError:
        return None


def _not_both_zero(surge: int | None, unavailable: int | None) -> int | None:
    return 1 if surge == 0 and unavailable == 0 else unavailable
