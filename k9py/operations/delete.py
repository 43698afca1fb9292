"""Plan to delete any object: how its dependents are treated, what keeps it from going, and how long it may take.

Carries uid and resourceVersion as preconditions. A pod is planned by `delete_pod`; this adds the options. What is
Terminating cannot be deleted again; a pod that is stuck there can be forced.
Source: pkg/registry/core/pod/strategy.go and docs "Force Delete StatefulSet Pods".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from k9py.api.errors import RefusedError, UnchangedError
from k9py.api.plural import pluralize
from k9py.api.text import printable
from k9py.api.times import duration
from k9py.api.write_request import WriteRequest
from k9py.operations.delete_pod import plan_delete_pod
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan
from k9py.operations.preconditions import TargetVersion, options_guarded, target_version
from k9py.operations.preflight.dependents import usually_owns
from k9py.operations.preflight.management import managed
from k9py.operations.removal import blocked_by, finalizers_of
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first

Cascade = Literal["background", "foreground", "orphan"]
CASCADES: Final[tuple[Cascade, ...]] = ("background", "foreground", "orphan")
_HOW: Final[Mapping[Cascade, str]] = {
    "background": "what it owns is deleted afterwards",
    "foreground": "what it owns is deleted first",
    "orphan": "what it owns stays",
}
_CONFIRMED_BY_NAME: Final = ("Namespace", "CustomResourceDefinition", "PersistentVolume")
"""Kinds whose deletion destroys what nothing recreates: their name has to be typed."""


@dataclass(frozen=True, slots=True)
class DeleteInputs:
    """How to delete.

    Args:
        cascade: what happens to the objects it owns; None: the user is asked, with background as the first choice.
        grace_seconds: given to a pod's containers; None: the pod's own.
        force: remove a pod from the API at once, without waiting for its kubelet.
    """

    cascade: Cascade | None = None
    grace_seconds: int | None = None
    force: bool = False


def plan_delete(obj: Mapping[str, Any], inputs: DeleteInputs) -> WritePlan:
    """Plan to delete an object.

    Raises:
        UnchangedError: there is no such object any more.
        RefusedError: it is Terminating already (a pod can be forced), or force was asked for another kind.
    """
    cascade = inputs.cascade or "background"
    if not obj:
        raise UnchangedError("it is gone already", "")
    about = target_version(obj, allows_terminating=True)
    is_pod = about.key.kind == "Pod" and not about.key.group
    if inputs.force and not is_pod:
        raise RefusedError(f"{about.text} cannot be deleted by force", "only a pod can")
    if (obj.get("metadata") or {}).get("deletionTimestamp") and not inputs.force:
        raise _terminating(obj, about, is_pod=is_pod)
    options = {**options_guarded(about), "propagationPolicy": cascade.capitalize()}
    grace = 0 if inputs.force else inputs.grace_seconds
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    if is_pod:
        plan = plan_delete_pod(obj, is_forced=inputs.force)
        forced = _forced(obj) if inputs.force else iter(())
        return replace(
            plan,
            request=replace(plan.request, patch=options),
            summary=f"force {plan.summary}" if inputs.force else plan.summary,
            before_after=(*plan.before_after, *_grace(obj, grace)),
            warnings=loudest_first(forced, plan.warnings, _held(obj)),
        )
    return WritePlan(
        operation="delete",
        label="Delete",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, options, verb="delete"),
        summary=f"delete {about.text}",
        done_text=f"{about.text} deleted",
        before_after=_propagation(about, cascade),
        warnings=loudest_first(_held(obj), _owned(obj), _bound(obj), managed(obj)),
        tracking=Tracking.REMOVAL,
        typed_confirmation=about.key.name if about.key.kind in _CONFIRMED_BY_NAME and not about.key.group else "",
    )


_SCOPES: Final = ("Namespace", "CustomResourceDefinition")
"""Kinds whose content is deleted whatever the policy."""


def _propagation(about: TargetVersion, cascade: Cascade) -> tuple[tuple[str, str, str], ...]:
    """Return the row about what it owns; none for a kind that owns nothing as a rule, or contains what goes with it."""
    is_scope = about.key.kind in _SCOPES and not about.key.group
    if cascade == "background" and (is_scope or not usually_owns(about.key)):
        return ()
    return (("propagation", "", f"{cascade}: {_HOW[cascade]}"),)


def _terminating(obj: Mapping[str, Any], about: TargetVersion, *, is_pod: bool) -> RefusedError:
    waits_for = blocked_by(obj)
    why = f": it {waits_for}" if waits_for.startswith("waits") else f": {waits_for}" if waits_for else ""
    hint = "its controllers remove the finalizers when they are done"
    if is_pod and not waits_for:
        hint = "force the deletion if its node is gone for good"
    return RefusedError(f"{about.text} is being deleted{why}", hint if waits_for or is_pod else "wait until it is gone")


def _grace(obj: Mapping[str, Any], grace: int | None) -> Iterator[tuple[str, str, str]]:
    if grace is not None:
        own = (obj.get("spec") or {}).get("terminationGracePeriodSeconds")
        yield "grace period", "pod's own" if own is None else duration(float(own)), duration(float(grace))


def _forced(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    if any(owner.get("kind") == "StatefulSet" for owner in owners):
        message = (
            "forced: the StatefulSet starts a pod with the same name at once; if the containers of this one still run, "
            "both write to the same volumes and data may be lost"
        )
    else:
        message = "forced: it leaves the API at once; its containers may still run if its node does not answer"
    yield PreflightWarning(WarningLevel.DANGER, "forced", message)


def _held(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    finalizers = finalizers_of(obj)
    if obj.get("kind") == "Namespace":
        finalizers = tuple(name for name in finalizers if name != "kubernetes")
    if finalizers:
        noun = pluralize(len(finalizers), "finalizer", "finalizers")
        message = f"{noun} {', '.join(finalizers)}: it stays Terminating until the controllers remove them"
        yield PreflightWarning(WarningLevel.CAUTION, "finalizers", message)


def _owned(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn that its controller will create it again."""
    for owner in (obj.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            name = printable(f"{owner.get('kind', '')} {owner.get('name', '')}")
            yield PreflightWarning(WarningLevel.NOTE, "owned", f"owned by {name}, which may recreate it")


def _bound(obj: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn about the data of a volume."""
    spec, kind = obj.get("spec") or {}, obj.get("kind")
    if kind == "PersistentVolume" and (claim := spec.get("claimRef")):
        name = printable(f"{claim.get('namespace', '')}/{claim.get('name', '')}")
        message = f"bound to PersistentVolumeClaim {name}: its pods lose the volume"
        yield PreflightWarning(WarningLevel.DANGER, "bound", message)
    if kind == "PersistentVolumeClaim" and spec.get("volumeName"):
        message = (
            f"releases PersistentVolume {printable(str(spec['volumeName']))}: its reclaim policy may delete the data"
        )
        yield PreflightWarning(WarningLevel.DANGER, "bound", message)


class Delete(Operation[DeleteInputs]):
    """Delete any object."""

    id = "delete"
    label = "Delete"
    takes_several = True
    waits_for_each = False

    def inputs(self, **given: Any) -> DeleteInputs:
        return DeleteInputs(**given)

    async def resolve(self, targets: Sequence[Target], inputs: DeleteInputs) -> DeleteInputs:
        """Propose to force a single pod that is Terminating: there is nothing else to do to it."""
        if inputs.cascade is None and len(targets) == 1 and inputs.grace_seconds is None:
            [raw] = [target.raw for target in targets]
            is_stuck = raw.get("kind") == "Pod" and (raw.get("metadata") or {}).get("deletionTimestamp")
            return replace(inputs, force=inputs.force or bool(is_stuck))
        return inputs

    def needs_input(self, inputs: DeleteInputs) -> bool:
        return inputs.cascade is None

    def skip_reason(self, target: Target, inputs: DeleteInputs) -> str:
        if not target.raw:
            return f"{target.key} is gone already"
        is_terminating = (target.raw.get("metadata") or {}).get("deletionTimestamp")
        return f"{target.key} is being deleted already" if is_terminating and not inputs.force else ""

    def title(self, inputs: DeleteInputs) -> str:
        return "force delete" if inputs.force else "delete"

    async def plan(self, target: Target, inputs: DeleteInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_delete(target.raw, inputs), self.title(inputs))


OPERATIONS = (Delete(),)
