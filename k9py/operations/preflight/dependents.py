"""What a deletion takes along: the objects that are owned by the deleted one, at any depth, and what a scope contains.

Only metadata is read. Invariant: what could not be read is named, and never counted as none.
Source: garbage collection, kubernetes.io/docs/concepts/architecture/garbage-collection.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import ConnectionFailedError, KdashError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD
from k9py.operations.patcher import Reader
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preconditions import ref_of

_OWNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Deployment": ("replicasets", "pods"),
    "ReplicaSet": ("pods",),
    "ReplicationController": ("pods",),
    "StatefulSet": ("pods",),
    "DaemonSet": ("pods",),
    "CronJob": ("jobs", "pods"),
    "Job": ("pods",),
    "Service": ("endpointslices",),
}
"""The types that the controllers of a standard kind create, from the top to the bottom."""

_OF_ANY_OWNER: Final = (
    "deployments",
    "statefulsets",
    "daemonsets",
    "replicasets",
    "cronjobs",
    "jobs",
    "pods",
    "services",
    "ingresses",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "serviceaccounts",
)
"""The types that operators create for a custom resource, and the main content of a namespace."""


@dataclass(frozen=True, slots=True)
class Dependents:
    """What is deleted along.

    Args:
        counts: number of objects by kind, without zeros.
        unknown: plural names of the types that could not be read.
        is_content: they are inside the deleted scope; else the deleted object owns them.
    """

    counts: Mapping[str, int]
    unknown: tuple[str, ...] = ()
    is_content: bool = False


def may_own(ref: ObjectRef) -> bool:
    """Return whether objects of a kind own others, or contain them."""
    return bool(ref.group) or ref.kind in _OWNED or ref.kind in ("Namespace", "CustomResourceDefinition")


async def read_dependents(reader: Reader, obj: Mapping[str, Any]) -> Dependents | None:
    """Return what a deletion of an object takes along; None for a kind that owns nothing.

    Raises:
        ConnectionFailedError: the cluster no longer responds.
    """
    ref = ref_of(obj)
    if ref.kind == "Namespace" and not ref.group:
        return await _content(reader, [*_types(_OF_ANY_OWNER)], ref.name)
    if ref.kind == "CustomResourceDefinition" and not ref.group:
        return await _content(reader, [defined_type(obj)], "")
    owned = _OF_ANY_OWNER if ref.group else _OWNED.get(ref.kind, ())
    if not owned or (ref.group and not ref.namespace):
        return None
    types = [*_types(owned)]
    lists = await asyncio.gather(*(_listed(reader, listed, ref.namespace, 0) for listed in types))
    counts: Counter[str] = Counter()
    owners = {str((obj.get("metadata") or {}).get("uid") or "")}
    while owners:
        children = [
            (listed.kind, item)
            for listed, (items, _) in zip(types, (answer or ((), 0) for answer in lists), strict=True)
            for item in items
            if owners.intersection(_owner_uids(item))
        ]
        counts.update(kind for kind, _ in children)
        owners = {str(item["metadata"].get("uid") or "") for _, item in children}
    unknown = tuple(listed.plural for listed, answer in zip(types, lists, strict=True) if answer is None)
    return Dependents(counts, unknown)


async def _content(reader: Reader, types: list[ResourceType], namespace: str) -> Dependents:
    lists = await asyncio.gather(*(_listed(reader, listed, namespace, 1) for listed in types))
    counts, unknown = {}, []
    for listed, answer in zip(types, lists, strict=True):
        if answer is None:
            unknown.append(listed.plural)
        elif number := len(answer[0]) + answer[1]:
            counts[listed.kind] = number
    return Dependents(counts, tuple(unknown), is_content=True)


async def _listed(
    reader: Reader, listed: ResourceType, namespace: str, limit: int
) -> tuple[list[dict[str, Any]], int] | None:
    try:
        return await reader.list_metadata(listed, namespace, limit=limit)
    except ConnectionFailedError:
        raise
    except KdashError:
        return None


def _types(names: Iterable[str]) -> Iterator[ResourceType]:
    for name in names:
        found = STANDARD.find(name)
        assert found is not None, name
        yield found


def defined_type(definition: Mapping[str, Any]) -> ResourceType:
    """Return the type that a CustomResourceDefinition defines, in a version that is served."""
    spec = definition.get("spec") or {}
    names, versions = spec.get("names") or {}, spec.get("versions") or ()
    served = [str(version.get("name")) for version in versions if version.get("served")] or ["v1"]
    group = str(spec.get("group") or "")
    return ResourceType(
        group,
        served[0],
        str(names.get("plural") or ""),
        str(names.get("kind") or ""),
        spec.get("scope") != "Cluster",
        ref_group=group,
    )


def _owner_uids(item: Mapping[str, Any]) -> set[str]:
    return {str(owner.get("uid")) for owner in (item.get("metadata") or {}).get("ownerReferences") or ()}


def takes_along(plan: WritePlan, dependents: Dependents | None) -> Iterator[PreflightWarning]:
    """Warn about what a deletion takes along, or leaves without an owner."""
    if dependents is None:
        return
    named = ", ".join(count_noun(number, kind) for kind, number in dependents.counts.items())
    options = plan.request.patch if isinstance(plan.request.patch, Mapping) else {}
    if named and options.get("propagationPolicy") == "Orphan":
        message = f"leaves {named} without an owner"
        yield PreflightWarning(WarningLevel.CAUTION, "orphans", message)
    elif named:
        inside = "everything in it is deleted" if dependents.is_content else "deletes what it owns"
        yield PreflightWarning(
            WarningLevel.DANGER if dependents.is_content else WarningLevel.CAUTION, "dependents", f"{inside}: {named}"
        )
    elif not dependents.unknown:
        yield PreflightWarning(WarningLevel.NOTE, "dependents", _nothing(dependents))
    if dependents.unknown:
        names = ", ".join(dependents.unknown)
        yield PreflightWarning(WarningLevel.CAUTION, "unknown", f"number of {names}: unknown; they may be deleted too")


def _nothing(dependents: Dependents) -> str:
    return "there is nothing in it" if dependents.is_content else "owns no other object"
