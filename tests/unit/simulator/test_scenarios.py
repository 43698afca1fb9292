"""Scenarios: initial objects, stability, and later events."""

import json
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.deployment_replicasets import revision_of
from k9py.simulator.controllers.pod_state import is_ready, is_terminating
from k9py.simulator.log_generators.applications import AFTER_IMAGE, BEFORE_IMAGE
from k9py.simulator.registry.resources import (
    CONFIGMAPS,
    CONTROLLERREVISIONS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    EVENTS,
    HORIZONTALPODAUTOSCALERS,
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODDISRUPTIONBUDGETS,
    PODS,
    REPLICASETS,
    SERVICEACCOUNTS,
    SERVICES,
    STATEFULSETS,
    STORAGECLASSES,
)
from k9py.simulator.registry.storage import Storage
from k9py.simulator.scenarios.loader import SCENARIO_NAMES, check_scenario, load_scenario
from k9py.simulator.scenarios.seeder import CHANGE_CAUSE
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.cluster import ClusterUnderTest, make_state, running_cluster, with_image


def reason(cluster: ClusterUnderTest, name: str) -> str:
    return str(cluster.condition(cluster.deployment(name), "Progressing")["reason"])


def endpoints(cluster: ClusterUnderTest, name: str) -> int:
    """Return the number of ready endpoints of a Service of the shop."""
    slices = cluster.storage.list(ENDPOINTSLICES, "shop")
    own = [
        endpoint_slice
        for endpoint_slice in slices
        if endpoint_slice["metadata"]["labels"]["kubernetes.io/service-name"] == name
    ]
    return sum(e["conditions"]["ready"] for endpoint_slice in own for e in endpoint_slice["endpoints"] or ())


@pytest.mark.parametrize("name", ["", "shopp", "big:x", "big:0", "big:100001", "bad_release"])
def test_unknown_scenarios_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="big"):
        check_scenario(name)


@pytest.mark.parametrize("name", [*SCENARIO_NAMES, "big:17"])
def test_known_scenarios_pass(name: str) -> None:
    check_scenario(name)


@pytest.mark.parametrize("name", ["shop-quiet", "bad-release", "crashloop", "no-endpoints", "regression", "big:60"])
async def test_controllers_find_nothing_to_change_in_workloads_at_the_start(name: str) -> None:
    async with running_cluster(name) as cluster:
        await cluster.advance(0.5)
        workloads = (
            DEPLOYMENTS, REPLICASETS, STATEFULSETS, DAEMONSETS, CONTROLLERREVISIONS, PODDISRUPTIONBUDGETS, SERVICES,
            ENDPOINTSLICES,
        )  # fmt: skip
        changed = [c.obj["metadata"]["name"] for c in cluster.changes if c.resource in workloads]
        assert changed == []


async def test_the_shop_is_lived_in() -> None:
    async with running_cluster("shop") as cluster:
        deployments = cluster.storage.list(DEPLOYMENTS)
        assert len(deployments) >= 12
        assert {d["metadata"]["namespace"] for d in deployments} >= {"shop", "monitoring", "kube-system"}
        assert all(is_ready(pod) for pod in cluster.storage.list(PODS))
        revisions = sorted(
            revision_of(obj) for _, obj in cluster.storage.owned_by(cluster.deployment()["metadata"]["uid"])
        )
        assert revisions == [1, 2, 3, 4, 5]
        causes = [rs["metadata"]["annotations"].get(CHANGE_CAUSE) for rs in cluster.storage.list(REPLICASETS, "shop")]
        assert any(causes)
        assert None in causes
        assert all(
            endpoints(cluster, service["metadata"]["name"]) for service in cluster.storage.list(SERVICES, "shop")
        )
        assert cluster.storage.get(HORIZONTALPODAUTOSCALERS, "shop", "frontend")
        assert cluster.storage.get(STATEFULSETS, "data", "db")
        assert len(cluster.storage.list(CONTROLLERREVISIONS)) == 4


