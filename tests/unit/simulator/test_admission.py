"""Pods that admission plugins refuse, with their error messages, and unreachable nodes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from k9py.simulator.admission import ENFORCE, webhook_admission
from k9py.simulator.controllers.node_lifecycle import UNREACHABLE, lose_node, restore_node
from k9py.simulator.registry.resources import DAEMONSETS, NAMESPACES, NODES, PODS, RESOURCEQUOTAS, SERVICEACCOUNTS
from k9py.simulator.status_errors import StatusError
from tests.unit.simulator.cluster import (
    NAMESPACE,
    ClusterUnderTest,
    Object,
    running_cluster,
    template,
    with_image,
    workload,
)

PLAIN: Object = {"name": "app", "image": "registry.example.com/checkout:1.0.0"}


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterUnderTest]:
    async with running_cluster() as running:
        yield running


def enforce(cluster: ClusterUnderTest, level: str) -> None:
    namespace = cluster.storage.get(NAMESPACES, None, NAMESPACE)
    assert namespace is not None
    metadata = {**namespace["metadata"], "labels": {ENFORCE: level}}
    cluster.storage.update(NAMESPACES, {**namespace, "metadata": metadata})


def refused(cluster: ClusterUnderTest, **spec: Any) -> str:
    """Return the error message that refuses a pod `one` with this spec."""
    with pytest.raises(StatusError) as caught:
        cluster.create("Pod", "one", {**template()["spec"], **spec})
    assert (caught.value.code, caught.value.reason) == (403, "Forbidden")
    assert not cluster.pods()
    return caught.value.message


# -- admission ---------------------------------------------------------------------------------------------------


def test_a_missing_service_account_is_named_and_default_is_always_there(cluster: ClusterUnderTest) -> None:
    assert refused(cluster, serviceAccountName="writer") == (
        'pods "one" is forbidden: error looking up service account shop/writer: serviceaccount "writer" not found'
    )
    cluster.storage.create(SERVICEACCOUNTS, {"metadata": {"name": "writer", "namespace": NAMESPACE}})
    cluster.create("Pod", "one", {**template()["spec"], "serviceAccountName": "writer"})
    cluster.create("Pod", "two", template()["spec"])
    assert len(cluster.pods()) == 2


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "checkout-"), ("StatefulSet", "db-0")])
async def test_a_name_still_to_be_generated_is_reported_by_its_prefix(
    cluster: ClusterUnderTest, kind: str, name: str
) -> None:
    spec = workload(serviceName="db") if kind == "StatefulSet" else workload()
    spec["template"]["spec"]["serviceAccountName"] = "writer"
    cluster.create(kind, "db" if kind == "StatefulSet" else "checkout", spec)
    await cluster.advance(3)
    [message] = set(cluster.messages("FailedCreate"))
    assert f'pods "{name}' in message
    if kind == "Deployment":
        assert '-" is forbidden: error looking up service account shop/writer' in message


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"hostNetwork": True}, "host namespaces (hostNetwork=true)"),
        ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "root")'),
        (
            {"containers": [{**PLAIN, "securityContext": {"privileged": True}}]},
            'privileged (container "app" must not set securityContext.privileged=true)',
        ),
    ],
)
def test_a_baseline_namespace_refuses_what_reaches_for_the_host(
    cluster: ClusterUnderTest, spec: Object, why: str
) -> None:
    enforce(cluster, "baseline")
    assert refused(cluster, **spec) == f'pods "one" is forbidden: violates PodSecurity "baseline:latest": {why}'
    cluster.create("Pod", "plain", template()["spec"])
    assert len(cluster.pods()) == 1


def test_a_restricted_namespace_names_every_field_that_is_missing(cluster: ClusterUnderTest) -> None:
    enforce(cluster, "restricted")
    assert refused(cluster) == (
        'pods "one" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
        '(container "app" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities '
        '(container "app" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container '
        '"app" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "app" must set '
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )
    own = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    cluster.create("Pod", "fine", {"containers": [{**PLAIN, "securityContext": own}], "securityContext": pod})
    assert len(cluster.pods()) == 1


def test_a_webhook_denies_with_its_own_message(cluster: ClusterUnderTest) -> None:
    cluster.state.storage.admission.append(webhook_admission("policy.example.com", lambda pod: "no pods on Fridays"))
    assert refused(cluster) == 'admission webhook "policy.example.com" denied the request: no pods on Fridays'


def test_a_quota_of_memory_wants_every_container_to_say_its_own(cluster: ClusterUnderTest) -> None:
    cluster.create("ResourceQuota", "tight", {"hard": {"limits.cpu": "2", "requests.memory": "1Gi"}})
    assert refused(cluster) == (
        'pods "one" is forbidden: failed quota: tight: must specify limits.cpu for: app; requests.memory for: app'
    )


async def test_a_quota_counts_requests_and_limits_apart_and_releases_what_has_ended(
    cluster: ClusterUnderTest,
) -> None:
    hard = {"limits.memory": "1Gi", "requests.memory": "512Mi", "requests.cpu": "1", "pods": "3"}
    cluster.create("ResourceQuota", "tight", {"hard": hard})
    resources = {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    pod = {"containers": [{**PLAIN, "resources": resources}], "restartPolicy": "Never"}
    for name in ("one", "two"):
        cluster.create("Pod", name, pod)
    await cluster.advance(3)
    used = cluster.get(RESOURCEQUOTAS, "tight")["status"]["used"]
    assert used == {"limits.memory": "512Mi", "requests.memory": "256Mi", "requests.cpu": "500m", "pods": "2"}
    await cluster.advance(30)
    assert {pod["status"]["phase"] for pod in cluster.pods()} == {"Succeeded"}
    assert cluster.get(RESOURCEQUOTAS, "tight")["status"]["used"]["pods"] == "0"


# -- nodes that fall silent --------------------------------------------------------------------------------------


def on_node(cluster: ClusterUnderTest, node: str) -> list[Object]:
    return [pod for pod in cluster.pods() if pod["spec"].get("nodeName") == node]


async def test_an_unreachable_node_is_tainted_and_its_pods_are_replaced_after_five_minutes(
    cluster: ClusterUnderTest,
) -> None:
    cluster.create("Deployment", "checkout", workload(replicas=3))
    await cluster.advance(20)
    lose_node(cluster.state, "node-001")
    await cluster.advance(1)
    node = cluster.storage.get(NODES, None, "node-001")
    assert node is not None
    assert [(taint["key"], taint["effect"]) for taint in node["spec"]["taints"]] == [
        (UNREACHABLE, "NoSchedule"),
        (UNREACHABLE, "NoExecute"),
    ]
    [lost] = on_node(cluster, "node-001")
    assert cluster.condition(lost, "Ready")["status"] == "False"
    assert cluster.condition(lost, "ContainersReady")["status"] == "True"  # the kubelet's last report
    await cluster.advance(290)
    assert "deletionTimestamp" not in on_node(cluster, "node-001")[0]["metadata"]
    await cluster.advance(30)
    [lost] = on_node(cluster, "node-001")
    assert lost["metadata"]["deletionTimestamp"]
    assert cluster.condition(lost, "DisruptionTarget")["reason"] == "DeletionByTaintManager"
    assert cluster.messages("TaintManagerEviction") == [f"Marking for deletion Pod shop/{lost['metadata']['name']}"]
    assert len(cluster.pods()) == 4
    assert cluster.deployment()["status"]["availableReplicas"] == 3
    await cluster.advance(600)
    assert len(on_node(cluster, "node-001")) == 1


async def test_a_node_that_is_back_ends_what_was_to_end_and_keeps_the_rest(cluster: ClusterUnderTest) -> None:
    cluster.create("DaemonSet", "agent", workload())
    cluster.create("Pod", "one", {**template()["spec"], "nodeName": "node-001"})
    await cluster.advance(20)
    lose_node(cluster.state, "node-001")
    cluster.storage.delete(PODS, NAMESPACE, "one")
    await cluster.advance(700)
    assert len(on_node(cluster, "node-001")) == 2
    restore_node(cluster.state, "node-001")
    await cluster.advance(5)
    [agent] = on_node(cluster, "node-001")
    assert agent["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet"
    assert cluster.condition(agent, "Ready")["status"] == "True"
    node = cluster.storage.get(NODES, None, "node-001")
    assert node is not None
    assert "taints" not in node["spec"]


async def test_a_daemon_set_keeps_its_pod_on_an_unreachable_node_and_its_update_waits_for_it(
    cluster: ClusterUnderTest,
) -> None:
    cluster.create("DaemonSet", "agent", workload())
    await cluster.advance(20)
    lose_node(cluster.state, "node-001")
    await cluster.advance(600)
    status = cluster.daemon_set()["status"]
    assert (status["desiredNumberScheduled"], status["numberMisscheduled"]) == (2, 1)
    assert "deletionTimestamp" not in on_node(cluster, "node-001")[0]["metadata"]
    cluster.change(DAEMONSETS, "agent", with_image("registry.example.com/checkout:1.1.0"))
    await cluster.advance(120)
    assert cluster.daemon_set()["status"].get("updatedNumberScheduled", 0) == 0
    restore_node(cluster.state, "node-001")
    await cluster.advance(60)
    status = cluster.daemon_set()["status"]
    assert (status["desiredNumberScheduled"], status["updatedNumberScheduled"], status["numberAvailable"]) == (3, 3, 3)


def test_only_a_node_that_exists_can_be_lost(cluster: ClusterUnderTest) -> None:
    with pytest.raises(LookupError):
        lose_node(cluster.state, "node-9")
