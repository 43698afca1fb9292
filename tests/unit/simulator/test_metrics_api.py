"""metrics.k8s.io: usage of pods and nodes, when there is none, and what an unavailable API answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from k9py.simulator.apiserver.served_apis import METRICS, ServedApis
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.node_lifecycle import lose_node
from k9py.simulator.controllers.quantities import parse_quantity
from k9py.simulator.kubelet.behaviours import ANNOTATION
from k9py.simulator.kubelet.usage import USAGE_ANNOTATION
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import TABLE, RawClient
from tests.unit.simulator.objects import Object, pod

BASE = f"/apis/{METRICS}"
PODS_OF_SHOP = f"{BASE}/namespaces/shop/pods"
RESOURCES = {"requests": {"cpu": "200m", "memory": "128Mi"}, "limits": {"cpu": "400m", "memory": "256Mi"}}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("bare", clock=ManualClock()) as running:
        yield running


def _add(state: SimulatorState, name: str, resources: Object = RESOURCES, **annotations: str) -> None:
    body = pod(name, node="")
    body["spec"]["containers"][0]["resources"] = resources
    body["metadata"]["annotations"] = {key.replace("__", "/"): value for key, value in annotations.items()}
    create_object(state, PODS, body)


async def _usage(client: RawClient, name: str) -> tuple[float, float]:
    """Return cores and bytes of a pod's only container."""
    (container,) = (await client.get(f"{PODS_OF_SHOP}/{name}")).body["containers"]
    return parse_quantity(container["usage"]["cpu"]), parse_quantity(container["usage"]["memory"])


async def test_pod_metrics_have_the_form_of_a_metrics_server(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_add, "a")
    simulator.advance(60)
    reply = await client.get(f"{PODS_OF_SHOP}/a")
    assert (reply.status, reply.body["kind"], reply.body["apiVersion"]) == (200, "PodMetrics", METRICS)
    assert reply.body["metadata"]["labels"]["app"] == "checkout"
    assert reply.body["window"] == "15s"
    assert reply.body["timestamp"] == "2026-01-15T12:01:00Z"
    (container,) = reply.body["containers"]
    assert container["name"] == "app"
    assert container["usage"]["cpu"].endswith("n")
    assert container["usage"]["memory"].endswith("Ki")
    listed = await client.get(PODS_OF_SHOP)
    assert listed.body["kind"] == "PodMetricsList"
    assert listed.body["items"] == [
        {key: value for key, value in reply.body.items() if key not in ("kind", "apiVersion")}
    ]


async def test_a_new_pod_has_no_metrics_at_first(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_add, "a")
    simulator.advance(14)
    missing = await client.get(f"{PODS_OF_SHOP}/a")
    assert (missing.status, missing.body["message"]) == (404, 'podmetrics.metrics.k8s.io "shop/a" not found')
    assert (await client.get(PODS_OF_SHOP)).body["items"] == []
    simulator.advance(36)
    assert (await client.get(f"{PODS_OF_SHOP}/a")).status == 200


async def test_a_pod_without_a_running_container_has_no_metrics(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_add, "a", **{ANNOTATION.replace("/", "__"): "crash"})
    simulator.advance(60)  # in back-off
    assert (await client.get(f"{PODS_OF_SHOP}/a")).status == 404


