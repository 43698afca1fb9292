"""Plan to remove one pod: a delete, or an eviction, which respects its disruption budget.

Both carry the pod's uid and resourceVersion as preconditions: a StatefulSet's next pod has the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.plural import count_noun, pluralize
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import NoInputs, Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan
from k9py.operations.preconditions import options_guarded, target_version
from k9py.operations.preflight.management import managed
from k9py.operations.removal import finalizers_of
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first

_MIRROR: Final = "kubernetes.io/config.mirror"
"""Annotation of a mirror pod: the copy of a static pod in the API, which a kubelet runs from a file."""
_RECREATE_FINISHED: Final = ("StatefulSet", "DaemonSet")
"""Controllers that need the name or place of a finished pod; others have replaced it, or count it, already."""


def plan_delete_pod(pod_obj: Mapping[str, Any], *, is_forced: bool = False) -> WritePlan:
    """Plan to delete a pod; disruption budgets are bypassed.

    Raises:
        RefusedError: it is no pod, or is terminating and this is not forced.
    """
    return _plan(pod_obj, evict=False, is_forced=is_forced)


def plan_evict(pod_obj: Mapping[str, Any]) -> WritePlan:
    """Plan to evict a pod, as a drain does. Raises RefusedError when it is no pod or is terminating."""
    return _plan(pod_obj, evict=True)


def _plan(obj: Mapping[str, Any], *, evict: bool, is_forced: bool = False) -> WritePlan:
    about = target_version(obj, allows_terminating=is_forced)
    verb, past = ("evict", "evicted") if evict else ("delete", "deleted")
    if about.key.kind != "Pod":
        raise RefusedError(f"{about.text} cannot be {past} from here", "only a pod can")
    owner = _controller(obj)
    return WritePlan(
        operation="evict" if evict else "delete-pod",
        label=verb.capitalize(),
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, options_guarded(about), verb="evict" if evict else "delete"),
        summary=f"{verb} {about.text}",
        done_text=f"{about.text} {past}",
        tracking=Tracking.REMOVAL,
        before_after=(("pod", _status(obj), _after(obj, past, owner)),),
        warnings=loudest_first(_for_good(obj, owner), managed(obj) if not owner else iter(())),
    )


def _after(obj: Mapping[str, Any], past: str, owner: str) -> str:
    """Return what becomes of the pod: its controller may recreate it, or finalizers may hold it."""
    if _is_terminating(obj) and (finalizers := finalizers_of(obj)):
        noun, verb = pluralize(len(finalizers), "finalizer"), pluralize(len(finalizers), "is", "are")
        return f"stays Terminating until its {noun} {', '.join(finalizers)} {verb} removed"
    is_finished = (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    if not owner or (is_finished and owner.partition(" ")[0] not in _RECREATE_FINISHED):
        return past
    return f"{past}; {printable(owner)} recreates it"


def _for_good(obj: Mapping[str, Any], owner: str) -> Iterator[PreflightWarning]:
    """Warn that the pod will not be recreated, or cannot be deleted permanently."""
    if is_mirror_pod(obj):
        message = "static pod: the kubelet of its node runs it from a file and restarts it"
        yield PreflightWarning(WarningLevel.CAUTION, "static-pod", message)
    elif not owner:
        message = "no controller: it will not be recreated"
        yield PreflightWarning(WarningLevel.DANGER, "bare-pod", message)


def is_mirror_pod(obj: Mapping[str, Any]) -> bool:
    """Return whether a pod is the copy of a static pod."""
    return _MIRROR in ((obj.get("metadata") or {}).get("annotations") or {})


def _controller(obj: Mapping[str, Any]) -> str:
    """Return `ReplicaSet checkout-abc`, "" when no controller owns the pod."""
    for owner in (obj.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner.get('kind', '')} {owner.get('name', '')}"
    return ""


def _is_terminating(obj: Mapping[str, Any]) -> bool:
    return bool((obj.get("metadata") or {}).get("deletionTimestamp"))


def _status(obj: Mapping[str, Any]) -> str:
    """Return why a container waits, else the phase, with the restarts: `CrashLoopBackOff, 5 restarts`."""
    if _is_terminating(obj):
        return "Terminating"
    status = obj.get("status") or {}
    containers = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    waiting = [((container.get("state") or {}).get("waiting") or {}).get("reason") for container in containers]
    text = printable(str(next(filter(None, waiting), None) or status.get("reason") or status.get("phase") or "unknown"))
    restarts = sum(int(container.get("restartCount") or 0) for container in containers)
    return f"{text}, {count_noun(restarts, 'restart')}" if restarts else text


class EvictPod(Operation[NoInputs]):
    """Evict a pod, as a drain does; its disruption budget may refuse."""

    id = "evict"
    label = "Evict"

    def inputs(self, **given: Any) -> NoInputs:
        return NoInputs(**given)

    def title(self, inputs: NoInputs) -> str:
        return self.label.lower()

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_evict(target.raw), self.title(inputs))


OPERATIONS = (EvictPod(),)
