"""What checks read beyond the first screen: leased when asked for, reused, refused, bounded, ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from k9py.api.kinds import CRON_JOB, EVENT, JOB, NODE, POD, SERVICE
from k9py.api.pods import Pod
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.cluster.triage import demands
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock
from tests.unit.cluster.triage.checks import ON_BAD_NODE, check_of, found, messages, running
from tests.unit.cluster.triage.moments import looked_again, passed
from tests.unit.cluster.triage.objects import cordoned, cron_job, node


async def test_a_single_object_is_watched_when_a_check_asks_for_it() -> None:
    server = FakeServer(make.pod("web", node="n1"), node("n1"), node("n2"))
    async with running(server, ON_BAD_NODE) as cluster:
        assert server.selected == [("Node", "", "metadata.name=n1")]
        assert messages(cluster) == []

        server.put(cordoned("n1"))
        await passed(cluster)

        assert messages(cluster) == ["Pod web: its node is cordoned"]


async def test_what_does_not_exist_is_none_and_not_unread() -> None:
    async with running(FakeServer(make.pod("web", node="n1")), ON_BAD_NODE) as cluster:
        assert messages(cluster) == ["Pod web: its node does not exist"]


async def test_the_objects_of_subjects_are_watched_whole_and_reused() -> None:
    def of_node(node: object, graph: Graph) -> Iterator[Finding]:
        yield from ()

    server = FakeServer(make.pod("web", node="n1"), cordoned("n1"))
    async with running(server, ON_BAD_NODE, check_of(NODE, "node", of_node)) as cluster:
        assert ("Node", "") in server.watched
        assert server.selected == []
        assert messages(cluster) == ["Pod web: its node is cordoned"]
        assert cluster.triage.report(cluster.clock.now()).looked_at == 2


async def test_kinds_of_the_first_screen_are_not_leased_again() -> None:
    def reads(pod: Pod, graph: Graph) -> Iterator[Finding]:
        if graph.get(SERVICE, "web", pod.namespace) is None:
            yield found(pod, "no Service")

    server = FakeServer(make.pod("web"))
    async with running(server, check_of(POD, "reads", reads)) as cluster:
        assert messages(cluster) == ["Pod web: no Service"]
        assert server.watched.count(("Service", "")) == 1


async def test_a_namespace_outside_the_scope_is_leased_for_what_is_asked() -> None:
    def reads(pod: Pod, graph: Graph) -> Iterator[Finding]:
        service = graph.get(SERVICE, "db", "data")
        if not isinstance(service, Unread):
            yield found(pod, "no db" if service is None else "db exists")

    server = FakeServer(make.pod("web"), make.service("db", namespace="data"))
    async with running(server, check_of(POD, "reads", reads), scope=Scope(("shop",))) as cluster:
        assert server.selected == [("Service", "data", "metadata.name=db")]
        assert messages(cluster) == ["Pod web: db exists"]


async def test_what_is_forbidden_is_unread_with_the_reason_and_listed_once() -> None:
    server = FakeServer(make.pod("web", node="n1"), make.pod("web2", node="n2"))
    server.forbidden.add(("nodes", ""))
    async with running(server, ON_BAD_NODE) as cluster:
        report = cluster.triage.report(cluster.clock.now())

        assert [message.partition(":")[2][:20] for message in messages(cluster)] == [" node unread: forbid"] * 2
        assert [(unread.kind, unread.namespace) for unread in report.unread] == [("Node", "")]
        assert report.is_complete
        assert len([1 for resource, _, _ in server.listed if resource == "nodes"]) == 1


async def test_what_was_forbidden_is_read_when_it_is_allowed() -> None:
    clock = HeldClock()
    server = FakeServer(make.pod("web", node="n1"), cordoned("n1"))
    server.forbidden.add(("nodes", ""))
    async with running(server, ON_BAD_NODE, clock=clock) as cluster:
        server.forbidden.clear()
        await passed(cluster, seconds=60)

        assert messages(cluster) == ["Pod web: its node is cordoned"]


async def test_a_kind_that_the_server_does_not_have_is_no_gap() -> None:
    def of_cron_job(cron_job: object, graph: Graph) -> Iterator[Finding]:
        yield from ()

    def reads(pod: Pod, graph: Graph) -> Iterator[Finding]:
        answer = graph.get(JOB, "import", pod.namespace)
        yield found(pod, f"unread: {answer.reason}" if isinstance(answer, Unread) else "read")

    server = FakeServer(make.pod("web"))
    server.unserved |= {"cronjobs", "jobs"}
    async with running(server, check_of(CRON_JOB, "cron", of_cron_job), check_of(POD, "reads", reads)) as cluster:
        report = cluster.triage.report(cluster.clock.now())

        assert messages(cluster) == ["Pod web: unread: not served"]
        assert (report.unread, report.is_complete) == ((), True)


async def test_events_about_an_object_are_requested_by_its_uid() -> None:
    def reads(pod: Pod, graph: Graph) -> Iterator[Finding]:
        events = graph.all_events(pod)
        if not isinstance(events, Unread):
            yield found(pod, f"events: {', '.join(event.reason for event in events)}")

    pod = make.pod("web")
    server = FakeServer(pod, make.event(pod, "Pulled"))
    async with running(server, check_of(POD, "reads", reads)) as cluster:
        assert server.selected == [("Event", "shop", f"involvedObject.uid={pod.uid}")]
        assert messages(cluster) == ["Pod web: events: Pulled"]


async def test_what_no_check_refers_to_is_ended() -> None:
    clock = HeldClock()
    pod = make.pod("web", node="n1")
    server = FakeServer(pod, node("n1"))
    async with running(server, ON_BAD_NODE, clock=clock) as cluster:
        assert server.selected
        server.delete(pod.key)

        for _ in range(3):
            await looked_again(cluster, seconds=30)

        assert server.selected == []


async def test_more_than_a_server_should_bear_is_unread_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demands, "MAX_LEASES", 2)
    clock = HeldClock()
    pods = [make.pod(f"web{number}", node=f"n{number}") for number in range(4)]
    server = FakeServer(*pods, *(cordoned(f"n{number}") for number in range(4)))
    async with running(server, ON_BAD_NODE, clock=clock) as cluster:
        report = cluster.triage.report(cluster.clock.now())
        assert len(server.selected) == 2
        seen = _cordoned(messages(cluster))
        assert len(seen) == 2
        assert ["too many" in unread.reason for unread in report.unread] == [True]

        for pod in pods:
            if pod.name in seen:
                server.delete(pod.key)
        for _ in range(3):
            await looked_again(cluster, seconds=30)

        assert _cordoned(messages(cluster)) == {pod.name for pod in pods} - seen


def _cordoned(lines: list[str]) -> set[str]:
    return {line.removeprefix("Pod ").partition(":")[0] for line in lines if "cordoned" in line}


async def test_another_scope_reads_the_objects_of_subjects_again() -> None:
    def suspended(cron_job: object, graph: Graph) -> Iterator[Finding]:
        yield found(cron_job, "seen")  # type: ignore[arg-type]

    server = FakeServer(cron_job("a", "shop"), cron_job("b", "data"))
    async with running(server, check_of(CRON_JOB, "cron", suspended), scope=Scope(("shop",))) as cluster:
        assert messages(cluster) == ["CronJob a: seen"]

        await cluster.set_scope(Scope(("data",)))
        await cluster.triage.settled()

        assert messages(cluster) == ["CronJob b: seen"]


async def test_nothing_is_watched_that_nobody_looks_at() -> None:
    server = FakeServer(make.pod("web", node="n1"), node("n1"))
    async with Cluster(server, Scope(), HeldClock(), checks=[ON_BAD_NODE]) as cluster:
        before = len(cluster.leases)
        lease = cluster.triage.open()
        await cluster.triage.settled()
        assert len(cluster.leases) == before + 1

        lease.close()

        assert len(cluster.leases) == before


async def test_events_of_the_first_screen_are_not_leased() -> None:
    def reads(pod: Pod, graph: Graph) -> Iterator[Finding]:
        answer = graph.list(EVENT, pod.namespace)
        yield found(pod, "unread" if isinstance(answer, Unread) else f"{len(answer)} events")

    pod = make.pod("web")
    server = FakeServer(pod, make.event(pod, "Unhealthy"))
    async with running(server, check_of(POD, "reads", reads)) as cluster:
        assert messages(cluster) == ["Pod web: 1 events"]
        assert server.selected == []


async def test_a_heartbeat_that_changes_nothing_runs_no_checks() -> None:
    ran: list[str] = []

    def counts(pod: Pod, graph: Graph) -> Iterator[Finding]:
        ran.append(pod.name)
        graph.get(NODE, "n1")
        yield from ()

    server = FakeServer(make.pod("web", node="n1"), node("n1"))
    async with running(server, check_of(POD, "counts", counts)) as cluster:
        before = len(ran)
        server.put(node("n1"))
        server.put(make.pod("web", node="n1"))
        await looked_again(cluster, seconds=1)
        assert len(ran) == before

        server.put(cordoned("n1"))
        await looked_again(cluster, seconds=1)
        assert len(ran) == before + 1


async def test_of_many_namespaces_of_a_kind_the_whole_scope_is_read() -> None:
    server = FakeServer(*(make.pod("web", name) for name in "abcde"), cron_job("x", "e"))
    async with running(server, check_of(POD, "jobs", _counts_jobs)) as cluster:
        watched = [namespace for kind, namespace in server.watched if kind == "CronJob"]

        assert watched.count("") == 1
        assert len(watched) <= 4
        assert sorted(messages(cluster)) == ["Pod web: 0 jobs"] * 4 + ["Pod web: 1 jobs"]


async def test_namespaces_are_read_where_the_whole_scope_is_forbidden() -> None:
    server = FakeServer(*(make.pod("web", name) for name in "abcde"), cron_job("x", "e"))
    server.forbidden.add(("cronjobs", ""))
    async with running(server, check_of(POD, "jobs", _counts_jobs)) as cluster:
        assert sorted(messages(cluster)) == ["Pod web: 0 jobs"] * 4 + ["Pod web: 1 jobs"]


def _counts_jobs(pod: Pod, graph: Graph) -> Iterator[Finding]:
    jobs = graph.list(CRON_JOB, pod.namespace)
    if not isinstance(jobs, Unread):
        yield found(pod, f"{len(jobs)} jobs")
