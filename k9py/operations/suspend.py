"""Plan to suspend or resume a CronJob or a Job: a suspended CronJob starts no Jobs, a suspended Job has no pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.preflight.management import applied, managed
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first

SUSPENDABLE: Final = ("CronJob", "Job")


def plan_suspend(obj: Mapping[str, Any], *, suspended: bool) -> WritePlan:
    """Plan to suspend or resume. Raises RefusedError when it is so already, or another kind."""
    about = target_version(obj)
    verb, past = ("suspend", "suspended") if suspended else ("resume", "resumed")
    if about.key.kind not in SUSPENDABLE or about.key.group:
        raise RefusedError(f"{about.text} cannot be {past}", "only a CronJob or a Job can")
    if is_suspended(obj) is suspended:
        raise RefusedError(f"{about.text} is {'already' if suspended else 'not'} suspended", "")
    before, after = ("active", "suspended") if suspended else ("suspended", "active")
    return WritePlan(
        operation=verb,
        label=verb.capitalize(),
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, guarded({"spec": {"suspend": suspended}}, about), "strategic"),
        summary=f"{verb} {about.text}",
        done_text=f"{about.text} {past}",
        before_after=(("schedule" if about.key.kind == "CronJob" else "job", before, after),),
        warnings=loudest_first(_running(obj, suspended=suspended), managed(obj), applied(obj, field="suspend")),
        tracking=Tracking.NONE,
    )


def is_suspended(obj: Mapping[str, Any]) -> bool:
    """Return whether a CronJob or a Job is suspended."""
    return bool((obj.get("spec") or {}).get("suspend"))


def _running(obj: Mapping[str, Any], *, suspended: bool) -> Iterator[PreflightWarning]:
    status = obj.get("status") or {}
    if not suspended and obj.get("kind") == "CronJob":
        message = "a run missed while it was suspended may start at once (startingDeadlineSeconds)"
        yield PreflightWarning(WarningLevel.NOTE, "missed", message)
    elif suspended and obj.get("kind") == "Job" and status.get("active"):
        yield PreflightWarning(WarningLevel.DANGER, "running", "its running pods are terminated")
    elif suspended and status.get("active"):
        yield PreflightWarning(WarningLevel.NOTE, "running", "its running Jobs continue")


@dataclass(frozen=True, slots=True)
class SuspendInputs:
    """Whether to suspend; None: toggle."""

    suspended: bool | None = True


class Suspend(Operation[SuspendInputs]):
    """Suspend a CronJob or a Job, or resume it."""

    id = "suspend"
    label = "Suspend"

    def inputs(self, **given: Any) -> SuspendInputs:
        return SuspendInputs(**given)

    async def resolve(self, targets: Sequence[Target], inputs: SuspendInputs) -> SuspendInputs:
        if inputs.suspended is not None:
            return inputs
        return SuspendInputs(not is_suspended(targets[0].raw))

    def title(self, inputs: SuspendInputs) -> str:
        return "suspend" if inputs.suspended else "resume"

    async def plan(self, target: Target, inputs: SuspendInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_suspend(target.raw, suspended=bool(inputs.suspended)), self.title(inputs))


OPERATIONS = (Suspend(),)
