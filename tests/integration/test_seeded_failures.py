"""Every failure we seed in the simulator is named as the cause of the rollout, for each kind of workload.

Real controllers' behaviour, no HTTP: a good release, then a bad one, and some time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from k9py.objects.kinds import KINDS
from k9py.objects.pods import Pod
from k9py.objects.troubles import TroubleKind
from k9py.objects.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from k9py.rollouts.revisions import revisions
from k9py.rollouts.status import RolloutState, RolloutStatus, rollout_status
from k9py.simulator.resources import by_kind
from tests.simulator.cluster import NAMESPACE, Cluster, running_cluster, workload

Spec = dict[str, Any]
GOOD = "registry.example.com/checkout:1.0.0"


def image(tag: str) -> Callable[[Spec], None]:
    def change(pod: Spec) -> None:
        pod["containers"][0]["image"] = f"registry.example.com/checkout:{tag}"

    return change


def out_of_memory(pod: Spec) -> None:
    pod["containers"][0] |= {"image": "registry.example.com/checkout:oom", "resources": {"limits": {"memory": "64Mi"}}}


def failing_init(pod: Spec) -> None:
    pod["initContainers"] = [{"name": "migrate", "image": "registry.example.com/migrate:initfail"}]


def missing_secret(pod: Spec) -> None:
    pod["containers"][0]["envFrom"] = [{"secretRef": {"name": "db"}}]


def missing_config_map_volume(pod: Spec) -> None:
    pod["volumes"] = [{"name": "settings", "configMap": {"name": "settings"}}]


def too_big(pod: Spec) -> None:
    pod["containers"][0]["resources"] = {"requests": {"memory": "2Ti"}}


FAILURES = {
    "image": (image("badimage"), TroubleKind.IMAGE, "image checkout:badimage cannot be pulled"),
    "crash": (image("crash"), TroubleKind.CRASH, "container app keeps crashing (exit 1)"),
    "oom": (out_of_memory, TroubleKind.OOM, "container app is out of memory (its limit is 64Mi)"),
    "init": (failing_init, TroubleKind.CRASH, "init container migrate keeps crashing (exit 1)"),
    "secret": (missing_secret, TroubleKind.CONFIG, "secret db is missing, container app needs it"),
    "volume": (missing_config_map_volume, TroubleKind.MOUNT, 'configmap "settings" not found'),
    "unschedulable": (too_big, TroubleKind.UNSCHEDULABLE, "pod cannot be scheduled: 0/3 nodes are available"),
    "probe": (image("unready"), TroubleKind.PROBE, "readiness probe of container app fails"),
}
# Without minReadySeconds a container that runs for some seconds before it crashes counts as ready, and is rolled out.
SPECS: dict[str, Spec] = {
    "Deployment": {"replicas": 3, "minReadySeconds": 10},
    "StatefulSet": {"replicas": 3, "minReadySeconds": 10, "serviceName": "checkout"},
    "DaemonSet": {"minReadySeconds": 10},
}


def all_of(cluster: Cluster, kind: str) -> list[Any]:
    found = cluster.storage.list(by_kind(kind), NAMESPACE)
    return [KINDS[kind].decode(msgspec.json.encode(one)) for one in found]


def status(cluster: Cluster, kind: str) -> RolloutStatus:
    [subject] = all_of(cluster, kind)
    assert isinstance(subject, Deployment | StatefulSet | DaemonSet)
    owned: list[ReplicaSet | ControllerRevision] = [
        *all_of(cluster, "ReplicaSet"),
        *all_of(cluster, "ControllerRevision"),
    ]
    pods: list[Pod] = all_of(cluster, "Pod")
    events = all_of(cluster, "Event")
    now: datetime = cluster.clock.now()
    return rollout_status(subject, revisions(subject, owned, pods), pods, now, events=events)


@pytest.mark.parametrize("kind", SPECS)
async def test_a_healthy_release_completes_and_raises_no_alarm_on_its_way(kind: str) -> None:
    async with running_cluster() as cluster:
        cluster.create(kind, "checkout", workload(GOOD, **SPECS[kind]))
        seen = [status(cluster, kind)]
        for _ in range(80):
            await cluster.pass_time(1)
            seen.append(status(cluster, kind))
        assert seen[-1].state is RolloutState.COMPLETE
        assert {one.state for one in seen} <= {RolloutState.UNKNOWN, RolloutState.PROGRESSING, RolloutState.COMPLETE}


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_seeded_failure_is_named_and_old_pods_are_said_to_serve(kind: str, failure: str) -> None:
    break_it, cause, words = FAILURES[failure]

    def release(spec: Spec) -> Spec:
        pod = {**spec["template"]["spec"], "containers": [dict(one) for one in spec["template"]["spec"]["containers"]]}
        break_it(pod)
        return {**spec, "template": {**spec["template"], "spec": pod}}

    async with running_cluster() as cluster:
        cluster.create(kind, "checkout", workload(GOOD, **SPECS[kind]))
        await cluster.pass_time(60)
        assert status(cluster, kind).state is RolloutState.COMPLETE
        cluster.change(by_kind(kind), "checkout", release)
        await cluster.pass_time(60)
        # A probe may just be slow: it counts as stalled once the deadline (10 minutes, as for Deployments) has passed.
        early = status(cluster, kind)
        if cause is TroubleKind.PROBE:
            assert early.state is RolloutState.PROGRESSING
            await cluster.pass_time(700)
        found = status(cluster, kind)
        assert found.state is RolloutState.STALLED
        assert found.cause is cause
        assert words in found.words
        old = 3 if kind == "Deployment" else 2
        assert found.note == f"{old} old pods still serve"


@pytest.mark.parametrize("kind", SPECS)
async def test_a_quota_that_refuses_the_pods_is_named(kind: str) -> None:
    async with running_cluster() as cluster:
        cluster.create("ResourceQuota", "tight", {"hard": {"pods": "1"}})
        cluster.create(kind, "checkout", workload(GOOD, **SPECS[kind]))
        await cluster.pass_time(60)
        found = status(cluster, kind)
        assert found.cause is TroubleKind.QUOTA
        assert "quota tight is exceeded: requested pods=1" in found.words
