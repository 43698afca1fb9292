"""Deleting the stuck pods of a StatefulSet: only those that were confirmed, also across a lost connection."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec
import pytest

from k9py.api.errors import ConnectionFailedError, KdashError, RefusedError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.operations import proposing
from k9py.operations.delete_stuck_pods import StuckPodDeleter
from k9py.operations.operation import PlannedTarget
from k9py.operations.target import TargetSnapshot
from k9py.operations.track import TrackedEnd
from k9py.runtime.clock import SystemClock

DB = ObjectRef("StatefulSet", "data", "db")


class NoWait(SystemClock):
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


def raw_pod(name: str, uid: str, *, is_ready: bool) -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True" if is_ready else "False"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "data", "uid": uid, "resourceVersion": "1"},
        "spec": {"containers": []},
        "status": {"phase": "Running", "conditions": [ready]},
    }


class FakeCluster:
    """A StatefulSet that replaces what is deleted; the next `failures` reads fail."""

    def __init__(self, *names: str) -> None:
        self.objects: dict[ObjectRef, dict[str, Any]] = {
            ObjectRef("Pod", "data", name): raw_pod(name, f"uid-{name}", is_ready=False) for name in names
        }
        self.deleted: list[str] = []
        self.failures = 0

    def pods(self) -> tuple[Pod, ...]:
        return tuple(POD.decode(msgspec.json.encode(raw)) for raw in self.objects.values())

    async def get(self, key: ObjectRef) -> dict[str, Any]:
        if self.failures:
            self.failures -= 1
            raise ConnectionFailedError("connection refused")
        if key == DB:
            return {"status": {"observedGeneration": 2}}
        return self.objects[key]

    async def read(self, snapshot: TargetSnapshot) -> Any:
        raw = self.objects[snapshot.key]
        if raw["metadata"]["uid"] != snapshot.uid:
            raise RefusedError("it was recreated")
        return FakeTarget(raw)

    async def delete(
        self, planned: PlannedTarget, number: int, count: int, gone: Callable[[], Coroutine[Any, Any, TrackedEnd]]
    ) -> None:
        name = planned.target.raw["metadata"]["name"]
        self.deleted.append(name)
        self.objects[ObjectRef("Pod", "data", name)] = raw_pod(name, f"new-{name}", is_ready=True)
        self.failures = 3
        assert (await gone()).outcome == "gone"


class FakeTarget:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw


def deleter(cluster: FakeCluster) -> StuckPodDeleter:
    anything: Any = cluster
    return StuckPodDeleter(
        DB,
        cluster.pods(),
        2,
        is_confirmed=False,
        writer=anything,
        reader=anything,
        targets=anything,
        clock=NoWait(),
        delete=anything.delete,
    )


async def test_only_what_was_confirmed_is_deleted() -> None:
    cluster = FakeCluster("db-0", "db-1", "db-2")
    stuck = deleter(cluster)
    cluster.objects[ObjectRef("Pod", "data", "db-1")] = raw_pod("db-1", "uid-db-1", is_ready=True)
    shown = await stuck.still_stuck()
    cluster.objects[ObjectRef("Pod", "data", "db-1")] = raw_pod("db-1", "uid-db-1", is_ready=False)
    await stuck.delete(shown)
    assert cluster.deleted == ["db-0", "db-2"]


async def test_a_connection_that_comes_back_does_not_end_the_deletions() -> None:
    cluster = FakeCluster("db-0", "db-1")
    stuck = deleter(cluster)
    cluster.failures = 5
    await stuck.delete(stuck.pods)
    assert cluster.deleted == ["db-0", "db-1"]


async def test_a_connection_that_stays_lost_is_reported() -> None:
    cluster = FakeCluster("db-0")
    stuck = deleter(cluster)
    cluster.failures = 1_000_000
    with pytest.raises(ConnectionFailedError, match="connection refused"):
        await stuck.wait_until_observed()
    assert cluster.deleted == []


async def test_the_first_failure_of_several_reads_leaves_nothing_behind() -> None:
    async def fail() -> None:
        raise KdashError("no")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(KdashError):
            await proposing.in_parallel([fail] * (proposing.PARALLEL * 3))
        gc.collect()
    assert caught == []
