"""Plan to cordon or uncordon a Node: whether the scheduler may place new pods on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.api.errors import RefusedError, UnchangedError
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import NoInputs, Operation, PlannedTarget
from k9py.operations.plan import Tracking, WritePlan
from k9py.operations.preconditions import TargetVersion, guarded, target_version
from k9py.operations.target import Target


def require_node(about: TargetVersion, past: str) -> None:
    """Raise RefusedError when the object is no Node."""
    if about.key.kind != "Node" or about.key.group:
        raise RefusedError(f"{about.text} cannot be {past}", "only a Node can")


def plan_cordon(obj: Mapping[str, Any], *, cordoned: bool) -> WritePlan:
    """Plan to cordon or uncordon a Node. Raises UnchangedError when it is so already, RefusedError for no Node."""
    about = target_version(obj)
    verb = "cordon" if cordoned else "uncordon"
    require_node(about, f"{verb}ed")
    if bool((obj.get("spec") or {}).get("unschedulable")) is cordoned:
        raise UnchangedError(f"{about.text} is already {verb}ed", "")
    states = ("schedulable", "cordoned: no new pods")
    before, after = states if cordoned else reversed(states)
    return WritePlan(
        operation=verb,
        label=verb.capitalize(),
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        # As kubectl: the field is removed by uncordon, not set to false.
        request=WriteRequest(about.key, guarded({"spec": {"unschedulable": cordoned or None}}, about), "strategic"),
        summary=f"{verb} {about.text}",
        done_text=f"{about.text} {verb}ed",
        before_after=(("scheduling", before, after),),
        tracking=Tracking.NONE,
    )


class Cordon(Operation[NoInputs]):
    """Let the scheduler place no new pods on a Node."""

    id = "cordon"
    label = "Cordon"
    takes_several = True
    cordons = True

    def inputs(self, **given: Any) -> NoInputs:
        return NoInputs(**given)

    def skip_reason(self, target: Target, inputs: NoInputs) -> str:
        is_cordoned = bool((target.raw.get("spec") or {}).get("unschedulable"))
        return f"{target.key} is already {self.id}ed" if is_cordoned is self.cordons else ""

    def title(self, inputs: NoInputs) -> str:
        return self.label.lower()

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_cordon(target.raw, cordoned=self.cordons), self.title(inputs))


class Uncordon(Cordon):
    """Let the scheduler place pods on a Node again."""

    id = "uncordon"
    label = "Uncordon"
    cordons = False


OPERATIONS = (Cordon(), Uncordon())
