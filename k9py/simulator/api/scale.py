"""The scale subresource: a workload's replicas, seen and changed as an autoscaling/v1 Scale.

Invariant: a scale's resourceVersion is its workload's, and writing it writes `spec.replicas` alone.
"""

from typing import Any

from k9py.simulator import failures
from k9py.simulator.api.answers import ApiResponse, json_answer
from k9py.simulator.api.managed_fields import manager_of, with_manager
from k9py.simulator.api.patches import apply_patch
from k9py.simulator.api.reads import existing
from k9py.simulator.api.request import IncomingRequest
from k9py.simulator.api.selectors import selector_text
from k9py.simulator.api.shared_writes import admit, decoded_object, type_mismatch
from k9py.simulator.changes import Object
from k9py.simulator.failures import StatusCause
from k9py.simulator.state import SimulatorState


def scale(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer GET, PUT or PATCH of a scale.

    Raises:
        ApiFailure: 404 for kinds that do not scale, 409, 422.
    """
    resource = request.resource
    if not resource.has_scale:
        raise failures.no_such_resource()
    workload = existing(state, request)
    present = _scale_of(workload)
    match request.info.verb:
        case "get":
            return json_answer(present)
        case "patch":
            wanted, _ = apply_patch(request.content_type, request.body, present)
        case "update":
            wanted = decoded_object(request)
        case _:
            raise failures.method_not_allowed()
    wanted = admit(state, request, wanted)
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    name = request.info.name
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise type_mismatch(wanted, replicas, "ScaleSpec.spec.replicas", "int32")
    if replicas < 0:
        why = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise failures.invalid("autoscaling", "Scale", name, [StatusCause("FieldValueInvalid", why, "spec.replicas")])
    given = wanted.get("metadata") or {}
    metadata = dict(workload["metadata"])
    for key in ("resourceVersion", "uid"):
        if given.get(key):
            metadata[key] = given[key]
    changed = {**workload, "metadata": metadata, "spec": {**workload["spec"], "replicas": replicas}}
    if replicas != workload["spec"].get("replicas"):
        now, manager = state.clock.now(), manager_of(request)
        changed = with_manager(changed, workload, manager, resource.api_version, now, "scale")
    if request.dry_run:
        _, stored = state.storage.prepare_update(resource, changed)
        shown = {
            **stored,
            "metadata": {**stored["metadata"], "resourceVersion": workload["metadata"]["resourceVersion"]},
        }
        return json_answer(_scale_of(shown))
    return json_answer(_scale_of(state.storage.update(resource, changed)))


def _scale_of(workload: Object) -> Object:
    metadata = workload["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    spec = workload.get("spec") or {}
    replicas = spec.get("replicas", 0)
    status: dict[str, Any] = {"replicas": (workload.get("status") or {}).get("replicas", 0)}
    selector = selector_text(spec.get("selector"))
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": replicas} if replicas else {},  # omitempty, as the API server writes it
        "status": status,
    }
