"""Warns of the autoscaler that sets the replicas: the only place that knows how it reacts to a new number.

KEDA's ScaledObjects work through HorizontalPodAutoscalers of their own, which they own and label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.facts import Facts, Unknown, unknown


def autoscaling(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn of the autoscaler that targets the object of a scale."""
    wanted = plan.replicas
    if wanted is None:
        return
    match facts.autoscalers:
        case None:
            return
        case Unknown() as fact:
            yield unknown("autoscalers", fact, "one may overwrite this")
        case autoscalers:
            group = str(obj.get("apiVersion", "")).rpartition("/")[0]
            for autoscaler in autoscalers:
                if _targets(autoscaler, plan, group):
                    yield from autoscaled(autoscaler, wanted)


def autoscaled(autoscaler: HorizontalPodAutoscaler | None, replicas: int) -> Iterator[PreflightWarning]:
    """Warn that an autoscaler owns the number, and how it will react."""
    if autoscaler is None:
        return
    spec = autoscaler.spec
    low, high = 1 if spec.min_replicas is None else spec.min_replicas, spec.max_replicas
    keda = autoscaler.scaled_object
    by = f" of KEDA's ScaledObject {printable(keda)}" if keda else ""
    owner = f"autoscaler {printable(autoscaler.name)}{by} keeps it between {low} and {high}"
    if replicas == 0 and keda:
        message = f"{owner}; from 0 KEDA scales it up again as soon as a trigger fires"
    elif replicas == 0:
        message = f"{owner}; at 0 it stops working until someone scales up again"
    elif replicas < low:
        message = f"{owner}: it will go back to {low}"
    elif replicas > high:
        message = f"{owner}: it will go back to {high}"
    else:
        message = f"{owner}: it will overwrite this"
    yield PreflightWarning(WarningLevel.DANGER, "autoscaler", message)


def _targets(autoscaler: HorizontalPodAutoscaler, plan: WritePlan, group: str) -> bool:
    target = autoscaler.spec.scale_target_ref
    if (target.kind, target.name) != (plan.key.kind, plan.key.name):
        return False
    return not group or not target.api_version or target.api_version.rpartition("/")[0] == group
