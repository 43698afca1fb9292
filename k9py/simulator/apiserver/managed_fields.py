"""`metadata.managedFields`: who wrote which field last, and when, for writes that come over the API.

Invariant: a field belongs to the manager who changed it last; lists whose elements have names are told by name, other
lists as one field. Of the controllers inside the simulator, which write past the API, the autoscaler alone is told:
the others write what is their own (status, what they made) and no person's.
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
    """Return the name under which a request writes: its fieldManager, else its user agent's first word."""
    return request.query.get("fieldManager") or request.user_agent.partition("/")[0] or "unknown"


def with_manager(
    obj: Object, old: Object | None, manager: str, api_version: str, now: datetime, subresource: str = ""
) -> Object:
    """Return the object with its managedFields as a manager's write leaves them.

    Args:
        obj: what the write stores.
        old: what it replaces; None where it is new.
        manager: who writes.
        api_version: of the request.
        now: when.
        subresource: what was written through, if not the object itself.
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
            **({} if subresource == "scale" else {"time": timestamp(now)}),  # as 1.36: recorded in tests/wire
            "fieldsType": "FieldsV1",
            "fieldsV1": _tree(mine),
        }
        if subresource:
            mine_entry["subresource"] = subresource
        entries.append(mine_entry)
    return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}


def with_managers_of(obj: Object, old: Object) -> Object:
    """Return the object with the managedFields of another, whatever a client sent."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    if "managedFields" in old["metadata"]:
        metadata["managedFields"] = old["metadata"]["managedFields"]
    return {**obj, "metadata": metadata}


def _fields(obj: Mapping[str, Any]) -> dict[Path, Any]:
    found: dict[Path, Any] = {}
    for key, value in obj.items():
        if key == "metadata":
            told = {field: value[field] for field in _METADATA if field in value}
            _walk(told, ("f:metadata",), found)
        elif key not in ("kind", "apiVersion"):
            _walk(value, (f"f:{key}",), found)
    return found


def _walk(value: Any, path: Path, found: dict[Path, Any]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _walk(item, (*path, f"f:{key}"), found)
    elif isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        for item in value:
            element = "k:" + json.dumps({"name": item["name"]}, separators=(",", ":"))
            _walk(item, (*path, element), found)
    elif path != ("f:metadata",):
        found[path] = value


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
