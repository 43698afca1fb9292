"""The life of a cluster: loading, live, stale, forbidden, another scope; and what its feeds report."""

from __future__ import annotations

import asyncio

import pytest

from k9py.api.errors import ConnectionFailedError
from k9py.cluster.change_feed import RECHECK, Changes
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.recent_events import recent_events
from k9py.cluster.scope import Scope
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.server import FakeServer, HeldClock, until
from tests.unit.cluster.world import checkout

DEPLOYMENT, REPLICA_SET, PODS = checkout()
SERVICE = make.service("checkout")
SHOP = (DEPLOYMENT, REPLICA_SET, SERVICE, make.endpoint_slice(SERVICE, PODS), *PODS)
REFUSED = ConnectionFailedError("connection refused")


def cluster_of(server: FakeServer, *namespaces: str, clock: HeldClock | None = None) -> Cluster:
    return Cluster(server, Scope(namespaces), clock or HeldClock())


async def live(cluster: Cluster) -> None:
    await until(lambda: all(kind.state is ClusterState.LIVE for kind in cluster.health.kinds.values()))


async def test_it_loads_and_is_live_and_its_views_are_right() -> None:
    cluster = cluster_of(FakeServer(*SHOP))
    assert cluster.health.state is ClusterState.LOADING
    async with cluster:
        await live(cluster)
        assert cluster.health.is_complete
        assert cluster.health.object_count == len(SHOP)
        view = cluster.queries.service_view(SERVICE.key, NOW)
        assert view is not None
        assert (view.ready, view.total) == (2, 2)


async def test_before_endpoints_are_read_a_service_is_unknown() -> None:
    cluster = cluster_of(FakeServer(*SHOP))
    assert not cluster.has_synced("EndpointSlice")
    async with cluster:
        await live(cluster)
        assert cluster.has_synced("EndpointSlice")


def read_views(cluster: Cluster) -> None:
    """Compute every view, so that what it reads is recorded."""
    for key in list(cluster.queries.rollout_keys()):
        cluster.queries.rollout_view(key, cluster.clock.now())
    for key in list(cluster.queries.service_keys()):
        cluster.queries.service_view(key, cluster.clock.now())


async def test_a_change_names_what_it_affects_and_nothing_else() -> None:
    server = FakeServer(*SHOP, make.service("search"), make.deployment("search"))
    cluster = cluster_of(server)
    async with cluster:
        await live(cluster)
        assert cluster.feed.drain().everything
        assert not cluster.feed.drain()
        read_views(cluster)
        server.put(PODS[0])
        await cluster.feed.changed()
        changes = cluster.feed.drain()
        assert changes.services == {SERVICE.key}
        assert changes.rollouts == {DEPLOYMENT.key}
        assert changes.pods == {PODS[0].key}
        assert changes.kinds == {"Pod"}
        assert not changes.everything


async def test_a_deleted_object_is_named_and_has_no_view() -> None:
    server = FakeServer(*SHOP)
    cluster = cluster_of(server)
    async with cluster:
        await live(cluster)
        cluster.feed.drain()
        server.delete(SERVICE.key)
        await cluster.feed.changed()
        assert cluster.feed.drain().services == {SERVICE.key}
        assert cluster.queries.service_view(SERVICE.key, NOW) is None


async def test_a_lost_server_leaves_the_data_readable_and_stale_and_it_recovers() -> None:
    server, clock = FakeServer(*SHOP), HeldClock()
    cluster = cluster_of(server, clock=clock)
    async with cluster:
        await live(cluster)
        server.go_down(REFUSED)
        await until(lambda: cluster.health.retry_at is not None)
        assert cluster.health.state is ClusterState.STALE
        assert cluster.health.since == NOW
        assert cluster.health.error is REFUSED
        assert not cluster.health.is_complete
        assert cluster.queries.service_view(SERVICE.key, NOW) is not None
        server.down = None
        cluster.feed.drain()
        clock.pass_time(60)
        await live(cluster)
        assert cluster.feed.drain().health


async def test_a_server_that_never_responded_is_unreachable() -> None:
    server = FakeServer(*SHOP)
    server.down = REFUSED
    cluster = cluster_of(server)
    async with cluster:
        await until(lambda: cluster.health.state is ClusterState.UNREACHABLE)
        assert cluster.health.error is REFUSED
        assert not cluster.has_synced("Pod")


async def test_a_forbidden_kind_is_named_and_its_views_are_unknown() -> None:
    server = FakeServer(*SHOP)
    server.forbidden = {("endpointslices", ""), ("events", "")}
    cluster = cluster_of(server)
    async with cluster:
        await until(lambda: cluster.health.state is ClusterState.PARTIAL)
        await until(lambda: cluster.health.forbidden == ("EndpointSlice", "Event"))
        assert not cluster.health.is_complete
        view = cluster.queries.service_view(SERVICE.key, NOW)
        assert view is not None
        assert view.total is None


