"""`metadata.managedFields`: which manager wrote which field last, and when, for writes over the API.

Invariant: a field belongs to the manager that changed it last, and also to those that applied the same value
(`server_side_apply.py`). Of the simulated controllers, which write to storage directly, only the autoscaler is
tracked: the others write only their own fields (status, their dependents).
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.field_sets import Path, as_fields_v1, compare, from_fields_v1
from k9py.simulator.registry.list_types import ListTypes

_BUILT_IN = ListTypes()


@dataclass(frozen=True, slots=True)
class ManagerEntry:
    """One entry of managedFields: what a manager owns through one operation (apply or update) and subresource."""

    manager: str
    by_apply: bool
    api_version: str
    paths: Set[Path]
    time: str = ""
    subresource: str = ""

    @property
    def key(self) -> tuple[str, bool, str, str]:
        """Return what identifies the entry; an apply may change its API version."""
        return self.manager, self.by_apply, self.subresource, "" if self.by_apply else self.api_version

    def as_object(self) -> Object:
        written_by = "Apply" if self.by_apply else "Update"
        entry: Object = {"manager": self.manager, "operation": written_by, "apiVersion": self.api_version}
        if self.time:
            entry["time"] = self.time
        entry |= {"fieldsType": "FieldsV1", "fieldsV1": as_fields_v1(self.paths)}
        return entry | ({"subresource": self.subresource} if self.subresource else {})


def entries_of(obj: Mapping[str, Any] | None) -> list[ManagerEntry]:
    """Return the entries of an object."""
    return [
        ManagerEntry(
            entry["manager"],
            entry["operation"] == "Apply",
            entry["apiVersion"],
            frozenset(from_fields_v1(entry["fieldsV1"])),
            entry.get("time", ""),
            entry.get("subresource", ""),
        )
        for entry in ((obj or {}).get("metadata") or {}).get("managedFields") or ()
    ]


def with_entries(obj: Object, entries: Iterable[ManagerEntry]) -> Object:
    """Return an object with these entries, without those that own nothing, in the API server's order."""
    kept = sorted(
        (entry for entry in entries if entry.paths),
        key=lambda entry: (not entry.by_apply, entry.time, entry.manager, entry.api_version, entry.subresource),
    )
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    if kept:
        metadata["managedFields"] = [entry.as_object() for entry in kept]
    return {**obj, "metadata": metadata}


def manager_of(request: IncomingRequest) -> str:
    """Return the field manager of a request: `fieldManager`, or the first word of the user agent."""
    return request.query.get("fieldManager") or request.user_agent.partition("/")[0] or "unknown"


def with_manager(
    obj: Object,
    old: Object | None,
    manager: str,
    api_version: str,
    now: datetime,
    subresource: str = "",
    types: ListTypes = _BUILT_IN,
) -> Object:
    """Return the object with managedFields updated for a write.

    Args:
        obj: the object after the write.
        old: the object before it; None for a create.
        manager: the field manager.
        api_version: of the request.
        now: the time of the write.
        subresource: the subresource written to, "" for the object itself.
        types: the merge rules of its kind.
    """
    changes = compare(old or {}, obj, types)
    written = changes.written
    mine = ManagerEntry(manager, False, api_version, written, timestamp(now), subresource)
    if subresource == "scale":
        mine = replace(mine, time="")  # as Kubernetes 1.36 writes it: recorded in tests/wire
    entries: list[ManagerEntry] = []
    for entry in entries_of(old):
        if entry.key == mine.key:
            mine = replace(mine, paths=mine.paths | (entry.paths - changes.removed))
        else:
            entries.append(replace(entry, paths=entry.paths - written - changes.removed))
    return with_entries(obj, [*entries, mine])


def with_managers_of(obj: Object, old: Object) -> Object:
    """Return the object with the managedFields that count as its present ones.

    Those a client sends replace the stored ones if they are valid (kubectl migrates a client-side apply so); an empty
    entry resets them, and anything else is ignored.
    """
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    given, stored = obj["metadata"].get("managedFields"), old["metadata"].get("managedFields")
    if given == [{}]:
        return {**obj, "metadata": metadata}
    chosen = given if isinstance(given, list) and given and _are_valid(given) else stored
    if chosen:
        metadata["managedFields"] = chosen
    return {**obj, "metadata": metadata}


def _are_valid(entries: Sequence[Any]) -> bool:
    return all(
        isinstance(entry, dict)
        and entry.get("fieldsType") == "FieldsV1"
        and entry.get("operation") in ("Apply", "Update")
        and isinstance(entry.get("manager"), str)
        and isinstance(entry.get("apiVersion"), str)
        and isinstance(entry.get("fieldsV1"), dict)
        for entry in entries
    )
