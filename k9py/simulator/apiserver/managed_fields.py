"""`metadata.managedFields`: which manager wrote which field last, and when, for writes over the API.

Invariant: a field belongs to the manager that changed it last; items of lists with a merge key are tracked by key,
other lists as one field. Of the simulated controllers, which write to storage directly, only the autoscaler is
tracked: the others write only their own fields (status, their dependents).
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object

Path = tuple[str, ...]
_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def manager_of(request: IncomingRequest) -> str:
    """Return the field manager of a request: `fieldManager`, or the first word of the user agent."""
    return request.query.get("fieldManager") or request.user_agent.partition("/")[0] or "unknown"


def with_manager(
    obj: Object, old: Object | None, manager: str, api_version: str, now: datetime, subresource: str = ""
) -> Object:
    """Return the object with managedFields updated for a write.

    Args:
        obj: the object after the write.
        old: the object before it; None for a create.
        manager: the field manager.
        api_version: of the request.
        now: the time of the write.
        subresource: the subresource written to, "" for the object itself.
    """
    before, after = _fields(old or {}), _fields(obj)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    entries: list[Object] = []
    mine: set[Path] = set(changed)
    for entry in ((old or {}).get("metadata") or {}).get("managedFields") or ():
        owned = set(_paths(entry["fieldsV1"]))
        if (entry["manager"], entry.get("subresource", "")) == (manager, subresource):
            mine |= owned & after.keys()
            continue
        kept = (owned - changed) & after.keys()
        if kept:
            entries.append({**entry, "fieldsV1": _tree(kept)})
    if mine:
        mine_entry: Object = {
            "manager": manager,
            "operation": "Update",
            "apiVersion": api_version,
            **(
                {} if subresource == "scale" else {"time": timestamp(now)}
            ),  # as Kubernetes 1.36 writes it: recorded in tests/wire
            "fieldsType": "FieldsV1",
            "fieldsV1": _tree(mine),
        }
        if subresource:
            mine_entry["subresource"] = subresource
        entries.append(mine_entry)
    return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}


def with_managers_of(obj: Object, old: Object) -> Object:
    """Return the object with the managedFields of the stored one; what a client sent is ignored."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    if "managedFields" in old["metadata"]:
        metadata["managedFields"] = old["metadata"]["managedFields"]
    return {**obj, "metadata": metadata}


def _fields(obj: Mapping[str, Any]) -> dict[Path, Any]:
    fields: dict[Path, Any] = {}
    for key, value in obj.items():
        if key == "metadata":
            metadata = {field: value[field] for field in _METADATA if field in value}
            _walk(metadata, ("f:metadata",), fields)
        elif key not in ("kind", "apiVersion"):
            _walk(value, (f"f:{key}",), fields)
    return fields


def _walk(value: Any, path: Path, fields: dict[Path, Any]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _walk(item, (*path, f"f:{key}"), fields)
    elif isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        for item in value:
            element = "k:" + json.dumps({"name": item["name"]}, separators=(",", ":"))
            _walk(item, (*path, element), fields)
    elif path != ("f:metadata",):
        fields[path] = value


def _tree(paths: Iterable[Path]) -> Object:
    tree: Object = {}
    for path in sorted(paths):
        at = tree
        for part in path:
            at = at.setdefault(part, {})
    return tree


def _paths(tree: Object, path: Path = ()) -> Iterable[Path]:
    if not tree and path:
        yield path
    for part, below in tree.items():
        yield from _paths(below, (*path, part))
