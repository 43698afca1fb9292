"""How many replicas a workload had before it was scaled to zero: offered when it is to come back.

Our own audit file knows it exactly. Where someone else scaled it, the controllers' events of the last hour may: a
Deployment's say `from 3 to 0`, a StatefulSet's name each pod it took away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from k9py.objects.events import Event

_TO_ZERO: Final = re.compile(r"Scaled down replica set \S+ (?:from (\d+) to 0|to 0 from (\d+))$", re.ASCII)
"""Both orders: the second is that of servers before 1.32."""
_POD_TAKEN: Final = re.compile(r"[dD]elete Pod \S+-(\d+) in StatefulSet \S+ successful$", re.ASCII)

_SAME: Final = timedelta(seconds=60)
"""Events this much later than our own write are of another one."""


def former_replicas(
    obj: Mapping[str, Any], audit_lines: Iterable[Mapping[str, Any]], events: Sequence[Event]
) -> int | None:
    """Return the count before the workload was scaled to 0; None when it is not at 0, or nobody tells.

    Args:
        audit_lines: about this object, newest last (`AuditLog.lines`).
        events: of any object; those about this one count.
    """
    spec = obj.get("spec") or {}
    if spec.get("replicas") != 0:
        return None
    uid = (obj.get("metadata") or {}).get("uid")
    ours = _audited(audit_lines)
    told = _told(obj, [one for one in events if uid and one.involved_object.uid == uid])
    if ours is None or told is None:
        found = ours or told
        return found[0] if found else None
    return told[0] if told[1] is not None and ours[1] is not None and told[1] > ours[1] + _SAME else ours[0]


def _audited(lines: Iterable[Mapping[str, Any]]) -> tuple[int, datetime | None] | None:
    """Return what our last scale of it left behind, and when; None when that was not to 0."""
    found: tuple[int, datetime | None] | None = None
    for line in lines:
        if line.get("action") != "scale" or line.get("event", "write") != "write" or line.get("outcome") != "done":
            continue
        found = None
        for row in line.get("changes") or ():
            if not isinstance(row, Mapping) or (row.get("what"), row.get("to")) != ("replicas", "0"):
                continue
            before = str(row.get("from", ""))
            if before.isascii() and before.isdigit() and int(before) > 0:
                found = int(before), _time(line.get("time"))
    return found


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _told(obj: Mapping[str, Any], events: Sequence[Event]) -> tuple[int, datetime | None] | None:
    if obj.get("kind") == "StatefulSet":
        return _pods_taken(obj, events)
    scaled = [(one.last_seen, found) for one in events if (found := _TO_ZERO.search(one.message)) and one.last_seen]
    if not scaled:
        return None
    # A rollout scales its old ReplicaSet to 0 too, earlier; the last to go is the one that was scaled away.
    at, match = max(scaled, key=lambda one: (one[0], int(one[1][1] or one[1][2])))
    return int(match[1] or match[2]), at


def _pods_taken(obj: Mapping[str, Any], events: Sequence[Event]) -> tuple[int, datetime | None] | None:
    """Return the highest ordinal taken away since a pod was made last, as a count."""
    made = max((one.last_seen for one in events if one.reason == "SuccessfulCreate" and one.last_seen), default=None)
    first = int((((obj.get("spec") or {}).get("ordinals")) or {}).get("start") or 0)
    taken = [
        (int(found[1]) - first + 1, one.last_seen)
        for one in events
        if one.reason == "SuccessfulDelete"
        and (found := _POD_TAKEN.search(one.message))
        and one.last_seen
        and (made is None or one.last_seen >= made)
    ]
    return max(taken) if taken else None
