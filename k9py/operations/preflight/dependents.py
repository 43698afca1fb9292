"""What a deletion takes along: the objects that the deleted one owns, at any depth, and what a scope contains.

Every type of discovery whose objects can be deleted is read, metadata alone, a few at a time and for a limited time:
any kind can own objects of any other. Invariant: what was not read is named, and never counted as none. Left out are
Events, which the garbage collector ignores and which expire, and metrics, which are no stored objects.
Source: garbage collection, kubernetes.io/docs/concepts/architecture/garbage-collection;
pkg/controller/garbagecollector (`GetDeletableResources`, `DefaultIgnoredResources`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from k9py.api.discovery import Discovered
from k9py.api.errors import ConnectionFailedError, ForbiddenError, KdashError, MissingApiError
from k9py.api.meta import ObjectRef
from k9py.api.owners import OwnerList
from k9py.api.plural import count_noun
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.operations.patcher import Reader
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preconditions import ref_of

AT_ONCE: Final = 4
"""Types that are read at the same time."""
READ_SECONDS: Final = 5.0
"""How long is read at most: somebody waits for the confirmation."""
OF_POD_SECONDS: Final = 1.0
"""The same for a pod, which rarely owns anything."""
MOST: Final = 20_000
"""Objects of one type that are read at most."""
_NAMED: Final = 6
_METRICS: Final = "metrics.k8s.io"
_FIRST: Final = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "CronJob",
    "Job",
    "Pod",
    "Service",
    "EndpointSlice",
    "Ingress",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "ServiceAccount",
)
"""Kinds that are read and named first: the usual content of a namespace, then every other type."""
_OWNERS: Final = frozenset(
    (
        "CronJob",
        "CustomResourceDefinition",
        "DaemonSet",
        "Deployment",
        "Job",
        "Namespace",
        "ReplicaSet",
        "ReplicationController",
        "Service",
        "StatefulSet",
    )
)


@dataclass(frozen=True, slots=True)
class Dependents:
    """What is deleted along.

    Args:
        owned: number of objects that the deleted one owns, at any depth, without zeros.
        content: number of objects inside a deleted scope, without zeros; None: it is no scope.
        unread: why types (or API groups) were not read, or not completely, by their names.
    """

    owned: Mapping[ResourceType, int]
    content: Mapping[ResourceType, int] | None = None
    unread: Mapping[str, str] = field(default_factory=dict)


def usually_owns(ref: ObjectRef) -> bool:
    """Return whether it is worth a line that an object owns nothing: its kind is made to own or contain others.

    Objects of any other kind may own some too.
    """
    return bool(ref.group) or ref.kind in _OWNERS


async def read_dependents(reader: Reader, obj: Mapping[str, Any], *, seconds: float = READ_SECONDS) -> Dependents:
    """Return what a deletion of an object takes along.

    Args:
        seconds: after which the types that gave no answer count as not read.

    Raises:
        ConnectionFailedError: the cluster no longer responds.
    """
    ref, uid = ref_of(obj), str((obj.get("metadata") or {}).get("uid") or "")
    if ref.kind == "CustomResourceDefinition" and not ref.group:
        lists, unread = await _read(reader, {defined_type(obj): ("", 1)}, seconds)
        return Dependents({}, _counts(lists), unread)
    discovered = await reader.served_types()
    types = _deletable(discovered)
    is_namespace = ref.kind == "Namespace" and not ref.group
    wanted: dict[ResourceType, tuple[str, int]]
    if is_namespace:  # everything inside is deleted, so it is counted; beside it there may be what it owns
        wanted = {listed: (ref.name, 1) if listed.namespaced else ("", MOST) for listed in types}
    else:  # an owner in a namespace owns objects of that namespace alone
        wanted = {listed: (ref.namespace, MOST) for listed in types if listed.namespaced or not ref.namespace}
    lists, unread = await _read(reader, wanted, seconds)
    unread = {**_unread_groups(discovered), **unread}
    if not is_namespace:
        return Dependents(_owned(lists, uid), None, unread)
    inside = {listed: answer for listed, answer in lists.items() if listed.namespaced}
    beside = {listed: answer for listed, answer in lists.items() if not listed.namespaced}
    return Dependents(_owned(beside, uid), _counts(inside), unread)


def _deletable(discovered: Discovered) -> list[ResourceType]:
    """Return a version of each type whose objects can be listed and deleted, the usual ones first."""
    places = {kind: place for place, kind in enumerate(_FIRST)}
    unique: dict[tuple[str, str], ResourceType] = {}
    for known in discovered.types:
        if known.can_list and "delete" in known.verbs and known.kind != "Event" and not _is_metrics(known.group):
            unique.setdefault((known.ref_group, known.kind), known)
    return sorted(
        unique.values(), key=lambda known: len(_FIRST) if known.ref_group else places.get(known.kind, len(_FIRST))
    )


def _is_metrics(group: str) -> bool:
    return group == _METRICS or group.endswith(f".{_METRICS}")


def _unread_groups(discovered: Discovered) -> dict[str, str]:
    return {name: "discovery failed" for name in discovered.errors if not _is_metrics(name.partition("/")[0])}


async def _read(
    reader: Reader, wanted: Mapping[ResourceType, tuple[str, int]], seconds: float
) -> tuple[dict[ResourceType, OwnerList], dict[str, str]]:
    """Return what was read of each type, and why others were not or not completely."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def read(listed: ResourceType, namespace: str, most: int) -> OwnerList | str:
        async with limit:
            try:
                return await reader.list_owners(listed, namespace, most=most)
            except ConnectionFailedError:
                raise
            except ForbiddenError:
                return "you may not list them"
            except MissingApiError:
                return "the server does not have them in this version"
            except KdashError as error:
                return printable(error.message)

    tasks = {listed: asyncio.ensure_future(read(listed, *where)) for listed, where in wanted.items()}
    try:
        if tasks:
            await asyncio.wait(tasks.values(), timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        lists: dict[ResourceType, OwnerList] = {}
        unread: dict[str, str] = {}
        for listed, task in tasks.items():
            answer = task.result() if task.done() else "no answer yet"
            if isinstance(answer, str):
                unread[listed.qualified_name] = answer
                continue
            lists[listed] = answer
            if answer.left_out is None or (answer.left_out and wanted[listed][1] == MOST):
                unread[listed.qualified_name] = "too many to read all"
        return lists, unread
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _counts(lists: Mapping[ResourceType, OwnerList]) -> dict[ResourceType, int]:
    counts = {listed: len(answer.objects) + (answer.left_out or 0) for listed, answer in lists.items()}
    return {listed: number for listed, number in counts.items() if number}


def _owned(lists: Mapping[ResourceType, OwnerList], uid: str) -> dict[ResourceType, int]:
    """Return the number of objects that an object owns, directly or through others."""
    children: dict[str, list[tuple[ResourceType, str]]] = {}
    for listed, answer in lists.items():
        for item in answer.objects:
            for owner in item.owners:
                children.setdefault(owner, []).append((listed, item.uid))
    counts: Counter[ResourceType] = Counter()
    seen, owners = {uid}, [uid] if uid else []
    while owners:
        for listed, child in children.get(owners.pop(), ()):
            if child not in seen:
                seen.add(child)
                owners.append(child)
                counts[listed] += 1
    return {listed: counts[listed] for listed in lists if counts[listed]}


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


def takes_along(plan: WritePlan, dependents: Dependents | None) -> Iterator[PreflightWarning]:
    """Warn about what a deletion takes along, or leaves without an owner.

    A pod rarely owns anything: for it, only what was found is reported.
    """
    if dependents is None:
        return
    if dependents.content:
        message = f"everything in it is deleted: {_named(dependents.content)}"
        yield PreflightWarning(WarningLevel.DANGER, "dependents", message)
    options = plan.request.patch if isinstance(plan.request.patch, Mapping) else {}
    if dependents.owned and options.get("propagationPolicy") == "Orphan":
        message = f"leaves {_named(dependents.owned)} without an owner"
        yield PreflightWarning(WarningLevel.CAUTION, "orphans", message)
    elif dependents.owned:
        message = f"deletes what it owns: {_named(dependents.owned)}"
        yield PreflightWarning(WarningLevel.CAUTION, "dependents", message)
    if plan.removes_pod:
        return
    if dependents.unread:
        yield from _unread(dependents.unread)
    elif not dependents.owned and not dependents.content and usually_owns(plan.key):
        message = "owns no other object" if dependents.content is None else "there is nothing in it"
        yield PreflightWarning(WarningLevel.NOTE, "dependents", message)


def _unread(unread: Mapping[str, str]) -> Iterator[PreflightWarning]:
    """Name the types that were not read, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in unread.items():
        by_reason.setdefault(reason, []).append(printable(name))
    for reason, names in by_reason.items():
        message = f"not read: {_listing(names)} ({reason}); they may be deleted too"
        yield PreflightWarning(WarningLevel.CAUTION, "unknown", message)


def _listing(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {count_noun(more, 'more type')}" if more > 0 else shown


def _named(counts: Mapping[ResourceType, int]) -> str:
    """Return counts by kind; a kind that two groups have is named with its group."""
    kinds = Counter(listed.kind for listed in counts)
    return ", ".join(
        count_noun(number, printable(listed.kind))
        if kinds[listed.kind] == 1
        else f"{number:,} {printable(listed.qualified_name)}"
        for listed, number in counts.items()
    )
