"""SelfSubjectRulesReview and rules for objects by name."""

from typing import Any

import pytest

from k9py.simulator.apiserver.authorization import NO_RULE_RESOLUTION, Rule
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_namespace
from tests.unit.simulator.recordings import exchanges

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)


async def _review(client: RawClient, namespace: str = "shop") -> Any:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    return (await client.send("POST", REVIEW, body)).body


@pytest.mark.parametrize(("recording", "user"), [("access-review", "admin"), ("restricted-user", "viewer")])
async def test_the_resource_rules_are_those_recorded(
    simulator: Simulator, client: RawClient, recording: str, user: str
) -> None:
    (recorded,) = [
        exchange["response"]["body"] for exchange in exchanges(recording) if exchange["request"]["path"] == REVIEW
    ]
    status = (await _review(client.as_user(simulator.token(user))))["status"]
    assert status["resourceRules"] == recorded["status"]["resourceRules"]
    assert status["incomplete"] is False
    everything = {"verbs": ["*"], "nonResourceURLs": ["*"]}
    assert (everything in status["nonResourceRules"]) == (everything in recorded["status"]["nonResourceRules"])


async def test_rules_of_other_namespaces_are_not_listed(simulator: Simulator, client: RawClient) -> None:
    viewer = client.as_user(simulator.token("viewer"))
    rules = (await _review(viewer, "default"))["status"]["resourceRules"]
    assert [rule["apiGroups"] for rule in rules] == [["authorization.k8s.io"], ["authentication.k8s.io"]]


async def test_a_review_needs_a_namespace(client: RawClient) -> None:
    assert (await _review(client, ""))["message"] == "no namespace on request"


async def test_a_rule_may_be_for_some_names(simulator: Simulator, client: RawClient) -> None:
    simulator.add_user("named", (Rule(("get", "patch"), ("",), ("configmaps",), ("shop",), ("settings",)),))
    named = client.as_user(simulator.token("named"))
    (*_, rule) = (await _review(named))["status"]["resourceRules"]
    assert rule["resourceNames"] == ["settings"]
    assert (await named.get("/api/v1/namespaces/shop/configmaps/settings")).status == 404
    assert (await named.get("/api/v1/namespaces/shop/configmaps/other")).status == 403
    assert (await named.get("/api/v1/namespaces/shop/configmaps")).status == 403


async def test_a_list_of_one_name_is_allowed_by_that_name(simulator: Simulator, client: RawClient) -> None:
    simulator.add_user("named", (Rule(("list", "watch"), ("",), ("configmaps",), ("shop",), ("settings",)),))
    named = client.as_user(simulator.token("named"))
    path = "/api/v1/namespaces/shop/configmaps"
    assert (await named.get(f"{path}?fieldSelector=metadata.name%3Dsettings")).status == 200
    assert (await named.get(f"{path}?fieldSelector=metadata.name%3Dother")).status == 403
    assert (await named.get(f"{path}?fieldSelector=metadata.name%21%3Dsettings")).status == 403
    assert (await named.get(path)).status == 403


async def test_rules_of_a_webhook_authorizer_allow_but_are_not_listed(simulator: Simulator, client: RawClient) -> None:
    simulator.add_user("limited", (), unlisted=(Rule(("list",), ("",), ("secrets",)),))
    limited = client.as_user(simulator.token("limited"))
    status = (await _review(limited))["status"]
    assert (status["incomplete"], status["evaluationError"]) == (True, NO_RULE_RESOLUTION)
    assert all("secrets" not in rule["resources"] for rule in status["resourceRules"])
    assert (await limited.get("/api/v1/namespaces/shop/secrets")).status == 200
