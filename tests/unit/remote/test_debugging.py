"""The pod of a debugging session is removed whatever ends the session; what cannot be removed is reported."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.streams import ContainerRef
from k9py.api.write_request import WriteRequest
from k9py.operations.plan import WritePlan
from k9py.remote import debugging
from k9py.remote.debugging import DebugPod, how_it_ended, removed_afterwards
from k9py.session import ClusterSession
from tests.unit.operations.raw import raw_pod

WHERE = DebugPod(ContainerRef("shop", "node-debugger-a", "debugger"), "pod-node-debugger-a", 8 * 3600)
Raw = dict[str, Any]


class Time:
    """A clock whose sleeps take no time."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 15, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)


class Cluster:
    """A connection and a writer that know one pod.

    Args:
        errors: raised by the deletions, in order; the last one stays.
    """

    def __init__(self, pod: Raw | None = None, errors: tuple[KdashError, ...] = ()) -> None:
        self.pod: Raw | None = raw_pod(WHERE.ref.name) if pod is None else pod
        self.errors = list(errors)
        self.deleted: list[WriteRequest] = []
        self.may_delete = asyncio.Event()
        self.may_delete.set()
        self.begun = asyncio.Event()

    async def get(self, key: ObjectRef, subresource: str = "") -> Raw:
        if self.pod is None:
            raise NotFoundError("no such pod")
        return self.pod

    async def write(self, plan: WritePlan, *, dry_run: bool, before: Any = None) -> Any:
        self.begun.set()
        await self.may_delete.wait()
        if self.errors:
            raise self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]
        self.deleted.append(plan.request)
        self.pod = None
        return SimpleNamespace()


def session(cluster: Cluster) -> ClusterSession:
    made: Any = ClusterSession(cluster, cluster, Time(), namespace="shop")  # type: ignore[arg-type]
    return made  # type: ignore[no-any-return]


async def test_the_pod_that_was_created_is_removed_at_the_end() -> None:
    cluster, reports = Cluster(), list[tuple[str, bool]]()
    async with removed_afterwards(session(cluster), WHERE, lambda *report: reports.append(report)):
        assert not cluster.deleted
    [request] = cluster.deleted
    assert request.patch["preconditions"]["uid"] == WHERE.uid  # type: ignore[index,call-overload]
    assert request.patch["gracePeriodSeconds"] == 1  # type: ignore[index,call-overload]
    assert reports == [("pod node-debugger-a removed", False)]


async def test_it_is_removed_after_an_error_too() -> None:
    cluster = Cluster()
    with pytest.raises(ConnectionFailedError):
        async with removed_afterwards(session(cluster), WHERE, lambda *_: None):
            raise ConnectionFailedError("the stream was lost")
    assert cluster.deleted


@pytest.mark.parametrize("cancellations", [1, 3])
async def test_it_is_removed_although_the_session_is_cancelled_again_and_again(cancellations: int) -> None:
    cluster = Cluster()
    cluster.may_delete.clear()
    opened = session(cluster)

    async def work() -> None:
        async with removed_afterwards(opened, WHERE, lambda *_: None):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    for _ in range(cancellations):
        task.cancel()
        await cluster.begun.wait()
    released = asyncio.create_task(opened.wait_until_released())
    await asyncio.sleep(0)
    assert not released.done(), "the connection stays open until the pod is removed"
    cluster.may_delete.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await released
    assert cluster.deleted


async def test_a_server_that_does_not_answer_is_asked_again() -> None:
    lost = ConnectionFailedError("connection refused")
    cluster, reports = Cluster(errors=(lost, lost)), list[tuple[str, bool]]()
    async with removed_afterwards(session(cluster), WHERE, lambda *report: reports.append(report)):
        pass
    [(text, is_left_over)] = reports
    assert is_left_over
    assert "left over in namespace shop: connection refused" in text
    assert "kdash delete pod/node-debugger-a -n shop" in text
    assert "8 hours" in text


async def test_a_server_that_hangs_is_waited_for_a_bounded_time_and_not_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(debugging, "_REMOVE_SECONDS", 0.02)
    monkeypatch.setattr(debugging, "_NOTICE_SECONDS", 0.0)
    cluster, reports = Cluster(), list[tuple[str, bool]]()
    cluster.may_delete.clear()
    async with removed_afterwards(session(cluster), WHERE, lambda *report: reports.append(report)):
        pass
    [(notice, _), (text, is_left_over)] = reports
    assert notice == "removing pod node-debugger-a: waiting for the server"
    assert is_left_over
    assert "the server does not answer; remove it with kdash delete pod/node-debugger-a -n shop" in text


async def test_a_refusal_is_reported_at_once() -> None:
    cluster, reports = Cluster(errors=(ForbiddenError("you may not"),)), list[tuple[str, bool]]()
    opened = session(cluster)
    async with removed_afterwards(opened, WHERE, lambda *report: reports.append(report)):
        pass
    assert "you may not" in reports[0][0]
    assert opened.clock.monotonic() == 0


async def test_another_pod_of_that_name_is_left_alone() -> None:
    other = raw_pod(WHERE.ref.name)
    other["metadata"]["uid"] = "another"
    cluster = Cluster(other)
    async with removed_afterwards(session(cluster), WHERE, lambda *_: None):
        pass
    assert not cluster.deleted


async def test_how_a_container_ended() -> None:
    raw = raw_pod(WHERE.ref.name)
    assert await how_it_ended(session(Cluster(raw)), WHERE) is None
    raw["status"]["containerStatuses"] = [
        {"name": "debugger", "state": {"terminated": {"exitCode": 3}}, "image": "", "imageID": "", "restartCount": 0}
    ]
    ended = await how_it_ended(session(Cluster(raw)), WHERE)
    assert ended is not None
    assert ended.exit_code == 3