async def test_the_shops_bad_release_begins_after_half_a_minute_stalls_and_undo_repairs_it_in_seconds() -> None:
    async with running_cluster("shop") as cluster:
        await cluster.advance(29)
        assert reason(cluster, "checkout") == "NewReplicaSetAvailable"
        await cluster.advance(6)
        assert reason(cluster, "checkout") == "ReplicaSetUpdated"
        assert cluster.deployment()["metadata"]["annotations"][CHANGE_CAUSE].startswith("release 2.8")
        await cluster.advance(62)
        assert reason(cluster, "checkout") == "ProgressDeadlineExceeded"
        assert cluster.deployment()["status"]["availableReplicas"] == 3
        assert endpoints(cluster, "checkout") == 3
        cluster.change(DEPLOYMENTS, "checkout", with_image("registry.example.com/shop/checkout:2.7.1"))
        await cluster.advance(3)
        assert reason(cluster, "checkout") == "NewReplicaSetAvailable"
        assert revision_of(cluster.deployment()) == 7
        assert len([pod for pod in cluster.pods() if pod["metadata"]["labels"]["app"] == "checkout"]) == 3


async def test_the_quiet_shop_stays_quiet() -> None:
    async with running_cluster("shop-quiet") as cluster:
        await cluster.advance(250)
        assert [c for c in cluster.changes if c.resource in (DEPLOYMENTS, PODS, EVENTS)] == []


async def test_bad_release_is_stuck_from_the_start_with_the_image_named() -> None:
    async with running_cluster("bad-release") as cluster:
        assert reason(cluster, "checkout") == "ProgressDeadlineExceeded"
        broken = [pod for pod in cluster.pods() if not is_ready(pod)]
        (pod,) = broken
        waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
        assert waiting["reason"] == "ImagePullBackOff"
        assert "checkout:2.8.0" in waiting["message"]
        assert endpoints(cluster, "checkout") == 3
        await cluster.advance(60)
        assert cluster.messages("Failed")


async def test_crashloop_keeps_crashing() -> None:
    async with running_cluster("crashloop") as cluster:

        def restarts(app: str) -> int:
            return max(
                int(pod["status"]["containerStatuses"][0]["restartCount"])
                for pod in cluster.pods()
                if pod["metadata"]["labels"]["app"] == app
            )

        before = restarts("payments")
        assert before == 7
        await cluster.advance(60)
        assert restarts("payments") > before
        assert restarts("recommendations") > 7
        assert reason(cluster, "search") == "ProgressDeadlineExceeded"
        assert cluster.messages("Unhealthy")
        assert endpoints(cluster, "payments") == 2


async def test_no_endpoints_has_a_service_with_healthy_pods_and_no_endpoint() -> None:
    async with running_cluster("no-endpoints") as cluster:
        await cluster.advance(5)
        assert endpoints(cluster, "cart") == 0
        assert cluster.deployment("cart")["status"]["readyReplicas"] == 3


def test_big_has_as_many_pods_as_asked_and_all_are_ready() -> None:
    state, _ = make_state()
    load_scenario("big:1234", state)
    pods = state.storage.list(PODS)
    assert len(pods) == 1234
    assert all(is_ready(pod) for pod in pods)
    assert len({pod["status"]["podIP"] for pod in pods}) == 1234


async def test_in_big_a_deployment_still_works() -> None:
    async with running_cluster("big:200") as cluster:
        present = cluster.storage.list(DEPLOYMENTS)[0]
        cluster.storage.update(DEPLOYMENTS, {**present, "spec": {**present["spec"], "replicas": 25}})
        await cluster.advance(15)
        after = cluster.storage.list(DEPLOYMENTS)[0]
        assert after["status"]["availableReplicas"] == 25


def managers(obj: dict[str, Any]) -> list[str]:
    return [entry["manager"] for entry in obj["metadata"]["managedFields"]]


async def test_the_shops_workloads_record_their_managers_and_times() -> None:
    async with running_cluster("bad-release") as cluster:
        checkout = cluster.deployment()
        assert set(managers(checkout)) == {"kubectl-edit", "shop-pipeline"}
        times = {entry["manager"]: entry["time"] for entry in checkout["metadata"]["managedFields"]}
        assert times["kubectl-edit"] < times["shop-pipeline"]
        database = cluster.storage.get(STATEFULSETS, "data", "db")
        agent = cluster.storage.get(DAEMONSETS, "monitoring", "agent")
        assert database is not None
        assert agent is not None
        assert managers(database) == managers(agent) == ["shop-pipeline"]


