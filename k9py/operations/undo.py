"""Plan a rollback: restore the pod template of an earlier revision, as kubectl does for each kind.

A Deployment gets its ReplicaSet's template without the hash label, and its annotations except those that belong to the
Deployment ; a StatefulSet or DaemonSet gets its ControllerRevision's data, which is a patch for this purpose. Source:
kubectl/pkg/polymorphichelpers/rollback.go; recorded in tests/wire (undo-*, statefulset, daemonset).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from k9py.api.errors import MissingPartError, RefusedError
from k9py.api.kinds import LAST_APPLIED, WORKLOAD_KINDS, is_workload
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import REVISION, revision_number
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.pause import PausedError
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preconditions import TargetVersion, guarded, guarded_operations, target_version
from k9py.operations.preflight.disruption import downtime, held_back
from k9py.operations.preflight.management import applied, managed
from k9py.operations.revision_template import revision_template
from k9py.operations.stuck_pods import stuck_pods, stuck_pods_warning
from k9py.operations.target import Target
from k9py.operations.values import cause_words, change_cause
from k9py.operations.warnings import loudest_first
from k9py.rollouts.revisions import Revision
from k9py.rollouts.undo_target import require_number, revision_label, revision_of_number

_DEPLOYMENTS_OWN: Final = (
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
)
"""Annotations of the Deployment that an undo keeps."""


def plan_undo(
    obj: Mapping[str, Any],
    revision_obj: Mapping[str, Any] | None,
    *,
    pods: Sequence[Pod] = (),
    present_number: int | None = None,
    label: str = "",
) -> WritePlan:
    """Plan to restore a revision's pod template, also during a failing rollout.

    Args:
        revision_obj: the whole ReplicaSet or ControllerRevision, None when it is gone.
        pods: of the workload, to name those that a StatefulSet will leave stuck.
        present_number: of the current revision; None when unknown (a Deployment has it in an annotation).
        label: the name of the revision if its number alone is ambiguous.

    Raises:
        AbsentError: it is gone.
        RefusedError: paused, of another workload, without a number, or already the current template.
    """
    about = target_version(obj)
    if not is_workload(about.key):
        raise RefusedError(f"{about.text} has no rollout to undo", f"only {', '.join(WORKLOAD_KINDS)} have")
    if (obj.get("spec") or {}).get("paused"):
        raise PausedError(f"{about.text} is paused")
    if revision_obj is None:
        hint = "older revisions are removed beyond revisionHistoryLimit: choose another one"
        raise MissingPartError(f"that revision of {about.text} is gone", hint)
    owners = (revision_obj.get("metadata") or {}).get("ownerReferences") or ()
    if not any(owner.get("uid") == about.uid for owner in owners):
        raise RefusedError(f"that revision is not one of {about.text}", "read its revisions again")
    name = str((revision_obj.get("metadata") or {}).get("name", ""))
    if not _number(revision_obj):
        hint = "the controller does not count it as a revision; choose another one"
        raise RefusedError(f"{printable(name)} has no revision number", hint)
    number = label or str(_number(revision_obj))
    template = revision_template(revision_obj)
    present = (obj.get("spec") or {}).get("template") or {}
    if _canonical(template) == _canonical(present):
        raise RefusedError(f"{about.text}: revision {number} is the current one", "")
    return WritePlan(
        operation="undo",
        label="Roll back",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=_request(obj, revision_obj, template, about),
        summary=f"undo {about.text} to revision {number}",
        done_text=f"{about.text} rolled back to revision {number}",
        before_after=(
            ("revision", _present_revision(obj, present_number), number),
            *_images(present, template),
            *_causes(obj, revision_obj),
        ),
        warnings=loudest_first(
            stuck_pods_warning(obj, name, pods),
            downtime(obj),
            held_back(obj),
            managed(obj),
            applied(obj, field="template"),
        ),
        starts_rollout=True,
        template=template,
        is_remedy=True,
    )


def no_revision_error(obj: Mapping[str, Any], *, read: bool) -> RefusedError:
    """Return why a workload has no earlier revision to choose.

    Args:
        read: its revisions could be read; otherwise there may be some.
    """
    name = printable(str(target_version(obj).key))
    kept_in = "ReplicaSets" if obj.get("kind") == "Deployment" else "ControllerRevisions"
    if not read:
        return RefusedError(
            f"the revisions of {name} are not known", f"they are kept in {kept_in}: check that you may list those"
        )
    return RefusedError(f"{name} has no earlier revision to roll back to", history_limit_hint(obj))


def history_limit_hint(obj: Mapping[str, Any]) -> str:
    """Return why no earlier revisions of a workload are kept, "" if nothing prevents it."""
    limit = (obj.get("spec") or {}).get("revisionHistoryLimit")
    return "its revisionHistoryLimit is 0: set it higher to keep some from now on" if limit == 0 else ""


def _request(
    obj: Mapping[str, Any], revision_obj: Mapping[str, Any], template: Mapping[str, Any], about: TargetVersion
) -> WriteRequest:
    if about.key.kind != "Deployment":
        return WriteRequest(about.key, guarded(revision_obj["data"], about), "strategic")
    own = (obj.get("metadata") or {}).get("annotations")
    theirs = (revision_obj.get("metadata") or {}).get("annotations") or {}
    annotations = {key: value for key, value in (own or {}).items() if key in _DEPLOYMENTS_OWN}
    annotations |= {key: value for key, value in theirs.items() if key not in _DEPLOYMENTS_OWN}
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": "/spec/template", "value": dict(template)},
        {"op": "add" if own is None else "replace", "path": "/metadata/annotations", "value": annotations},
    ]
    return WriteRequest(about.key, guarded_operations(operations, about), "json")


def _number(revision_obj: Mapping[str, Any]) -> int:
    if "revision" in revision_obj:
        return int(revision_obj["revision"])
    text = str(((revision_obj.get("metadata") or {}).get("annotations") or {}).get(REVISION, ""))
    return revision_number(text) or 0


def _present_revision(obj: Mapping[str, Any], known: int | None) -> str:
    number = ((obj.get("metadata") or {}).get("annotations") or {}).get(REVISION)
    name = (str(known) if known is not None else number) or (obj.get("status") or {}).get("updateRevision") or "present"
    return printable(str(name))


def _images(present: Mapping[str, Any], template: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return a row for each container whose image changes."""
    rows: list[tuple[str, str, str]] = []
    for group in ("initContainers", "containers"):
        before, after = _images_of(present, group), _images_of(template, group)
        for name in {**before, **after}:
            old, new = before.get(name, "none"), after.get(name, "none")
            if old != new:
                rows.append((f"image of {printable(name)}", printable(old), printable(new)))
    return rows


