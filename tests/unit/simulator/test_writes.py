"""Writes over HTTP: defaults, status, dry runs, preconditions, scale, eviction."""

import json
from typing import Any

import pytest

from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import DEPLOYMENTS, JOBS, PODDISRUPTIONBUDGETS, PODS, by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import Object, add_deployment, add_namespace, add_pod, container, deployment
from tests.unit.simulator.recordings import exchanges, recorded_body

DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/checkout"


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)
    simulator.call(add_deployment)


def _applied() -> list[Any]:
    """Return recorded objects with the manifests they were created from."""
    cases = []
    for exchange in exchanges("list"):
        for item in (exchange["response"]["body"] or {}).get("items") or ():
            kind = exchange["response"]["body"]["kind"].removesuffix("List")
            annotations = item["metadata"].get("annotations") or {}
            text = annotations.get("kubectl.kubernetes.io/last-applied-configuration")
            if text is not None and kind != "ControllerRevision":
                cases.append(pytest.param(kind, json.loads(text), item, id=f"{kind}-{item['metadata']['name']}"))
    return cases


@pytest.mark.parametrize(("kind", "applied", "recorded"), _applied())
def test_defaults_are_the_recorded_ones(kind: str, applied: Object, recorded: Object) -> None:
    made = defaulted(by_kind(kind), applied)
    # Allocated, not defaulted; replicas and image were changed during the recording.
    given_later = ("clusterIP", "clusterIPs", "selector", "template") if kind == "Job" else ("clusterIP", "clusterIPs")
    wanted = {key: value for key, value in recorded["spec"].items() if key not in given_later}
    assert {key: value for key, value in made["spec"].items() if key not in given_later} == wanted


def test_defaulting_twice_changes_nothing() -> None:
    once = defaulted(DEPLOYMENTS, deployment())
    assert defaulted(DEPLOYMENTS, once) == once


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"type": "ExternalName", "externalName": "db.example.com"}, 201),
        ({"clusterIP": "None", "selector": {"app": "db"}}, 201),
        ({"selector": {"app": "db"}}, 422),
    ],
    ids=["ExternalName", "headless", "ClusterIP"],
)
async def test_only_services_with_an_address_need_ports(client: RawClient, spec: Object, status: int) -> None:
    made = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": spec}
    assert (await client.send("POST", "/api/v1/namespaces/shop/services", made)).status == status


async def test_a_recorded_deployment_is_returned_as_recorded(client: RawClient) -> None:
    exchange = next(candidate for candidate in exchanges("unschedulable") if candidate["request"]["method"] == "POST")
    reply = await client.send("POST", exchange["request"]["path"], exchange["request"]["body"])
    recorded = exchange["response"]["body"]
    assert reply.status == 201
    for key in ("kind", "apiVersion", "spec", "status"):
        assert reply.body[key] == recorded[key]
    assert reply.body["metadata"]["generation"] == 1


async def test_every_recorded_patch_of_a_template_is_understood(client: RawClient) -> None:
    """kubectl rollout undo: a JSON patch that replaces the template."""
    exchange = next(candidate for candidate in exchanges("undo-kubectl") if candidate["request"]["method"] == "PATCH")
    await client.patch(DEPLOYMENT, {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}}})
    reply = await client.send(
        "PATCH", DEPLOYMENT, exchange["request"]["body"], content_type=exchange["request"]["headers"]["Content-Type"]
    )
    assert reply.status == 200
    assert reply.body["spec"]["template"] == exchange["response"]["body"]["spec"]["template"]


