"""Who changed an object in the meantime, as far as its managed fields show.

An entry of the scale subresource has no time (Kubernetes 1.36), and one manager has one entry however often it writes.
So the fields decide first: the owner of what differs now. Invariant: a single manager is named only when nothing points
to another; otherwise all candidates are named, or the author is reported as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from k9py.api.text import printable

_METADATA: Final = ("annotations", "labels", "finalizers")
"""The parts of the metadata that people change."""
_NAMES_SHOWN: Final = 3
Entry = Mapping[str, Any]


def last_writer(present: Mapping[str, Any], before: Mapping[str, Any] | None, part: str = "spec") -> str:
    """Return ` (by kubectl at 2026-...)`, ` (by hpa or kubectl, ...)`, "" when nothing shows it.

    Args:
        present: the raw object as it is now.
        before: as it was planned from; None: not known, so any field may have changed.
        part: the field of the object in which something was changed.
    """
    entries = [entry for entry in _entries(present) if entry.get("subresource") != "status"]
    known = [_identity(entry) for entry in _entries(before)] if before is not None else []
    if not entries:
        return ""
    changed = None if before is None else _changed_fields(before, present, part)
    owners = [entry for entry in entries if _owns(entry, part, changed)]
    # An unchanged entry has not written since, unless it has no time to compare.
    candidates = [entry for entry in owners if not entry.get("time") or _identity(entry) not in known]
    if not candidates:
        candidates = [entry for entry in entries if _identity(entry) not in known] if known else owners or entries
    return _named(candidates)


def _named(candidates: list[Entry]) -> str:
    timed = [entry for entry in candidates if entry.get("time")]
    untimed = dict.fromkeys(_through(entry) for entry in candidates if not entry.get("time"))
    if not candidates:
        return " (author unknown)"
    if not untimed:
        last = max(timed, key=lambda entry: str(entry["time"]))
        return f" (by {_manager(last)} at {_time(last)})"
    names = [f"{name}, time not recorded" for name in untimed]
    if timed:
        last = max(timed, key=lambda entry: str(entry["time"]))
        names.append(f"{_manager(last)} at {_time(last)}")
    if len(names) == 1:
        return f" (by {names[0]})"
    more = "; or others" if len(names) > _NAMES_SHOWN else ""
    return f" (author unknown: {'; or '.join(names[:_NAMES_SHOWN])}{more})"


def _entries(obj: Mapping[str, Any] | None) -> list[Entry]:
    managed = ((obj or {}).get("metadata") or {}).get("managedFields")
    return [entry for entry in managed if isinstance(entry, Mapping)] if isinstance(managed, list) else []


def _identity(entry: Entry) -> tuple[Any, ...]:
    keys = ("manager", "operation", "subresource", "time")
    return (*(entry.get(key) for key in keys), repr(entry.get("fieldsV1")))


def _owns(entry: Entry, part: str, changed: frozenset[str] | None) -> bool:
    """Return whether an entry owns one of the fields; `changed` None: the fields are unknown."""
    fields = (entry.get("fieldsV1") or {}).get(f"f:{part}")
    if not isinstance(fields, Mapping):
        return False
    return changed is None or any(f"f:{field}" in fields for field in changed)


def _changed_fields(before: Mapping[str, Any], present: Mapping[str, Any], part: str) -> frozenset[str] | None:
    """Return the fields that differ, None where they are not known: a part may be a list, as the rules of a role."""
    old, new = before.get(part) or {}, present.get(part) or {}
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return None
    fields = _METADATA if part == "metadata" else {**old, **new}
    return frozenset(str(field) for field in fields if old.get(field) != new.get(field))


def _manager(entry: Entry) -> str:
    return printable(str(entry.get("manager") or "?"))


def _through(entry: Entry) -> str:
    subresource = entry.get("subresource")
    return f"{_manager(entry)} through {printable(str(subresource))}" if subresource else _manager(entry)


def _time(entry: Entry) -> str:
    return printable(str(entry["time"]))
