"""What disruption budgets say to pods being taken away.

Only an eviction asks them. A rollout and a deletion do not: there a budget tells how little room there is.
Source: kubernetes/pkg/registry/core/pod/storage/eviction.go; docs "Specifying a Disruption Budget".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.policy import PodDisruptionBudget
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.facts import Facts, Unknown, starts_rollout
from k9py.operations.preflight.planned import planned_template
from k9py.operations.preflight.strategy import strategy
from k9py.operations.preflight.unknown import unknown


def budget_of_rollout(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that a rollout may take more pods down than a budget tolerates."""
    if facts.budgets is None or not starts_rollout(obj, change):
        return
    if isinstance(facts.budgets, Unknown):
        yield unknown("disruption budgets", facts.budgets, "how many pods must stay up is not known")
        return
    how = strategy(obj)
    labels = (planned_template(obj, change).get("metadata") or {}).get("labels") or {}
    if how.type != "RollingUpdate":
        return
    for budget in _of(facts.budgets, labels):
        status = budget.status
        spare = status.expected_pods - status.desired_healthy
        if how.unavailable > spare:
            tolerates = f"lets {_pods(max(spare, 0))} be down (it needs {_healthy(budget)})"
            takes = f"the rollout does not ask it and may take {how.unavailable} down at once"
            message = f"disruption budget {printable(budget.name)} {tolerates}; {takes}"
            yield PreflightWarning(WarningLevel.CAUTION, "budget", message)


def budget_of_eviction(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that an eviction will be refused, or that a deletion goes past a budget that has nothing left."""
    if facts.budgets is None or change.operation not in ("delete-pod", "evict"):
        return
    if isinstance(facts.budgets, Unknown):
        could = "one may refuse it" if change.operation == "evict" else "deleting does not ask them"
        yield unknown("disruption budgets", facts.budgets, could)
        return
    found = tuple(_of(facts.budgets, (obj.get("metadata") or {}).get("labels") or {}))
    if change.operation == "evict" and len(found) > 1:
        names = ", ".join(printable(one.name) for one in found)
        message = f"several disruption budgets cover it ({names}): the server refuses to evict such a pod"
        yield PreflightWarning(WarningLevel.DANGER, "budget", message)
        return
    for budget in found:
        if budget.status.disruptions_allowed > 0 or not _counts(obj, budget):
            continue
        spent = f"disruption budget {printable(budget.name)} has nothing left (it needs {_healthy(budget)})"
        result = "it will refuse this" if change.operation == "evict" else "deleting does not ask it"
        message = f"{spent}: {result}"
        yield PreflightWarning(WarningLevel.DANGER, "budget", message)


def _of(budgets: tuple[PodDisruptionBudget, ...], labels: Mapping[str, str]) -> Iterator[PodDisruptionBudget]:
    for one in budgets:
        if one.spec.selector is not None and one.spec.selector.matches(labels):
            yield one


def _counts(pod: Mapping[str, Any], budget: PodDisruptionBudget) -> bool:
    """Tell whether a budget would miss the pod: one that does not serve may go while enough others do."""
    status = pod.get("status") or {}
    if status.get("phase") != "Running":
        return False
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in status.get("conditions") or ())
    return ready or not budget.status.current_healthy >= budget.status.desired_healthy > 0


def _healthy(budget: PodDisruptionBudget) -> str:
    status = budget.status
    return f"{status.desired_healthy} healthy, has {status.current_healthy}"


def _pods(number: int) -> str:
    return {0: "no pod", 1: "1 pod"}.get(number, f"{number} pods")