def _causes(obj: Mapping[str, Any], revision_obj: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the row of the change-cause, which a Deployment gets from its ReplicaSet's annotations."""
    old, new = change_cause(obj), change_cause(revision_obj)
    is_copied = obj.get("kind") == "Deployment" and old != new
    return [("change-cause", cause_words(obj), cause_words(revision_obj))] if is_copied else []


def _images_of(template: Mapping[str, Any], group: str) -> dict[str, str]:
    containers = (template.get("spec") or {}).get(group) or ()
    return {str(container.get("name", "")): str(container.get("image", "")) for container in containers}


def _canonical(template: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(_without_nulls(template), order="sorted")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(element) for key, element in value.items() if element is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(element) for element in value]
    return value


@dataclass(frozen=True, slots=True)
class UndoInputs:
    """The revision to roll back to.

    Args:
        number: as typed; None: it is chosen.
        revision: as it was chosen; None: the number names it.
        deletes_stuck_pods: also delete the pods that a StatefulSet leaves stuck.
    """

    number: int | None = None
    revision: Revision | None = None
    deletes_stuck_pods: bool = False


class Undo(Operation[UndoInputs]):
    """Roll back to an earlier revision."""

    id = "undo"
    label = "Roll back"

    def inputs(self, *, revision: int | None = None, deletes_stuck_pods: bool = False, **given: Any) -> UndoInputs:
        return UndoInputs(revision or None, deletes_stuck_pods=deletes_stuck_pods)

    def check(self, target: Target) -> None:
        if (target.raw.get("spec") or {}).get("paused"):
            raise PausedError(f"{printable(str(target.key))} is paused")

    def needs_input(self, inputs: UndoInputs) -> bool:
        return inputs.number is None and inputs.revision is None

    def title(self, inputs: UndoInputs) -> str:
        number = inputs.revision.number if inputs.revision is not None else inputs.number
        return "undo" if number is None else f"undo to revision {number}"

    async def plan(self, target: Target, inputs: UndoInputs) -> PlannedTarget:
        history = await target.history()
        revision = inputs.revision or revision_of_number(history.revisions, inputs.number or 0, str(target.key))
        require_number(revision)
        revision_obj = await history.load(revision)
        label = revision_label(history.revisions, revision)
        pods = target.pods()
        stuck = stuck_pods(target.raw, revision.name, pods)
        try:
            plan = plan_undo(
                target.raw,
                revision_obj,
                pods=pods,
                present_number=history.current_number,
                label=label,
            )
        except RefusedError:
            # The pods that block an undo made earlier can still be deleted.
            if not (inputs.deletes_stuck_pods and stuck and revision.is_current):
                raise
            return PlannedTarget(
                target, None, "delete stuck pods", stuck_pods=stuck, deletes_stuck_pods=True, goes_to=revision.name
            )
        outcome = history.outcomes.get(revision.uid)
        if outcome is not None and (why := outcome.text(target.clock.now())):
            left = PreflightWarning(WarningLevel.CAUTION, "left-revision", f"revision {label}: {why}")
            plan = replace(plan, warnings=loudest_first(plan.warnings, (left,)))
        if inputs.deletes_stuck_pods:
            # The stuck pods are deleted as a part of it: no reason to warn of them.
            plan = replace(plan, warnings=tuple(warning for warning in plan.warnings if warning.code != "stuck-pods"))
        return PlannedTarget(
            target,
            replace(plan, cause=target.cause()),
            f"undo to revision {label}",
            stuck_pods=stuck,
            deletes_stuck_pods=inputs.deletes_stuck_pods and bool(stuck),
            leaves=history.current,
            goes_to=revision.name,
        )


OPERATIONS = (Undo(),)
