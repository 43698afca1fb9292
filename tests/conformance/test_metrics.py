"""kubectl top, and kubectl against servers whose APIs are older, missing or unavailable."""

from collections.abc import Iterator

import pytest

from k9py.simulator.apiserver.served_apis import METRICS, ServedApis
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet") as running:
        yield running


async def test_top_pods_and_nodes(kubectl: Kubectl, simulator: Simulator) -> None:
    rows = (await kubectl("top", "pods", "-l", "app=checkout", "--containers")).rows()
    assert len(rows) == 6  # three pods with two containers
    assert all(row[2].endswith("m") and row[3].endswith("Mi") for row in rows)
    nodes = (await kubectl("top", "nodes")).rows()
    assert [row[0] for row in nodes] == [f"node-{number:03d}" for number in range(6)]
    assert all(row[2].endswith("%") and row[4].endswith("%") for row in nodes)
    assert (await kubectl("get", "podmetrics")).out.split()[:4] == ["NAME", "CPU", "MEMORY", "WINDOW"]


async def test_top_without_metrics(kubectl: Kubectl, simulator: Simulator) -> None:
    simulator.serve(ServedApis())
    assert (await kubectl("top", "pods", code=1)).err == "error: Metrics API not available\n"


async def test_an_unavailable_metrics_server(kubectl: Kubectl, simulator: Simulator) -> None:
    simulator.serve(ServedApis(unavailable=(METRICS,)))
    assert (await kubectl("top", "pods", code=1)).err == "error: Metrics API not available\n"
    shown = await kubectl("get", "--raw", f"/apis/{METRICS}/pods", code=1)
    assert "the server is currently unable to handle the request" in shown.err
    listed = await kubectl("api-resources")
    assert "metrics.k8s.io" not in listed.out
    assert "deployments" in listed.out
    assert (await kubectl("get", "pods")).rows()


@pytest.mark.parametrize("aggregated", [True, False])
async def test_older_versions_are_read_and_written(kubectl: Kubectl, simulator: Simulator, aggregated: bool) -> None:
    only = ("autoscaling/v1", "policy/v1beta1", "batch/v1beta1", "discovery.k8s.io/v1beta1")
    simulator.serve(ServedApis(metrics=True, aggregated_discovery=aggregated, only=only))
    for name in ("hpa/frontend", "pdb/checkout", "cronjob/stock-sync"):
        assert "labeled" in (await kubectl("label", name, "a=b")).out
        shown = (await kubectl("get", name, "-o", "json")).json()
        assert shown["apiVersion"] in only
        assert shown["metadata"]["labels"]["a"] == "b"
    assert (await kubectl("get", "endpointslices")).rows()
    assert (await kubectl("get", "jobs")).rows()
