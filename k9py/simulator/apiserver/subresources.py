"""The subresource eviction.

Invariant: an allowed eviction decrements each matching budget's disruptionsAllowed immediately, before the controller
counts again.
"""

from k9py.simulator import status_errors
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.request_body import admit, decode_object
from k9py.simulator.apiserver.responses import ApiResponse, json_response
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import PODDISRUPTIONBUDGETS
from k9py.simulator.registry.selectors import matches_label_selector
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause

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
