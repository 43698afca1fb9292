"""How many pods a rollout adds and takes away, in pods.

Source: kubernetes/pkg/controller/deployment/util, `ResolveFenceposts`; DaemonSet and StatefulSet by their API's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k9py.api.quantities import resolve_int_or_percent


@dataclass(frozen=True, slots=True)
class RolloutStrategy:
    """A rollout's room.

    Args:
        type: RollingUpdate, Recreate or OnDelete.
        desired: pods it should have.
        surge: pods above `desired` while it goes on.
        unavailable: pods that may be missing of `desired` while it goes on.
        coming: pods that are made before any goes, by how many there are now.
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
