"""The entry point of the API: authenticate, authorize, and call the handler.

Invariant: `answer` raises only `StatusError` for a client's error, and never touches a socket.
"""

from collections.abc import Mapping, Sequence

from k9py.simulator import status_errors
from k9py.simulator.apiserver import reads, writes
from k9py.simulator.apiserver.authorization import Access, answer_review
from k9py.simulator.apiserver.discovery import discovery
from k9py.simulator.apiserver.metrics_api import answer_metrics
from k9py.simulator.apiserver.pod_logs import pod_log
from k9py.simulator.apiserver.request import IncomingRequest, RequestTarget, parse_request_info
from k9py.simulator.apiserver.request_body import decode_object
from k9py.simulator.apiserver.responses import ApiResponse, text_response
from k9py.simulator.apiserver.scale import scale
from k9py.simulator.apiserver.served_apis import NODE_METRICS, POD_METRICS
from k9py.simulator.apiserver.server_side_apply import apply, is_apply
from k9py.simulator.apiserver.subresources import evict
from k9py.simulator.apiserver.watch import watch
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.upgrade import StreamUpgrade

_HEALTH = ("/healthz", "/livez", "/readyz")


def read_request(
    state: SimulatorState,
    access: Access,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    parameters: Sequence[tuple[str, str]] = (),
    upgrade: str = "",
    protocols: Sequence[str] = (),
) -> IncomingRequest:
    """Build an authenticated request; the arguments are those of `IncomingRequest`.

    Raises:
        StatusError: 401.
    """
    user = access.authenticate(headers.get("Authorization", ""), path)
    target = parse_request_info(state.storage.resources, method, path, query) or RequestTarget(method.lower())
    content_type = headers.get("Content-Type", "")
    accept, agent = headers.get("Accept", ""), headers.get("User-Agent", "")
    return IncomingRequest(
        method, path, target, user, query, accept, content_type, body, agent, parameters, upgrade, protocols
    )


def answer(state: SimulatorState, access: Access, request: IncomingRequest) -> ApiResponse | StreamUpgrade:
    """Answer one request.

    Raises:
        StatusError: the request is refused.
    """
    target = request.info
    if target.resource is None:
        return _non_resource(state, access, request)
    access.check(request.user, target, request.query)
    if state.recorded is not None:
        state.recorded.check(request)
    if state.apis.is_unavailable(target.resource.group, target.resource.version):
        return _unavailable()
    if target.resource in (POD_METRICS, NODE_METRICS):
        return answer_metrics(state, request)
    if target.subresource:
        return _subresource(state, access, request)
    if target.verb not in target.resource.verbs:
        raise status_errors.method_not_allowed()
    if target.resource.verbs == ("create",):
        return answer_review(state, access, request, decode_object(request))
    if target.resource.custom is not None and target.verb == "create" and not _is_in_scope(target):
        return text_response("404 page not found\n", 404)
    if target.resource.namespaced and not target.namespace and (target.name or target.verb == "create"):
        raise status_errors.method_not_allowed() if target.verb == "create" else status_errors.no_such_resource()
    match target.verb:
        case "get":
            return reads.get(state, request)
        case "list":
            return reads.list_objects(state, request)
        case "watch":
            return watch(state, request)
        case "create":
            return writes.create(state, request)
        case "update":
            return writes.update(state, request)
        case "patch":
            return apply(state, access, request) if is_apply(request) else writes.patch(state, request)
        case "delete":
            return writes.delete(state, request)
        case "deletecollection":
            return writes.delete_collection(state, request)
        case _:
            raise status_errors.method_not_allowed()


def _is_in_scope(target: RequestTarget) -> bool:
    return target.resource is None or target.resource.namespaced == bool(target.namespace)


def _non_resource(state: SimulatorState, access: Access, request: IncomingRequest) -> ApiResponse:
    """Answer a non-resource path: health, version or discovery."""
    if not access.allows_path(request.user, request.path) and request.user.groups != ("system:unauthenticated",):
        why = f'User "{request.user.name}" cannot get path "{request.path}"'
        raise status_errors.forbidden(None, "", why)
    if request.path in _HEALTH:
        return text_response("ok")
    match [part for part in request.path.split("/") if part]:
        case ["apis", group, version, *_] if state.apis.is_unavailable(group, version):
            return _unavailable()
        case _:
            pass
    if request.method == "GET":
        response = discovery(state.storage.resources, state.apis, request)
        if response is not None:
            return response
    return text_response("404 page not found\n", 404)


def _unavailable() -> ApiResponse:
    """Return what the aggregator answers for an APIService whose server does not answer: no Status, but text."""
    return text_response("service unavailable\n", 503)


def _subresource(state: SimulatorState, access: Access, request: IncomingRequest) -> ApiResponse | StreamUpgrade:
    target = request.info
    held = next((sub for sub in request.resource.subresources if sub.name == target.subresource), None)
    if held is None and request.resource.custom is not None:
        raise status_errors.not_found(request.resource, target.name)
    if held is None:
        raise status_errors.no_such_resource()
    if target.verb not in held.verbs:
        raise status_errors.method_not_allowed()
    match target.subresource, target.verb:
        case "status" | "ephemeralcontainers", "get":
            return reads.get(state, request)
        case "status" | "ephemeralcontainers", "update":
            return writes.update(state, request)
        case "status" | "ephemeralcontainers", "patch" if is_apply(request):
            return apply(state, access, request)
        case "status" | "ephemeralcontainers", "patch":
            return writes.patch(state, request)
        case "scale", _:
            return scale(state, request)
        case "log", _ if request.resource is PODS:
            return pod_log(state, request)
        case "exec" | "attach" | "portforward", _ if request.resource is PODS:
            access.check_create(request.user, target)
            return state.streams.open(request)
        case "eviction", _:
            return evict(state, request)
        case _:
            raise status_errors.no_such_resource()
