"""The arithmetic of a rolling update: how many pods each ReplicaSet may have.

Pure. Rules: Kubernetes' `pkg/controller/deployment/util` and `rolling.go`: percentages of surge round up, of
unavailability down; if both are zero, one pod may be unavailable.
"""

import math
from collections.abc import Mapping
from typing import Any

DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"

Object = dict[str, Any]


def scaled_value(value: int | str | None, total: int, *, round_up: bool) -> int:
    """Return an IntOrString as a number: itself, or its percentage of a total.

    Raises:
        ValueError: neither a number nor a percentage.
    """
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    if not value.endswith("%"):
        return int(value)
    exact = total * int(value[:-1]) / 100
    return math.ceil(exact) if round_up else math.floor(exact)


def replicas_of(obj: Mapping[str, Any]) -> int:
    """Return `spec.replicas` (default 1)."""
    replicas = obj["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def is_rolling(deployment: Mapping[str, Any]) -> bool:
    return str((deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate")) == "RollingUpdate"


def fenceposts(deployment: Mapping[str, Any]) -> tuple[int, int]:
    """Return (max surge, max unavailable) in pods."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    replicas = replicas_of(deployment)
    surge = scaled_value(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = scaled_value(rolling.get("maxUnavailable", "25%"), replicas, round_up=False)
    return surge, 1 if surge == 0 and unavailable == 0 else unavailable


def max_surge(deployment: Mapping[str, Any]) -> int:
    return fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Mapping[str, Any]) -> int:
    """Return how many pods may be unavailable: none for Recreate and for 0 replicas, never more than replicas."""
    replicas = replicas_of(deployment)
    if not is_rolling(deployment) or replicas == 0:
        return 0
    return min(fenceposts(deployment)[1], replicas)


def new_replicas(deployment: Mapping[str, Any], total: int, current: int) -> int:
    """Return how many replicas the new ReplicaSet gets.

    Args:
        deployment: the Deployment.
        total: `spec.replicas` of all its ReplicaSets together.
        present: `spec.replicas` of the new one.
    """
    wanted = replicas_of(deployment)
    if not is_rolling(deployment):
        return wanted
    limit = wanted + max_surge(deployment)
    if total >= limit:
        return current
    return current + min(limit - total, wanted - current)


def proportion(replica_set: Mapping[str, Any], deployment: Mapping[str, Any], to_add: int, added: int) -> int:
    """Return one ReplicaSet's share of a scaling step (negative when scaling down)."""
    if replicas_of(replica_set) == 0 or to_add in (0, added):
        return 0
    share = _fraction(replica_set, deployment)
    allowed = to_add - added
    return min(share, allowed) if to_add > 0 else max(share, allowed)


def _fraction(replica_set: Mapping[str, Any], deployment: Mapping[str, Any]) -> int:
    current = replicas_of(replica_set)
    if replicas_of(deployment) == 0:
        return -current
    limit = replicas_of(deployment) + max_surge(deployment)
    annotation = (replica_set["metadata"].get("annotations") or {}).get(MAX_REPLICAS)
    before = int(annotation) if annotation else int((deployment.get("status") or {}).get("replicas", 0))
    if before == 0:
        return 0
    return math.floor(current * limit / before + 0.5) - current


def desired_annotation(replica_set: Mapping[str, Any]) -> int | None:
    """Return the replicas the Deployment wanted when it last scaled this ReplicaSet."""
    text = (replica_set["metadata"].get("annotations") or {}).get(DESIRED_REPLICAS)
    return int(text) if text and text.isdigit() else None
