"""Plan a scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.actions.change import Change
from k9py.objects.policy import HorizontalPodAutoscaler


def plan_scale(obj: Mapping[str, Any], replicas: int, *, autoscaler: HorizontalPodAutoscaler | None = None) -> Change:
    """Plan to set the number of replicas, through the scale subresource.

    Raises:
        RefusedError: not a whole number of at least 0, a kind that does not scale, or the number it has already.
    """
    raise NotImplementedError
