"""Plan a rolling restart: the annotation that kubectl sets in the pod template, so that its pods are replaced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from k9py.api.errors import RefusedError
from k9py.api.kinds import WORKLOAD_KINDS, is_workload
from k9py.api.text import printable
from k9py.api.workloads import RESTARTED_AT
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import NoInputs, Operation, PlannedTarget
from k9py.operations.plan import NewPods, WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.preflight.disruption import downtime, held_back
from k9py.operations.preflight.management import managed
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first


def plan_restart(obj: Mapping[str, Any], now: datetime) -> WritePlan:
    """Plan a rolling restart, as `kubectl rollout restart` (recorded in tests/wire/restart-kubectl.json).

    Raises:
        RefusedError: a paused Deployment, a kind that has no rollout, or a restart in the same second.
    """
    about = target_version(obj)
    if not is_workload(about.key):
        raise RefusedError(f"{about.text} cannot be restarted", f"only {', '.join(WORKLOAD_KINDS)} can")
    spec = obj.get("spec") or {}
    if spec.get("paused"):
        raise RefusedError(f"{about.text} is paused: resume it first", "")
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    notes = ((spec.get("template") or {}).get("metadata") or {}).get("annotations") or {}
    before = str(notes.get(RESTARTED_AT, ""))
    if before == at:
        raise RefusedError(f"{about.text} was restarted within this second", "wait a moment")
    patch = guarded({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}}, about)
    return WritePlan(
        operation="restart",
        label="Restart",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, patch, "strategic"),
        summary=f"restart {about.text}",
        done_text=f"{about.text} restarted",
        before_after=(("restarted at", printable(before) or "never", at),),
        warnings=loudest_first(downtime(obj), held_back(obj), managed(obj)),
        starts_rollout=True,
        new_pods=NewPods.SAME,
        is_remedy=True,
    )


class Restart(Operation[NoInputs]):
    """Replace every pod."""

    id = "restart"
    label = "Restart"
    takes_several = True

    def inputs(self, **given: Any) -> NoInputs:
        return NoInputs(**given)

    def title(self, inputs: NoInputs) -> str:
        return "restart"

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_restart(target.raw, target.clock.now()), "restart")


OPERATIONS = (Restart(),)
