"""Servers that seem healthy and are not, over HTTP: without bookmarks, half open, never answering, restored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from aiohttp import ClientTimeout

from k9py.api.errors import UnresponsiveError
from k9py.api.kinds import KINDS
from k9py.api.meta import KubeObject, ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ESSENTIAL, ClusterState
from k9py.informer import timing
from k9py.informer.list_form import prefers_streaming_list
from k9py.informer.watcher import Watcher
from k9py.kube import lister_watcher
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Hang, NoBookmarks, RequestMatch, Silence
from k9py.simulator.registry.encoding import EncodedObjects
from k9py.simulator.registry.resources import DEPLOYMENTS, PODS, SERVICES, by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState as SimulatedCluster
from tests.integration.clusters import PATIENCE, until, watched, whole

SOON = 0.1
"""Seconds of silence that count as too long: loopback answers come much sooner."""

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
WATCHES = RequestMatch(verb="watch")
LISTS = RequestMatch(verb="list")
STREAMED = "sendInitialEvents=true"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(scenario="shop-quiet", clock=ManualClock()) as running:
        yield running


def streamed_lists(simulator: Simulator) -> list[str]:
    return [request.resource for request in simulator.requests if STREAMED in request.path]


def is_as_served(simulator: Simulator, cluster: Cluster, kind: str) -> bool:
    """Return whether the store holds exactly the server's objects."""
    served = simulator.call(lambda state: state.storage.list(by_kind(kind)))
    stores = cluster.stores
    held = {"Pod": stores.pods.values, "Deployment": stores.deployments.values, "Service": stores.services.values}
    objects: list[KubeObject] = [*held[kind]()]
    return {(obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]) for obj in served} == {
        (obj.metadata.uid, obj.metadata.resource_version) for obj in objects
    }


async def test_a_proxy_that_drops_bookmarks_costs_one_attempt_and_is_remembered(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timing.STREAMED_LIST_SILENCE <= 5
    monkeypatch.setattr(timing, "STREAMED_LIST_SILENCE", SOON)
    simulator.inject(NoBookmarks(), WATCHES, times=None)
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        await until(cluster, lambda: all(kind.has_synced for kind in cluster.health.kinds.values()))
        once = streamed_lists(simulator)
        assert set(once) <= {KINDS[kind].resource for kind in KINDS if prefers_streaming_list(KINDS[kind])}
        assert len(once) == len(set(once))
        assert is_as_served(simulator, cluster, "Service")
        simulator.call(lambda state: state.storage.compact())
        simulator.stop_listening()
        await until(cluster, lambda: cluster.health.state is ClusterState.STALE)
        simulator.listen_again()
        await whole(cluster)
        await cluster.set_scope(type(cluster.scope)(("shop",)))
        await whole(cluster)
        assert streamed_lists(simulator) == once


class Backup:
    """The contents of a cluster's etcd at some time."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._held = simulator.call(
            lambda state: (
                state.storage.revision,
                {key: deepcopy(kind.objects) for key, kind in state.storage._kinds.items()},
            )
        )

    def restore(self) -> None:
        """Lose the server, restore the backup, and start it again."""
        revision, objects = self._held

        def become(state: SimulatedCluster) -> None:
            storage = state.storage
            storage.revision = revision
            storage.encoded = EncodedObjects()
            for key, kind in storage._kinds.items():
                kind.objects = deepcopy(objects[key])
                kind.order = sorted(kind.objects)
                kind.history.clear()
                kind.compacted_revision = 0

        self._simulator.stop_listening()
        self._simulator.call(become)
        self._simulator.listen_again()


def label(name: str, value: str) -> Callable[[SimulatedCluster], object]:
    """Return a write to a Deployment."""

    def write(state: SimulatedCluster) -> object:
        old = state.storage.get(DEPLOYMENTS, "shop", name)
        assert old is not None
        metadata = {**old["metadata"], "labels": {**old["metadata"].get("labels", {}), "note": value}}
        return state.storage.update(DEPLOYMENTS, {**old, "metadata": metadata})

    return write


def note(cluster: Cluster) -> str:
    deployment = cluster.stores.deployments.get(CHECKOUT)
    return (deployment.metadata.labels or {}).get("note", "") if deployment is not None else "gone"


async def test_a_restored_server_is_relisted_and_reported_even_without_writes(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        backup = Backup(simulator)
        simulator.call(label("checkout", "after the backup"))
        simulator.call(lambda state: state.storage.remove(SERVICES, "shop", "cart"))
        await until(cluster, lambda: note(cluster) == "after the backup")
        backup.restore()
        await until(cluster, lambda: cluster.health.restored_at is not None)
        await whole(cluster)
        await until(cluster, lambda: note(cluster) == "")
        for kind in ("Service", "Deployment", "Pod"):
            await until(cluster, lambda kind=kind: is_as_served(simulator, cluster, kind))  # type: ignore[misc]
        simulator.call(label("checkout", "after the restore"))
        await until(cluster, lambda: note(cluster) == "after the restore")


async def test_a_restored_server_that_has_given_the_same_versions_again_is_not_believed_to_be_unchanged(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        backup = Backup(simulator)
        simulator.call(label("checkout", "one history"))
        simulator.call(label("cart", "one more write"))
        await until(cluster, lambda: note(cluster) == "one history")
        backup.restore()
        simulator.call(label("checkout", "another history"))  # with the version the first label had
        await until(cluster, lambda: note(cluster) == "another history")
        assert cluster.health.restored_at is not None


async def test_a_half_open_server_is_stale_until_it_sends_data_and_lists_are_shown(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        states: list[ClusterState] = []
        with monkeypatch.context() as patch:
            patch.setattr(Watcher, "_idle_timeout", lambda self, seconds: SOON)
            simulator.inject(Silence(), WATCHES, times=None)
            simulator.stop_listening()
            simulator.listen_again()
            await until(cluster, lambda: isinstance(cluster.health.error, UnresponsiveError))
            simulator.call(label("checkout", "written meanwhile"))

            def seen() -> bool:
                states.append(cluster.health.state)
                return note(cluster) == "written meanwhile" and len(states) > 100

            await until(cluster, seen)
            assert ClusterState.LIVE not in states
            simulator.clear_faults()
        async with asyncio.timeout(PATIENCE):
            while not cluster.health.is_complete:  # a short watch has to end first, and the cluster's time stands still
                await asyncio.to_thread(simulator.advance, timing.PROVING_SECONDS)


async def test_a_server_that_takes_requests_and_never_answers_is_noticed_and_recovered_from(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("HEADER_TIMEOUT", "STREAMED_LIST_HEADER_TIMEOUT"):
        monkeypatch.setattr(lister_watcher, limit, SOON)
    for limit in ("PAGE_TIMEOUT", "PROBE_TIMEOUT"):
        monkeypatch.setattr(lister_watcher, limit, ClientTimeout(total=SOON))
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        simulator.inject(Hang(), RequestMatch(), times=None)
        simulator.stop_listening()
        simulator.listen_again()
        await until(cluster, lambda: all(cluster.health.kinds[kind].error is not None for kind in ESSENTIAL))
        await until(cluster, lambda: "did not answer" in str(cluster.health.error))
        assert not cluster.health.is_complete
        simulator.call(lambda state: state.storage.remove(PODS, *_a_pod(state)))
        simulator.clear_faults()
        await whole(cluster)
        await until(cluster, lambda: is_as_served(simulator, cluster, "Pod"))


def _a_pod(state: SimulatedCluster) -> tuple[str, str]:
    metadata = state.storage.list(PODS)[0]["metadata"]
    return metadata["namespace"], metadata["name"]
