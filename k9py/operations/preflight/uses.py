"""What uses an object that is about to be deleted: pods and workloads name configuration, claims and accounts.

Read from lists of whole objects in the namespace of the deleted one; of a Node, the pods that are bound to it.
Invariant: what could not be listed is named, and never counted as none. Another kind that is used is a case in
`_USERS`; how a kind names others is in `api/relations.py`, which trees use too.
Source: PodSpec and Volume, kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import ConnectionFailedError, KdashError
from k9py.api.plural import count_noun, pluralize
from k9py.api.relations import POD, TEMPLATES, KindKey, referred, relations_of
from k9py.api.text import printable
from k9py.operations.patcher import Reader
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.preconditions import ref_of
from k9py.runtime.time_slice import TimeSlice

Raw = Mapping[str, Any]

_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
_USERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ConfigMap": (*_WORKLOADS, "Pod"),
    "Secret": (*_WORKLOADS, "Pod", "Ingress", "ServiceAccount"),
    "PersistentVolumeClaim": (*_WORKLOADS, "Pod"),
    "ServiceAccount": (*_WORKLOADS, "Pod"),
}
"""The kinds that may name an object of a kind, the owners before what they own."""
_CONSEQUENCE: Final[Mapping[str, str]] = {
    "ConfigMap": "their next pods may not start",
    "Secret": "their next pods may not start",
    "PersistentVolumeClaim": "it stays Terminating as long as a pod uses it, and their next pods do not start",
    "ServiceAccount": "their next pods are not created",
}
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Uses:
    """The users of an object.

    Args:
        kind: of the object.
        users: kind and name of each: workloads, and pods that none of them explains; of a Node, its pods.
        pods: number of pods that use it and have not ended.
        unknown: kinds that could not be listed.
    """

    kind: str
    users: tuple[str, ...] = ()
    pods: int = 0
    unknown: tuple[str, ...] = ()


async def read_uses(reader: Reader, obj: Raw) -> Uses | None:
    """Return what uses an object; None for a kind that nothing names.

    Raises:
        ConnectionFailedError: the cluster no longer responds.
    """
    ref = ref_of(obj)
    if ref.group or (ref.kind != "Node" and ref.kind not in _USERS):
        return None
    if ref.kind == "Node":
        pods = await _listed(reader, "Pod", "", f"spec.nodeName={ref.name}")
        if pods is None:
            return Uses(ref.kind, unknown=("Pod",))
        names = tuple(f"{pod['metadata'].get('namespace', '')}/{_name(pod)}" for pod in pods)
        return Uses(ref.kind, names, len(names))
    kinds = _USERS[ref.kind]
    lists = await asyncio.gather(*(_listed(reader, kind, ref.namespace) for kind in kinds))
    users: list[str] = []
    explained: set[tuple[str, str]] = set()
    pods_using, part = 0, TimeSlice()
    for kind, items in zip(kinds, lists, strict=True):
        for item in items or ():
            if part.is_over():
                await part.next()
            if _has_ended(item) or (ref.kind, ref.name) not in _names(kind, item):
                continue
            owner = _controller(item)
            if kind == "Pod":
                pods_using += 1
                if owner is not None and _is_explained(owner, explained):
                    continue
            elif kind == "Job" and owner in explained:
                explained.add((kind, _name(item)))
                continue
            explained.add((kind, _name(item)))
            users.append(f"{kind} {_name(item)}")
    unknown = tuple(kind for kind, items in zip(kinds, lists, strict=True) if items is None)
    return Uses(ref.kind, tuple(users), pods_using, unknown)


async def _listed(reader: Reader, kind: str, namespace: str, field_selector: str = "") -> Sequence[Raw] | None:
    try:
        return await reader.list(kind, namespace, field_selector=field_selector)
    except ConnectionFailedError:
        raise
    except KdashError:
        return None


def _name(obj: Raw) -> str:
    return str((obj.get("metadata") or {}).get("name", ""))


def _has_ended(obj: Raw) -> bool:
    """Return whether a pod or a Job has ended: it needs nothing any longer."""
    status = obj.get("status") or {}
    conditions = status.get("conditions") or ()
    ends = {str(condition.get("type")) for condition in conditions if condition.get("status") == "True"}
    return status.get("phase") in ("Succeeded", "Failed") or bool(ends & {"Complete", "Failed"})


def _controller(obj: Raw) -> tuple[str, str] | None:
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    return next(((str(owner.get("kind")), str(owner.get("name"))) for owner in owners if owner.get("controller")), None)


def _is_explained(owner: tuple[str, str], explained: set[tuple[str, str]]) -> bool:
    """Return whether a pod's controller, or the Deployment of its ReplicaSet, is named already."""
    kind, name = owner
    return owner in explained or (kind == "ReplicaSet" and ("Deployment", name.rpartition("-")[0]) in explained)


def _names(kind: str, obj: Raw) -> set[tuple[str, str]]:
    """Return kind and name of what an object names; a pod without an account has the default one."""
    source = KindKey(kind)
    names = {(ref.kind, ref.name) for relation in relations_of(source) for ref in referred(relation, obj)}
    if (source == POD or source in TEMPLATES) and all(named != "ServiceAccount" for named, _ in names):
        names.add(("ServiceAccount", "default"))
    return names


def used_by(uses: Uses | None) -> Iterator[PreflightWarning]:
    """Warn about what uses the object."""
    if uses is None:
        return
    named = ", ".join(printable(user) for user in uses.users[:_NAMED])
    more = len(uses.users) - _NAMED
    named += f" and {more} more" if more > 0 else ""
    if uses.users and uses.kind == "Node":
        runs = pluralize(uses.pods, "runs", "run")
        message = f"{count_noun(uses.pods, 'pod')} {runs} on it: {named}; deleting it deletes them without a drain"
        yield PreflightWarning(WarningLevel.DANGER, "used", message)
    elif uses.users:
        pods = f" ({count_noun(uses.pods, 'pod')})" if uses.pods else ""
        message = f"used by {named}{pods}: {_CONSEQUENCE[uses.kind]}"
        yield PreflightWarning(WarningLevel.DANGER, "used", message)
    if uses.unknown:
        kinds = ", ".join(pluralize(2, kind, f"{kind}es" if kind == "Ingress" else "") for kind in uses.unknown)
        message = f"whether {kinds} use it: unknown; they could not be listed"
        if uses.kind == "Node":
            message = "number of pods on it: unknown; they could not be listed"
        yield PreflightWarning(WarningLevel.CAUTION, "unknown", message)