async def test_failures_have_lasted_as_their_names_say_beside_pods_that_serve() -> None:
    async with running_cluster("failures") as cluster:
        assert all(not c.obj["metadata"]["name"].startswith("budget") for c in cluster.changes)
        serving = {pod["metadata"]["labels"]["app"] for pod in cluster.storage.list(PODS) if is_ready(pod)}
        assert serving >= {"image-missing", "crash-loop", "init-fails", "quota-refused", "admission-refused"}
        assert reason(cluster, "probe-fails") == "ProgressDeadlineExceeded"
        waiting = {
            pod["metadata"]["labels"]["app"]: entry["state"].get("waiting", {}).get("reason", "")
            for pod in cluster.storage.list(PODS, "shop")
            for entry in (
                *pod["status"].get("initContainerStatuses", ()),
                *pod["status"].get("containerStatuses", ()),
            )
            if not entry["ready"]
        }
        assert waiting["image-missing"] in ("ErrImagePull", "ImagePullBackOff")
        assert waiting["config-missing"] == waiting["secret-missing"] == "CreateContainerConfigError"
        assert waiting.keys() >= {"crash-loop", "out-of-memory", "probe-fails", "init-fails"}
        messages = " ".join(event["message"] for event in cluster.storage.list(EVENTS) if event["type"] == "Warning")
        for text in (
            "exceeded quota: team-limit",
            'serviceaccount "account-missing" not found',
            'admission webhook "policy.example.com" denied the request',
            "Insufficient memory",
            "Node is not ready",
        ):
            assert text in messages
        await cluster.advance(60)
        healthy = ("argo-managed", "autoscaled", "budget-full", "single")
        assert {reason(cluster, name) for name in healthy} == {"NewReplicaSetAvailable"}
        budget = cluster.storage.get(PODDISRUPTIONBUDGETS, "shop", "budget-full")
        assert budget is not None
        assert budget["status"]["disruptionsAllowed"] == 0


async def test_a_regression_shows_in_nothing_but_the_logs() -> None:
    async with running_cluster("regression") as cluster:
        deployment = cluster.deployment()
        pods = [pod for pod in cluster.pods() if pod["metadata"]["labels"]["app"] == "checkout"]
        assert all(is_ready(pod) for pod in pods)
        assert reason(cluster, "checkout") == "ReplicaSetUpdated"
        assert 0 < deployment["status"]["updatedReplicas"] < len(pods)
        counts: dict[str, Counter[str]] = {}
        for pod in pods:
            log = cluster.state.log_source.open(pod, "app")
            assert log is not None
            image = pod["spec"]["containers"][0]["image"]
            lines = [json.loads(line.text) for line in log.read()[-200:] if line.text.startswith("{")]
            texts = (line["msg"].partition(":")[0] for line in lines)
            counts.setdefault(image, Counter()).update(texts)
        old, new = counts[BEFORE_IMAGE], counts[AFTER_IMAGE]
        assert "tax table read from the cache" in old.keys() - new.keys()
        assert new.keys() - old.keys() == {
            "could not apply the voucher",
            "retrying payment authorisation, attempt 2 of 3",
            "retrying payment authorisation, attempt 3 of 3",
        }
        slow = "slow answer from shipping"
        assert 2 < (new[slow] / new.total()) / (old[slow] / old.total()) < 4.5
        await cluster.advance(60)
        assert 0 < cluster.deployment()["status"]["updatedReplicas"] < len(pods)


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.4, 0.6, 0.8])
def test_the_failures_are_reproducible_whatever_the_time_of_day(fraction: float) -> None:
    clock, rng = ManualClock(ManualClock().now() + timedelta(seconds=fraction)), random.Random(0)
    state = SimulatorState(Storage(clock, new_uid=lambda: str(rng.random()), pick=rng.choice), clock, rng)
    load_scenario("failures", state)
    pods = {pod["metadata"]["name"]: pod for pod in state.storage.list(PODS, "shop")}
    shown = {
        name: (is_ready(pod), pod["spec"]["containers"][0]["image"].rpartition(":")[2], is_terminating(pod))
        for name, pod in pods.items()
        if pod["metadata"]["labels"]["app"] in ("node-lost", "crash-loop", "config-missing", "admission-refused")
    }
    assert shown == {
        "node-lost-0": (False, "1.9.4", False),
        "node-lost-1": (True, "2.0.0", False),
        "crash-loop-0": (True, "1.9.4", False),
        "crash-loop-1": (False, "2.0.0-crash", False),
        "config-missing-0": (True, "1.9.4", False),
        "config-missing-1": (False, "1.9.4", False),
        "admission-refused-0": (True, "1.9.4", False),
    }


