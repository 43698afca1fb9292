"""Admission webhooks: denials, failures, mutations, side effects, with the server's messages; replaced responses."""

from __future__ import annotations

import pytest

from k9py.simulator.admission import Webhook
from k9py.simulator.faults import Replace, RequestMatch
from k9py.simulator.registry.cache import Object
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_deployment, add_namespace

CHECKOUT = "/apis/apps/v1/namespaces/shop/deployments/checkout"
PAUSE = {"spec": {"paused": True}}


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)
    simulator.call(add_deployment)


async def test_a_webhook_denies_with_its_code_and_nothing_is_stored(simulator: Simulator, client: RawClient) -> None:
    before = (await client.get(CHECKOUT)).body
    simulator.register_webhook(Webhook("rules.example.com", denies=(400, "no pauses here")))
    for path in (CHECKOUT, f"{CHECKOUT}?dryRun=All", f"{CHECKOUT}/scale"):
        refused = await client.patch(path, PAUSE)
        assert refused.status == refused.body["code"] == 400
        assert refused.body["message"] == 'admission webhook "rules.example.com" denied the request: no pauses here'
        assert "reason" not in refused.body
    assert (await client.get(CHECKOUT)).body == before


async def test_a_webhook_that_cannot_be_called_fails_the_write(simulator: Simulator, client: RawClient) -> None:
    simulator.register_webhook(Webhook("rules.example.com", fails="context deadline exceeded"))
    refused = await client.patch(CHECKOUT, PAUSE)
    assert (refused.status, refused.body["reason"]) == (500, "InternalError")
    assert refused.body["message"] == (
        'Internal error occurred: failed calling webhook "rules.example.com": context deadline exceeded'
    )


async def test_a_webhook_with_side_effects_refuses_dry_runs_and_receives_only_matching_requests(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.register_webhook(
        Webhook("audit.example.com", RequestMatch("patch", "deployments", "checkout"), has_side_effects=True)
    )
    refused = await client.patch(f"{CHECKOUT}?dryRun=All", PAUSE)
    assert refused.status == 400
    assert refused.body["message"] == 'admission webhook "audit.example.com" does not support dry run'
    assert (await client.patch(CHECKOUT, PAUSE)).status == 200


async def test_a_webhook_may_mutate_differently_each_time(simulator: Simulator, client: RawClient) -> None:
    def number(obj: Object, call: int) -> Object:
        return {**obj, "metadata": {**obj["metadata"], "annotations": {"call": str(call)}}}

    simulator.register_webhook(Webhook("number.example.com", mutates=number))
    tried = await client.patch(f"{CHECKOUT}?dryRun=All", PAUSE)
    made = await client.patch(CHECKOUT, PAUSE)
    assert [reply_.body["metadata"]["annotations"]["call"] for reply_ in (tried, made)] == ["1", "2"]


@pytest.mark.parametrize("made", [True, False])
async def test_a_response_can_be_replaced(simulator: Simulator, client: RawClient, made: bool) -> None:
    simulator.inject(Replace(504, b"<html>", "text/html", location="/x", after_handling=made), RequestMatch("patch"))
    reply = await client.patch(CHECKOUT, PAUSE)
    assert (reply.status, reply.headers["Location"], reply.body) == (504, "/x", "<html>")
    assert (await client.get(CHECKOUT)).body["spec"].get("paused", False) is made
