"""A server with one object, for tests of writes: it compares versions and applies patches as the API server does."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from k9py.api.discovery import Discovered
from k9py.api.errors import ConflictError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.owners import OwnerList
from k9py.api.resource_type import ResourceType
from k9py.api.write_request import WriteRequest


@dataclass
class FakeServer:
    """Holds one object; `fails` are raised first and `answers` given next, in order, with nothing stored.

    Args:
        status_moves: how often a controller writes the status just before a write arrives.
        loses: this many writes are stored, and their answer is lost: `fails` are raised only then.
        unreadable: raised in turn when the object is read.
    """

    obj: dict[str, Any]
    fails: list[BaseException] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[WriteRequest, bool]] = field(default_factory=list)
    status_moves: int = 0
    loses: int = 0
    unreadable: list[BaseException] = field(default_factory=list)
    reads: int = 0

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        self.sent.append((request, dry_run))
        if self.fails and not self.loses:
            raise self.fails.pop(0)
        if self.answers:
            return self.answers.pop(0)
        if self.status_moves:
            self.status_moves -= 1
            self.move_status()
        if version_of(request) != self.obj["metadata"]["resourceVersion"]:
            raise ConflictError("the object has been modified", code=409, reason="Conflict")
        changed = patched(self.obj, request)
        if not dry_run:
            changed["metadata"]["resourceVersion"] = str(int(self.obj["metadata"]["resourceVersion"]) + 1)
            changed["metadata"]["generation"] = self.obj["metadata"].get("generation", 0) + 1
            self.obj = changed
        if self.loses:
            self.loses -= 1
            raise self.fails.pop(0)
        return as_scale(changed) if request.subresource == "scale" else changed

    def move_status(self) -> None:
        meta = self.obj["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]:
        self.reads += 1
        if self.unreadable:
            raise self.unreadable.pop(0)
        if not self.obj:
            raise NotFoundError("not found", code=404)
        return self.obj

    async def list(
        self, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> list[dict[str, Any]]:
        raise AssertionError("a write lists nothing")

    async def served_types(self) -> Discovered:
        raise AssertionError("a write lists nothing")

    async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
        raise AssertionError("a write lists nothing")

    async def can_i(
        self, verb: str, kind: str | ObjectRef, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        return None


def version_of(request: WriteRequest) -> str:
    """Return the resourceVersion a request is sent for."""
    patch = request.patch
    if isinstance(patch, Mapping):
        return str(patch.get("metadata", patch.get("preconditions", {}))["resourceVersion"])
    assert patch is not None
    return str(next(operation["value"] for operation in patch if operation["path"] == "/metadata/resourceVersion"))


def as_scale(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's Scale."""
    meta = {key: obj["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}
    replicas = obj["spec"]["replicas"]
    return {"kind": "Scale", "metadata": meta, "spec": {"replicas": replicas} if replicas else {}}  # omitempty


def patched(obj: Mapping[str, Any], request: WriteRequest) -> dict[str, Any]:
    """Return what a patch makes of an object."""
    changed: dict[str, Any] = copy.deepcopy(dict(obj))
    if isinstance(request.patch, Mapping):
        merged: dict[str, Any] = _merged(changed, request.patch)
        return merged
    for operation in request.patch or ():
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        at = changed
        for part in parents:
            at = at[part]
        at[last] = copy.deepcopy(operation["value"])
    return changed


def _merged(old: Any, patch: Any) -> Any:
    if isinstance(patch, Mapping):
        merged = dict(old or {})
        for key, value in patch.items():
            if value is None:
                merged.pop(key, None)
            elif not key.startswith("$"):
                merged[key] = _merged(merged.get(key), value)
        return merged
    if isinstance(patch, list) and all(isinstance(item, Mapping) and "name" in item for item in patch):
        named = {item["name"]: item for item in old or ()}
        for item in patch:
            named[item["name"]] = _merged(named.get(item["name"]), item)
        return list(named.values())
    return patch
