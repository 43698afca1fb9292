"""The replicas a workload had before it was scaled to zero: suggested when it is scaled up again.

kdash's own audit file has the exact number. If someone else scaled it, the controllers' events of the last hour may
have it: a Deployment's contain `from 3 to 0`, a StatefulSet's name each pod it deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from k9py.api.events import Event
from k9py.api.times import parse_rfc3339
from k9py.rollouts.scaling_events import scale_down_to_zero, stateful_set_scale_down

_SAME: Final = timedelta(seconds=60)
"""Events this much later than kdash's own write belong to another one."""


def former_replicas(
    obj: Mapping[str, Any], audit_lines: Iterable[Mapping[str, Any]], events: Sequence[Event]
) -> int | None:
    """Return the count before the workload was scaled to 0; None when it is not at 0, or the count is unknown.

    Args:
        audit_lines: about this object, newest last (`AuditLog.lines`).
        events: of any object; those about this one count.
    """
    spec = obj.get("spec") or {}
    if spec.get("replicas") != 0:
        return None
    uid = (obj.get("metadata") or {}).get("uid")
    ours = _audited(audit_lines)
    observed = _observed(obj, [event for event in events if uid and event.involved_object.uid == uid])
    if observed is None:
        return ours[0] if ours else None
    if ours is None:
        return observed[0]
    return observed[0] if ours[1] is not None and observed[1] > ours[1] + _SAME else ours[0]


def _audited(lines: Iterable[Mapping[str, Any]]) -> tuple[int, datetime | None] | None:
    """Return the replicas before kdash's last scale of it, and its time; None when that was not to 0."""
    result: tuple[int, datetime | None] | None = None
    for line in lines:
        if line.get("action") != "scale" or line.get("event", "write") != "write" or line.get("outcome") != "done":
            continue
        result = None
        for row in line.get("changes") or ():
            if not isinstance(row, Mapping) or (row.get("what"), row.get("to")) != ("replicas", "0"):
                continue
            before = str(row.get("from", ""))
            if before.isascii() and before.isdigit() and int(before) > 0:
                result = int(before), parse_rfc3339(line.get("time"))
    return result


def _observed(obj: Mapping[str, Any], events: Sequence[Event]) -> tuple[int, datetime] | None:
    spec = obj.get("spec") or {}
    if obj.get("kind") == "StatefulSet":
        return stateful_set_scale_down(events, int((spec.get("ordinals") or {}).get("start") or 0))
    return scale_down_to_zero(events, ((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxSurge"))
