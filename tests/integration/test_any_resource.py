"""Leases of any type over real HTTP: custom resources that come and go, older servers, namespaces, selectors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.api.errors import NotFoundError
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, POD, DynamicKind, TableKind
from k9py.api.standard_types import standard_type
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.lease import WatchLease
from k9py.simulator.apiserver.writes import create_object, follow_definition
from k9py.simulator.registry.resources import (
    CUSTOMRESOURCEDEFINITIONS,
    HORIZONTALPODAUTOSCALERS,
    HORIZONTALPODAUTOSCALERS_V1,
    PODS,
)
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import PATIENCE, until, watched, whole

SIZE = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
COLOUR = {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"}
WIDGETS = "widgets.example.com"


def definition(*columns: dict[str, Any]) -> dict[str, Any]:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "additionalPrinterColumns": list(columns),
    }
    names = {
        "plural": "widgets",
        "singular": "widget",
        "kind": "Widget",
        "listKind": "WidgetList",
        "shortNames": ["wd"],
    }
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": WIDGETS}, "spec": spec}


def create_widget(state: SimulatorState, name: str) -> None:
    widgets = state.storage.resources.find("example.com", "v1", "widgets")
    assert widgets is not None
    spec = {"size": 5, "colour": "red"}
    create_object(state, widgets, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})


def change_columns(state: SimulatorState, *columns: dict[str, Any]) -> None:
    current = state.storage.get(CUSTOMRESOURCEDEFINITIONS, None, WIDGETS)
    assert current is not None
    state.storage.update(CUSTOMRESOURCEDEFINITIONS, {**current, "spec": definition(*columns)["spec"]})
    follow_definition(state, CUSTOMRESOURCEDEFINITIONS, WIDGETS)


def delete_definition(state: SimulatorState) -> None:
    state.storage.delete(CUSTOMRESOURCEDEFINITIONS, None, WIDGETS)
    follow_definition(state, CUSTOMRESOURCEDEFINITIONS, WIDGETS)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        running.call(_create_pods)
        yield running


def _create_pods(state: SimulatorState) -> None:
    for namespace in ("shop", "blog", "pay"):
        for name in "ab":
            metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
            spec = {"containers": [{"name": "main", "image": "x:1"}]}
            state.storage.create(PODS, {"metadata": metadata, "spec": spec})


async def lease_until(lease: WatchLease[Any], condition: Any) -> None:
    """Return when the condition holds; it is checked again after every change of the lease."""
    changed = asyncio.Event()
    unsubscribe = lease.subscribe(lambda _: changed.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await changed.wait()
                changed.clear()
    finally:
        unsubscribe()


async def test_a_custom_resource_from_its_definition_to_its_end(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path) as cluster:
        await whole(cluster)
        definitions = cluster.lease(DynamicKind(standard_type("apiextensions.k8s.io", "CustomResourceDefinition")))
        await definitions.wait_for_sync()
        assert cluster.resource_types.find("wd") is None
        await _call(simulator, lambda state: create_object(state, CUSTOMRESOURCEDEFINITIONS, definition(SIZE)))
        await _discovered(cluster, lambda: cluster.resource_types.find("wd") is not None)
        lease = cluster.lease(TableKind(await cluster.discovery.find("widgets")))
        await lease.wait_for_sync()
        assert [column.name for column in lease.kind.columns] == ["Name", "Size"]
        await _call(simulator, lambda state: create_widget(state, "w"))
        await lease_until(lease, lambda: [row.cells for row in lease.store.values()] == [("w", 5)])
        await _call(simulator, lambda state: change_columns(state, SIZE, COLOUR))
        await _call(simulator, lambda state: create_widget(state, "x"))
        await lease_until(
            lease, lambda: sorted(row.cells for row in lease.store.values()) == [("w", 5, "red"), ("x", 5, "red")]
        )
        await _call(simulator, delete_definition)
        await lease_until(lease, lambda: isinstance(lease.error, NotFoundError))
        assert lease.error is not None
        assert lease.error.message == f"the server no longer has {WIDGETS}"
        assert cluster.health.is_complete
        await _call(simulator, lambda state: create_object(state, CUSTOMRESOURCEDEFINITIONS, definition(SIZE)))
        await lease_until(lease, lambda: lease.state is ClusterState.LIVE)


async def test_an_older_server_is_read_in_its_own_versions(simulator: Simulator, tmp_path: Path) -> None:
    target = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    source = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {"maxReplicas": 3, "scaleTargetRef": target, "metrics": [{"type": "Resource", "resource": source}]}
    autoscaler = {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}
    await _call(simulator, lambda state: create_object(state, HORIZONTALPODAUTOSCALERS, autoscaler))
    await _call(simulator, lambda state: state.storage.resources.remove(HORIZONTALPODAUTOSCALERS))
    async with watched(simulator, tmp_path) as cluster:
        await until(cluster, lambda: cluster.has_synced("HorizontalPodAutoscaler"))
        (read,) = cluster.stores.autoscalers.values()
        (metric,) = read.spec.metrics or ()
        assert metric.resource is not None
        assert metric.resource.target.average_utilization == 70
        raw = await cluster.connection.get(read.key)  # type: ignore[attr-defined]
        assert raw["apiVersion"] == "autoscaling/v1"


async def test_an_api_that_is_missing_in_every_version_is_unknown(simulator: Simulator, tmp_path: Path) -> None:
    for resource in (HORIZONTALPODAUTOSCALERS, HORIZONTALPODAUTOSCALERS_V1):
        await _call(simulator, lambda state, gone=resource: state.storage.resources.remove(gone))
    async with watched(simulator, tmp_path) as cluster:
        await until(cluster, lambda: cluster.health.unserved_kinds == ("HorizontalPodAutoscaler",))
        assert not cluster.has_synced("HorizontalPodAutoscaler")
        lease = cluster.lease(HORIZONTAL_POD_AUTOSCALER)
        with pytest.raises(NotFoundError):
            await lease.wait_for_sync()


async def test_several_namespaces_and_selectors(simulator: Simulator, tmp_path: Path) -> None:
    async with watched(simulator, tmp_path, wanted=("shop", "blog")) as cluster:
        await whole(cluster)
        scoped = cluster.lease(TableKind(POD.resource_type))
        labelled = cluster.lease(POD, namespaces=(), label_selector="app=a")
        named = cluster.lease(DynamicKind(POD.resource_type), namespaces=("pay",), field_selector="metadata.name=b")
        for lease in (scoped, labelled, named):
            await lease.wait_for_sync()
        assert sorted((row.namespace, row.name) for row in scoped.store.values()) == [
            (namespace, name) for namespace in ("blog", "shop") for name in "ab"
        ]
        assert sorted((pod.namespace, pod.name) for pod in labelled.store.values()) == [
            (namespace, "a") for namespace in ("blog", "pay", "shop")
        ]
        assert [(value.namespace, value.name) for value in named.store.values()] == [("pay", "b")]
        assert sorted({pod.namespace for pod in cluster.stores.pods.values()}) == ["blog", "shop"]


async def _call(simulator: Simulator, function: Any) -> None:
    await asyncio.to_thread(simulator.call, function)


async def _discovered(cluster: Cluster, condition: Any) -> None:
    changed = asyncio.Event()
    unsubscribe = cluster.discovery.subscribe(changed.set)
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await changed.wait()
                changed.clear()
    finally:
        unsubscribe()