async def test_steady_usage_stays_within_requests_and_changes_with_each_sample(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.call(_add, "a", **{USAGE_ANNOTATION.replace("/", "__"): "steady"})
    simulator.advance(60)
    first = await _usage(client, "a")
    assert 0.02 < first[0] < 0.2
    assert 0.3 * 256 * 2**20 < first[1] < 256 * 2**20
    assert await _usage(client, "a") == first
    simulator.advance(15)
    assert await _usage(client, "a") != first


async def test_a_busy_container_is_near_its_cpu_limit(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_add, "a", **{USAGE_ANNOTATION.replace("/", "__"): "app=busy"})
    simulator.advance(60)
    cpu, _ = await _usage(client, "a")
    assert 0.88 * 0.4 <= cpu <= 0.4


async def test_memory_grows_to_the_limit_before_an_oom_kill(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_add, "a", **{ANNOTATION.replace("/", "__"): "oom:300"})
    simulator.advance(60)
    sizes = []
    for _ in range(4):
        sizes.append((await _usage(client, "a"))[1])
        simulator.advance(60)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 0.75 * 256 * 2**20
    simulator.advance(15)
    held = simulator.call(lambda state: state.storage.get(PODS, "shop", "a"))
    assert held is not None
    (entry,) = held["status"]["containerStatuses"]
    ended = entry["state"].get("terminated") or entry["lastState"]["terminated"]
    assert ended["reason"] == "OOMKilled"


async def test_node_metrics_contain_their_pods(simulator: Simulator, client: RawClient) -> None:
    simulator.advance(30)
    before = {item["metadata"]["name"]: item for item in (await client.get(f"{BASE}/nodes")).body["items"]}
    assert sorted(before) == ["node-000", "node-001", "node-002"]
    big = {"requests": {"cpu": "4"}, "limits": {"cpu": "4"}}
    simulator.call(_add, "a", big, **{USAGE_ANNOTATION.replace("/", "__"): "busy"})
    simulator.advance(60)
    held = simulator.call(lambda state: state.storage.get(PODS, "shop", "a"))
    assert held is not None
    reply = await client.get(f"{BASE}/nodes/{held['spec']['nodeName']}")
    assert reply.body["kind"] == "NodeMetrics"
    grown = parse_quantity(reply.body["usage"]["cpu"]) - parse_quantity(
        before[held["spec"]["nodeName"]]["usage"]["cpu"]
    )
    assert grown > 3


async def test_a_lost_node_has_no_metrics(simulator: Simulator, client: RawClient) -> None:
    simulator.call(lose_node, "node-001")
    simulator.advance(120)
    names = [item["metadata"]["name"] for item in (await client.get(f"{BASE}/nodes")).body["items"]]
    assert names == ["node-000", "node-002"]
    assert (await client.get(f"{BASE}/nodes/node-001")).body["message"] == (
        'nodemetrics.metrics.k8s.io "node-001" not found'
    )


async def test_selectors_and_tables(simulator: Simulator, client: RawClient) -> None:
    for name in ("a", "b"):
        simulator.call(_add, name)
    simulator.advance(60)
    for query, names in (
        ("labelSelector=app%3Dcheckout", ["a", "b"]),
        ("labelSelector=app%3Dother", []),
        ("fieldSelector=metadata.name%3Db", ["b"]),
    ):
        listed = (await client.get(f"{PODS_OF_SHOP}?{query}")).body["items"]
        assert [item["metadata"]["name"] for item in listed] == names
    table = (await client.get(PODS_OF_SHOP, accept=TABLE)).body
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "cpu", "memory", "Window"]
    assert table["rows"][0]["cells"][0] == "a"


async def test_there_is_no_watch(client: RawClient) -> None:
    assert (await client.get(f"{PODS_OF_SHOP}?watch=1")).status == 405


async def _aggregated_groups(client: RawClient) -> dict[str, Any]:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    items = (await client.get("/apis", accept=accept)).body["items"]
    return {item["metadata"]["name"]: item["versions"] for item in items}


async def test_discovery_lists_the_metrics_last(client: RawClient) -> None:
    groups = await _aggregated_groups(client)
    assert list(groups)[-1] == "metrics.k8s.io"
    (version,) = groups["metrics.k8s.io"]
    assert (version["version"], version["freshness"]) == ("v1beta1", "Current")
    assert [(held["resource"], held["verbs"]) for held in version["resources"]] == [
        ("nodes", ["get", "list"]),
        ("pods", ["get", "list"]),
    ]
    assert [held["name"] for held in (await client.get(BASE)).body["resources"]] == ["nodes", "pods"]


async def test_without_a_metrics_server_the_api_is_unknown(simulator: Simulator, client: RawClient) -> None:
    simulator.serve(ServedApis())
    assert "metrics.k8s.io" not in await _aggregated_groups(client)
    for path in (BASE, f"{BASE}/nodes", PODS_OF_SHOP):
        assert (await client.get(path)).status == 404


async def test_an_unavailable_metrics_server_is_stale_in_discovery_and_answers_503(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.serve(ServedApis(unavailable=(METRICS,)))
    assert (await _aggregated_groups(client))["metrics.k8s.io"] == [{"version": "v1beta1", "freshness": "Stale"}]
    assert (await client.get("/apis/metrics.k8s.io")).body["versions"][0]["version"] == "v1beta1"
    for path in (BASE, f"{BASE}/nodes", PODS_OF_SHOP):
        reply = await client.get(path)
        assert (reply.status, reply.body) == (503, "service unavailable\n")
    service = (await client.get("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")).body
    assert [(c["type"], c["status"]) for c in service["status"]["conditions"]] == [("Available", "False")]
    simulator.serve(ServedApis(metrics=True))
    assert (await client.get(f"{BASE}/nodes")).status == 200
