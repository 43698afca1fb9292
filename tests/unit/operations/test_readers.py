"""The readers of a proposal: owners from the stores of live watches, and each list once for several objects."""

from __future__ import annotations

import asyncio

from k9py.api.discovery import Discovered
from k9py.api.kinds import POD, REPLICA_SET
from k9py.api.owners import OwnedObject
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.scope import Scope
from k9py.operations.shared_reader import SharedReader
from k9py.operations.watched_reader import WatchedReader
from tests.unit.cluster.server import FakeServer, HeldClock, until
from tests.unit.cluster.world import checkout
from tests.unit.operations.preflights import FakeReader

DEPLOYMENT, REPLICA_SET_OBJECT, PODS = checkout()
PODS_TYPE, REPLICA_SETS = POD.resource_type, REPLICA_SET.resource_type


def standard(name: str) -> ResourceType:
    found = STANDARD.find(name)
    assert found is not None
    return found


async def test_what_is_watched_is_not_requested() -> None:
    reader = FakeReader()
    async with Cluster(FakeServer(DEPLOYMENT, REPLICA_SET_OBJECT, *PODS), Scope(("shop",)), HeldClock()) as cluster:
        await until(lambda: all(kind.state is ClusterState.LIVE for kind in cluster.health.kinds.values()))
        watched = WatchedReader(reader, cluster)
        pods = await watched.list_owners(PODS_TYPE, "shop", most=100)
        assert {pod.uid for pod in pods.objects} == {pod.uid for pod in PODS}
        assert {pod.owners for pod in pods.objects} == {(REPLICA_SET_OBJECT.uid,)}
        assert reader.asked == []
        for resource_type, namespace in ((standard("secrets"), "shop"), (PODS_TYPE, "other"), (PODS_TYPE, "")):
            await watched.list_owners(resource_type, namespace, most=100)
            assert reader.asked.pop() == ("owners", resource_type.qualified_name, namespace)


async def test_a_store_that_is_not_live_does_not_count() -> None:
    reader = FakeReader()
    cluster = Cluster(FakeServer(), Scope(), HeldClock())
    await WatchedReader(reader, cluster).list_owners(PODS_TYPE, "shop", most=100)
    assert reader.asked == [("owners", "pods", "shop")]


async def test_several_objects_share_each_list() -> None:
    reader = FakeReader(owned={"pods": [OwnedObject("p")]})
    async with SharedReader(reader) as shared:
        lists = await asyncio.gather(*(shared.list_owners(PODS_TYPE, "shop", most=100) for _ in range(3)))
        await shared.list_owners(REPLICA_SETS, "shop", most=100)
        await shared.list_owners(PODS_TYPE, "data", most=100)
        await asyncio.gather(shared.served_types(), shared.served_types())
    assert {owners.objects for owners in lists} == {(OwnedObject("p"),)}
    assert len(reader.asked) == 3


async def test_requests_under_way_end_with_the_reader() -> None:
    ended = asyncio.Event()

    class Slow(FakeReader):
        async def served_types(self) -> Discovered:
            try:
                await asyncio.Event().wait()
                return Discovered()
            finally:
                ended.set()

    async with SharedReader(Slow()) as shared:
        waiting = asyncio.ensure_future(shared.served_types())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
    assert ended.is_set()
