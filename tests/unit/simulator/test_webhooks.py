"""Admission webhooks: refusals, failures, changes and side effects, in the API server's words; answers put in place."""

from __future__ import annotations

import pytest

from k9py.simulator.admission import Webhook
from k9py.simulator.faults import Replace, RequestMatch
from k9py.simulator.registry.cache import Object
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import Client
from tests.unit.simulator.objects import add_deployment, add_namespace

CHECKOUT = "/apis/apps/v1/namespaces/shop/deployments/checkout"
PAUSE = {"spec": {"paused": True}}


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)
    simulator.call(add_deployment)


async def test_a_webhook_refuses_with_the_code_it_likes_and_nothing_is_stored(
    simulator: Simulator, client: Client
) -> None:
    before = (await client.get(CHECKOUT)).body
    simulator.register_webhook(Webhook("rules.example.com", denies=(400, "no pauses here")))
    for path in (CHECKOUT, f"{CHECKOUT}?dryRun=All", f"{CHECKOUT}/scale"):
        refused = await client.patch(path, PAUSE)
        assert refused.status == refused.body["code"] == 400
        assert refused.body["message"] == 'admission webhook "rules.example.com" denied the request: no pauses here'
        assert "reason" not in refused.body
    assert (await client.get(CHECKOUT)).body == before


async def test_a_webhook_that_cannot_be_called_fails_the_write(simulator: Simulator, client: Client) -> None:
    simulator.register_webhook(Webhook("rules.example.com", fails="context deadline exceeded"))
    refused = await client.patch(CHECKOUT, PAUSE)
    assert (refused.status, refused.body["reason"]) == (500, "InternalError")
    assert refused.body["message"] == (
        'Internal error occurred: failed calling webhook "rules.example.com": context deadline exceeded'
    )


async def test_a_webhook_with_side_effects_cannot_be_tried_and_sees_only_what_it_is_meant_for(
    simulator: Simulator, client: Client
) -> None:
    simulator.register_webhook(
        Webhook("audit.example.com", RequestMatch("patch", "deployments", "checkout"), has_side_effects=True)
    )
    refused = await client.patch(f"{CHECKOUT}?dryRun=All", PAUSE)
    assert refused.status == 400
    assert refused.body["message"] == 'admission webhook "audit.example.com" does not support dry run'
    assert (await client.patch(CHECKOUT, PAUSE)).status == 200


async def test_a_webhook_writes_something_else_each_time(simulator: Simulator, client: Client) -> None:
    def number(obj: Object, call: int) -> Object:
        return {**obj, "metadata": {**obj["metadata"], "annotations": {"call": str(call)}}}

    simulator.register_webhook(Webhook("number.example.com", mutates=number))
    tried = await client.patch(f"{CHECKOUT}?dryRun=All", PAUSE)
    made = await client.patch(CHECKOUT, PAUSE)
    assert [one.body["metadata"]["annotations"]["call"] for one in (tried, made)] == ["1", "2"]


@pytest.mark.parametrize("made", [True, False])
async def test_an_answer_is_put_in_place_of_the_servers_own(simulator: Simulator, client: Client, made: bool) -> None:
    simulator.inject(Replace(504, b"<html>", "text/html", location="/x", after_handling=made), RequestMatch("patch"))
    reply = await client.patch(CHECKOUT, PAUSE)
    assert (reply.status, reply.headers["Location"], reply.body) == (504, "/x", "<html>")
    assert (await client.get(CHECKOUT)).body["spec"].get("paused", False) is made
