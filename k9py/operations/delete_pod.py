"""Plan to remove one pod: a delete, or an eviction, which respects its disruption budget.

Both carry the pod's uid and resourceVersion as preconditions: a StatefulSet's next pod has the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import NoInputs, Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preconditions import options_guarded, target_version
from k9py.operations.preflight.management import managed
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first

_MIRROR: Final = "kubernetes.io/config.mirror"
"""Annotation of a mirror pod: the copy of a static pod in the API, which a kubelet runs from a file."""


def plan_delete_pod(pod_obj: Mapping[str, Any]) -> WritePlan:
    """Plan to delete a pod; disruption budgets are bypassed. Raises RefusedError if it is no pod or terminating."""
    return _plan(pod_obj, evict=False)


def plan_evict(pod_obj: Mapping[str, Any]) -> WritePlan:
    """Plan to evict a pod, as a drain does. Raises RefusedError when it is no pod or is terminating."""
    return _plan(pod_obj, evict=True)


def _plan(obj: Mapping[str, Any], *, evict: bool) -> WritePlan:
    about = target_version(obj)
    verb = "evict" if evict else "delete"
    if about.key.kind != "Pod":
        raise RefusedError(f"{about.text} cannot be {'evicted' if evict else 'deleted'} from here", "only a pod can")
    owner = _controller(obj)
    after = f"{printable(owner)} will replace it" if owner else "gone"
    return WritePlan(
        operation="evict" if evict else "delete-pod",
        label=verb.capitalize(),
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, options_guarded(about), verb="evict" if evict else "delete"),
        summary=f"{verb} {about.text}",
        before_after=(("pod", _phase(obj), after),),
        warnings=loudest_first(_for_good(obj, owner), managed(obj) if not owner else iter(())),
    )


def _for_good(obj: Mapping[str, Any], owner: str) -> Iterator[PreflightWarning]:
    """Warn that the pod will not be recreated, or cannot be deleted permanently."""
    if _MIRROR in ((obj.get("metadata") or {}).get("annotations") or {}):
        message = "static pod: the kubelet of its node runs it from a file and restarts it"
        yield PreflightWarning(WarningLevel.CAUTION, "static-pod", message)
    elif not owner:
        message = "no controller: it will not be recreated"
        yield PreflightWarning(WarningLevel.DANGER, "bare-pod", message)


def _controller(obj: Mapping[str, Any]) -> str:
    """Return `ReplicaSet checkout-abc`, "" when no controller owns the pod."""
    for owner in (obj.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner.get('kind', '')} {owner.get('name', '')}"
    return ""


def _phase(obj: Mapping[str, Any]) -> str:
    return printable(str((obj.get("status") or {}).get("phase") or "unknown"))


class DeletePod(Operation[NoInputs]):
    """Delete a pod; disruption budgets are bypassed."""

    id = "delete-pod"
    label = "Delete"

    def inputs(self, **given: Any) -> NoInputs:
        return NoInputs(**given)

    def title(self, inputs: NoInputs) -> str:
        return self.label.lower()

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_delete_pod(target.raw), self.title(inputs))


class EvictPod(DeletePod):
    """Evict a pod, as a drain does; its disruption budget may refuse."""

    id = "evict"
    label = "Evict"

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_evict(target.raw), self.title(inputs))


OPERATIONS = (DeletePod(), EvictPod())