@pytest.mark.parametrize(
    ("app", "reason"), [("payments", "BackOff"), ("recommendations", "BackOff"), ("search", "Unhealthy")]
)
def test_long_failures_have_kubelet_events_from_the_start(app: str, reason: str) -> None:
    state, _ = make_state()
    load_scenario("crashloop", state)
    events = [event for event in state.storage.list(EVENTS, "shop") if event["involvedObject"]["name"].startswith(app)]
    assert [event["reason"] for event in events if event["type"] == "Warning"] == [reason]


async def test_a_cluster_has_the_objects_of_every_real_cluster() -> None:
    with Simulator("bare", clock=ManualClock()) as running:
        create = {"metadata": {"name": "later"}}
        running.call(lambda state: create_object(state, NAMESPACES, create))
        running.wait_until(lambda state: state.storage.get(CONFIGMAPS, "later", "kube-root-ca.crt") is not None)
        for namespace in ("default", "shop", "later"):
            accounts = running.call(lambda state, name: state.storage.list(SERVICEACCOUNTS, name), namespace)
            assert "default" in [account["metadata"]["name"] for account in accounts]
        standard = running.call(lambda state: state.storage.get(STORAGECLASSES, "", "standard"))
        assert standard is not None
        assert standard["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
        running.call(lambda state: state.storage.delete(SERVICEACCOUNTS, "later", "default"))
        running.wait_until(lambda state: state.storage.get(SERVICEACCOUNTS, "later", "default") is not None)


async def test_the_shop_has_objects_of_every_kind_that_a_view_shows() -> None:
    async with running_cluster("shop-quiet") as cluster:
        kinds = {resource.kind for resource in cluster.storage.resources.stored() if cluster.storage.list(resource)}
        assert kinds >= {
            "Certificate", "ConfigMap", "CronJob", "HorizontalPodAutoscaler", "Ingress", "IngressClass", "Job",
            "LimitRange", "NetworkPolicy", "PersistentVolume", "PersistentVolumeClaim", "PodDisruptionBudget",
            "PriorityClass", "ResourceQuota", "Role", "RoleBinding", "Secret", "ServiceAccount", "StorageClass",
        }  # fmt: skip
        volumes = {volume["metadata"]["name"] for volume in cluster.storage.list(PERSISTENTVOLUMES)}
        claims = cluster.storage.list(PERSISTENTVOLUMECLAIMS, "data")
        assert {claim["spec"]["volumeName"] for claim in claims} == volumes


async def test_the_jobs_scenario_has_a_failed_job_bare_pods_and_nodes_with_problems() -> None:
    async with running_cluster("jobs") as cluster:
        storage = cluster.storage
        failed = {
            job["metadata"]["name"]
            for job in storage.list(JOBS, "batch")
            if any(c["type"] == "Failed" for c in job["status"].get("conditions", ()))
        }
        assert "migrate-2-9" in failed
        bare = [pod["metadata"]["name"] for pod in storage.list(PODS) if not pod["metadata"].get("ownerReferences")]
        assert bare == ["debug-shell", "load-test"]
        (report,) = [pod for pod in storage.list(PODS, "batch") if pod["metadata"]["labels"].get("app") == "reports"]
        last = report["status"]["containerStatuses"][0]["lastState"]["terminated"]
        assert last["reason"] == "OOMKilled"
        cordoned = [node["metadata"]["name"] for node in storage.list(NODES) if node["spec"].get("unschedulable")]
        assert cordoned == ["node-002"]
        assert all(pod["spec"]["nodeName"] not in ("node-002", "node-004") for pod in storage.list(PODS, "batch"))
        await cluster.advance(30)  # it goes on: a heartbeat a minute
        assert storage.list(CRONJOBS, "batch")


async def test_the_jobs_scenario_is_the_same_each_time() -> None:
    names = []
    for _ in range(2):
        async with running_cluster("jobs") as cluster:
            names.append([pod["metadata"]["name"] for pod in cluster.storage.list(PODS)])
    assert names[0] == names[1]


def test_a_bad_release_has_the_events_of_its_past_from_the_start() -> None:
    state, _ = make_state()
    load_scenario("bad-release", state)
    events = state.storage.list(EVENTS, "shop")
    assert all(event["involvedObject"]["name"].startswith("checkout-6dd94cbd7-") for event in events)
    assert [event["reason"] for event in events] == ["Failed", "Failed"]
    assert any("not found" in event["message"] for event in events)
