"""StatefulSets and DaemonSets: order, partition, rollback, and the counts of a real cluster."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from k9py.simulator.registry.resources import DAEMONSETS, NODES, PODS, STATEFULSETS
from tests.unit.simulator.cluster import NAMESPACE, ClusterUnderTest, running_cluster, with_fields, with_image, workload
from tests.unit.simulator.recordings import exchanges

GOOD, BETTER = "registry.example.com/redis:7", "registry.example.com/redis:8"
BAD = "registry.example.com/redis:badimage"


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterUnderTest]:
    async with running_cluster() as running:
        yield running


def recorded_statuses(name: str) -> list[dict[str, Any]]:
    """Return the statuses of the first recorded watch, preceded by the one read before it."""
    held = exchanges(name)
    watch = next(
        i
        for i, obj in enumerate(held)
        if "&watch=true" in obj["request"]["path"] and "sendInitialEvents" not in obj["request"]["path"]
    )
    before = held[watch - 1]["response"]["body"]["items"][0]["status"]
    return [before, *(event["object"]["status"] for event in held[watch]["response"]["body"])]


def without_revisions(status: dict[str, Any]) -> dict[str, Any]:
    """Return a status with revision names replaced by whether both are equal."""
    same = status.get("currentRevision") == status.get("updateRevision")
    kept = {k: v for k, v in status.items() if k not in ("currentRevision", "updateRevision", "observedGeneration")}
    return {**kept, "same": same}


def statuses(cluster: ClusterUnderTest, resource: Any) -> list[dict[str, Any]]:
    """Return the distinct statuses of the changes."""
    seen: list[dict[str, Any]] = []
    for change in cluster.changes:
        if change.resource is resource and (not seen or seen[-1] != change.obj["status"]):
            seen.append(change.obj["status"])
    return seen


def images(cluster: ClusterUnderTest) -> dict[str, str]:
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in cluster.pods()}


# -- StatefulSet -------------------------------------------------------------------------------------------------


async def stateful(cluster: ClusterUnderTest, replicas: int = 2, **spec: Any) -> None:
    cluster.create("StatefulSet", "db", workload(GOOD, replicas=replicas, serviceName="db", **spec))
    await cluster.advance(20)
    assert cluster.stateful_set()["status"]["readyReplicas"] == replicas


async def test_pods_are_made_in_order_each_after_the_one_before_is_ready(cluster: ClusterUnderTest) -> None:
    await stateful(cluster, replicas=3)
    added = [c.obj["metadata"]["name"] for c in cluster.changes if c.resource is PODS and c.type == "ADDED"]
    assert added == ["db-0", "db-1", "db-2"]
    assert cluster.messages("SuccessfulCreate")[0] == "Create Pod db-0 in StatefulSet db successful"
    labels = cluster.get(PODS, "db-1")["metadata"]["labels"]
    assert labels["apps.kubernetes.io/pod-index"] == "1"
    assert labels["statefulset.kubernetes.io/pod-name"] == "db-1"
    assert labels["controller-revision-hash"] == cluster.stateful_set()["status"]["currentRevision"]


async def test_a_stateful_update_shows_the_statuses_a_real_one_showed(cluster: ClusterUnderTest) -> None:
    await stateful(cluster)
    cluster.changes.clear()
    cluster.change(STATEFULSETS, "db", with_image(BETTER))
    await cluster.advance(30)
    seen = [without_revisions(status) for status in statuses(cluster, STATEFULSETS)][1:]
    wanted = [without_revisions(status) for status in recorded_statuses("statefulset")]
    assert seen == wanted
    deleted = [c.obj["metadata"]["name"] for c in cluster.changes if c.resource is PODS and c.type == "DELETED"]
    assert deleted == ["db-1", "db-0"]
    assert set(images(cluster).values()) == {BETTER}


async def test_a_partition_keeps_lower_ordinals_at_the_old_revision_even_when_recreated(
    cluster: ClusterUnderTest,
) -> None:
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    await stateful(cluster, replicas=3, updateStrategy=partition)
    cluster.change(STATEFULSETS, "db", with_image(BETTER))
    await cluster.advance(30)
    assert images(cluster) == {"db-0": GOOD, "db-1": BETTER, "db-2": BETTER}
    cluster.storage.delete(PODS, NAMESPACE, "db-0")
    await cluster.advance(10)
    assert images(cluster)["db-0"] == GOOD
    status = cluster.stateful_set()["status"]
    assert status["currentRevision"] != status["updateRevision"]
    assert (status["currentReplicas"], status["updatedReplicas"]) == (1, 2)


async def test_rolling_back_does_not_repair_a_stuck_pod_until_it_is_deleted(cluster: ClusterUnderTest) -> None:
    await stateful(cluster)
    cluster.change(STATEFULSETS, "db", with_image(BAD))
    await cluster.advance(30)
    assert images(cluster) == {"db-0": GOOD, "db-1": BAD}
    cluster.change(STATEFULSETS, "db", with_image(GOOD))
    await cluster.advance(120)
    assert images(cluster) == {"db-0": GOOD, "db-1": BAD}
    assert cluster.stateful_set()["status"]["readyReplicas"] == 1
    cluster.storage.delete(PODS, NAMESPACE, "db-1")
    await cluster.advance(10)
    assert images(cluster) == {"db-0": GOOD, "db-1": GOOD}
    status = cluster.stateful_set()["status"]
    assert status["currentRevision"] == status["updateRevision"]
    assert status["updatedReplicas"] == 2


async def test_a_template_that_comes_back_takes_its_old_revision_with_the_next_number(
    cluster: ClusterUnderTest,
) -> None:
    await stateful(cluster)
    first = cluster.revisions()[1]["metadata"]["name"]
    cluster.change(STATEFULSETS, "db", with_image(BETTER))
    await cluster.advance(30)
    cluster.change(STATEFULSETS, "db", with_image(GOOD))
    await cluster.advance(30)
    assert sorted(cluster.revisions()) == [2, 3]
    assert cluster.revisions()[3]["metadata"]["name"] == first


async def test_scaling_down_takes_the_highest_first(cluster: ClusterUnderTest) -> None:
    await stateful(cluster, replicas=3)
    cluster.changes.clear()
    cluster.change(STATEFULSETS, "db", with_fields(replicas=1))
    await cluster.advance(20)
    deleted = [c.obj["metadata"]["name"] for c in cluster.changes if c.resource is PODS and c.type == "DELETED"]
    assert deleted == ["db-2", "db-1"]


async def test_parallel_management_does_not_wait(cluster: ClusterUnderTest) -> None:
    cluster.create("StatefulSet", "db", workload(BAD, replicas=3, serviceName="db", podManagementPolicy="Parallel"))
    await cluster.advance(10)
    assert len(cluster.pods()) == 3


async def test_on_delete_leaves_pods_until_they_are_deleted(cluster: ClusterUnderTest) -> None:
    await stateful(cluster, updateStrategy={"type": "OnDelete"})
    cluster.change(STATEFULSETS, "db", with_image(BETTER))
    await cluster.advance(20)
    assert set(images(cluster).values()) == {GOOD}
    cluster.storage.delete(PODS, NAMESPACE, "db-0")
    await cluster.advance(10)
    assert images(cluster) == {"db-0": BETTER, "db-1": GOOD}


# -- DaemonSet ---------------------------------------------------------------------------------------------------


async def daemon(cluster: ClusterUnderTest, **spec: Any) -> None:
    cluster.create("DaemonSet", "agent", workload(GOOD, **spec))
    await cluster.advance(20)
    assert cluster.daemon_set()["status"]["numberAvailable"] == 3


async def test_each_node_has_one_pod_and_a_new_node_gets_one(cluster: ClusterUnderTest) -> None:
    await daemon(cluster)
    assert sorted(pod["spec"]["nodeName"] for pod in cluster.pods()) == ["node-000", "node-001", "node-002"]
    joined = cluster.storage.list(NODES)[0]
    metadata = {"name": "node-009", "labels": {**joined["metadata"]["labels"], "kubernetes.io/hostname": "node-009"}}
    cluster.storage.create(NODES, {**joined, "metadata": metadata})
    await cluster.advance(10)
    assert cluster.daemon_set()["status"]["numberReady"] == 4


async def test_a_daemon_update_takes_one_node_after_the_other_as_recorded(cluster: ClusterUnderTest) -> None:
    await daemon(cluster)
    cluster.changes.clear()
    cluster.change(DAEMONSETS, "agent", with_image(BETTER))
    await cluster.advance(40)
    seen = statuses(cluster, DAEMONSETS)
    assert all(status.get("numberUnavailable", 0) <= 1 for status in seen)
    updated = list(dict.fromkeys(status.get("updatedNumberScheduled", 0) for status in seen[1:]))
    assert updated == [0, 1, 2, 3]
    assert seen[-1] == {
        "currentNumberScheduled": 3,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 3,
        "numberReady": 3,
        "observedGeneration": 2,
        "updatedNumberScheduled": 3,
        "numberAvailable": 3,
    }
    fields = {frozenset(status) for status in recorded_statuses("daemonset")}
    assert {frozenset(status) for status in seen[1:]} <= fields


async def test_a_bad_daemon_update_stops_at_the_first_node_and_rolling_back_repairs_it(
    cluster: ClusterUnderTest,
) -> None:
    await daemon(cluster)
    cluster.change(DAEMONSETS, "agent", with_image(BAD))
    await cluster.advance(60)
    assert list(images(cluster).values()).count(BAD) == 1
    cluster.change(DAEMONSETS, "agent", with_image(GOOD))
    await cluster.advance(20)
    assert set(images(cluster).values()) == {GOOD}
    assert cluster.daemon_set()["status"]["numberAvailable"] == 3


async def test_daemon_on_delete(cluster: ClusterUnderTest) -> None:
    await daemon(cluster, updateStrategy={"type": "OnDelete"})
    cluster.change(DAEMONSETS, "agent", with_image(BETTER))
    await cluster.advance(20)
    assert set(images(cluster).values()) == {GOOD}
    cluster.storage.delete(PODS, NAMESPACE, next(iter(images(cluster))))
    await cluster.advance(10)
    assert sorted(images(cluster).values()) == [GOOD, GOOD, BETTER]
    assert cluster.daemon_set()["status"]["updatedNumberScheduled"] == 1