async def test_a_dry_run_returns_what_the_write_would_store(simulator: Simulator, client: RawClient) -> None:
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "new:2"}]}}}}
    previewed = await client.patch(f"{DEPLOYMENT}?dryRun=All", patch, kind="strategic-merge")
    before = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "checkout"))
    assert before is not None
    assert before["metadata"]["generation"] == 1
    applied = await client.patch(DEPLOYMENT, patch, kind="strategic-merge")
    assert previewed.body["spec"] == applied.body["spec"]
    assert previewed.body["metadata"]["generation"] == 2
    assert previewed.body["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_another_dry_run_than_all_is_refused(client: RawClient) -> None:
    reply = await client.patch(f"{DEPLOYMENT}?dryRun=Some", {})
    assert reply.status == 422


async def test_status_is_written_through_its_subresource_alone(client: RawClient) -> None:
    ignored = await client.patch(DEPLOYMENT, {"status": {"replicas": 3}})
    assert ignored.body["status"] == {}
    written = await client.patch(f"{DEPLOYMENT}/status", {"status": {"replicas": 3}, "spec": {"replicas": 9}})
    assert (written.body["status"], written.body["spec"]["replicas"]) == ({"replicas": 3}, 4)


async def test_a_uid_in_a_patch_is_a_precondition(client: RawClient) -> None:
    reply = await client.patch(DEPLOYMENT, {"metadata": {"uid": "another"}, "spec": {"replicas": 1}})
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    assert "Precondition failed: UID in precondition: another" in reply.body["message"]


async def test_a_put_replaces_and_holds_its_version(client: RawClient) -> None:
    held = (await client.get(DEPLOYMENT)).body
    held["spec"]["replicas"] = 2
    assert (await client.send("PUT", DEPLOYMENT, held)).body["spec"]["replicas"] == 2
    assert (await client.send("PUT", DEPLOYMENT, held)).status == 409


@pytest.mark.parametrize(
    ("patch", "cause"),
    [
        ({"spec": {"replicas": -1}}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ({"spec": {"template": {"spec": {"containers": None}}}}, "spec.template.spec.containers: Required value"),
        (
            {"spec": {"strategy": {"type": "Recreate"}}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
    ],
)
async def test_invalid_objects_are_refused(client: RawClient, patch: Object, cause: str) -> None:
    reply = await client.patch(DEPLOYMENT, patch)
    assert reply.status == 422
    assert reply.body["message"] == f'Deployment.apps "checkout" is invalid: {cause}'


async def test_a_stateful_sets_fixed_fields_are_fixed(client: RawClient) -> None:
    made = deployment("db") | {"apiVersion": "apps/v1", "kind": "StatefulSet"}
    made["spec"]["serviceName"] = "db"
    path = "/apis/apps/v1/namespaces/shop/statefulsets"
    assert (await client.send("POST", path, made)).status == 201
    assert (await client.patch(f"{path}/db", {"spec": {"replicas": 1}})).status == 200
    refused = await client.patch(f"{path}/db", {"spec": {"serviceName": "other"}})
    assert refused.status == 422
    assert "updates to statefulset spec for fields other than" in refused.body["message"]


async def test_a_pods_spec_may_change_its_images_alone(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_pod, "a")
    path = "/api/v1/namespaces/shop/pods/a"
    image = {"spec": {"containers": [{"name": "app", "image": "new:1"}]}}
    assert (await client.patch(path, image, kind="strategic-merge")).status == 200
    assert (await client.patch(path, {"spec": {"hostNetwork": True}})).status == 422


async def test_objects_are_created_in_a_namespace_that_exists(client: RawClient) -> None:
    body = {"metadata": {"name": "a"}}
    reply = await client.send("POST", "/api/v1/namespaces/nowhere/configmaps", body)
    assert (reply.status, reply.body["message"]) == (404, 'namespaces "nowhere" not found')


async def test_an_invalid_name_is_refused(client: RawClient) -> None:
    reply = await client.send("POST", "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "No_Name"}})
    assert reply.status == 422
    assert 'metadata.name: Invalid value: "No_Name": a lowercase RFC 1123 subdomain' in reply.body["message"]


async def test_a_job_selects_its_pods_by_its_uid(client: RawClient) -> None:
    spec = {"template": {"spec": {"containers": [container("m")], "restartPolicy": "Never"}}}
    reply = await client.send(
        "POST", "/apis/batch/v1/namespaces/shop/jobs", {"metadata": {"name": "migrate"}, "spec": spec}
    )
    recorded = recorded_body("list", "/apis/batch/v1/namespaces/shop/jobs")["items"][0]
    uid = reply.body["metadata"]["uid"]
    text = json.dumps(recorded["metadata"]["labels"]).replace(recorded["metadata"]["uid"], uid)
    assert reply.body["metadata"]["labels"] == json.loads(text)
    assert reply.body["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert JOBS.counts_generation


async def test_a_service_gets_an_address_and_keeps_it(client: RawClient) -> None:
    path = "/api/v1/namespaces/shop/services"
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    made = (await client.send("POST", path, body)).body
    assert made["spec"]["clusterIPs"] == [made["spec"]["clusterIP"]]
    assert made["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    changed = (await client.patch(f"{path}/web", {"spec": {"clusterIP": None, "clusterIPs": None}})).body
    assert changed["spec"]["clusterIP"] == made["spec"]["clusterIP"]


async def test_deleting_answers_with_a_status_that_names_what_went(simulator: Simulator, client: RawClient) -> None:
    held = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "checkout"))
    assert held is not None
    reply = await client.send("DELETE", DEPLOYMENT)
    assert reply.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "checkout", "group": "apps", "kind": "deployments", "uid": held["metadata"]["uid"]},
    }


async def test_a_collection_is_deleted_by_label(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_deployment, "other")
    reply = await client.send("DELETE", "/apis/apps/v1/namespaces/shop/deployments?labelSelector=app%3Dcheckout")
    assert [item["metadata"]["name"] for item in reply.body["items"]] == ["checkout"]
    left = simulator.call(lambda state: state.storage.list(DEPLOYMENTS))
    assert [obj["metadata"]["name"] for obj in left] == ["other"]


def _budget(state: SimulatorState, allowed: int, observed: int = 1) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "checkout"}}}
    counts = {"disruptionsAllowed": allowed, "desiredHealthy": 1, "currentHealthy": 1 + allowed}
    status = {"observedGeneration": observed, **counts}
    budget = {"metadata": {"name": "checkout", "namespace": "shop"}, "spec": spec, "status": status}
    state.storage.create(PODDISRUPTIONBUDGETS, budget)


