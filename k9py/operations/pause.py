"""Plan to pause or resume a Deployment: changes to a paused one are stored, but not rolled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from k9py.api.errors import RefusedError
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget, RemediableError, Remedy
from k9py.operations.plan import WritePlan
from k9py.operations.preconditions import TargetVersion, guarded, target_version
from k9py.operations.preflight.management import managed
from k9py.operations.suspend import SUSPENDABLE, plan_suspend
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first


class PausedError(RemediableError):
    """The rollout is paused, so a change would not be rolled out; resuming it is the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "resume it first", Remedy(Pause.id, {"paused": False}, Resume.label))


def plan_pause(obj: Mapping[str, Any]) -> WritePlan:
    """Plan to pause a Deployment's rollout. Raises RefusedError when it is already paused, or not a Deployment."""
    about = _deployment(obj, "paused")
    if (obj.get("spec") or {}).get("paused"):
        raise RefusedError(f"{about.text} is already paused", "")
    return _change(obj, about, "pause", True, ("rollout", "active", "paused"))


def plan_resume(obj: Mapping[str, Any]) -> WritePlan:
    """Plan to resume a paused Deployment's rollout. Raises RefusedError when it is not paused, or not a Deployment."""
    about = _deployment(obj, "resumed")
    if not (obj.get("spec") or {}).get("paused"):
        raise RefusedError(f"{about.text} is not paused", "")
    # As kubectl: the field is removed, not set to false (tests/wire/pause-resume-kubectl.json).
    spec, status = obj["spec"], obj.get("status") or {}
    is_behind = int(status.get("updatedReplicas") or 0) < int(spec.get("replicas", 1))
    return _change(obj, about, "resume", None, ("rollout", "paused", "active"), starts_rollout=is_behind)


def _deployment(obj: Mapping[str, Any], verb: str) -> TargetVersion:
    about = target_version(obj)
    if about.key.kind != "Deployment" or about.key.group:
        raise RefusedError(f"{about.text} cannot be {verb}", "only a Deployment can")
    return about


def _change(
    obj: Mapping[str, Any],
    about: TargetVersion,
    action: Literal["pause", "resume"],
    paused: bool | None,
    row: tuple[str, str, str],
    *,
    starts_rollout: bool = False,
) -> WritePlan:
    return WritePlan(
        operation=action,
        label=action.capitalize(),
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, guarded({"spec": {"paused": paused}}, about), "strategic"),
        summary=f"{action} {about.text}",
        done_text=f"{about.text} {action}d",
        before_after=(row,),
        warnings=loudest_first(managed(obj)),
        starts_rollout=starts_rollout,
        pauses=bool(paused),
    )


@dataclass(frozen=True, slots=True)
class PauseInputs:
    """Whether to pause the rollout; None: toggle."""

    paused: bool | None = True


class Pause(Operation[PauseInputs]):
    """Pause or resume a Deployment's rollout."""

    id = "pause"
    label = "Pause"

    def inputs(self, **given: Any) -> PauseInputs:
        return PauseInputs(**given)

    async def resolve(self, targets: Sequence[Target], inputs: PauseInputs) -> PauseInputs:
        if inputs.paused is not None:
            return inputs
        return PauseInputs(not (targets[0].raw.get("spec") or {}).get("paused"))

    def title(self, inputs: PauseInputs) -> str:
        return "pause" if inputs.paused else "resume"

    async def plan(self, target: Target, inputs: PauseInputs) -> PlannedTarget:
        plan = plan_pause(target.raw) if inputs.paused else plan_resume(target.raw)
        return PlannedTarget(target, plan, self.title(inputs))


class Resume(Pause):
    """Resume a paused rollout, or a suspended CronJob or Job."""

    id = "resume"
    label = "Resume"

    def inputs(self, **given: Any) -> PauseInputs:
        return PauseInputs(False)

    async def plan(self, target: Target, inputs: PauseInputs) -> PlannedTarget:
        if target.key.kind in SUSPENDABLE and not target.key.group:
            return PlannedTarget(target, plan_suspend(target.raw, suspended=False), self.title(inputs))
        return await super().plan(target, inputs)


OPERATIONS = (Pause(), Resume())
