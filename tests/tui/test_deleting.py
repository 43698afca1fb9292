"""Delete objects of any type from their table: marked rows, and what has to be confirmed by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.delete import DeleteDialog
from k9py.tui.screens.resources import ResourceScreen
from tests.tui.dashboard import Dashboard, dashboard
from tests.tui.test_writing import audited


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("bare", ManualClock()) as running:

        def fill(state: SimulatorState) -> None:
            create_object(state, by_kind("Namespace"), {"metadata": {"name": "one"}})
            for name in ("a", "b", "c"):
                metadata = {"name": name, "namespace": "one"}
                create_object(state, by_kind("ConfigMap"), {"metadata": metadata, "data": {"k": "v"}})

        running.call(fill)
        yield running


@pytest.fixture
async def kdash(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Dashboard]:
    async with dashboard(simulator, tmp_path, namespaces=("one",), live=False) as running:
        await running.until(lambda: running.app.connected is not None, "connected")
        yield running


def names(simulator: Simulator) -> list[str]:
    maps: list[Any] = simulator.call(lambda state: state.storage.list(by_kind("ConfigMap"), "one"))
    return [item["metadata"]["name"] for item in maps]


async def opened(kdash: Dashboard, command: str) -> ResourceScreen:
    await kdash.press("colon", *command, "enter")
    screen = await kdash.until_screen(ResourceScreen)
    await kdash.until(lambda: screen.target() is not None, "a row under the cursor")
    return screen


async def test_marked_rows_are_confirmed_together_and_deleted(kdash: Dashboard, simulator: Simulator) -> None:
    screen = await opened(kdash, "configmaps")
    await kdash.until(lambda: len(screen.pane.table.shown_rows) == 4, "all of them")
    await kdash.press("N", "home", "space", "space")
    assert [key.name for key in screen.marked()] == ["a", "b"]
    await kdash.press("delete")
    dialog = await kdash.until_screen(DeleteDialog)
    assert [item.name for item in dialog.question.items] == ["ConfigMap one/a", "ConfigMap one/b"]
    await kdash.press("tab", "enter")
    await kdash.advance_until(lambda: names(simulator) == ["c", "kube-root-ca.crt"], "both gone")
    await kdash.advance_until(lambda: len(audited(kdash)) == 4, "followed to their ends")
    assert [(line["name"], line["outcome"]) for line in audited(kdash)][:2] == [("a", "done"), ("b", "done")]
    assert {line["outcome"] for line in audited(kdash)[2:]} == {"gone"}


async def test_the_name_of_a_namespace_has_to_be_typed(kdash: Dashboard) -> None:
    screen = await opened(kdash, "namespaces")
    await kdash.press("slash", *"one", "enter")
    await kdash.until(lambda: (screen.target() or ("",) * 3)[2] == "one", "the namespace")
    await kdash.press("ctrl+k")
    dialog = await kdash.until_screen(DeleteDialog)
    assert dialog.query_one("#confirm", Button).disabled
    assert any("4 ConfigMaps" in warning.message for warning in dialog.question.warnings)
    await kdash.press(*"on", "enter")
    assert kdash.app.screen is dialog
    await kdash.press("e")
    assert dialog.query_one("#typed", Input).value == "one"
    assert not dialog.query_one("#confirm", Button).disabled
    await kdash.press("escape")
    assert audited(kdash) == []


async def test_the_propagation_policy_is_chosen_and_dry_run_again(kdash: Dashboard, simulator: Simulator) -> None:
    def deployment(state: SimulatorState) -> None:
        labels = {"app": "web"}
        pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
        create_object(state, by_kind("Deployment"), {"metadata": {"name": "web", "namespace": "one"}, "spec": spec})

    simulator.call(deployment)
    simulator.advance(5)
    await opened(kdash, "deployments")
    await kdash.press("ctrl+k")
    dialog = await kdash.until_screen(DeleteDialog)
    await kdash.press("p", "p")
    await kdash.until(lambda: dialog.inputs.cascade == "orphan", "orphan")
    messages = [warning.message for warning in dialog.question.warnings]
    assert "leaves 1 ReplicaSet, 1 Pod without an owner" in messages
