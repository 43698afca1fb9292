"""Plan to pause or resume a Deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.actions.change import Change


def plan_pause(obj: Mapping[str, Any]) -> Change:
    """Plan to hold a Deployment's rollout. Raises RefusedError when it is paused, or no Deployment."""
    raise NotImplementedError


def plan_resume(obj: Mapping[str, Any]) -> Change:
    """Plan to let a paused Deployment's rollout go on. Raises RefusedError when it is not paused."""
    raise NotImplementedError