async def test_a_forbidden_cluster_scoped_kind_is_no_alarm() -> None:
    server = FakeServer(*SHOP)
    server.forbidden = {("namespaces", "")}
    cluster = cluster_of(server, "shop")
    async with cluster:
        await until(lambda: cluster.health.forbidden == ("Namespace",))
        await until(lambda: cluster.health.is_complete)


async def test_a_cluster_that_turns_out_to_be_forbidden_falls_back_to_the_contexts_namespace() -> None:
    server = FakeServer(*SHOP)
    server.forbidden = {("*", "")}
    cluster = cluster_of(server)
    async with cluster:
        await until(lambda: cluster.scope == Scope(("shop",)))
        await until(lambda: cluster.health.is_complete)
        assert cluster.scope_notice == "no permission to list pods in all namespaces: showing namespace shop only"
        assert list(cluster.queries.service_keys()) == [SERVICE.key]


async def test_several_namespaces_are_one_cluster_and_the_others_are_not_asked_for() -> None:
    elsewhere = make.service("checkout", "bank")
    server = FakeServer(*SHOP, elsewhere, make.service("hidden", "secret"))
    cluster = cluster_of(server, "shop", "bank")
    async with cluster:
        await live(cluster)
        assert set(cluster.queries.service_keys()) == {SERVICE.key, elsewhere.key}
        assert {namespace for resource, namespace, _ in server.listed if resource == "pods"} == {"shop", "bank"}
        assert cluster.queries.backends_of(elsewhere.key) == ()


async def test_another_scope_drops_the_old_one_immediately() -> None:
    elsewhere = make.service("ledger", "bank")
    cluster = cluster_of(FakeServer(*SHOP, elsewhere), "shop")
    async with cluster:
        await live(cluster)
        cluster.feed.drain()
        await cluster.set_scope(Scope(("bank",)))
        assert SERVICE.key not in set(cluster.queries.service_keys())
        assert cluster.feed.drain().everything
        await live(cluster)
        assert list(cluster.queries.service_keys()) == [elsewhere.key]


async def test_every_reader_has_its_own_feed() -> None:
    server = FakeServer(*SHOP)
    cluster = cluster_of(server)
    async with cluster:
        await live(cluster)
        own = cluster.open_feed()
        own.drain()
        cluster.feed.drain()
        server.put(SERVICE)
        await own.changed()
        assert own.drain().services == cluster.feed.drain().services == {SERVICE.key}
        cluster.close_feed(own)


async def test_an_unsettled_rollout_is_rechecked_as_time_passes() -> None:
    halfway = make.deployment(replicas=3, updated=1, available=2)
    clock = HeldClock()
    cluster = cluster_of(FakeServer(halfway, SERVICE, make.deployment("settled")), clock=clock)
    async with cluster:
        await live(cluster)
        cluster.feed.drain()
        read_views(cluster)
        assert cluster.feed.drain() == Changes()
        clock.pass_time(RECHECK)
        changes = cluster.feed.drain()
        assert changes.rollouts == {halfway.key}
        assert changes.services == {SERVICE.key}


async def test_an_object_that_does_not_decode_is_left_out_and_reported() -> None:
    server = FakeServer(*SHOP, make.event(PODS[0], "Pulled"))
    cluster = cluster_of(server)
    async with cluster:
        await live(cluster)
        server.send(b'{"type":"ADDED","object":{"metadata":{"name":"odd","namespace":"shop"},"status":"?"}}', "Pod")
        await until(lambda: bool(cluster.health.decode_errors))
        assert list(cluster.health.decode_errors) == ["Pod"]
        assert not cluster.health.is_complete
        assert len(list(cluster.stores.pods.values())) == len(PODS)


async def test_the_events_of_one_object_are_read_on_demand() -> None:
    server = FakeServer(*SHOP, make.event(PODS[0], "Pulled", since=60), make.event(PODS[0], "Started", since=30))
    cluster = cluster_of(server)
    async with cluster:
        await live(cluster)
        events = await recent_events(cluster, PODS[0].key)
        assert [event.reason for event in events] == ["Started", "Pulled"]
        assert server.listed[-1] == ("events", "shop", f"involvedObject.uid={PODS[0].uid}")


async def test_an_exception_of_the_body_is_raised_unwrapped() -> None:
    async def fail() -> None:
        async with cluster_of(FakeServer(*SHOP)) as cluster:
            await live(cluster)
            raise REFUSED

    with pytest.raises(ConnectionFailedError):
        await fail()


async def test_leaving_ends_every_task() -> None:
    before = asyncio.all_tasks()
    async with cluster_of(FakeServer(*SHOP)) as cluster:
        await live(cluster)
        assert len(asyncio.all_tasks()) > len(before)
    assert asyncio.all_tasks() == before
