"""The subresource scale, of workloads and of custom resources that declare its paths.

Invariant: a scale's resourceVersion is its object's, and writing it changes the replicas only.
"""

from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.managed_fields import manager_of, with_manager
from k9py.simulator.apiserver.patch import apply_patch
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.request_body import admit, decode_object, type_mismatch
from k9py.simulator.apiserver.responses import ApiResponse, json_response
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import REPLICATIONCONTROLLERS, Resource, ScalePaths
from k9py.simulator.registry.selectors import selector_text
from k9py.simulator.registry.validation import validate
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause

_WORKLOAD_PATHS = ScalePaths(".spec.replicas", ".status.replicas")


def scale(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer GET, PUT or PATCH of a scale.

    Raises:
        StatusError: 404 for kinds without a scale subresource; 409; 422; 500 for a custom resource without replicas.
    """
    resource = request.resource
    if not resource.has_scale:
        raise status_errors.no_such_resource()
    scaled = existing_object(state, request)
    existing = _scale_of(resource, scaled, writes=request.info.verb != "get")
    match request.info.verb:
        case "get":
            return json_response(existing)
        case "patch":
            wanted, _ = apply_patch(request.content_type, request.body, existing)
        case "update":
            wanted = decode_object(request)
        case _:
            raise status_errors.method_not_allowed()
    wanted = admit(state, request, wanted)
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise type_mismatch(wanted, replicas, "ScaleSpec.spec.replicas", "int32")
    path = _paths(resource).spec_replicas
    if replicas < 0:
        raise _negative(resource, request.info.name, path, replicas)
    given = wanted.get("metadata") or {}
    metadata = dict(scaled["metadata"])
    for key in ("resourceVersion", "uid"):
        if given.get(key):
            metadata[key] = given[key]
    changed = _with_value({**scaled, "metadata": metadata}, path, replicas)
    if replicas != _value(scaled, path):
        now, manager = state.clock.now(), manager_of(request)
        changed = with_manager(changed, scaled, manager, resource.api_version, now, "scale")
    if resource.custom is not None:
        validate(resource, changed, scaled)
    if request.dry_run:
        _, stored = state.storage.prepare_update(resource, changed)
        version = scaled["metadata"]["resourceVersion"]
        return json_response(
            _scale_of(resource, {**stored, "metadata": {**stored["metadata"], "resourceVersion": version}})
        )
    return json_response(_scale_of(resource, state.storage.update(resource, changed)))


def _scale_of(resource: Resource, obj: Object, *, writes: bool = True) -> Object:
    metadata, paths = obj["metadata"], _paths(resource)
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    replicas = _value(obj, paths.spec_replicas)
    if replicas is None and resource.custom is not None and not writes:
        why = f'the spec replicas field "{paths.spec_replicas}" does not exist'
        details = {"causes": [{"message": why}]}
        raise status_errors.StatusError(500, "InternalError", f"Internal error occurred: {why}", details)
    status: dict[str, Any] = {"replicas": _value(obj, paths.status_replicas) or 0}
    selector = _selector(resource, obj)
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": replicas} if replicas else {},  # omitempty, as the API server writes it
        "status": status,
    }


def _selector(resource: Resource, obj: Object) -> str:
    if resource.custom is not None:
        path = _paths(resource).selector
        return str(_value(obj, path) or "") if path else ""
    selector = (obj.get("spec") or {}).get("selector")
    return selector_text({"matchLabels": selector} if resource is REPLICATIONCONTROLLERS else selector)


def _negative(resource: Resource, name: str, path: str, replicas: int) -> status_errors.StatusError:
    if resource.custom is not None:
        why = f"Invalid value: {replicas}: should be a non-negative integer"
        cause = StatusCause("FieldValueInvalid", why, path)
        return status_errors.invalid(resource.group, resource.kind, name, [cause])
    why = f"Invalid value: {replicas}: must be greater than or equal to 0"
    cause = StatusCause("FieldValueInvalid", why, "spec.replicas")
    return status_errors.invalid("autoscaling", "Scale", name, [cause])


def _paths(resource: Resource) -> ScalePaths:
    custom = resource.custom
    return custom.scale if custom is not None and custom.scale is not None else _WORKLOAD_PATHS


def _value(obj: Object, path: str) -> Any:
    value: Any = obj
    for key in path.strip(".").split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _with_value(obj: Object, path: str, value: Any) -> Object:
    key, _, rest = path.strip(".").partition(".")
    return {**obj, key: _with_value(obj.get(key) or {}, rest, value) if rest else value}
