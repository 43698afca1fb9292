"""Warns about pods that are removed: downtime, and what disruption budgets allow.

Only an eviction respects a PodDisruptionBudget. A rollout and a deletion bypass it: for those the warning shows how few
disruptions are left. Sources: kubernetes/pkg/controller/deployment/util, `ResolveFenceposts`; DaemonSet and StatefulSet
by their API's text; kubernetes/pkg/registry/core/pod/storage/eviction.go; docs "Specifying a Disruption Budget".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from k9py.api.policy import PodDisruptionBudget
from k9py.api.quantities import resolve_int_or_percent
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.facts import Facts, Unknown, planned_template, unknown


@dataclass(frozen=True, slots=True)
class RolloutStrategy:
    """The limits of a rollout.

    Args:
        type: RollingUpdate, Recreate or OnDelete.
        desired: pods it should have.
        surge: pods above `desired` during the rollout.
        unavailable: pods that may be missing of `desired` during the rollout.
        coming: pods created before any is removed, by the current number.
    """

    type: str
    desired: int
    surge: int
    unavailable: int
    coming: int


def strategy(obj: Mapping[str, Any]) -> RolloutStrategy:
    """Return the strategy of a raw workload, its defaults filled in."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    kind = obj.get("kind")
    given = spec.get("strategy" if kind == "Deployment" else "updateStrategy") or {}
    how, rolling = str(given.get("type") or "RollingUpdate"), given.get("rollingUpdate") or {}
    if kind == "DaemonSet":
        desired = int(status.get("desiredNumberScheduled") or 0)
    else:
        desired = 1 if spec.get("replicas") is None else int(spec["replicas"])
    if how == "Recreate":
        return RolloutStrategy(how, desired, 0, desired, 0)
    if how == "OnDelete":
        return RolloutStrategy(how, desired, 0, 0, 0)
    if kind == "Deployment":
        surge = _pods(rolling.get("maxSurge"), "25%", desired, round_up=True)
        unavailable = _pods(rolling.get("maxUnavailable"), "25%", desired, round_up=False)
        if surge == unavailable == 0:
            unavailable = 1
        present = int(status.get("replicas") or 0) if status else desired  # 0 is left out of a status
        coming = max(0, desired + surge - present) if desired else 0
        return RolloutStrategy(how, desired, surge, min(unavailable, desired), coming)
    if kind == "DaemonSet":
        surge = _pods(rolling.get("maxSurge"), 0, desired, round_up=True)
        unavailable = _pods(rolling.get("maxUnavailable"), 0 if surge else 1, desired, round_up=True)
        return RolloutStrategy(how, desired, surge, min(unavailable, desired), surge)
    unavailable = max(1, _pods(rolling.get("maxUnavailable"), 1, desired, round_up=True))
    return RolloutStrategy(how, desired, 0, min(unavailable, desired), 0)


def _pods(value: int | str | None, default: int | str, desired: int, *, round_up: bool) -> int:
    try:
        return max(0, resolve_int_or_percent(default if value is None else value, desired, round_up=round_up))
    except ValueError:
        return max(0, resolve_int_or_percent(default, desired, round_up=round_up))