async def test_an_eviction_that_the_budget_allows_takes_one_from_it(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_budget, 1)
    for name in ("a", "b"):
        simulator.call(add_pod, name)
    replies = [
        await client.send("POST", f"/api/v1/namespaces/shop/pods/{name}/eviction", {"metadata": {"name": name}})
        for name in ("a", "b")
    ]
    assert [reply.status for reply in replies] == [201, 429]
    evicted = simulator.call(lambda state: state.storage.get(PODS, "shop", "a"))
    assert evicted is not None
    assert "deletionTimestamp" in evicted["metadata"]


async def test_a_budget_that_is_not_yet_processed_asks_to_come_again(simulator: Simulator, client: RawClient) -> None:
    simulator.call(_budget, 1, observed=0)
    simulator.call(add_pod, "a")
    reply = await client.send("POST", "/api/v1/namespaces/shop/pods/a/eviction", {"metadata": {"name": "a"}})
    assert (reply.status, reply.headers["Retry-After"]) == (429, "10")
    assert reply.body["details"] == {
        "causes": [
            {
                "reason": "DisruptionBudget",
                "message": "The disruption budget checkout is still being processed by the server.",
            }
        ],
        "retryAfterSeconds": 10,
    }


async def test_an_eviction_in_a_dry_run_deletes_nothing(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_pod, "a")
    path = "/api/v1/namespaces/shop/pods/a/eviction?dryRun=All"
    assert (await client.send("POST", path, {"metadata": {"name": "a"}})).status == 201
    held = simulator.call(lambda state: state.storage.get(PODS, "shop", "a"))
    assert held is not None
    assert "deletionTimestamp" not in held["metadata"]


async def test_scale_holds_the_version_it_was_read_at(client: RawClient) -> None:
    scale = (await client.get(f"{DEPLOYMENT}/scale")).body
    scale["spec"]["replicas"] = 2
    assert (await client.send("PUT", f"{DEPLOYMENT}/scale", scale)).body["spec"] == {"replicas": 2}
    assert (await client.send("PUT", f"{DEPLOYMENT}/scale", scale)).status == 409


async def test_a_body_that_is_no_json_is_refused(client: RawClient) -> None:
    reply = await client.send("POST", "/api/v1/namespaces/shop/configmaps", b"{no")
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")


async def test_a_delete_with_a_body_is_a_dry_run_only_when_the_body_is_reported(
    simulator: Simulator, client: RawClient
) -> None:
    path = "/api/v1/namespaces/shop/pods/trial"
    simulator.call(add_pod, "trial")
    for query, body, is_there in (("?dryRun=All", {"dryRun": ["All"]}, True), ("?dryRun=All", {}, False)):
        await client.send("DELETE", f"{path}{query}", {"kind": "DeleteOptions", "apiVersion": "v1", **body})
        reply_ = await client.get(path)
        is_going = reply_.status == 404 or "deletionTimestamp" in reply_.body["metadata"]
        assert is_going is not is_there
