"""Server-side apply, compared with the exchanges of a real API server and rule by rule."""

import json
from typing import Any

import pytest

from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.registry.list_types import ListTypes
from k9py.simulator.registry.structured_merge import merge
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient, RawResponse
from tests.unit.simulator.objects import Object, add_deployment, add_namespace, add_pod
from tests.unit.simulator.recordings import exchanges

APPLY = "application/apply-patch+yaml"
CONFIG_MAP = "/api/v1/namespaces/shop/configmaps/settings"
_CONTROLLERS = "kube-controller-manager"
_ALLOCATED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)


def _comparable(body: Object) -> Object:
    """Return what an apply decides of an object: not ids, times, and what controllers wrote meanwhile."""
    if body["kind"] == "Status":
        return body
    metadata = body["metadata"]
    entries = [
        {key: value for key, value in entry.items() if key != "time"}
        for entry in metadata.get("managedFields", ())
        if entry["manager"] != _CONTROLLERS
    ]
    annotations = {
        key: value
        for key, value in metadata.get("annotations", {}).items()
        if not key.startswith("deployment.kubernetes.io")
    }
    return {
        "managedFields": entries,
        "annotations": annotations,
        "labels": metadata.get("labels"),
        "finalizers": metadata.get("finalizers"),
        "spec": {key: value for key, value in body.get("spec", {}).items() if key not in _ALLOCATED},
        "data": body.get("data"),
    }


@pytest.mark.parametrize("recording", ["server-side-apply", "server-side-apply-custom"])
async def test_every_recorded_exchange_ends_the_same(client: RawClient, recording: str) -> None:
    """One test a recording, because each exchange continues on the objects of the ones before."""
    for number, exchange in enumerate(exchanges(recording)):
        request, recorded = exchange["request"], exchange["response"]
        body = request["body"]
        reply = await client.send(
            request["method"],
            request["path"],
            body.encode() if isinstance(body, str) else body,
            content_type=request["headers"]["Content-Type"],
        )
        assert (number, reply.status) == (number, recorded["status"]), reply.body
        if recorded["body"]["kind"] == "CustomResourceDefinition":
            continue  # test_custom_resources.py compares them
        assert (number, _comparable(reply.body)) == (number, _comparable(recorded["body"]))


@pytest.mark.parametrize("exchange", exchanges("apply"), ids=["scale", "image"])
async def test_a_conflict_is_worded_as_recorded(
    simulator: Simulator, client: RawClient, exchange: dict[str, Any]
) -> None:
    simulator.call(add_deployment)
    path = "/apis/apps/v1/namespaces/shop/deployments/checkout"
    await client.patch(f"{path}/scale?fieldManager=curl", {"spec": {"replicas": 5}})
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "new:1"}]}}}}
    await client.patch(f"{path}?fieldManager=kubectl-set", image, kind="strategic-merge")
    request = exchange["request"]
    reply = await client.send("PATCH", request["path"], request["body"], content_type=APPLY)
    assert (reply.status, reply.body) == (409, exchange["response"]["body"])


async def _apply(client: RawClient, manager: str, data: Object, query: str = "", **metadata: Any) -> RawResponse:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", **metadata}, "data": data}
    return await client.send("PATCH", f"{CONFIG_MAP}?fieldManager={manager}{query}", body, content_type=APPLY)


async def test_the_same_apply_again_writes_nothing(client: RawClient) -> None:
    first = await _apply(client, "pipeline", {"a": "1"})
    assert first.status == 201
    again = await _apply(client, "pipeline", {"a": "1"})
    assert (again.status, again.body) == (200, first.body)


async def test_a_dry_run_creates_and_changes_nothing(simulator: Simulator, client: RawClient) -> None:
    before = simulator.call(lambda state: state.storage.revision)
    assert (await _apply(client, "pipeline", {"a": "1"}, "&dryRun=All")).status == 201
    assert simulator.call(lambda state: state.storage.revision) == before
    assert (await client.get(CONFIG_MAP)).status == 404


async def test_an_object_that_no_tracked_manager_wrote_conflicts_with_its_first_apply(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.call(add_pod, "a")
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"app": "other"}}}
    reply = await client.send("PATCH", "/api/v1/namespaces/shop/pods/a?fieldManager=me", body, content_type=APPLY)
    assert reply.body["message"] == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .metadata.labels.app'
    )


async def test_managed_fields_can_be_migrated_and_reset(client: RawClient) -> None:
    made = (await _apply(client, "pipeline", {"a": "1"})).body
    entry = {**made["metadata"]["managedFields"][0], "manager": "renamed"}
    changed = await client.patch(CONFIG_MAP, {"metadata": {"managedFields": [entry]}})
    assert [held["manager"] for held in changed.body["metadata"]["managedFields"]] == ["renamed"]
    reset = await client.patch(CONFIG_MAP, {"metadata": {"managedFields": [{}]}})
    assert "managedFields" not in reset.body["metadata"]


async def test_a_user_who_may_only_patch_cannot_create_by_applying(simulator: Simulator, client: RawClient) -> None:
    simulator.add_user("patcher", (Rule(("patch", "get"), ("",), ("configmaps",)),))
    patcher = client.as_user(simulator.token("patcher"))
    refused = await _apply(patcher, "pipeline", {"a": "1"})
    assert refused.status == 403
    assert 'User "patcher" cannot create resource "configmaps"' in refused.body["message"]
    await _apply(client, "pipeline", {"a": "1"})
    assert (await _apply(patcher, "pipeline", {"a": "2"})).status == 200


async def test_a_body_that_is_not_json_is_refused(client: RawClient) -> None:
    reply = await client.send("PATCH", f"{CONFIG_MAP}?fieldManager=a", b"kind: ConfigMap", content_type=APPLY)
    assert reply.status == 400
    assert reply.body["message"].startswith("error decoding YAML: ")


async def test_kubectl_takes_over_what_its_client_side_apply_wrote(client: RawClient) -> None:
    last = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1", "b": "2"}}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(last)}
    made = {**last, "metadata": {"name": "settings", "annotations": annotations}}
    path = f"{CONFIG_MAP.rpartition('/')[0]}?fieldManager=kubectl-client-side-apply"
    assert (await client.send("POST", path, made)).status == 201
    assert (await _apply(client, "other", {"a": "9"})).status == 409
    assert (await _apply(client, "kubectl", {"a": "9"})).body["data"] == {"a": "9", "b": "2"}


@pytest.mark.parametrize(
    ("live", "applied", "order"),
    [
        ("a b c", "b d", "a b c d"),
        ("a b c", "c a", "c a b"),
        ("a", "b a", "b a"),
        ("", "a b", "a b"),
    ],
)
def test_merged_items_keep_the_applied_order(live: str, applied: str, order: str) -> None:
    def spec(names: str) -> Object:
        return {"spec": {"containers": [{"name": name} for name in names.split()]}}

    assert merge(spec(live), spec(applied), ListTypes()) == spec(order)