def downtime(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn that replacing the pods causes downtime.

    Each DaemonSet pod serves its own node, and they are replaced one after the other: no reason to warn.
    """
    kind, how = obj.get("kind"), strategy(obj)
    if kind == "DaemonSet" or not how.desired:
        return
    if how.type == "Recreate":
        message = "strategy Recreate: all pods terminate before the first new one starts"
    elif how.type == "RollingUpdate" and how.unavailable >= how.desired == 1:
        message = "its only pod is replaced: nothing serves in between"
        if kind == "Deployment":
            message = (
                "its only pod may terminate before the new one is ready (maxUnavailable 1): nothing serves in between"
            )
    elif how.type == "RollingUpdate" and how.unavailable >= how.desired and kind == "Deployment":
        message = f"maxUnavailable allows all {how.desired} pods to terminate before a new one is ready"
    else:
        return
    yield PreflightWarning(WarningLevel.DANGER, "downtime", message)


def held_back(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn that some or all pods will not be updated automatically."""
    given = (obj.get("spec") or {}).get("updateStrategy") or {}
    if given.get("type") == "OnDelete":
        message = "update strategy OnDelete: pods stay as they are until someone deletes them"
        yield PreflightWarning(WarningLevel.CAUTION, "on-delete", message)
        return
    partition = (given.get("rollingUpdate") or {}).get("partition") or 0
    if partition:
        message = f"partition {partition}: only pods from ordinal {partition} on are updated"
        yield PreflightWarning(WarningLevel.CAUTION, "partition", message)


def budget_of_rollout(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that a rollout may take more pods down than a budget tolerates."""
    if facts.budgets is None or not plan.starts_rollout:
        return
    if isinstance(facts.budgets, Unknown):
        yield unknown("disruption budgets", facts.budgets, "how many pods must stay up is not known")
        return
    how = strategy(obj)
    labels = (planned_template(obj, plan).get("metadata") or {}).get("labels") or {}
    if how.type != "RollingUpdate":
        return
    for budget in _of(facts.budgets, labels):
        status = budget.status
        spare = status.expected_pods - status.desired_healthy
        if how.unavailable > spare:
            tolerates = f"allows {_pods_text(max(spare, 0))} to be down (it needs {_healthy(budget)})"
            takes = f"the rollout bypasses it and may take {how.unavailable} down at once"
            message = f"disruption budget {printable(budget.name)} {tolerates}; {takes}"
            yield PreflightWarning(WarningLevel.CAUTION, "budget", message)


def budget_of_eviction(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that an eviction will be refused, or that a deletion bypasses a budget that has no disruptions left."""
    if facts.budgets is None or not plan.removes_pod:
        return
    is_eviction = plan.request.verb == "evict"
    if isinstance(facts.budgets, Unknown):
        could = "one may refuse it" if is_eviction else "deleting bypasses them"
        yield unknown("disruption budgets", facts.budgets, could)
        return
    matching = tuple(_of(facts.budgets, (obj.get("metadata") or {}).get("labels") or {}))
    if is_eviction and len(matching) > 1:
        names = ", ".join(printable(budget.name) for budget in matching)
        message = f"several disruption budgets cover it ({names}): the server refuses to evict such a pod"
        yield PreflightWarning(WarningLevel.DANGER, "budget", message)
        return
    for budget in matching:
        if budget.status.disruptions_allowed > 0 or not _counts(obj, budget):
            continue
        spent = f"disruption budget {printable(budget.name)} has no disruptions left (it needs {_healthy(budget)})"
        result = "it will refuse this" if is_eviction else "deleting bypasses it"
        message = f"{spent}: {result}"
        yield PreflightWarning(WarningLevel.DANGER, "budget", message)


def _of(budgets: tuple[PodDisruptionBudget, ...], labels: Mapping[str, str]) -> Iterator[PodDisruptionBudget]:
    for budget in budgets:
        if budget.spec.selector is not None and budget.spec.selector.matches(labels):
            yield budget


def _counts(pod: Mapping[str, Any], budget: PodDisruptionBudget) -> bool:
    """Return whether the pod counts for a budget: an unready pod may go while enough others are healthy."""
    status = pod.get("status") or {}
    if status.get("phase") != "Running":
        return False
    conditions = status.get("conditions") or ()
    ready = any(condition.get("type") == "Ready" and condition.get("status") == "True" for condition in conditions)
    return ready or not budget.status.current_healthy >= budget.status.desired_healthy > 0


def _healthy(budget: PodDisruptionBudget) -> str:
    status = budget.status
    return f"{status.desired_healthy} healthy, has {status.current_healthy}"


def _pods_text(number: int) -> str:
    return {0: "no pod", 1: "1 pod"}.get(number, f"{number} pods")
