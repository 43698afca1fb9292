"""Have the nodes room for the pods to come? The scheduler has said so where one of the same waits already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.meta import find_condition
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.facts import Facts, Unknown
from k9py.operations.preflight.quotas import coming_pods
from k9py.operations.preflight.strategy import strategy
from k9py.operations.preflight.unknown import unknown


def node_room(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that pods to come will wait for a node, as one of the same does now."""
    if facts.pods is None or not coming_pods(obj, change):
        return
    if isinstance(facts.pods, Unknown):
        yield unknown("its pods", facts.pods, "the new ones may find no node")
        return
    waiting = [pod for pod in facts.pods if _finds_no_node(pod)]
    if not waiting:
        return
    found = f"no node takes pod {printable(waiting[0].name)} now"
    if change.operation != "scale" and strategy(obj).unavailable == 0:
        message = f"maxUnavailable 0 and no room: {found}, so the rollout would wait too"
        yield PreflightWarning(WarningLevel.DANGER, "no-room", message)
    else:
        yield PreflightWarning(WarningLevel.CAUTION, "nodes", f"{found}: new pods may wait too")


def _finds_no_node(pod: Pod) -> bool:
    told = find_condition(pod.status.conditions, "PodScheduled")
    waits = told is not None and told.status == "False" and told.reason == "Unschedulable"
    return waits and not pod.is_terminating
