"""Plan a scale: the number of replicas, through the scale subresource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.api.errors import RefusedError
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.write_request import WriteRequest
from k9py.operations.plan import WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.preflight.autoscalers import autoscaled
from k9py.operations.preflight.management import applied, managed
from k9py.operations.warnings import fewer_pods, loudest_first

_SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet")


MOST_REPLICAS = 2**31 - 1
"""`spec.replicas` is an int32."""


def plan_scale(
    obj: Mapping[str, Any], replicas: int, *, autoscaler: HorizontalPodAutoscaler | None = None
) -> WritePlan:
    """Plan to set the number of replicas.

    Args:
        autoscaler: the one that targets the object, None when there is none or it is not known.

    Raises:
        RefusedError: not a whole number of at least 0, a kind that does not scale, or the number it has already.
    """
    about = target_version(obj)
    if about.key.kind == "DaemonSet":
        hint = "it runs one pod on each node that fits: change its node selector or tolerations instead"
        raise RefusedError(f"{about.text} cannot be scaled", hint)
    if about.key.kind not in _SCALABLE:
        raise RefusedError(f"{about.text} cannot be scaled", "only Deployments and StatefulSets can")
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        raise RefusedError("replicas must be a whole number", "give a number such as 3")
    if replicas < 0:
        raise RefusedError(f"replicas cannot be {replicas}", "give 0 or more")
    if replicas > MOST_REPLICAS:
        raise RefusedError(f"replicas cannot be {replicas}", f"the API holds no number above {MOST_REPLICAS}")
    now = (obj.get("spec") or {}).get("replicas")
    now = 1 if now is None else int(now)
    if replicas == now:
        raise RefusedError(f"{about.text} has {now} replica{'' if now == 1 else 's'} already", "")
    patch = guarded({"spec": {"replicas": replicas}}, about)
    return WritePlan(
        operation="scale",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, patch, "merge", subresource="scale"),
        summary=f"scale {about.text} from {now} to {replicas}",
        before_after=(("replicas", str(now), str(replicas)),),
        warnings=loudest_first(
            autoscaled(autoscaler, replicas),
            fewer_pods(now, replicas),
            managed(obj),
            applied(obj, field="replicas", what="the number"),
        ),
    )
