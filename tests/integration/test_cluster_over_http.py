"""A cluster over real HTTP: failures are named, a lost server is a state, missing permissions are reported."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.api.causes import CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.recent_events import recent_events
from k9py.cluster.rollout_tracking import track_rollout
from k9py.cluster.scope import Scope
from k9py.kube.connection import Connection
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import LogLine
from k9py.rollouts.status import RolloutState
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.views.exit_codes import ExitCode
from k9py.views.overview import overview_exit_code
from tests.integration.clusters import PATIENCE, until, watched, whole

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
CHECKOUT_SERVICE = ObjectRef("Service", "shop", "checkout")
CART_SERVICE = ObjectRef("Service", "shop", "cart")
BAD_IMAGE = "checkout:2.8.0"


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(scenario=request.param, clock=ManualClock()) as running:
        yield running


def of(scenario: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("simulator", [scenario], indirect=True)


def verdict(cluster: Cluster) -> int:
    now, ask = cluster.clock.now(), cluster.queries
    services = [ask.service_view(key, now) for key in list(ask.service_keys())]
    rollouts = [ask.rollout_view(key, now) for key in list(ask.rollout_keys())]
    return overview_exit_code(
        cluster.health, [service for service in services if service], [rollout for rollout in rollouts if rollout]
    )


@of("shop-quiet")
async def test_a_healthy_shop_has_no_findings(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        assert cluster.scope_notice == ""
        assert len(list(cluster.queries.service_keys())) >= 12
        assert verdict(cluster) == ExitCode.DONE


@of("bad-release")
async def test_a_bad_release_is_named_with_its_image_while_the_old_pods_serve(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        rollout = cluster.queries.rollout_view(CHECKOUT, cluster.clock.now())
        service = cluster.queries.service_view(CHECKOUT_SERVICE, cluster.clock.now())
        assert rollout is not None
        assert service is not None
        assert rollout.status.state is RolloutState.STALLED
        assert rollout.status.cause_kind is CauseKind.IMAGE
        assert BAD_IMAGE in rollout.status.summary
        assert service.worst_finding is not None
        assert BAD_IMAGE in service.worst_finding.message
        assert (service.ready, service.total) == (3, 4)
        assert [(cohort.is_current, cohort.ready) for cohort in cluster.queries.cohorts_of(CHECKOUT)] == [
            (True, 0),
            (False, 3),
        ]
        assert verdict(cluster) == ExitCode.FAILING


@of("no-endpoints")
async def test_a_service_that_selects_nothing_says_so(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        view = cluster.queries.service_view(CART_SERVICE, cluster.clock.now())
        assert view is not None
        assert (view.ready, view.total) == (0, 0)
        assert view.worst_finding is not None
        assert "app=crat" in view.worst_finding.message


@of("shop-quiet")
async def test_a_lost_server_leaves_everything_readable_and_stale_and_nothing_is_missing_afterwards(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        before = sorted(cluster.stores.pods.keys())
        simulator.stop_listening()
        await until(cluster, lambda: cluster.health.state is ClusterState.STALE)
        assert sorted(cluster.stores.pods.keys()) == before
        assert cluster.queries.rollout_view(CHECKOUT, cluster.clock.now()) is not None
        assert verdict(cluster) == ExitCode.UNKNOWN
        gone = cluster.queries.pods_of(CHECKOUT)[0].key
        simulator.call(lambda state: state.storage.delete(PODS, gone.namespace, gone.name, grace=0))
        simulator.listen_again()
        await whole(cluster)
        await until(cluster, lambda: gone not in set(cluster.stores.pods.keys()))
        served = simulator.call(
            lambda state: sorted(
                (pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in state.storage.list(PODS)
            )
        )
        await until(
            cluster, lambda: sorted((pod.namespace, pod.name) for pod in cluster.stores.pods.values()) == served
        )


@of("shop-quiet")
async def test_a_viewer_sees_their_namespace_and_a_notice_about_the_others(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with watched(simulator, tmp_path, user="viewer") as cluster:
        assert cluster.scope == Scope(("shop",))
        assert cluster.scope_notice == "no permission to list pods in all namespaces: showing namespace shop only"
        await until(
            cluster,
            lambda: cluster.has_synced("Deployment") and cluster.has_synced("Pod") and cluster.has_synced("Service"),
        )
        await until(cluster, lambda: "EndpointSlice" in cluster.health.forbidden)
        view = cluster.queries.service_view(CHECKOUT_SERVICE, cluster.clock.now())
        assert view is not None
        assert (view.ready, view.total) == (None, None)
        assert {key.namespace for key in cluster.queries.service_keys()} == {"shop"}
        assert verdict(cluster) == ExitCode.UNKNOWN


@of("shop-quiet")
async def test_a_scale_is_tracked_until_it_is_done(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        answer = await connection_of(cluster).send(WriteRequest(CHECKOUT, {"spec": {"replicas": 5}}), dry_run=False)
        generation = answer["metadata"]["generation"]
        states = []
        async with asyncio.timeout(PATIENCE):
            async for status in track_rollout(cluster, CHECKOUT, generation=generation):
                states.append(status)
                await asyncio.to_thread(simulator.advance, 20)
        assert states[-1].state is RolloutState.COMPLETE
        assert (states[-1].desired, states[-1].ready) == (5, 5)
        assert RolloutState.PROGRESSING in {state.state for state in states} or len(states) > 1


@of("bad-release")
async def test_the_events_of_the_pod_on_the_screen_are_read_whole(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        await asyncio.to_thread(simulator.advance, 60)
        broken = next(pod for pod in cluster.queries.pods_of(CHECKOUT) if not pod.is_ready)
        events = await recent_events(cluster, broken.key)
        assert events
        assert {event.involved_object.uid for event in events} == {broken.uid}


@of("shop-quiet")
async def test_the_logs_of_a_service_are_those_of_all_its_pods_and_new_pods_join(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        stream = LogStream(connection_of(cluster), cluster.clock, range=LogRange("tail", tail_lines=5))
        lines: list[LogLine] = []

        async def heard_from(pods: set[str]) -> None:
            async with asyncio.timeout(PATIENCE):
                while not pods <= {line.target.pod for line in lines if not line.marker}:
                    await asyncio.to_thread(simulator.advance, 2)
                    stream.set_targets(cluster.queries.log_targets(CHECKOUT_SERVICE))
                    lines.extend(stream.drain())

        async with asyncio.TaskGroup() as group:
            running = group.create_task(stream.run())
            first = {pod.name for pod in cluster.queries.pods_of(CHECKOUT)}
            assert len(first) == 3
            await heard_from(first)
            await connection_of(cluster).send(WriteRequest(CHECKOUT, {"spec": {"replicas": 4}}), dry_run=False)
            await until(cluster, lambda: len(cluster.queries.pods_of(CHECKOUT)) == 4)
            await heard_from({pod.name for pod in cluster.queries.pods_of(CHECKOUT)})
            running.cancel()
        assert all(line.timestamp is not None for line in lines if not line.marker)


@of("bad-release")
async def test_the_log_of_a_container_that_cannot_start_says_why(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        broken = next(pod for pod in cluster.queries.pods_of(CHECKOUT) if not pod.is_ready)
        stream = LogStream(connection_of(cluster), cluster.clock, range=LogRange("tail", tail_lines=5))
        stream.set_targets(cluster.queries.log_targets(broken.key))
        notes: list[str] = []
        async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE):
            running = group.create_task(stream.run())
            while not any("waiting to start" in note for note in notes):
                await asyncio.sleep(0)
                notes += [line.text for line in stream.drain() if line.marker == "note"]
            running.cancel()
        assert any("image" in note for note in notes)


def connection_of(cluster: Cluster) -> Connection:
    assert isinstance(cluster.connection, Connection)
    return cluster.connection
