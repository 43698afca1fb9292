"""Errors compared with a real server's: code, reason, message and causes of every recorded one that applies."""

from typing import Any

import pytest

from k9py.simulator.apiserver.authorization import viewer_rules
from k9py.simulator.registry.resources import (
    DAEMONSETS,
    DEPLOYMENTS,
    PODDISRUPTIONBUDGETS,
    PODS,
    SERVICES,
)
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_deployment, add_namespace, add_pod
from tests.unit.simulator.recordings import exchanges

_FILES = (
    "patch-errors", "scale", "get", "list-selectors", "list-paged", "watch-bad-rv", "watch-list", "unauthenticated",
    "delete-and-evict", "restricted-user", "logs", "quota",
)  # fmt: skip


def _refusals() -> list[Any]:
    cases = []
    for name in _FILES:
        for at, exchange in enumerate(exchanges(name)):
            if exchange["response"]["status"] >= 400:
                cases.append(pytest.param(name, exchange, id=f"{name}-{at}"))
    return cases


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    """The recorded cluster, as far as its errors refer to it."""

    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_deployment(state)
        metadata = {"name": "agent", "namespace": "shop"}
        state.storage.create(DAEMONSETS, {"metadata": metadata, "spec": {}})
        state.storage.create(SERVICES, {"metadata": {"name": "checkout", "namespace": "shop"}, "spec": {}})
        add_pod(state, "checkout-5f8948969-6k997", containers=("app", "proxy"))
        status = {"disruptionsAllowed": 0, "desiredHealthy": 4, "currentHealthy": 3}
        spec = {"minAvailable": 4, "selector": {"matchLabels": {"app": "checkout"}}}
        budget = {"metadata": {"name": "checkout", "namespace": "shop"}, "spec": spec, "status": status}
        state.storage.create(PODDISRUPTIONBUDGETS, budget)

    simulator.call(fill)


@pytest.mark.parametrize(("name", "exchange"), _refusals())
async def test_a_refusal_is_worded_as_recorded(
    simulator: Simulator, client: RawClient, name: str, exchange: dict[str, Any]
) -> None:
    request, recorded = exchange["request"], exchange["response"]
    if name == "restricted-user":
        client = client.as_user(simulator.token("viewer"))
    elif name == "unauthenticated":
        client = client.as_user("")
    body = request["body"]
    if isinstance(body, str):
        body = body.encode()
    reply = await client.send(
        request["method"], request["path"], body, content_type=request["headers"].get("Content-Type", "")
    )
    assert reply.status == recorded["status"]
    wanted = recorded["body"]
    if not isinstance(wanted, dict):
        assert reply.body == wanted
        return
    if "cannot unmarshal" in wanted["message"]:  # it quotes the whole object, with fields of that recording
        end = wanted["message"].index("json: cannot")
        assert reply.body["message"].endswith(wanted["message"][end:])
        return
    if "does not match the UID in record" in wanted["message"]:  # so does this one
        recorded_uid = wanted["message"].partition("record (")[2].partition(")")[0]
        stored = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "checkout"))
        assert stored is not None
        wanted = {**wanted, "message": wanted["message"].replace(recorded_uid, stored["metadata"]["uid"])}
    assert reply.body == wanted


async def test_the_recorded_viewers_rules(simulator: Simulator, client: RawClient) -> None:
    recorded = next(
        exchange["response"]["body"]["status"]["resourceRules"]
        for exchange in exchanges("restricted-user")
        if exchange["request"]["path"].endswith("selfsubjectrulesreviews")
    )
    viewer = client.as_user(simulator.token("viewer"))
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    reply = await viewer.send("POST", path, {"spec": {"namespace": "shop"}})
    assert reply.status == 201
    rules = reply.body["status"]["resourceRules"]
    key = str
    assert sorted(rules, key=key) == sorted(recorded, key=key)


async def test_rights_end_where_their_namespaces_end(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_namespace, "office")
    token = simulator.add_user("clerk", viewer_rules("office"))
    clerk = client.as_user(token)
    assert (await clerk.get("/api/v1/namespaces/office/pods")).status == 200
    assert (await clerk.get("/api/v1/namespaces/shop/pods")).status == 403


async def test_a_revoked_token_is_unknown(simulator: Simulator, client: RawClient) -> None:
    assert (await client.get("/api/v1/pods")).status == 200
    simulator.revoke("admin")
    assert (await client.get("/api/v1/pods")).status == 401


async def test_a_recorded_expiry_stands_in_the_stream(simulator: Simulator, client: RawClient) -> None:
    recorded = exchanges("watch-too-old")[0]["response"]["body"][0]
    simulator.call(lambda state: state.storage.compact())
    async with client.stream("/api/v1/namespaces/shop/pods?watch=1&resourceVersion=1") as lines:
        event = await lines.event()
        assert await lines.remaining() == []
    begin = "too old resource version: 1 ("
    assert event["object"]["message"].startswith(begin)
    assert recorded["object"]["message"].startswith(begin)
    event["object"]["message"] = recorded["object"]["message"]
    assert event == recorded


async def test_a_pod_that_was_deleted_is_reported_with_its_grace_period(
    simulator: Simulator, client: RawClient
) -> None:
    path = "/api/v1/namespaces/shop/pods/checkout-5f8948969-6k997"
    reply = await client.send("DELETE", path)
    assert reply.body["metadata"]["deletionGracePeriodSeconds"] == 30
    assert reply.body["metadata"]["generation"] == 2
    held = simulator.call(lambda state: state.storage.get(PODS, "shop", "checkout-5f8948969-6k997"))
    assert held == reply.body
