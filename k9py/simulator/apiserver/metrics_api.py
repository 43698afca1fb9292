"""`metrics.k8s.io/v1beta1`: what pods and nodes use, as a metrics-server answers.

Invariant: nothing is stored; an answer is computed from the pods and nodes there are. As in reality there is no watch,
a pod has no metrics in its first 15 to 30 seconds and without a running container, and a lost node has none.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.reads import ListSelector, included_object, list_selector
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import (
    SLICE_SECONDS,
    ApiResponse,
    encode_list,
    json_response,
    negotiate_format,
    partial_metadata,
)
from k9py.simulator.apiserver.served_apis import POD_METRICS
from k9py.simulator.clock import timestamp
from k9py.simulator.kubelet.usage import pod_usage, sample_time, system_usage
from k9py.simulator.printers import table
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.state import SimulatorState

_WINDOW = "15s"
NodeTotals = dict[str, tuple[int, int]]


def answer_metrics(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a GET or LIST of metrics.

    Raises:
        StatusError: 404 for an object without metrics; 405 for other verbs.
    """
    pods = request.resource is POD_METRICS
    match request.info.verb:
        case "get" if pods:
            return _formatted(state, request, _pod_metrics_of(state, request))
        case "get":
            return _formatted(state, request, _node_metrics_of(state, request))
        case "list":
            return _list(state, request, list_selector(request))
        case _:
            raise status_errors.method_not_allowed()


def _formatted(state: SimulatorState, request: IncomingRequest, obj: Object | None) -> ApiResponse:
    if obj is None:
        kind = request.resource.kind.lower()
        name = "/".join(filter(None, (request.info.namespace, request.info.name)))
        message = f'{kind}.{request.resource.group} "{name}" not found'
        details = {"name": name, "group": request.resource.group, "kind": kind}
        raise status_errors.StatusError(404, "NotFound", message, details)
    match negotiate_format(request.accept).kind:
        case "table":
            include = included_object(request)
            return json_response(table.table(request.resource, [obj], {}, state.clock.now(), include))
        case "metadata":
            return json_response(partial_metadata(obj))
        case _:
            return json_response(obj)


def _list(state: SimulatorState, request: IncomingRequest, query: ListSelector) -> ApiResponse:
    resource, now = request.resource, state.clock.now()
    objects = _all_pod_metrics(state, query) if resource is POD_METRICS else None
    head: Object = {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": {}}
    name = b"items"
    as_table = negotiate_format(request.accept).kind == "table"
    if as_table:
        columns = table.column_definitions(resource)
        head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "columnDefinitions": columns}
        name = b"rows"
    include = included_object(request)

    def encoded(obj: Object) -> bytes:
        if as_table:
            return encode(table.row(resource, obj, now, include))
        return encode({key: value for key, value in obj.items() if key not in ("kind", "apiVersion")})

    async def body() -> AsyncIterator[bytes]:
        found = objects if objects is not None else iter(await _all_node_metrics(state, query))
        async for chunk in encode_list(encode(head)[:-1] + b',"' + name + b'":[', map(encoded, found), b"]}\n"):
            yield chunk

    return ApiResponse(body=body(), compressible=True)


# -- pods ------------------------------------------------------------------------------------------------------------


def _pod_metrics_of(state: SimulatorState, request: IncomingRequest) -> Object | None:
    pod = state.storage.get(PODS, request.info.namespace, request.info.name)
    return None if pod is None else _pod_metrics(pod, state.clock.now())


def _all_pod_metrics(state: SimulatorState, query: ListSelector) -> Iterator[Object]:
    now = state.clock.now()
    pods = state.storage.list(PODS, query.namespace or None)
    selected = (pod for pod in pods if query.predicate is None or query.predicate(pod))
    return (metrics for pod in selected if (metrics := _pod_metrics(pod, now)) is not None)


def _pod_metrics(pod: Object, now: datetime) -> Object | None:
    at = sample_time(now)
    usages = pod_usage(pod, at)
    if usages is None:
        return None
    containers = [{"name": usage.name, "usage": _quantities(usage.cpu, usage.memory)} for usage in usages]
    return {**_head("PodMetrics", pod, now, at), "containers": containers}


# -- nodes -----------------------------------------------------------------------------------------------------------


def _node_metrics_of(state: SimulatorState, request: IncomingRequest) -> Object | None:
    node = state.storage.get(NODES, None, request.info.name)
    if node is None or not _is_ready(node):
        return None
    at = sample_time(state.clock.now())
    totals: NodeTotals = {}
    for pod in state.storage.list(PODS):
        if pod["spec"].get("nodeName") == request.info.name:
            _add(totals, pod, at)
    return _node_metrics(node, totals, state.clock.now())


async def _all_node_metrics(state: SimulatorState, query: ListSelector) -> list[Object]:
    now = state.clock.now()
    at = sample_time(now)
    nodes = [node for node in state.storage.list(NODES) if query.predicate is None or query.predicate(node)]
    totals: NodeTotals = {}
    started = time.perf_counter()
    for pod in state.storage.list(PODS):
        _add(totals, pod, at)
        if time.perf_counter() - started >= SLICE_SECONDS:
            await asyncio.sleep(0)
            started = time.perf_counter()
    return [_node_metrics(node, totals, now) for node in nodes if _is_ready(node)]


def _add(totals: NodeTotals, pod: Object, at: float) -> None:
    node = pod["spec"].get("nodeName")
    usages = pod_usage(pod, at) if node else None
    if usages:
        cpu, memory = totals.get(node, (0, 0))
        totals[node] = (
            cpu + sum(usage.cpu for usage in usages),
            memory + sum(usage.memory for usage in usages),
        )


def _node_metrics(node: Object, totals: NodeTotals, now: datetime) -> Object:
    at = sample_time(now)
    own_cpu, own_memory = system_usage(node, at)
    cpu, memory = totals.get(node["metadata"]["name"], (0, 0))
    return {**_head("NodeMetrics", node, now, at), "usage": _quantities(cpu + own_cpu, memory + own_memory)}


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


# -- forms -----------------------------------------------------------------------------------------------------------


def _head(kind: str, obj: Object, now: datetime, at: float) -> Object:
    metadata = obj["metadata"]
    shown: Object = {"name": metadata["name"]}
    if metadata.get("namespace"):
        shown["namespace"] = metadata["namespace"]
    shown["creationTimestamp"] = timestamp(now)
    if metadata.get("labels"):
        shown["labels"] = metadata["labels"]
    taken = timestamp(datetime.fromtimestamp(at, UTC))
    return {
        "kind": kind,
        "apiVersion": POD_METRICS.api_version,
        "metadata": shown,
        "timestamp": taken,
        "window": _WINDOW,
    }


def _quantities(cpu: int, memory: int) -> Object:
    return {"cpu": f"{cpu}n" if cpu else "0", "memory": f"{memory // 1024}Ki"}
