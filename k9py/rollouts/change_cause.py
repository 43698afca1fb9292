"""Whose a change-cause is: a release that names none keeps the annotation of the one before, and did not mean it.

Controllers copy a workload's annotations to each new revision. So the same text as in the revision before it is
inherited, unless the workload's managed fields show that it was set anew. Invariant: pure; an undo gives an old
revision a new number, so what was before in time is told by creation too. Source: kubernetes/pkg/controller/deployment,
`SetNewReplicaSetAnnotations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from k9py.api.workloads import CHANGE_CAUSE

if TYPE_CHECKING:
    from k9py.rollouts.revisions import Revision

_SLACK: Final = timedelta(seconds=10)
"""A controller makes a revision's object within seconds of the write."""
_EARLIER: Final = timedelta(seconds=1)
"""Times are whole seconds."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def mark_inherited_causes(found: Sequence[Revision]) -> tuple[Revision, ...]:
    """Return the revisions, newest first as given, with whom each has its change-cause from."""
    by_number = sorted((one for one in found if one.number), key=lambda one: one.number)
    by_time = sorted(found, key=lambda one: (one.created_at or _LONG_AGO, one.number))
    sources: dict[str, Revision] = {}
    for order in (by_time, by_number):
        for before, one in pairwise(order):
            is_older = (before.created_at or _LONG_AGO) <= (one.created_at or _LONG_AGO)
            if one.change_cause and before.change_cause == one.change_cause and is_older:
                sources.setdefault(one.name, before)
    for one in found:
        # An undo leaves the annotation of a StatefulSet or DaemonSet as it is, so it may outlive its revision.
        if one.kind == "ControllerRevision" and (older := _older_with_the_same(one, found)):
            sources.setdefault(one.name, older[-1])
    return tuple(_marked(one, sources) for one in found)


def unmark_rewritten_causes(obj: Mapping[str, Any], found: Sequence[Revision]) -> tuple[Revision, ...]:
    """Return the revisions with those no longer marked whose change-cause was set for them.

    Args:
        obj: the raw workload, with its managed fields.
    """
    own = {name for at in _set_at(obj) if (name := _set_for(at, found))}
    return tuple(msgspec.structs.replace(one, cause_inherited_from=None) if one.name in own else one for one in found)


def _older_with_the_same(one: Revision, found: Sequence[Revision]) -> list[Revision]:
    """Return the revisions made before one with the same change-cause, oldest first."""
    at = one.created_at or _LONG_AGO
    same = [other for other in found if one.change_cause and other.change_cause == one.change_cause]
    return sorted(
        (other for other in same if (other.created_at or _LONG_AGO) < at), key=lambda it: it.created_at or _LONG_AGO
    )


def _marked(one: Revision, sources: Mapping[str, Revision]) -> Revision:
    source, seen = sources.get(one.name), {one.name}
    if source is None:
        return one
    while source.name in sources and source.name not in seen:
        seen.add(source.name)
        source = sources[source.name]
    return msgspec.structs.replace(one, cause_inherited_from=source.number)


def _set_for(at: datetime, found: Sequence[Revision]) -> str:
    """Return the name of the revision a cause written at that time is for, "" when none is near."""
    near = [one for one in found if one.created_at is not None and -_EARLIER <= one.created_at - at <= _SLACK]
    if near:
        return min(near, key=lambda one: abs((one.created_at or _LONG_AGO) - at)).name
    current = next((one for one in found if one.is_current), None)
    is_later = current is not None and current.created_at is not None and at >= current.created_at
    return current.name if current is not None and is_later else ""


def _set_at(obj: Mapping[str, Any]) -> list[datetime]:
    """Return when those who own the annotation wrote last."""
    managed = _mapping(obj.get("metadata")).get("managedFields")
    times = []
    for one in managed if isinstance(managed, list) else ():
        entry = _mapping(one)
        owned = _mapping(_mapping(_mapping(entry.get("fieldsV1")).get("f:metadata")).get("f:annotations"))
        if f"f:{CHANGE_CAUSE}" in owned and (at := _time(entry.get("time"))) is not None:
            times.append(at)
    return times


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
