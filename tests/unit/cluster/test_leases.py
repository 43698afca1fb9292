"""Leases: which requests share a watch, when it starts and ends, whose health it is, and what its reader hears of."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from k9py.api.errors import ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.api.kinds import DEPLOYMENT, EVENT, NAMESPACE, NODE, POD, DynamicKind, MetadataKind, TableKind
from k9py.api.meta import KubeObject, Meta, NodeMeta
from k9py.api.nodes import Node, NodeSpec
from k9py.api.resource_type import ResourceType
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.lease import LeaseChange
from k9py.cluster.leases import GRACE_SECONDS
from k9py.cluster.scope import Scope
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until

WIDGETS = ResourceType("example.com", "v1", "widgets", "Widget", ref_group="example.com")


NODE_1 = Node(NodeMeta(name="n1", uid="uid-n1"))


class Widget(KubeObject, frozen=True):
    """An object of a type of its own."""

    KIND = "Widget"


def widget(name: str, namespace: str = "shop") -> Widget:
    return Widget(Meta(name=name, namespace=namespace, uid=f"uid-{name}"))


async def live(cluster: Cluster) -> None:
    await until(lambda: all(kind.state is ClusterState.LIVE for kind in cluster.health.kinds.values()))


async def test_what_the_first_screen_reads_is_shared_and_full_at_once() -> None:
    server = FakeServer(make.pod("a"), make.pod("b"))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await live(cluster)
        before = list(server.listed)
        lease = cluster.lease(POD)
        assert {pod.name for pod in lease.store.values()} == {"a", "b"}
        assert lease.has_synced
        assert lease.state is ClusterState.LIVE
        await lease.wait_for_sync()
        whole = cluster.lease(POD, namespaces=())
        assert len(whole.store) == 2
        lease.close()
        whole.close()
        assert server.listed == before
        assert ("Pod", "") in server.watched


async def test_other_requests_have_a_watch_of_their_own() -> None:
    server = FakeServer()
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await live(cluster)
        before = len(server.watched)
        await cluster.lease(DynamicKind(POD.resource_type)).wait_for_sync()
        await cluster.lease(MetadataKind(POD.resource_type)).wait_for_sync()
        await cluster.lease(TableKind(POD.resource_type)).wait_for_sync()
        await cluster.lease(EVENT).wait_for_sync()  # the first screen reads a part of them
        await cluster.lease(POD, label_selector="app=x").wait_for_sync()
        await cluster.lease(POD, label_selector="app=x").wait_for_sync()
        await cluster.lease(POD, field_selector="spec.nodeName=n").wait_for_sync()
        await cluster.lease(POD, namespaces=("shop",)).wait_for_sync()
        assert len(server.watched) == before + 7


async def test_a_watch_ends_a_grace_period_after_its_last_lease() -> None:
    clock, server = HeldClock(), FakeServer(NODE_1)
    async with Cluster(server, Scope(), clock) as cluster:
        await live(cluster)
        assert ("Node", "") not in server.watched
        first, second = cluster.lease(NODE), cluster.lease(NODE)
        await first.wait_for_sync()
        assert server.watched.count(("Node", "")) == 1
        first.close()
        assert not list(first.store.values())
        await _pass(clock, GRACE_SECONDS)
        assert ("Node", "") in server.watched
        second.close()
        second.close()
        await _pass(clock, GRACE_SECONDS - 1)
        again = cluster.lease(NODE)
        assert [node.name for node in again.store.values()] == ["n1"]
        assert server.listed.count(("nodes", "", "")) == 1
        await _pass(clock, GRACE_SECONDS)
        assert ("Node", "") in server.watched
        again.close()
        await _pass(clock, GRACE_SECONDS)
        assert ("Node", "") not in server.watched


async def test_a_lease_follows_the_scope_unless_it_names_its_namespaces() -> None:
    server = FakeServer(*(make.pod(name, namespace=name) for name in "abc"))
    async with Cluster(server, Scope(("a", "b")), HeldClock()) as cluster:
        follows, named = cluster.lease(POD), cluster.lease(POD, namespaces=("c",))
        whole, cluster_wide = cluster.lease(POD, namespaces=()), cluster.lease(NAMESPACE)
        changes: list[LeaseChange] = []
        follows.subscribe(changes.append)
        for lease in (follows, named, whole):
            await lease.wait_for_sync()
        assert [sorted(pod.name for pod in lease.store.values()) for lease in (follows, named, whole)] == [
            ["a", "b"],
            ["c"],
            ["a", "b", "c"],
        ]
        changes.clear()
        await cluster.set_scope(Scope(("b", "c")))
        assert changes
        assert changes[0].everything
        assert changes[0].health
        await follows.wait_for_sync()
        assert sorted(pod.name for pod in follows.store.values()) == ["b", "c"]
        assert sorted(pod.name for pod in named.store.values()) == ["c"]
        assert follows.has_synced
        await until(lambda: sorted(ns for kind, ns in server.watched if kind == "Pod") == ["", "b", "c"])
        assert server.listed.count(("pods", "b", "")) == 1, "a namespace that stays is not read again"
        assert cluster_wide.has_synced
        assert ("Deployment", "a") not in server.watched


async def test_the_health_of_a_lease_is_its_own() -> None:
    server = FakeServer(make.deployment("web"), widget("w"))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await live(cluster)
        lease = cluster.lease(DynamicKind(WIDGETS))
        deployments = cluster.lease(DEPLOYMENT)
        await lease.wait_for_sync()
        feed = cluster.open_feed()
        feed.drain()
        server.fail("Widget", ConnectionFailedError("cut off"))
        await until(lambda: lease.state is ClusterState.STALE)
        assert isinstance(lease.error, ConnectionFailedError)
        assert lease.has_synced
        assert cluster.health.is_live
        assert "Widget" not in cluster.health.kinds
        assert not feed.drain().health
        assert deployments.state is ClusterState.LIVE
        lease.retry_now()
        await until(lambda: lease.state is ClusterState.LIVE)
        server.fail("Deployment", ConnectionFailedError("cut off"))
        await until(lambda: deployments.state is ClusterState.STALE)
        assert cluster.health.state is ClusterState.STALE, "what the first screen needs counts"


async def test_a_reader_hears_of_the_objects_that_changed() -> None:
    server = FakeServer(widget("old"))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        lease = cluster.lease(DynamicKind(WIDGETS))
        changes: list[LeaseChange] = []
        unsubscribe = lease.subscribe(changes.append)
        await until(lambda: lease.state is ClusterState.LIVE)
        (old,) = lease.store.values()
        assert any(old.key in change.refs for change in changes)
        assert any(change.health for change in changes)
        changes.clear()
        server.put(widget("new"))
        await until(lambda: len(lease.store) == 2)
        assert changes == [LeaseChange(frozenset((WIDGETS.ref("shop", "new"),)))]
        assert lease.store.get(WIDGETS.ref("shop", "new")) is not None
        unsubscribe()
        unsubscribe()
        changes.clear()
        server.delete(widget("new").key)
        await until(lambda: len(lease.store) == 1)
        assert not changes


async def test_the_columns_of_a_table_are_those_of_its_watch() -> None:
    server = FakeServer(widget("w"))
    async with Cluster(server, Scope(("shop", "blog")), HeldClock()) as cluster:
        requested = TableKind(WIDGETS)
        lease = cluster.lease(requested)
        changes: list[LeaseChange] = []
        lease.subscribe(changes.append)
        await lease.wait_for_sync()
        assert [column.name for column in lease.kind.columns] == ["Name", "Created At"]
        assert [change.columns for change in changes].count(True) == 1
        assert [row.cells for row in lease.store.values()] == [("w", None)]
        assert cluster.lease(requested).kind is lease.kind


@pytest.mark.parametrize("error", [ForbiddenError, NotFoundError])
async def test_waiting_for_what_cannot_be_read_fails(error: type[KdashError]) -> None:
    server = FakeServer()
    server.forbidden = {("nodes", "")} if error is ForbiddenError else set()
    server.unserved = {"nodes"} if error is NotFoundError else set()
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        lease = cluster.lease(NODE)
        with pytest.raises(error):
            await lease.wait_for_sync()
        assert isinstance(lease.error, error)
        server.forbidden, server.unserved = set(), set()
        cluster.retry_now()
        await lease.wait_for_sync()
        assert lease.error is None


async def test_waiting_outlasts_a_server_that_is_down_and_a_change_of_scope() -> None:
    server = FakeServer(make.pod("p", namespace="shop"))
    server.down = ConnectionFailedError("refused")
    async with Cluster(server, Scope(("blog",)), HeldClock()) as cluster:
        lease = cluster.lease(TableKind(POD.resource_type))
        waiting = asyncio.create_task(lease.wait_for_sync())
        await until(lambda: lease.state is ClusterState.UNREACHABLE)
        await cluster.set_scope(Scope(("shop",)))
        server.down = None
        cluster.retry_now()
        await waiting
        assert [row.name for row in lease.store.values()] == ["p"]


async def test_leases_taken_before_the_cluster_runs_start_with_it() -> None:
    cluster = Cluster(FakeServer(NODE_1), Scope(), HeldClock())
    lease, unused = cluster.lease(NODE), cluster.lease(DynamicKind(WIDGETS))
    unused.close()
    assert lease.state is ClusterState.LOADING
    async with cluster:
        await lease.wait_for_sync()
        assert ("Widget", "") not in cluster.connection.watched  # type: ignore[attr-defined]
    assert [node.name for node in lease.store.values()] == ["n1"], "as it was last"


async def _pass(clock: HeldClock, seconds: float) -> None:
    clock.pass_time(seconds)
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_history_has_the_changes_of_every_whole_watch_once() -> None:
    server = FakeServer(NODE_1, make.deployment("web"))
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        nodes = cluster.lease(NODE)
        cluster.lease(NODE)
        labelled = cluster.lease(NODE, label_selector="role=web")
        named = cluster.lease(DEPLOYMENT, namespaces=("shop",))
        for lease in (nodes, labelled, named):
            await lease.wait_for_sync()
        await live(cluster)
        server.put(msgspec.structs.replace(NODE_1, spec=NodeSpec(unschedulable=True)))
        server.put(make.deployment("web", replicas=7))
        await until(lambda: len(cluster.history) >= 2)
        await until(lambda: all(node.spec.unschedulable for node in labelled.store.values()))
        assert sorted(entry.ref.kind for entry in cluster.history.entries()) == ["Deployment", "Node"]
