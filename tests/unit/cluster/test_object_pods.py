"""Whose logs belong to a Job, a CronJob or an object of another type that controls pods."""

from __future__ import annotations

from k9py.api.batch import CronJob, Job, JobStatus
from k9py.api.kinds import POD
from k9py.api.meta import KubeObject, Meta, ObjectRef
from k9py.api.pods import Pod
from k9py.api.resource_type import ResourceType
from k9py.cluster.cluster import Cluster
from k9py.cluster.object_pods import ObjectPods
from k9py.cluster.scope import Scope
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until

NIGHTLY = CronJob(make.meta("CronJob", "nightly"))


def job(name: str, *, minutes_old: int, active: int = 0, owner: KubeObject | None = None) -> Job:
    return Job(
        make.meta("Job", name, owner=owner, created=make.before(60 * minutes_old)), status=JobStatus(active=active)
    )


def pod_of(owner: KubeObject) -> Pod:
    return make.pod(f"{owner.name}-pod", owner=owner)


def names(pods: ObjectPods) -> list[str]:
    return [pod.name for pod in pods.pods()]


async def test_the_pods_of_a_job_are_its_own_and_are_still_known_when_it_is_deleted() -> None:
    migrate, other = job("migrate", minutes_old=5), job("other", minutes_old=5)
    server = FakeServer(migrate, other, pod_of(migrate), pod_of(other))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        pods = ObjectPods(cluster, migrate.key)
        assert pods.empty_reason == "pods not loaded yet"
        await until(lambda: names(pods) == ["migrate-pod"])
        assert pods.take_change()
        assert not pods.take_change()
        assert [target.pod for target in pods.log_targets()] == ["migrate-pod"]
        server.delete(migrate.key)
        await until(pods.take_change)
        assert names(pods) == ["migrate-pod"]
        pods.close()


async def test_the_logs_of_a_cronjob_are_those_of_its_newest_job_and_of_those_that_run() -> None:
    old, failed = job("nightly-1", minutes_old=30, owner=NIGHTLY), job("nightly-2", minutes_old=20, owner=NIGHTLY)
    running, stranger = job("nightly-0", minutes_old=40, active=1, owner=NIGHTLY), job("manual", minutes_old=1)
    jobs = (old, failed, running, stranger)
    server = FakeServer(NIGHTLY, *jobs, *(pod_of(value) for value in jobs))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        pods = ObjectPods(cluster, NIGHTLY.key)
        await until(lambda: names(pods) == ["nightly-0-pod", "nightly-2-pod"])
        newer = job("nightly-3", minutes_old=0, owner=NIGHTLY)
        server.put(newer)
        server.put(pod_of(newer))
        await until(lambda: names(pods) == ["nightly-0-pod", "nightly-3-pod"])


async def test_an_object_of_a_custom_resource_logs_what_its_pods_log() -> None:
    runner_type = ResourceType("example.com", "v1", "runners", "Runner", ref_group="example.com")

    class Runner(KubeObject, frozen=True):
        KIND = "Runner"

    runner = Runner(Meta(name="r", namespace="shop", uid="uid-r"))
    server = FakeServer(runner, pod_of(runner), make.pod("bare"))
    server.added_types.append(runner_type)
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await cluster.discovery.find("runners")
        pods = ObjectPods(cluster, runner_type.ref("shop", "r"))
        await until(lambda: names(pods) == ["r-pod"])


async def test_what_cannot_be_read_is_unknown_and_not_without_pods() -> None:
    server = FakeServer(NIGHTLY)
    server.forbidden.add(("jobs", "shop"))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await until(lambda: cluster.has_synced(POD.name))
        pods = ObjectPods(cluster, NIGHTLY.key)
        await until(lambda: pods.empty_reason.startswith("unknown: may not list jobs in shop"))


async def test_why_there_is_nothing_to_read_is_explained() -> None:
    migrate = job("migrate", minutes_old=5)
    server = FakeServer(NIGHTLY, migrate)
    async with Cluster(server, Scope(("shop",)), HeldClock()) as cluster:
        await until(lambda: cluster.has_synced(POD.name))
        subjects = {
            migrate.key: "no pod of this Job exists now, so no logs",
            NIGHTLY.key: "no job now, so no pods and no logs",
            ObjectRef("Job", "shop", "gone"): "Job does not exist: no logs",
            ObjectRef("Job", "elsewhere", "migrate"): "unknown: pods in elsewhere are not watched, so no logs",
        }
        for key, reason in subjects.items():
            pods = ObjectPods(cluster, key)
            await until(lambda pods=pods, reason=reason: pods.empty_reason == reason)  # type: ignore[misc]
            pods.close()


async def test_what_the_first_screen_holds_needs_no_watch() -> None:
    web = make.stateful_set("web")
    server = FakeServer(web, make.pod("web-0", owner=web))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await until(lambda: cluster.has_synced(POD.name) and cluster.has_synced("StatefulSet"))
        held = len(cluster.leases)
        pods = ObjectPods(cluster, web.key)
        assert names(pods) == ["web-0"]
        assert pods.empty_reason == ""
        assert len(cluster.leases) == held
