"""Predicates of pods that controllers use: active, ready, available, order of deletion.

Pure. Rules: Kubernetes' `pkg/api/v1/pod` and `controller.ActivePodsWithRanks`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from k9py.simulator.clock import parse_timestamp

Object = dict[str, Any]
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}


def phase_of(pod: Mapping[str, Any]) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def is_terminating(pod: Mapping[str, Any]) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_finished(pod: Mapping[str, Any]) -> bool:
    return phase_of(pod) in ("Succeeded", "Failed")


def is_active(pod: Mapping[str, Any]) -> bool:
    """Return whether a pod counts as a replica: neither finished nor terminating."""
    return not is_finished(pod) and not is_terminating(pod)


def ready_condition(pod: Mapping[str, Any]) -> Object | None:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready":
            match: Object = condition
            return match
    return None


def is_ready(pod: Mapping[str, Any]) -> bool:
    condition = ready_condition(pod)
    return condition is not None and condition["status"] == "True"


def seconds_until_available(pod: Mapping[str, Any], min_ready_seconds: int, now: datetime) -> float | None:
    """Return 0 for an available pod, the seconds it must still stay ready, or None if it is not ready."""
    condition = ready_condition(pod)
    if condition is None or condition["status"] != "True":
        return None
    if not min_ready_seconds:
        return 0.0
    since = condition.get("lastTransitionTime")
    if not since:
        return None
    due = parse_timestamp(since) + timedelta(seconds=min_ready_seconds)
    return max(0.0, (due - now).total_seconds())


def is_available(pod: Mapping[str, Any], min_ready_seconds: int, now: datetime) -> bool:
    return seconds_until_available(pod, min_ready_seconds, now) == 0.0


def restart_count(pod: Mapping[str, Any]) -> int:
    return max((s.get("restartCount", 0) for s in (pod.get("status") or {}).get("containerStatuses") or ()), default=0)


def sort_for_deletion(pods: Sequence[Object], related: Sequence[Object]) -> list[Object]:
    """Return pods in order of deletion.

    Args:
        pods: active pods of one ReplicaSet.
        related: active pods of all ReplicaSets of the same owner: nodes with more of them lose pods first.
    """
    on_node = Counter(pod["spec"].get("nodeName", "") for pod in related)

    def rank(pod: Object) -> tuple[Any, ...]:
        node = pod["spec"].get("nodeName", "")
        condition = ready_condition(pod) or {}
        ready = is_ready(pod)
        cost = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0")
        return (
            bool(node),
            _PHASE_RANK.get(phase_of(pod), 3),
            ready,
            int(cost) if cost.lstrip("-").isdigit() else 0,
            -on_node[node] if node else 0,
            _newest_first(condition.get("lastTransitionTime") if ready else None),
            -restart_count(pod),
            _newest_first(pod["metadata"].get("creationTimestamp")),
            pod["metadata"]["name"],
        )

    return sorted(pods, key=rank)


def _newest_first(moment: str | None) -> float:
    return -parse_timestamp(moment).timestamp() if moment else float("-inf")
