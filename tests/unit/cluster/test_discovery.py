"""When a cluster discovers its types, and what its readers hear of them."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConnectionFailedError, NotFoundError
from k9py.api.kinds import DynamicKind
from k9py.api.meta import KubeObject, Meta
from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import standard_type
from k9py.cluster.cluster import Cluster
from k9py.cluster.discovery import PAUSE_SECONDS, RETRY_SECONDS
from k9py.cluster.health import ClusterState
from k9py.cluster.scope import Scope
from tests.unit.cluster.server import FakeServer, HeldClock, until

WIDGETS = ResourceType("example.com", "v1", "widgets", "Widget", ref_group="example.com")


async def test_nothing_is_discovered_until_somebody_asks() -> None:
    server = FakeServer()
    server.added_types = [WIDGETS]
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        await until(lambda: cluster.health.is_live)
        assert cluster.resource_types.find("pods") is not None
        assert not cluster.discovery.is_complete
        assert server.discoveries == 0
        published: list[bool] = []
        unsubscribe = cluster.discovery.subscribe(lambda: published.append(cluster.discovery.is_complete))
        cluster.discovery.request()
        cluster.discovery.request()
        await until(lambda: cluster.discovery.is_complete)
        assert cluster.resource_types.find("widgets") is WIDGETS
        assert server.discoveries == 1
        assert published == [True]
        unsubscribe()


async def test_requests_during_a_pause_lead_to_one_discovery_after_it() -> None:
    clock, server = HeldClock(), FakeServer()
    async with Cluster(server, Scope(), clock) as cluster:
        cluster.discovery.request()
        await until(lambda: server.discoveries == 1)
        for _ in range(3):
            cluster.discovery.request()
        clock.pass_time(PAUSE_SECONDS)
        await until(lambda: server.discoveries == 2)


async def test_a_name_that_is_not_known_is_discovered() -> None:
    server = FakeServer()
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        published: list[int] = []
        cluster.discovery.subscribe(lambda: published.append(len(cluster.resource_types)))
        server.added_types = [WIDGETS]
        assert await cluster.discovery.find("widgets") is WIDGETS
        assert len(published) == 1
        with pytest.raises(NotFoundError):
            await cluster.discovery.find("gadgets")


async def test_a_server_that_is_down_is_asked_again() -> None:
    clock, server = HeldClock(), FakeServer()
    async with Cluster(server, Scope(), clock) as cluster:
        server.down = ConnectionFailedError("refused")
        cluster.discovery.request()
        await until(lambda: cluster.discovery.error is not None)
        assert not cluster.discovery.is_complete
        server.down = None
        clock.pass_time(RETRY_SECONDS)
        await until(lambda: cluster.discovery.is_complete)
        assert cluster.discovery.error is None


async def test_a_type_that_vanishes_is_named_its_rows_stay_and_it_recovers() -> None:
    server = FakeServer()
    server.put(_widget("w"))
    server.added_types = [WIDGETS]
    async with Cluster(server, Scope(), HeldClock()) as cluster:
        cluster.discovery.request()
        lease = cluster.lease(DynamicKind(WIDGETS))
        await lease.wait_for_sync()
        await until(lambda: cluster.discovery.is_complete)
        server.unserved, server.added_types = {"widgets"}, []
        server.fail("Widget", ConnectionFailedError("cut off"))
        await until(lambda: lease.state is ClusterState.STALE)
        lease.retry_now()
        await until(lambda: isinstance(lease.error, NotFoundError))
        assert lease.error is not None
        assert lease.error.message == "the server no longer has widgets.example.com"
        assert lease.state is ClusterState.STALE
        assert [row.name for row in lease.store.values()] == ["w"]
        assert cluster.health.is_live
        await server.discover()
        cluster.discovery.publish()
        server.unserved, server.added_types = set(), [WIDGETS]
        await cluster.discovery.find("widgets")
        await until(lambda: lease.state is ClusterState.LIVE)


async def test_a_list_of_definitions_that_changes_leads_to_a_discovery() -> None:
    clock, server = HeldClock(), FakeServer()
    definitions = standard_type("apiextensions.k8s.io", "CustomResourceDefinition")
    async with Cluster(server, Scope(), clock) as cluster:
        lease = cluster.lease(DynamicKind(definitions))
        await until(lambda: lease.state is ClusterState.LIVE)
        assert server.discoveries == 0
        server.put(_Definition(Meta(name="widgets.example.com")))
        await until(lambda: server.discoveries == 1)


class _Widget(KubeObject, frozen=True):
    KIND = "Widget"


class _Definition(KubeObject, frozen=True):
    KIND = "CustomResourceDefinition"


def _widget(name: str) -> _Widget:
    return _Widget(Meta(name=name, namespace="shop", uid=f"uid-{name}"))
