"""Every failure seeded in the simulator is named as the cause of the stalled rollout, for each kind of workload.

Real controllers' behaviour, no HTTP: a good release, then a bad one, and some time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from k9py.api.causes import CauseKind
from k9py.api.kinds import KINDS
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.diagnosis.workloads import workload_findings
from k9py.rollouts.revisions import revisions
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.simulator.controllers.node_lifecycle import restore_node
from k9py.simulator.registry.resources import PODS, by_kind
from tests.matrix import failures
from tests.matrix.failures import FAILURES, GOOD, NAME, REPLICAS
from tests.unit.simulator.cluster import NAMESPACE, ClusterUnderTest, running_cluster, with_fields, with_image, workload

CALM = {RolloutState.UNKNOWN, RolloutState.PROGRESSING, RolloutState.COMPLETE}


def all_of(cluster: ClusterUnderTest, kind: str) -> list[Any]:
    objects = cluster.storage.list(by_kind(kind), NAMESPACE)
    return [KINDS[kind].decode(msgspec.json.encode(obj)) for obj in objects]


def status(cluster: ClusterUnderTest, kind: str) -> RolloutStatus:
    [subject] = all_of(cluster, kind)
    assert isinstance(subject, Deployment | StatefulSet | DaemonSet)
    owned: list[ReplicaSet | ControllerRevision] = [
        *all_of(cluster, "ReplicaSet"),
        *all_of(cluster, "ControllerRevision"),
    ]
    pods: list[Pod] = all_of(cluster, "Pod")
    events = all_of(cluster, "Event")
    now: datetime = cluster.clock.now()
    return diagnose_rollout(subject, revisions(subject, owned, pods), pods, now, events=events)


def alarms(cluster: ClusterUnderTest, kind: str) -> list[Finding]:
    """Return the findings that report a failure or a risk."""
    [subject] = all_of(cluster, kind)
    owned = [*all_of(cluster, "ReplicaSet"), *all_of(cluster, "ControllerRevision")]
    pods, events = all_of(cluster, "Pod"), all_of(cluster, "Event")
    findings = workload_findings(subject, owned, pods, events, cluster.clock.now())
    return [finding for finding in findings if finding.severity is not Severity.INFO]


async def watched_for(cluster: ClusterUnderTest, kind: str, seconds: int) -> list[RolloutStatus]:
    """Return the status at each second; no other finding may raise an alarm."""
    seen = [status(cluster, kind)]
    for _ in range(seconds):
        await cluster.advance(1)
        seen.append(status(cluster, kind))
        assert not alarms(cluster, kind)
    return seen


@pytest.mark.parametrize("kind", failures.KINDS)
@pytest.mark.parametrize(
    ("image", "more", "workers", "seconds"),
    [
        (GOOD, {}, 3, 80),
        ("registry.example.com/checkout:slow", {"minReadySeconds": 30}, 3, 320),
        ("registry.example.com/checkout:slow", {"replicas": 12, "minReadySeconds": 0}, 12, 420),
    ],
    ids=["quick", "slow to be ready", "many pods"],
)
async def test_a_healthy_release_completes_and_raises_no_alarm_on_its_way(
    kind: str, image: str, more: dict[str, Any], workers: int, seconds: int
) -> None:
    given = {key: value for key, value in more.items() if key != "replicas" or kind != "DaemonSet"}
    async with running_cluster(workers=workers) as cluster:
        spec = failures.good_spec(kind)
        # As with a real kubelet, its probe fails until the pod is ready.
        probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5}
        spec["template"]["spec"]["containers"][0]["readinessProbe"] = probe
        cluster.create(kind, NAME, {**spec, **given})
        seen = await watched_for(cluster, kind, 60 if workers == 3 else 200)
        cluster.change(by_kind(kind), NAME, with_image(image.replace("1.0.0", "1.1.0")))
        seen += await watched_for(cluster, kind, seconds)
        assert seen[-1].state is RolloutState.COMPLETE
        assert {status.state for status in seen} <= CALM
        assert bool(cluster.events("Unhealthy")) == ("slow" in image)
        assert {status.cause_kind for status in seen} <= {
            None,
            CauseKind.PROBE,
        }  # not ready yet: reported, but not as an alarm


@pytest.mark.parametrize("kind", failures.KINDS)
@pytest.mark.parametrize("failure", [name for name, failure in FAILURES.items() if failure.strike is None])
async def test_a_seeded_failure_is_named_and_the_serving_old_pods_are_noted(kind: str, failure: str) -> None:
    seeded = FAILURES[failure]
    async with running_cluster() as cluster:
        if seeded.prepare is not None:
            seeded.prepare(cluster.state)
        cluster.create(kind, NAME, failures.good_spec(kind))
        await cluster.advance(60)
        assert status(cluster, kind).state is RolloutState.COMPLETE
        cluster.change(by_kind(kind), NAME, seeded.released)
        await cluster.advance(60)
        # A probe may just be slow: it counts as stalled once the deadline (10 minutes, as for Deployments) has passed.
        if seeded.wait > 60:
            assert status(cluster, kind).state is RolloutState.PROGRESSING
            await cluster.advance(seeded.wait - 60)
        rollout_status = status(cluster, kind)
        assert rollout_status.state is RolloutState.STALLED
        assert rollout_status.cause_kind is seeded.kind
        assert seeded.message in rollout_status.summary
        old = REPLICAS if kind == "Deployment" else REPLICAS - 1
        assert rollout_status.note == f"still served by {old} old pods"


@pytest.mark.parametrize("kind", failures.KINDS)
async def test_a_lost_node_is_the_cause_until_its_pods_are_replaced_or_it_is_back(kind: str) -> None:
    async with running_cluster() as cluster:
        cluster.create(kind, NAME, failures.good_spec(kind))
        await cluster.advance(60)
        cluster.change(by_kind(kind), NAME, FAILURES["node"].released)
        await cluster.advance(5)
        node = failures.lose_a_node(cluster.state)
        await cluster.advance(60)
        rollout_status = status(cluster, kind)
        assert (rollout_status.state, rollout_status.cause_kind) == (RolloutState.STALLED, CauseKind.NODE)
        assert rollout_status.summary == f"stuck: node {node} is NotReady"
        assert "delete pod" not in rollout_status.note
        await cluster.advance(400)
        later = status(cluster, kind)
        ending = [pod for pod in cluster.pods() if "deletionTimestamp" in pod["metadata"]]
        assert {pod["spec"]["nodeName"] for pod in ending} == {node}
        if kind == "Deployment":
            assert later.state is RolloutState.COMPLETE
        else:
            assert (later.state, later.cause_kind, later.summary) == (
                rollout_status.state,
                rollout_status.cause_kind,
                rollout_status.summary,
            )
        restore_node(cluster.state, node)
        await cluster.advance(120)
        assert status(cluster, kind).state is RolloutState.COMPLETE
        assert len(cluster.storage.list(PODS, NAMESPACE)) == REPLICAS


@pytest.mark.parametrize("kind", failures.KINDS)
async def test_a_quota_that_refuses_the_first_pods_is_named(kind: str) -> None:
    async with running_cluster() as cluster:
        cluster.create("ResourceQuota", "tight", {"hard": {"pods": "1"}})
        cluster.create(kind, NAME, workload(GOOD, **_without_template(kind)))
        await cluster.advance(60)
        rollout_status = status(cluster, kind)
        assert rollout_status.cause_kind is CauseKind.QUOTA
        assert "ResourceQuota tight is exceeded: requested pods=1" in rollout_status.summary


@pytest.mark.parametrize("kind", failures.KINDS)
async def test_a_quota_that_requires_unset_resources_is_named(kind: str) -> None:
    async with running_cluster() as cluster:
        cluster.create("ResourceQuota", "tight", {"hard": {"limits.cpu": "4", "requests.memory": "4Gi"}})
        cluster.create(kind, NAME, workload(GOOD, **_without_template(kind)))
        await cluster.advance(60)
        rollout_status = status(cluster, kind)
        assert rollout_status.cause_kind is CauseKind.QUOTA
        assert (
            "ResourceQuota tight rejects its pods: must specify limits.cpu for: app; requests.memory for: app"
            in rollout_status.summary
        )


async def test_a_refused_pod_is_created_as_soon_as_it_is_allowed() -> None:
    async with running_cluster() as cluster:
        cluster.create("Deployment", NAME, FAILURES["account"].released(failures.good_spec("Deployment")))
        await cluster.advance(30)
        assert status(cluster, "Deployment").cause_kind is CauseKind.ADMISSION
        cluster.storage.create(
            by_kind("ServiceAccount"), {"metadata": {"name": "checkout-writer", "namespace": NAMESPACE}}
        )
        cluster.change(by_kind("Deployment"), NAME, with_fields(replicas=2))
        await cluster.advance(90)
        assert status(cluster, "Deployment").state is RolloutState.COMPLETE


def _without_template(kind: str) -> dict[str, Any]:
    return {key: value for key, value in failures.good_spec(kind).items() if key not in ("selector", "template")}
