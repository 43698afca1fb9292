"""Will the pods' replacement leave a time in which none serves, or will it wait for someone?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.preflight.strategy import strategy


def downtime(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn that replacing the pods leaves a time in which none serves.

    A DaemonSet's pods serve their own node each, one after the other: that is its ordinary way and not told.
    """
    kind, how = obj.get("kind"), strategy(obj)
    if kind == "DaemonSet" or not how.desired:
        return
    if how.type == "Recreate":
        message = "strategy Recreate: all pods end before the first new one starts"
    elif how.type == "RollingUpdate" and how.unavailable >= how.desired == 1:
        message = "its only pod is replaced: nothing serves in between"
        if kind == "Deployment":
            message = "its only pod may end before the new one is ready (maxUnavailable 1): nothing serves in between"
    elif how.type == "RollingUpdate" and how.unavailable >= how.desired and kind == "Deployment":
        message = f"maxUnavailable lets all {how.desired} pods end before a new one is ready"
    else:
        return
    yield PreflightWarning(WarningLevel.DANGER, "downtime", message)


def held_back(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Say when the pods, or some of them, will not take the change by themselves."""
    given = (obj.get("spec") or {}).get("updateStrategy") or {}
    if given.get("type") == "OnDelete":
        message = "update strategy OnDelete: pods stay as they are until someone deletes them"
        yield PreflightWarning(WarningLevel.CAUTION, "on-delete", message)
        return
    partition = (given.get("rollingUpdate") or {}).get("partition") or 0
    if partition:
        message = f"partition {partition}: only pods from ordinal {partition} on take the change"
        yield PreflightWarning(WarningLevel.CAUTION, "partition", message)
