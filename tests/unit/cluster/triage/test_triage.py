"""Triage over a cluster that changes: what runs again, what is reported, and when it has settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.resource_type import ResourceType
from k9py.api.severity import Severity
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.cluster.triage import traced_problems
from k9py.diagnosis.checks.health import service_health
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.server import FakeServer, HeldClock
from tests.unit.cluster.triage.checks import BROKEN, UNREADY, WITHOUT_PODS, YOUNG, check_of, found, messages, running
from tests.unit.cluster.triage.moments import looked_again, passed


async def test_what_is_found_is_reported_with_what_it_explains() -> None:
    server = FakeServer(
        make.service("web", selector={"app": "web"}), make.pod("web", labels={"app": "web"}, ready=False)
    )

    async with running(server, UNREADY, WITHOUT_PODS) as cluster:
        report = cluster.triage.report(cluster.clock.now())

    (problem,) = report.problems
    assert (problem.root.message, problem.severity, problem.explained) == ("not ready", Severity.DOWN, 1)
    assert (report.looked_at, report.unread, report.is_complete) == (2, (), True)


async def test_what_has_read_something_that_changed_is_checked_again() -> None:
    server = FakeServer(make.service("web", selector={"app": "web"}))
    async with running(server, WITHOUT_PODS) as cluster:
        assert messages(cluster) == ["Service web: selects no pods"]

        server.put(make.pod("web", labels={"app": "web"}))
        await passed(cluster)

        assert messages(cluster) == []


async def test_a_deleted_object_has_no_findings() -> None:
    pod = make.pod("web", ready=False)
    server = FakeServer(pod)
    async with running(server, UNREADY) as cluster:
        assert cluster.triage.findings_of(pod.key)

        server.delete(pod.key)
        await passed(cluster)

        assert messages(cluster) == []
        assert cluster.triage.findings_of(pod.key) == ()
        assert cluster.triage.problems_of(pod.key) == ()


async def test_a_check_that_raises_is_named_and_hides_nothing() -> None:
    async with running(FakeServer(make.pod("web", ready=False)), BROKEN, UNREADY) as cluster:
        report = cluster.triage.report(cluster.clock.now())

        assert messages(cluster) == ["Pod web: before it breaks", "Pod web: not ready"]
        assert [unread.reason for unread in report.unread] == [
            "check broken failed on Pod shop/web: ValueError: no such field"
        ]


async def test_a_failure_of_triage_itself_is_named_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(make.pod("web", ready=False))
    async with running(server, UNREADY) as cluster:
        with monkeypatch.context() as patch:
            patch.setattr(traced_problems, "trace_steps", lambda *_: iter(1 // 0 for _ in "x"))
            server.put(make.pod("web2", ready=False))
            await passed(cluster)
            reasons = [unread.reason for unread in cluster.triage.report(cluster.clock.now()).unread]
            assert reasons == ["it failed: ZeroDivisionError: integer division or modulo by zero"]
            await cluster.triage.settled()

        server.put(make.pod("web3", ready=False))
        await passed(cluster)

        assert len(messages(cluster)) == 3
        assert cluster.triage.report(cluster.clock.now()).unread == ()


async def test_a_check_runs_again_at_the_time_that_it_asked_for() -> None:
    clock = HeldClock()
    pod = make.pod("web", ready=False, created=590)
    async with running(FakeServer(pod), YOUNG, clock=clock) as cluster:
        assert messages(cluster) == []

        clock.pass_time(10)
        await passed(cluster)

        assert messages(cluster) == ["Pod web: not ready for 10 minutes"]


async def test_a_check_that_reads_the_time_runs_again_within_a_minute_unasked() -> None:
    def forgets_to_ask(pod: Pod, graph: Graph) -> Iterator[Finding]:
        created = pod.metadata.creation_timestamp
        if created is not None and graph.now - created > timedelta(seconds=30):
            yield found(pod, "is old")

    server = FakeServer(make.pod("web", created=0))
    async with running(server, check_of(POD, "old", forgets_to_ask)) as cluster:
        assert messages(cluster) == []

        await looked_again(cluster, seconds=61)

        assert messages(cluster) == ["Pod web: is old"]


async def test_an_object_of_a_type_that_is_discovered_is_read() -> None:
    widgets = ResourceType("example.com", "v1", "widgets", "Widget", ref_group="example.com")

    def has_no_widget(pod: Pod, graph: Graph) -> Iterator[Finding]:
        if graph.metadata(ObjectRef("Widget", "shop", "web", "example.com")) is None:
            yield found(pod, "has no Widget")

    server = FakeServer(make.pod("web"))
    async with running(server, check_of(POD, "widget", has_no_widget)) as cluster:
        assert messages(cluster) == []

        server.added_types = [widgets]
        cluster.discovery.request()
        await passed(cluster)
        await cluster.triage.settled()

        assert messages(cluster) == ["Pod web: has no Widget"]


async def test_what_time_alone_changes_for_users_is_found() -> None:
    clock = HeldClock()
    service = make.service("web")
    metadata = msgspec.structs.replace(service.metadata, creation_timestamp=NOW - timedelta(seconds=55))
    server = FakeServer(msgspec.structs.replace(service, metadata=metadata))
    async with running(server, service_health, clock=clock) as cluster:
        assert messages(cluster) == []

        clock.pass_time(6)
        await passed(cluster)

        assert messages(cluster) == ["Service web: no ready endpoints"]


async def test_a_pod_means_to_users_what_its_workload_does() -> None:
    deployment = make.deployment("web", replicas=1)
    replica_set = make.replica_set(deployment, replicas=1)
    pod = make.pod("web-1", owner=replica_set)
    server = FakeServer(deployment, replica_set, pod)
    async with running(server, check_of(POD, "odd", lambda pod, graph: iter([found(pod, "odd")]))) as cluster:
        (problem,) = cluster.triage.report(cluster.clock.now()).problems
        assert (problem.subject, problem.severity) == (deployment.key, Severity.WARNING)

        server.put(make.deployment("web", replicas=1, ready=0, available=0))
        server.put(make.pod("web-1", owner=replica_set, ready=False))
        await passed(cluster)

        (problem,) = cluster.triage.report(cluster.clock.now()).problems
        assert (problem.subject, problem.severity) == (deployment.key, Severity.DOWN)


async def test_whoever_subscribes_is_notified_of_another_report() -> None:
    server = FakeServer(make.pod("web", ready=False))
    async with running(server, UNREADY) as cluster:
        notified: list[int] = []
        unsubscribe = cluster.triage.subscribe(lambda: notified.append(cluster.triage.version))

        server.put(make.pod("web2", ready=False))
        await passed(cluster)
        unsubscribe()

        assert notified == [cluster.triage.version]


async def test_the_report_stays_the_same_object_while_nothing_changes() -> None:
    async with running(FakeServer(make.pod("web", ready=False)), UNREADY) as cluster:
        now = cluster.clock.now()

        assert cluster.triage.report(now) is cluster.triage.report(now)


async def test_nothing_runs_while_nobody_looks() -> None:
    server = FakeServer(make.pod("web", ready=False))
    async with Cluster(server, Scope(), HeldClock(), checks=[UNREADY]) as cluster:
        lease = cluster.triage.open()
        await cluster.triage.settled()
        lease.close()
        lease.close()

        assert messages(cluster) == []
        with pytest.raises(RuntimeError):
            await cluster.triage.settled()


async def test_another_scope_is_checked_from_the_start() -> None:
    server = FakeServer(make.pod("web", ready=False), make.pod("db", namespace="data", ready=False))
    async with running(server, UNREADY, scope=Scope(("shop",))) as cluster:
        assert messages(cluster) == ["Pod web: not ready"]

        await cluster.set_scope(Scope(("data",)))
        await cluster.triage.settled()

        assert messages(cluster) == ["Pod db: not ready"]


async def test_a_lease_from_before_the_cluster_is_entered_counts() -> None:
    cluster = Cluster(FakeServer(make.pod("web", ready=False)), Scope(), HeldClock(), checks=[UNREADY])
    cluster.triage.open()
    async with cluster:
        await cluster.triage.settled()
        assert messages(cluster) == ["Pod web: not ready"]


async def test_nothing_is_claimed_while_a_kind_of_the_first_screen_is_not_read() -> None:
    server = FakeServer(make.service("web", selector={"app": "web"}))
    server.forbidden.add(("pods", "shop"))
    async with running(server, WITHOUT_PODS, scope=Scope(("shop",))) as cluster:
        report = cluster.triage.report(cluster.clock.now())
        assert messages(cluster) == []

    assert [(unread.kind, "forbidden" in unread.reason) for unread in report.unread] == [("Pod", True)]
