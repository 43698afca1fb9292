"""Deletion: options, finalizers, propagation and evictions, compared with the exchanges of a real API server."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import DEPLOYMENTS, PODDISRUPTIONBUDGETS, PODS, REPLICASETS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import Object, add_deployment
from tests.unit.simulator.recordings import exchanges

EVICTION = "/api/v1/namespaces/shop/pods/{name}/eviction"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/checkout"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A cluster with controllers and nodes, and a manual clock."""
    with Simulator("bare", clock=ManualClock()) as running:
        yield running


def _comparable(body: Object) -> Any:
    """Return what deletion decides of an object: not ids, versions and times."""
    if body["kind"] == "Status":
        body = {key: value for key, value in body.items() if key != "details"} | {
            "details": {key: value for key, value in body["details"].items() if key != "uid"}
        }
        return {**body, "message": re.sub(r"record \(\d+\)", "record", body.get("message", ""))}
    if "items" in body:
        return [_comparable({"kind": "", **item}) for item in body["items"]]
    metadata = {
        key: key.endswith("Timestamp") or value
        for key, value in body["metadata"].items()
        if key not in ("uid", "resourceVersion", "managedFields")
    }
    return {"metadata": metadata, "data": body["data"]}


async def test_every_recorded_exchange_ends_the_same(simulator: Simulator, client: RawClient) -> None:
    """One test, because each exchange continues on the objects of the ones before."""
    for number, exchange in enumerate(exchanges("delete-options")):
        request, recorded = exchange["request"], exchange["response"]
        reply = await client.send(
            request["method"],
            request["path"],
            request["body"],
            content_type=request["headers"].get("Content-Type", ""),
        )
        assert (number, reply.status) == (number, recorded["status"]), reply.body
        assert (number, _comparable(reply.body)) == (number, _comparable(recorded["body"]))
        simulator.advance(1)


def _names(simulator: Simulator, resource: Any) -> list[str]:
    return [obj["metadata"]["name"] for obj in simulator.call(lambda state: state.storage.list(resource, "shop"))]


@pytest.fixture
def running_shop(simulator: Simulator) -> None:
    simulator.call(add_deployment, replicas=2)
    simulator.advance(10)


@pytest.mark.usefixtures("running_shop")
async def test_foreground_removes_the_owner_after_its_dependents(simulator: Simulator, client: RawClient) -> None:
    reply = await client.send("DELETE", DEPLOYMENT, {"propagationPolicy": "Foreground"})
    assert reply.body["metadata"]["finalizers"] == ["foregroundDeletion"]
    simulator.advance(0.5)
    pods = simulator.call(lambda state: state.storage.list(PODS, "shop"))
    assert all(pod["metadata"].get("deletionTimestamp") for pod in pods)
    assert len(pods) == 2
    assert _names(simulator, DEPLOYMENTS) == ["checkout"]
    simulator.advance(10)
    assert _names(simulator, PODS) == _names(simulator, REPLICASETS) == _names(simulator, DEPLOYMENTS) == []


@pytest.mark.usefixtures("running_shop")
async def test_orphan_keeps_the_dependents_without_an_owner(simulator: Simulator, client: RawClient) -> None:
    reply = await client.send("DELETE", f"{DEPLOYMENT}?propagationPolicy=Orphan")
    assert reply.body["metadata"]["finalizers"] == ["orphan"]
    simulator.advance(1)
    assert _names(simulator, DEPLOYMENTS) == []
    (replica_set,) = simulator.call(lambda state: state.storage.list(REPLICASETS, "shop"))
    assert "ownerReferences" not in replica_set["metadata"]
    assert len(_names(simulator, PODS)) == 2


@pytest.mark.usefixtures("running_shop")
async def test_background_removes_the_owner_first(simulator: Simulator, client: RawClient) -> None:
    reply = await client.send("DELETE", DEPLOYMENT, {"propagationPolicy": "Background"})
    assert (reply.body["kind"], reply.body["status"]) == ("Status", "Success")
    assert _names(simulator, DEPLOYMENTS) == []
    simulator.advance(10)
    assert _names(simulator, PODS) == []


@pytest.mark.usefixtures("running_shop")
async def test_a_pod_ends_within_its_grace_period_and_at_once_without_it(
    simulator: Simulator, client: RawClient
) -> None:
    first, second = _names(simulator, PODS)
    reply = await client.send("DELETE", f"/api/v1/namespaces/shop/pods/{first}", {"gracePeriodSeconds": 60})
    assert reply.body["metadata"]["deletionGracePeriodSeconds"] == 60
    await client.send("DELETE", f"/api/v1/namespaces/shop/pods/{second}", {"gracePeriodSeconds": 0})
    assert second not in _names(simulator, PODS)
    assert first in _names(simulator, PODS)
    await client.send("DELETE", f"/api/v1/namespaces/shop/pods/{first}", {"gracePeriodSeconds": 0})
    assert first not in _names(simulator, PODS)


def _add_budget(state: SimulatorState, name: str = "checkout", **spec: Any) -> None:
    selector = {"matchLabels": {"app": "checkout"}}
    budget = {"metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": selector, **spec}}
    state.storage.create(PODDISRUPTIONBUDGETS, budget)


@pytest.mark.usefixtures("running_shop")
async def test_an_eviction_is_refused_while_the_budget_is_used_up(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_add_budget, minAvailable=1)
    simulator.advance(1)
    replies = {
        name: await client.send("POST", EVICTION.format(name=name), {"metadata": {"name": name}})
        for name in _names(simulator, PODS)
    }
    assert [reply.status for reply in replies.values()] == [201, 429]
    name, refused = list(replies.items())[1]
    assert refused.body["details"]["causes"] == [
        {
            "reason": "DisruptionBudget",
            "message": "The disruption budget checkout needs 1 healthy pods and has 1 currently",
        }
    ]
    simulator.advance(30)  # the first has been replaced
    again = await client.send("POST", EVICTION.format(name=name), {"metadata": {"name": name}})
    assert again.status == 201


@pytest.mark.usefixtures("running_shop")
async def test_evictions_are_refused_as_recorded(simulator: Simulator, client: RawClient) -> None:
    name, _ = _names(simulator, PODS)
    path = EVICTION.format(name=name)
    other = await client.send("POST", path, {"metadata": {"name": "other"}})
    assert (other.status, other.body["message"]) == (400, "name in URL does not match name in Eviction object")
    for budget in ("one", "two"):
        simulator.call(_add_budget, budget, minAvailable=1)
    simulator.advance(1)
    twice = await client.send("POST", path, {"metadata": {"name": name}})
    assert (twice.status, twice.body["message"]) == (
        500,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    )
