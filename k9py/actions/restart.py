"""Plan a rolling restart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from k9py.actions.change import Change


def plan_restart(obj: Mapping[str, Any], now: datetime) -> Change:
    """Plan a rolling restart, as `kubectl rollout restart`.

    Raises:
        RefusedError: a paused Deployment, a kind that has no rollout, or a restart in the same second.
    """
    raise NotImplementedError
