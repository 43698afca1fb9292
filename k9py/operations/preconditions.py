"""Tie a patch to exactly the object that was confirmed.

Every patch type carries uid and resourceVersion by setting them to their old values. The server compares the patched
object's resourceVersion with the stored one and answers 409 when they differ, before any other validation; a JSON
patch's `test` would answer 422 without a reason instead. A new object of the same name always has another
resourceVersion.
Source: apiserver/pkg/registry/generic/registry/store.go, `Update`; recorded in tests/wire (patch-errors, scale).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.standard_types import ref_group_of
from k9py.api.text import printable
from k9py.operations.plan import WritePlan

_UID_PATH: Final = "/metadata/uid"
_VERSION_PATH: Final = "/metadata/resourceVersion"
_PRECONDITIONS: Final = "preconditions"


@dataclass(frozen=True, slots=True)
class TargetVersion:
    """The object a change is planned from, as it was read."""

    key: ObjectRef
    uid: str
    resource_version: str
    generation: int

    @property
    def text(self) -> str:
        """`Deployment shop/checkout`, printable."""
        return printable(str(self.key))


def ref_of(obj: Mapping[str, Any]) -> ObjectRef:
    """Return the reference of a raw object of any type."""
    meta, kind = obj.get("metadata") or {}, str(obj.get("kind", ""))
    group = ref_group_of(str(obj.get("apiVersion", "")), kind)
    return ObjectRef(kind, str(meta.get("namespace", "")), str(meta.get("name", "")), group)


def target_version(obj: Mapping[str, Any], *, allows_terminating: bool = False) -> TargetVersion:
    """Return what identifies a raw object.

    Raises:
        RefusedError: it is being deleted (unless that is allowed), or is incomplete.
    """
    meta = obj.get("metadata") or {}
    version = TargetVersion(
        key=ref_of(obj),
        uid=str(meta.get("uid", "")),
        resource_version=str(meta.get("resourceVersion", "")),
        generation=int(meta.get("generation") or 0),
    )
    if not (version.key.kind and version.key.name and version.uid and version.resource_version):
        raise RefusedError(
            "the object is not known well enough to change it", "wait until it has been read, then retry"
        )
    if meta.get("deletionTimestamp") and not allows_terminating:
        raise RefusedError(f"{version.text} is being deleted", "it can no longer be changed")
    return version


def guarded(patch: Mapping[str, Any], about: TargetVersion) -> dict[str, Any]:
    """Return a merge or strategic patch with the preconditions."""
    metadata = {**(patch.get("metadata") or {}), "uid": about.uid, "resourceVersion": about.resource_version}
    return {**patch, "metadata": metadata}


def guarded_operations(operations: Sequence[Mapping[str, Any]], about: TargetVersion) -> list[dict[str, Any]]:
    """Return a JSON patch with the preconditions first."""
    return [
        {"op": "replace", "path": _UID_PATH, "value": about.uid},
        {"op": "replace", "path": _VERSION_PATH, "value": about.resource_version},
        *(dict(operation) for operation in operations),
    ]


def options_guarded(about: TargetVersion) -> dict[str, Any]:
    """Return DeleteOptions with the preconditions, for a delete or an eviction."""
    return {_PRECONDITIONS: {"uid": about.uid, "resourceVersion": about.resource_version}}


def at_version(plan: WritePlan, resource_version: str) -> WritePlan:
    """Return the same change of the object at a newer resourceVersion."""
    patch = plan.request.patch
    newer: dict[str, Any] | list[dict[str, Any]]
    if patch is None:
        return replace(plan, resource_version=resource_version)
    if plan.request.verb != "patch" and isinstance(patch, Mapping):
        newer = {**patch, _PRECONDITIONS: {**patch[_PRECONDITIONS], "resourceVersion": resource_version}}
    elif isinstance(patch, Mapping):
        newer = {**patch, "metadata": {**patch["metadata"], "resourceVersion": resource_version}}
    else:
        newer = [
            {**operation, "value": resource_version} if operation["path"] == _VERSION_PATH else dict(operation)
            for operation in patch
        ]
    return replace(plan, resource_version=resource_version, request=replace(plan.request, patch=newer))
