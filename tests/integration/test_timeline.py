"""The timeline over real HTTP: changes before the session with the right time and manager, and each change once."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.cluster import Cluster
from k9py.cluster.graph import ClusterGraph
from k9py.cluster.timeline import Timeline
from k9py.cluster.timeline_source import TimelineObjects
from k9py.cluster.watched_changes import watched_entries
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Problem
from k9py.diagnosis.suspects import suspects
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.integration.clusters import PATIENCE, watched, whole

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
SETTINGS = ObjectRef("ConfigMap", "shop", "checkout-settings")
HOUR = timedelta(hours=1)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(scenario="shop-quiet", clock=ManualClock()) as running:
        yield running


def patch(simulator: Simulator, path: str, body: Mapping[str, Any], manager: str) -> None:
    """Change an object as another client does."""
    request = urllib.request.Request(
        f"{simulator.url}{path}?fieldManager={manager}",
        data=json.dumps(body).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {simulator.token()}",
            "Content-Type": "application/strategic-merge-patch+json",
        },
    )
    with urllib.request.urlopen(request):
        pass


def change_settings(simulator: Simulator, value: str, manager: str) -> datetime:
    patch(simulator, "/api/v1/namespaces/shop/configmaps/checkout-settings", {"data": {"MODE": value}}, manager)
    return simulator.clock.now().replace(microsecond=0)


def roll_out(simulator: Simulator, image: str, manager: str) -> datetime:
    template = {"spec": {"containers": [{"name": "app", "image": image}]}}
    patch(simulator, "/apis/apps/v1/namespaces/shop/deployments/checkout", {"spec": {"template": template}}, manager)
    return simulator.clock.now().replace(microsecond=0)


async def of(cluster: Cluster, about: ObjectRef | None) -> tuple[TimelineEntry, ...]:
    timeline = Timeline(cluster, about)
    try:
        report = await timeline.settled(cluster.clock.now() - HOUR)
    finally:
        timeline.close()
    assert report.is_complete
    assert report.unread == ()
    return report.entries


async def test_a_session_begun_ten_minutes_after_a_change_lists_it(simulator: Simulator, tmp_path: Path) -> None:
    changed_at = await asyncio.to_thread(change_settings, simulator, "fast", "argocd-controller")
    await asyncio.to_thread(simulator.advance, 60)
    rolled_out_at = await asyncio.to_thread(
        roll_out, simulator, "registry.example.com/shop/checkout:9.9.9", "kubectl-set"
    )
    await asyncio.to_thread(simulator.advance, 600)
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        entries = await of(cluster, CHECKOUT)
        everything = await of(cluster, None)

    [settings] = [entry for entry in entries if entry.about == SETTINGS]
    [rollout] = [entry for entry in entries if entry.about == CHECKOUT and entry.what.startswith("revision")]
    assert (settings.at, settings.by, settings.source) == (changed_at, "argocd-controller", "managedFields")
    assert settings.what == "data changed"
    assert (rollout.by, rollout.kind) == ("kubectl-set", EntryKind.ROLLOUT)
    assert abs(rollout.at - rolled_out_at) <= timedelta(seconds=2)
    assert "9.9.9" in rollout.what
    assert not any(entry.by == "kubectl-set" for entry in entries if entry is not rollout), "the change is there once"
    assert {settings, rollout} <= set(everything)
    assert list(entries) == sorted(entries, key=lambda entry: entry.at, reverse=True)


async def test_what_happens_from_then_on_is_live_and_there_once(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        outdated = asyncio.Event()
        timeline = Timeline(cluster, CHECKOUT, on_change=outdated.set)
        since = cluster.clock.now() - HOUR
        try:
            await timeline.settled(since)
            await asyncio.to_thread(simulator.advance, 30)
            changed_at = await asyncio.to_thread(change_settings, simulator, "slow", "kubectl-edit")
            async with asyncio.timeout(PATIENCE):
                entries: list[TimelineEntry] = []
                while not entries:
                    outdated.clear()
                    entries = [e for e in (await timeline.update(since)).entries if e.about == SETTINGS]
                    if not entries:
                        await outdated.wait()
            [entry] = entries
        finally:
            timeline.close()

    assert (entry.what, entry.by, entry.source) == ("changed", "kubectl-edit", "watched")
    assert abs(entry.at - changed_at) <= timedelta(seconds=2)


async def test_a_suspect_is_found_in_what_the_failing_workload_uses(simulator: Simulator, tmp_path: Path) -> None:
    changed_at = await asyncio.to_thread(change_settings, simulator, "fast", "argocd-controller")
    await asyncio.to_thread(simulator.advance, 600)
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        outdated = asyncio.Event()
        objects = TimelineObjects(cluster, outdated.set)
        graph = ClusterGraph(cluster.queries, objects, cluster.resource_types, cluster.clock.now())
        root = Finding(Severity.DOWN, "CrashLoopBackOff", "fails", CHECKOUT, since=changed_at + timedelta(minutes=3))
        problem = Problem(root, Severity.DOWN, CHECKOUT, (CHECKOUT,), since=root.since)
        watched_before = tuple(watched_entries(cluster.history, changed_at))
        async with asyncio.timeout(PATIENCE):
            while not (found := suspects(problem, graph, watched_before)):
                await outdated.wait()
                outdated.clear()
        objects.close()

    assert [(each.at, each.about, each.by) for each in found] == [(changed_at, SETTINGS, "argocd-controller")]


async def test_the_timeline_of_a_kind_that_no_source_lists_has_its_writes(simulator: Simulator, tmp_path: Path) -> None:
    path = "/apis/storage.k8s.io/v1/storageclasses/archive"
    await asyncio.to_thread(patch, simulator, path, {"metadata": {"labels": {"a": "b"}}}, "kubectl-label")
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        entries = await of(cluster, ObjectRef("StorageClass", "", "archive"))

    assert [(entry.what, entry.by) for entry in entries] == [("metadata.labels changed", "kubectl-label")]


async def test_what_may_not_be_read_is_named(simulator: Simulator, tmp_path: Path) -> None:
    simulator.add_user("viewer", (Rule(("get", "list", "watch"), ("", "apps"), ("pods", "deployments")),))
    async with watched(simulator, tmp_path, user="viewer") as cluster:
        timeline = Timeline(cluster, None)
        try:
            report = await timeline.settled(cluster.clock.now() - HOUR)
        finally:
            timeline.close()

    assert report.is_complete
    assert {"ConfigMap", "Secret", "ReplicaSet"} <= {kind for kind, _ in report.unread}
