"""The subresources scale and eviction.

Invariant: a scale's resourceVersion is its workload's, and writing it changes `spec.replicas` only. An allowed eviction
decrements each matching budget's disruptionsAllowed immediately, before the controller counts again.
"""

from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.managed_fields import manager_of, with_manager
from k9py.simulator.apiserver.patch import apply_patch
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.request_body import admit, decode_object, type_mismatch
from k9py.simulator.apiserver.responses import ApiResponse, json_response
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import PODDISRUPTIONBUDGETS
from k9py.simulator.registry.selectors import matches_label_selector, selector_text
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause


def scale(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer GET, PUT or PATCH of a scale.

    Raises:
        StatusError: 404 for kinds without a scale subresource; 409; 422.
    """
    resource = request.resource
    if not resource.has_scale:
        raise status_errors.no_such_resource()
    workload = existing_object(state, request)
    existing = _scale_of(workload)
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
    name = request.info.name
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise type_mismatch(wanted, replicas, "ScaleSpec.spec.replicas", "int32")
    if replicas < 0:
        why = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise status_errors.invalid(
            "autoscaling", "Scale", name, [StatusCause("FieldValueInvalid", why, "spec.replicas")]
        )
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
        return json_response(_scale_of(shown))
    return json_response(_scale_of(state.storage.update(resource, changed)))


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


_PROCESSING_SECONDS = 10
_REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget."
_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def evict(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer an eviction.

    Raises:
        StatusError: 400, 404; 429 if a budget allows no disruption; 409 for a failed precondition.
    """
    body = decode_object(request)
    if (body.get("metadata") or {}).get("name") != request.info.name:
        raise status_errors.bad_request("name in URL does not match name in Eviction object")
    pod = existing_object(state, request)
    options = body.get("deleteOptions") or {}
    preconditions = options.get("preconditions") or {}
    dry_run = request.dry_run or bool(options.get("dryRun"))
    admit(state, request, {})
    if (pod.get("status") or {}).get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp"):
        _check_budgets(state, pod, dry_run=dry_run)
    uid, version = preconditions.get("uid"), preconditions.get("resourceVersion")
    state.storage.check_preconditions(request.resource, pod, uid=uid, resource_version=version)
    if not dry_run:
        target = request.info
        grace = options.get("gracePeriodSeconds")
        state.storage.delete(request.resource, target.namespace, target.name, grace=grace)
    return json_response(_SUCCESS, 201)


def _check_budgets(state: SimulatorState, pod: Object, *, dry_run: bool) -> None:
    metadata = pod["metadata"]
    budgets = [
        budget
        for budget in state.storage.list(PODDISRUPTIONBUDGETS, metadata.get("namespace"))
        if matches_label_selector((budget.get("spec") or {}).get("selector"), metadata.get("labels") or {})
    ]
    if len(budgets) > 1:
        message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise status_errors.StatusError(500, "", message)
    for budget in budgets:
        status = budget.get("status") or {}
        policy = (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy")
        if not _is_ready(pod) and policy == "AlwaysAllow":
            continue
        if not _is_ready(pod) and status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0) > 0:
            continue  # an unready pod may be evicted while the others satisfy the budget
        name = budget["metadata"]["name"]
        generation = budget["metadata"].get("generation", 0)
        if status.get("observedGeneration", generation) < generation:
            why = f"The disruption budget {name} is still being processed by the server."
            cause = StatusCause("DisruptionBudget", why, "")
            raise status_errors.too_many_requests(_REFUSAL, [cause], retry_after=_PROCESSING_SECONDS)
        if status.get("disruptionsAllowed", 0) <= 0:
            wanted, current = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
            why = f"The disruption budget {name} needs {wanted} healthy pods and has {current} currently"
            raise status_errors.too_many_requests(_REFUSAL, [StatusCause("DisruptionBudget", why, "")])
        if not dry_run:
            disrupted = {**(status.get("disruptedPods") or {}), metadata["name"]: timestamp(state.clock.now())}
            less = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1, "disruptedPods": disrupted}
            state.storage.update(PODDISRUPTIONBUDGETS, {**budget, "status": less}, status_only=True)


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
