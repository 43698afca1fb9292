"""Servers with older API versions, without aggregated discovery, or with an API that fails."""

from typing import Any

import aiohttp
import pytest

from k9py.simulator.apiserver.served_apis import ServedApis
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import CRONJOBS, ENDPOINTSLICES, HORIZONTALPODAUTOSCALERS, PODDISRUPTIONBUDGETS
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


@pytest.mark.parametrize(
    ("only", "namespace", "resource"),
    [
        ("autoscaling/v1", "shop", HORIZONTALPODAUTOSCALERS),
        ("policy/v1beta1", "shop", PODDISRUPTIONBUDGETS),
        ("batch/v1beta1", "shop", CRONJOBS),
        ("discovery.k8s.io/v1beta1", "shop", ENDPOINTSLICES),
    ],
)
async def test_an_older_server_has_only_the_older_version(only: str, namespace: str, resource: Any) -> None:
    apis = ServedApis(only=(only,))
    with Simulator("shop-quiet", clock=ManualClock(), apis=apis) as simulator:
        async with aiohttp.ClientSession() as session:
            client = RawClient(session, simulator.url, simulator.token())
            path = f"/apis/{only}/namespaces/{namespace}/{resource.plural}"
            items = (await client.get(path)).body["items"]
            assert items
            today = path.replace(only, resource.api_version)
            assert (await client.get(today)).status == 404
            obj = (await client.get(f"{path}/{items[0]['metadata']['name']}")).body
            assert obj["apiVersion"] == only
            assert obj["kind"] == resource.kind
            changed = await client.patch(
                f"{path}/{obj['metadata']['name']}", {"metadata": {"labels": {"changed": "yes"}}}
            )
            assert (changed.status, changed.body["apiVersion"]) == (200, only)
            async with client.stream(f"{path}?watch=1") as stream:
                assert (await stream.event())["object"]["apiVersion"] == only
            simulator.serve(ServedApis())
            stored = (await client.get(today)).body["items"]
            assert any(item["metadata"].get("labels", {}).get("changed") for item in stored)


async def test_the_zone_of_an_endpoint_is_in_its_topology_in_v1beta1(simulator: Simulator, client: RawClient) -> None:
    simulator.serve(ServedApis(only=("discovery.k8s.io/v1beta1",)))
    path = "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices"
    endpoint = {"addresses": ["10.0.0.1"], "topology": {"topology.kubernetes.io/zone": "a"}}
    body = {"metadata": {"name": "a"}, "addressType": "IPv4", "endpoints": [endpoint]}
    made = await client.send("POST", path, {"apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", **body})
    assert (made.status, made.body["endpoints"]) == (201, [{**endpoint, "conditions": {}}])
    stored = simulator.call(lambda state: state.storage.get(ENDPOINTSLICES, "default", "a"))
    assert stored is not None
    assert (stored["apiVersion"], stored["endpoints"]) == (
        "discovery.k8s.io/v1",
        [{"addresses": ["10.0.0.1"], "zone": "a", "conditions": {}}],
    )


async def test_a_server_without_aggregated_discovery_answers_with_the_older_form(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.serve(ServedApis(aggregated_discovery=False))
    assert (await client.get("/apis", accept=AGGREGATED)).body["kind"] == "APIGroupList"
    assert (await client.get("/api", accept=AGGREGATED)).body["kind"] == "APIVersions"


async def test_one_group_may_fail(simulator: Simulator, client: RawClient) -> None:
    simulator.serve(ServedApis(unavailable=("custom.metrics.k8s.io/v1beta2",)))
    items = (await client.get("/apis", accept=AGGREGATED)).body["items"]
    assert items[-1] == {
        "metadata": {"name": "custom.metrics.k8s.io"},
        "versions": [{"version": "v1beta2", "freshness": "Stale"}],
    }
    assert all(version["freshness"] == "Current" for item in items[:-1] for version in item["versions"])
    assert (await client.get("/apis/custom.metrics.k8s.io/v1beta2")).status == 503
    groups = [group["name"] for group in (await client.get("/apis")).body["groups"]]
    assert groups[-1] == "custom.metrics.k8s.io"


def test_an_unknown_older_version_is_an_error() -> None:
    with pytest.raises(ValueError, match="no older version apps/v1beta1; there are"):
        ServedApis(only=("apps/v1beta1",))
