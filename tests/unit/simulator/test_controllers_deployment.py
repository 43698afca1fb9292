"""Deployments and ReplicaSets during rollout, stall, rollback, pause and scale, compared with recordings."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from k9py.simulator.registry.resources import DEPLOYMENTS, PODS, REPLICASETS, RESOURCEQUOTAS
from tests.unit.simulator.cluster import (
    NAMESPACE,
    ClusterUnderTest,
    running_cluster,
    template,
    with_fields,
    with_image,
    workload,
)
from tests.unit.simulator.recordings import exchanges

GOOD, BETTER = "registry.example.com/checkout:1.0.0", "registry.example.com/checkout:1.1.0"
BAD = "registry.example.com/checkout:badimage"
COUNTS = (
    "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas",
)  # fmt: skip


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterUnderTest]:
    async with running_cluster() as running:
        yield running


async def converged(cluster: ClusterUnderTest, replicas: int = 3, **spec: Any) -> None:
    cluster.create("Deployment", "checkout", workload(GOOD, replicas=replicas, **spec))
    await cluster.advance(20)
    assert cluster.deployment()["status"]["availableReplicas"] == replicas


def counts(deployment: dict[str, Any]) -> dict[str, int]:
    return {name: deployment["status"][name] for name in COUNTS if name in deployment["status"]}


def images(cluster: ClusterUnderTest) -> list[str]:
    return [pod["spec"]["containers"][0]["image"] for pod in cluster.pods()]


async def test_a_new_deployment_converges_and_reports_it(cluster: ClusterUnderTest) -> None:
    await converged(cluster)
    deployment = cluster.deployment()
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert deployment["metadata"]["generation"] == deployment["status"]["observedGeneration"] == 1
    name = cluster.replica_sets()[1]["metadata"]["name"]
    progressing = cluster.condition(deployment, "Progressing")
    assert progressing["reason"] == "NewReplicaSetAvailable"
    assert progressing["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    assert cluster.condition(deployment, "Available")["message"] == "Deployment has minimum availability."
    assert cluster.messages("ScalingReplicaSet") == [f"Scaled up replica set {name} from 0 to 3"]


async def test_a_rolling_update_shows_the_counts_and_reasons_a_real_one_showed(cluster: ClusterUnderTest) -> None:
    """With 25% of 3 a real rollout scaled up by one, down by one, and never had fewer than three available."""
    await converged(cluster)
    cluster.changes.clear()
    cluster.change(DEPLOYMENTS, "checkout", with_image(BETTER))
    await cluster.advance(40)
    seen = [change.obj for change in cluster.changes if change.resource is DEPLOYMENTS]
    assert all(deployment["status"]["availableReplicas"] >= 3 for deployment in seen)
    assert all(deployment["status"]["replicas"] <= 4 for deployment in seen)
    steps: list[int] = []
    for state in seen:
        step = state["status"].get("updatedReplicas", 0)
        if not steps or steps[-1] != step:
            steps.append(step)
    assert steps == [3, 0, 1, 2, 3]
    reasons = list(dict.fromkeys(cluster.condition(state, "Progressing")["reason"] for state in seen))
    assert reasons == ["NewReplicaSetAvailable", "NewReplicaSetCreated", "ReplicaSetUpdated"]
    assert set(images(cluster)) == {BETTER}


async def test_conditions_annotations_and_counts_of_a_stalled_rollout_equal_the_recorded_ones(
    cluster: ClusterUnderTest,
) -> None:
    await converged(cluster, progressDeadlineSeconds=30)
    cluster.change(DEPLOYMENTS, "checkout", with_image(BAD))
    await cluster.advance(29)
    assert cluster.condition(cluster.deployment(), "Progressing")["reason"] == "ReplicaSetUpdated"
    await cluster.advance(5)
    recorded = exchanges("bad-release")[2]["response"]["body"]
    deployment = cluster.deployment()
    assert counts(deployment) == counts(recorded)
    assert [(c["type"], c["status"], c["reason"]) for c in deployment["status"]["conditions"]] == [
        (c["type"], c["status"], c["reason"]) for c in recorded["status"]["conditions"]
    ]
    stuck = cluster.replica_sets()[2]
    message = f'ReplicaSet "{stuck["metadata"]["name"]}" has timed out progressing.'
    assert cluster.condition(deployment, "Progressing")["message"] == message
    wanted = exchanges("bad-release")[3]["response"]["body"]["items"][1]
    for key in ("deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"):
        assert stuck["metadata"]["annotations"][key] == wanted["metadata"]["annotations"][key]
    assert stuck["status"] == wanted["status"]
    assert stuck["metadata"]["ownerReferences"][0].keys() == wanted["metadata"]["ownerReferences"][0].keys()


async def test_rolling_back_while_it_stalls_reuses_the_old_replica_set_under_the_next_revision(
    cluster: ClusterUnderTest,
) -> None:
    await converged(cluster, progressDeadlineSeconds=30)
    old = cluster.replica_sets()[1]
    cluster.change(DEPLOYMENTS, "checkout", with_image(BAD))
    await cluster.advance(40)
    cluster.change(DEPLOYMENTS, "checkout", with_image(GOOD))
    await cluster.advance(5)
    again = cluster.replica_sets()[3]
    assert again["metadata"]["uid"] == old["metadata"]["uid"]
    assert again["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    deployment = cluster.deployment()
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert cluster.condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert counts(deployment) == {
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert set(images(cluster)) == {GOOD}


async def test_unhealthy_old_pods_go_before_healthy_ones(cluster: ClusterUnderTest) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    await converged(cluster, replicas=4, strategy=rolling)
    cluster.change(DEPLOYMENTS, "checkout", with_image(BAD))
    await cluster.advance(10)
    first, second = cluster.replica_sets()[1], cluster.replica_sets()[2]
    assert (first["spec"]["replicas"], second["spec"]["replicas"]) == (3, 2)
    cluster.change(DEPLOYMENTS, "checkout", with_image(BETTER))
    await cluster.advance(0.01)
    assert cluster.replica_sets()[2]["spec"]["replicas"] == 0
    assert cluster.replica_sets()[1]["spec"]["replicas"] == 3


async def test_paused_deployments_do_not_roll_and_report_it(cluster: ClusterUnderTest) -> None:
    await converged(cluster)
    cluster.change(DEPLOYMENTS, "checkout", with_fields(paused=True))
    await cluster.advance(1)
    cluster.change(DEPLOYMENTS, "checkout", with_image(BETTER))
    await cluster.advance(5)
    deployment = cluster.deployment()
    paused = cluster.condition(deployment, "Progressing")
    assert (paused["status"], paused["reason"], paused["message"]) == (
        "Unknown",
        "DeploymentPaused",
        "Deployment is paused",
    )
    assert "updatedReplicas" not in deployment["status"]
    assert list(cluster.replica_sets()) == [1]
    cluster.changes.clear()
    cluster.change(DEPLOYMENTS, "checkout", with_fields(paused=None))
    await cluster.advance(40)
    seen = [change.obj for change in cluster.changes if change.resource is DEPLOYMENTS]
    reasons = {cluster.condition(state, "Progressing")["reason"] for state in seen}
    assert "DeploymentResumed" in reasons
    assert set(images(cluster)) == {BETTER}


async def test_scaling_in_the_middle_of_a_rollout_is_shared_in_proportion(cluster: ClusterUnderTest) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    await converged(cluster, replicas=10, strategy=rolling)
    cluster.change(DEPLOYMENTS, "checkout", with_image(BAD))
    await cluster.advance(5)
    assert [rs["spec"]["replicas"] for _, rs in sorted(cluster.replica_sets().items())] == [8, 5]
    cluster.change(DEPLOYMENTS, "checkout", with_fields(replicas=15))
    await cluster.advance(1)
    # The example of Kubernetes' own documentation: 5 more, 3 to the larger and 2 to the smaller.
    assert [rs["spec"]["replicas"] for _, rs in sorted(cluster.replica_sets().items())] == [11, 7]


async def test_recreate_stops_every_old_pod_before_it_starts_a_new_one(cluster: ClusterUnderTest) -> None:
    await converged(cluster, strategy={"type": "Recreate"})
    cluster.changes.clear()
    cluster.change(DEPLOYMENTS, "checkout", with_image(BETTER))
    await cluster.advance(20)
    pods = [(change.type, change.obj) for change in cluster.changes if change.resource is PODS]
    last_gone = max(i for i, (kind, _) in enumerate(pods) if kind == "DELETED")
    first_new = min(i for i, (kind, _) in enumerate(pods) if kind == "ADDED")
    assert last_gone < first_new
    assert set(images(cluster)) == {BETTER}
    assert cluster.condition(cluster.deployment(), "Progressing")["reason"] == "NewReplicaSetAvailable"


async def test_min_ready_seconds_delay_availability(cluster: ClusterUnderTest) -> None:
    cluster.create("Deployment", "checkout", workload(GOOD, replicas=1, minReadySeconds=10))
    await cluster.advance(6)
    assert cluster.deployment()["status"].get("readyReplicas") == 1
    assert "availableReplicas" not in cluster.deployment()["status"]
    await cluster.advance(10)
    assert cluster.deployment()["status"]["availableReplicas"] == 1


async def test_history_is_kept_to_its_limit(cluster: ClusterUnderTest) -> None:
    await converged(cluster, replicas=1, revisionHistoryLimit=2)
    for minor in range(1, 5):
        cluster.change(DEPLOYMENTS, "checkout", with_image(f"registry.example.com/checkout:1.{minor}.0"))
        await cluster.advance(20)
    assert sorted(cluster.replica_sets()) == [3, 4, 5]


async def test_annotations_bump_the_generation_and_reach_the_replica_set(cluster: ClusterUnderTest) -> None:
    await converged(cluster)
    present = cluster.deployment()
    annotations = {**present["metadata"]["annotations"], "kubernetes.io/change-cause": "first"}
    cluster.storage.update(DEPLOYMENTS, {**present, "metadata": {**present["metadata"], "annotations": annotations}})
    await cluster.advance(1)
    assert cluster.deployment()["status"]["observedGeneration"] == 2
    assert cluster.replica_sets()[1]["metadata"]["annotations"]["kubernetes.io/change-cause"] == "first"


async def test_a_quota_shows_on_replica_set_and_deployment_with_the_recorded_text(cluster: ClusterUnderTest) -> None:
    cluster.create("ResourceQuota", "tight", {"hard": {"pods": "3"}})
    cluster.create("Deployment", "greedy", workload(replicas=5))
    await cluster.advance(10)
    recorded = exchanges("quota")[2]["response"]["body"]
    deployment = cluster.deployment("greedy")
    assert counts(deployment) == counts(recorded)
    wanted = [(c["type"], c["status"], c["reason"]) for c in recorded["status"]["conditions"]]
    assert sorted((c["type"], c["status"], c["reason"]) for c in deployment["status"]["conditions"]) == sorted(wanted)
    failure = cluster.condition(deployment, "ReplicaFailure")["message"]
    text = "is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3"
    assert failure.startswith('pods "greedy-')
    assert failure.endswith(text)
    assert cluster.messages("FailedCreate")[0].endswith(text)
    quota = cluster.get(RESOURCEQUOTAS, "tight")
    assert quota["status"] == {"hard": {"pods": "3"}, "used": {"pods": "3"}}
    cluster.change(RESOURCEQUOTAS, "tight", with_fields(hard={"pods": "10"}))
    await cluster.advance(130)
    assert cluster.deployment("greedy")["status"]["availableReplicas"] == 5
    assert all(c["type"] != "ReplicaFailure" for c in cluster.deployment("greedy")["status"]["conditions"])


async def test_deleting_a_deployment_takes_its_replica_sets_and_pods(cluster: ClusterUnderTest) -> None:
    await converged(cluster)
    cluster.storage.delete(DEPLOYMENTS, NAMESPACE, "checkout")
    await cluster.advance(5)
    assert not cluster.storage.list(REPLICASETS)
    assert not cluster.pods()


async def test_foreground_deletion_waits_for_the_pods(cluster: ClusterUnderTest) -> None:
    await converged(cluster, replicas=1)
    cluster.storage.delete(DEPLOYMENTS, NAMESPACE, "checkout", propagation="Foreground")
    await cluster.advance(0.5)
    assert cluster.deployment()["metadata"]["deletionTimestamp"]
    await cluster.advance(5)
    assert not cluster.storage.list(DEPLOYMENTS)
    assert not cluster.pods()


async def test_orphaned_pods_stay(cluster: ClusterUnderTest) -> None:
    await converged(cluster, replicas=1)
    cluster.storage.delete(DEPLOYMENTS, NAMESPACE, "checkout", propagation="Orphan")
    await cluster.advance(5)
    assert len(cluster.pods()) == len(cluster.storage.list(REPLICASETS)) == 1


async def test_a_deleted_pod_is_replaced(cluster: ClusterUnderTest) -> None:
    await converged(cluster, replicas=1)
    gone = cluster.pod()["metadata"]["name"]
    cluster.storage.delete(PODS, NAMESPACE, gone)
    await cluster.advance(10)
    assert cluster.pod()["metadata"]["name"] != gone
    assert cluster.deployment()["status"]["availableReplicas"] == 1


async def test_without_a_deadline_there_is_no_progressing_condition(cluster: ClusterUnderTest) -> None:
    cluster.create("Deployment", "checkout", workload(BAD, replicas=1, progressDeadlineSeconds=2**31 - 1))
    await cluster.advance(700)
    assert [c["type"] for c in cluster.deployment()["status"]["conditions"]] == ["Available"]


async def test_a_restart_annotation_makes_a_new_revision(cluster: ClusterUnderTest) -> None:
    await converged(cluster, replicas=1)
    restarted = template(GOOD, **{"kubectl.kubernetes.io/restartedAt": "2026-01-15T12:00:00Z"})
    present = cluster.deployment()["spec"]["template"]
    cluster.change(DEPLOYMENTS, "checkout", with_fields(template={**present, "metadata": restarted["metadata"]}))
    await cluster.advance(20)
    assert sorted(cluster.replica_sets()) == [1, 2]
    assert "kubectl.kubernetes.io/restartedAt" in cluster.pod()["metadata"]["annotations"]
