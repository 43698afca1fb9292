"""When a cluster discovers its types, and what its readers hear of them."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConnectionFailedError, NotFoundError
from k9py.api.resource_type import ResourceType
from k9py.cluster.cluster import Cluster
from k9py.cluster.discovery import PAUSE_SECONDS, RETRY_SECONDS
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
