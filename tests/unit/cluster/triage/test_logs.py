"""Log lines for checks: once for each run, shared by the pods of an owner, a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from k9py.api.kinds import POD
from k9py.api.pods import Pod
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.cluster.triage import logs
from k9py.cluster.triage.logs import AT_A_TIME, PER_MINUTE
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until
from tests.unit.cluster.triage.checks import check_of, found, messages, running
from tests.unit.cluster.triage.moments import looked_again, passed


def _last_line(pod: Pod, graph: Graph) -> Iterator[Finding]:
    lines = graph.last_lines(pod, "app", previous=True)
    match lines:
        case Unread():
            return
        case None:
            yield found(pod, "no lines")
        case _:
            yield found(pod, lines[-1])


LAST_LINE = check_of(POD, "last-line", _last_line)


def _pod(name: str, *, restarts: int = 1, owner: object = None, image: str = "checkout:1") -> Pod:
    status = make.container_status("app", ready=False, restarts=restarts, image=image)
    return make.pod(name, ready=False, statuses=[status], owner=owner)  # type: ignore[arg-type]


def _key(name: str) -> str:
    return f"shop/{name}/app/previous"


async def test_the_lines_are_printable_and_without_timestamps() -> None:
    server = FakeServer(_pod("a"))
    server.logs[_key("a")] = ["2026-11-22T12:00:00.123456789Z starting", "2026-11-22T12:00:01.5Z \x1b[31mfatal: no db"]
    async with running(server, LAST_LINE) as cluster:
        assert messages(cluster) == ["Pod a: fatal: no db"]


async def test_a_log_that_cannot_be_read_has_no_lines() -> None:
    async with running(FakeServer(_pod("a")), LAST_LINE) as cluster:
        assert messages(cluster) == ["Pod a: no lines"]


async def test_a_log_is_read_once_for_each_run() -> None:
    server = FakeServer(_pod("a"))
    server.logs[_key("a")] = ["first"]
    async with running(server, LAST_LINE) as cluster:
        server.put(_pod("a"))
        await looked_again(cluster, seconds=1)
        assert server.read_logs == [_key("a")]

        server.logs[_key("a")] = ["second"]
        server.put(_pod("a", restarts=2))
        await passed(cluster)

        assert server.read_logs == [_key("a")] * 2
        assert messages(cluster) == ["Pod a: second"]


async def test_pods_of_an_owner_with_the_same_image_share_the_lines() -> None:
    replica_set = make.replica_set(make.deployment("web"))
    server = FakeServer(*(_pod(name, owner=replica_set) for name in "abc"), _pod("d", owner=replica_set, image="other"))
    server.logs |= {_key(name): [f"error {2 * name}"] for name in "abcd"}
    async with running(server, LAST_LINE) as cluster:
        assert len(server.read_logs) == 2
        assert {line.partition(": ")[2] for line in messages(cluster) if not line.startswith("Pod d")} == {
            "error " + 2 * server.read_logs[0].split("/")[1]
        }
        assert "Pod d: error dd" in messages(cluster)


async def test_only_a_few_are_read_at_a_time() -> None:
    server = FakeServer(*(_pod(f"p{number}") for number in range(8)))
    server.is_reading.clear()
    async with Cluster(server, Scope(), HeldClock(), checks=[LAST_LINE]) as cluster:
        cluster.triage.open()
        settled = asyncio.create_task(cluster.triage.settled())
        await until(lambda: len(server.read_logs) == AT_A_TIME)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(server.read_logs) == AT_A_TIME

        server.is_reading.set()
        await settled

        assert len(server.read_logs) == 8
        assert messages(cluster) == [f"Pod p{number}: no lines" for number in range(8)]


async def test_only_so_many_are_read_in_a_minute() -> None:
    clock = HeldClock()
    count = PER_MINUTE + 5
    server = FakeServer(*(_pod(f"p{number:02}") for number in range(count)))
    async with running(server, LAST_LINE, clock=clock) as cluster:
        assert len(server.read_logs) == len(messages(cluster)) == PER_MINUTE

        await looked_again(cluster, seconds=61)

        assert len(server.read_logs) == len(messages(cluster)) == count


async def test_a_log_that_found_no_room_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_WAITING", 2)
    server = FakeServer(*(_pod(f"p{number}") for number in range(AT_A_TIME + 4)))

    async with running(server, LAST_LINE) as cluster:
        assert len(messages(cluster)) == AT_A_TIME + 4


async def test_the_lines_that_were_read_are_listed_for_each_pod() -> None:
    replica_set = make.replica_set(make.deployment("web"))
    server = FakeServer(*(_pod(name, owner=replica_set) for name in "ab"))
    server.logs |= {_key(name): ["fatal"] for name in "ab"}
    async with running(server, LAST_LINE) as cluster:
        assert sorted((pod.name, *rest) for pod, *rest in cluster.triage.logs()) == [
            ("a", "app", True, ("fatal",)),
            ("b", "app", True, ("fatal",)),
        ]
