"""A cluster whose server is lost, comes back or is restored, or one of whose watches crashes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, UnavailableError, VersionRegressedError
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.informer.reflector import Reflector
from k9py.informer.retry import CONFIRM
from k9py.informer.store import ChangeBatch
from k9py.informer.timing import OVERDUE_SECONDS
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until
from tests.unit.cluster.test_cluster import DEPLOYMENT, PODS, SERVICE, SHOP, cluster_of, live

REFUSED = ConnectionFailedError("connection refused")
BUSY_FOR_AN_HOUR = UnavailableError("later", code=503, retry_after=3600)


async def all_wait(cluster: Cluster) -> None:
    await until(lambda: all(kind.retry_at is not None for kind in cluster.health.kinds.values()))


@pytest.mark.parametrize("error", [REFUSED, BUSY_FOR_AN_HOUR], ids=["refused", "busy for an hour"])
async def test_retrying_now_ends_every_wait(error: ConnectionFailedError | UnavailableError) -> None:
    server, clock = FakeServer(*SHOP), HeldClock()
    async with cluster_of(server, clock=clock) as cluster:
        await live(cluster)
        server.go_down(error)
        await all_wait(cluster)
        server.down = None
        cluster.retry_now()
        await live(cluster)
        assert clock.seconds == 0


async def test_retrying_before_anything_was_read_reads_all_of_it() -> None:
    server = FakeServer(*SHOP)
    server.down = REFUSED
    async with cluster_of(server) as cluster:
        await all_wait(cluster)
        server.down = None
        cluster.retry_now()
        await live(cluster)
        assert cluster.health.object_count == len(SHOP)
        assert list(cluster.queries.service_keys()) == [SERVICE.key]


async def test_retrying_now_retries_forbidden_kinds_and_leaves_the_others_alone() -> None:
    server = FakeServer(*SHOP)
    server.forbidden = {("endpointslices", "")}
    async with cluster_of(server) as cluster:
        await until(lambda: cluster.health.state is ClusterState.PARTIAL)
        await until(lambda: all(kind.state is not ClusterState.LOADING for kind in cluster.health.kinds.values()))
        server.forbidden.clear()
        server.listed.clear()
        cluster.retry_now()
        await live(cluster)
        assert {resource for resource, _, _ in server.listed} == {"endpointslices"}


async def test_one_kind_that_reaches_the_server_again_ends_the_backoff_of_the_others() -> None:
    server, clock = FakeServer(*SHOP), HeldClock()
    async with cluster_of(server, clock=clock) as cluster:
        await live(cluster)
        server.go_down(REFUSED)
        for _ in range(5):  # their backoffs differ by now
            await all_wait(cluster)
            clock.pass_time(40)
            await asyncio.sleep(0)
        await all_wait(cluster)
        server.down = None
        retries = [kind.retry_at for kind in cluster.health.kinds.values() if kind.retry_at]
        clock.pass_time((min(retries) - clock.now()).total_seconds() + 0.001)
        assert max(retries) > clock.now()
        await live(cluster)


async def test_a_restored_server_is_noticed_by_one_kind_and_relisted_for_all() -> None:
    server, clock = FakeServer(*SHOP, make.service("later")), HeldClock()
    async with cluster_of(server, clock=clock) as cluster:
        await live(cluster)
        server.restore(version=50, without=make.service("later").key)
        # Only the watch of pods breaks; the others stay open without data, as a load balancer may keep them.
        server.fail("Pod", REFUSED)
        await until(lambda: cluster.health.kinds["Pod"].retry_at is not None)
        clock.pass_time(1)
        await until(lambda: isinstance(cluster.health.kinds["Pod"].error, VersionRegressedError))
        assert cluster.health.restored_at is None
        clock.pass_time(CONFIRM)
        await until(lambda: cluster.health.restored_at is not None)
        await live(cluster)
        assert set(cluster.queries.service_keys()) == {SERVICE.key}
        assert {pod.metadata.resource_version for pod in cluster.stores.pods.values()} == {"50"}
        assert cluster.health.is_complete


async def test_a_machine_that_was_suspended_has_nothing_live_until_the_server_responds() -> None:
    server, clock = FakeServer(*SHOP), HeldClock()
    async with cluster_of(server, clock=clock) as cluster:
        await live(cluster)
        clock.seconds += OVERDUE_SECONDS + 1  # no timer has run
        assert cluster.health.state is ClusterState.STALE
        assert not cluster.health.is_complete
        server.listed.clear()
        clock.pass_time(0)
        await live(cluster)
        assert "pods" in {resource for resource, _, _ in server.listed}  # it may have been restored meanwhile


async def test_a_watch_that_crashes_is_not_live_and_does_not_stop_the_others() -> None:
    server, clock = FakeServer(*SHOP), HeldClock()
    async with cluster_of(server, clock=clock) as cluster:
        await live(cluster)
        failures = [RuntimeError("no such thing")]

        def fail(_: ChangeBatch[Any]) -> None:
            if failures:
                raise failures.pop()

        _reflector_of(cluster, "Pod").store.subscribe(fail)
        server.put(PODS[0])
        await until(lambda: cluster.health.state is ClusterState.STALE)
        assert cluster.health.error is not None
        assert "Internal error while reading pods: RuntimeError" in cluster.health.error.message
        assert cluster.health.kinds["Deployment"].state is ClusterState.LIVE
        clock.pass_time(5)
        await live(cluster)
        server.delete(DEPLOYMENT.key)
        await until(lambda: DEPLOYMENT.key not in set(cluster.queries.rollout_keys()))


async def test_an_object_that_does_not_decode_invalidates_no_view() -> None:
    server = FakeServer(*SHOP)
    async with cluster_of(server) as cluster:
        await live(cluster)
        cluster.feed.drain()
        server.send(b'{"type":"ADDED","object":{"metadata":{"name":"odd","namespace":"shop"},"status":"?"}}', "Pod")
        await until(lambda: bool(cluster.health.decode_errors))
        changes = cluster.feed.drain()
        assert changes.health
        assert not changes.everything


def _reflector_of(cluster: Cluster, kind: str) -> Reflector[Any]:
    return next(watch.reflector for watch in cluster._leases if watch.kind.name == kind)
