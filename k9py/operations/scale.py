"""Plan a scale: the number of replicas, set through the scale subresource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k9py.api.errors import NotFoundError, RefusedError
from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import NewPods, Tracking, WritePlan
from k9py.operations.preconditions import TargetVersion, guarded, target_version
from k9py.operations.preflight.autoscaling import autoscaled
from k9py.operations.preflight.management import applied, managed
from k9py.operations.target import Target
from k9py.operations.warnings import fewer_pods, loudest_first

_SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


MOST_REPLICAS = 2**31 - 1
"""`spec.replicas` is an int32."""


def plan_scale(
    obj: Mapping[str, Any],
    replicas: int,
    *,
    autoscaler: HorizontalPodAutoscaler | None = None,
    scale: Mapping[str, Any] | None = None,
) -> WritePlan:
    """Plan to set the number of replicas.

    Args:
        autoscaler: the one that targets the object, None when there is none or it is unknown.
        scale: its scale subresource, which a custom resource needs: its replicas may be anywhere in its spec.

    Raises:
        RefusedError: not a whole number of at least 0, a kind that cannot be scaled, or the number it already has.
    """
    about = target_version(obj)
    if scale is None:
        require_scalable(about)
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        raise RefusedError("replicas must be a whole number", "use a number such as 3")
    if replicas < 0:
        raise RefusedError(f"replicas cannot be {replicas}", "use 0 or more")
    if replicas > MOST_REPLICAS:
        raise RefusedError(f"replicas cannot be {replicas}", f"the API holds no number above {MOST_REPLICAS}")
    now = replicas_of(obj if scale is None else scale)
    if replicas == now:
        raise RefusedError(f"{about.text} already has {count_noun(now, 'replica')}", "")
    patch = guarded({"spec": {"replicas": replicas}}, about)
    return WritePlan(
        operation="scale",
        label="Scale",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, patch, "merge", subresource="scale"),
        summary=f"scale {about.text} from {now} to {replicas}",
        done_text=f"{about.text} scaled from {now} to {replicas}",
        before_after=(("replicas", str(now), str(replicas)),),
        warnings=loudest_first(
            autoscaled(autoscaler, replicas),
            fewer_pods(now, replicas),
            managed(obj),
            applied(obj, field="replicas"),
        ),
        new_pods=NewPods.SAME,
        tracking=Tracking.ROLLOUT if is_rolled_out(about.key) else Tracking.NONE,
        is_remedy=replicas == 0,
    )


def require_scalable(about: TargetVersion) -> None:
    """Raise RefusedError for a kind that cannot be scaled."""
    if about.key.kind == "DaemonSet" and not about.key.group:
        hint = "change its node selector or tolerations instead"
        raise RefusedError(f"{about.text} cannot be scaled: a DaemonSet runs one pod per matching node", hint)
    if about.key.kind not in _SCALABLE or about.key.group:
        hint = "Deployments, StatefulSets, ReplicaSets and custom resources with a scale subresource can"
        raise RefusedError(f"{about.text} cannot be scaled", hint)


def replicas_of(obj: Mapping[str, Any]) -> int:
    """Return the desired replicas of a raw workload; the API's default is 1."""
    replicas = (obj.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def is_rolled_out(key: ObjectRef) -> bool:
    """Return whether the pods of an object are tracked: those of other kinds are not watched as a rollout."""
    return is_workload(key)


async def scale_of(target: Target) -> Mapping[str, Any] | None:
    """Return the scale subresource of a custom resource, None for a standard kind.

    Raises:
        RefusedError: its type has none.
    """
    if not target.key.group:
        return None
    try:
        return await target.scale()
    except NotFoundError as error:
        raise RefusedError(
            f"{printable(str(target.key))} cannot be scaled", "its type has no scale subresource"
        ) from error


async def replicas_now(target: Target) -> int:
    """Return the number of replicas that an object has. Raises KdashError."""
    scale = await scale_of(target)
    return replicas_of(target.raw if scale is None else scale)


@dataclass(frozen=True, slots=True)
class ScaleInputs:
    """Inputs of a scale.

    Args:
        replicas: None: the user is asked.
        suggested: the initial number and its reason.
    """

    replicas: int | None = None
    suggested: tuple[int, str] | None = None


class Scale(Operation[ScaleInputs]):
    """Set the number of replicas."""

    id = "scale"
    label = "Scale"
    takes_several = True

    def inputs(self, **given: Any) -> ScaleInputs:
        return ScaleInputs(**given)

    def check(self, target: Target) -> None:
        if not target.key.group:
            require_scalable(target_version(target.raw))

    def needs_input(self, inputs: ScaleInputs) -> bool:
        return inputs.replicas is None

    def skip_reason(self, target: Target, inputs: ScaleInputs) -> str:
        present = None if target.key.group else replicas_of(target.raw)
        return f"{target.key} already has {count_noun(present, 'replica')}" if present == inputs.replicas else ""

    def title(self, inputs: ScaleInputs) -> str:
        return "scale" if inputs.replicas is None else f"scale to {inputs.replicas}"

    async def plan(self, target: Target, inputs: ScaleInputs) -> PlannedTarget:
        assert inputs.replicas is not None
        scale = await scale_of(target)
        plan = plan_scale(target.raw, inputs.replicas, autoscaler=target.autoscaler(), scale=scale)
        return PlannedTarget(target, plan, self.title(inputs))


OPERATIONS = (Scale(),)
