"""An action takes the object that was shown, by uid, on every screen; another one with its name is refused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.operations.target import TargetSnapshot
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.registry.resources import Resource, by_kind
from k9py.simulator.state import SimulatorState
from k9py.tui.screens.containers import ContainersScreen
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.screens.tree import TreeScreen
from k9py.tui.screens.yaml import YamlScreen
from tests.tui.dashboard import Dashboard

CONFIG_MAPS: Resource = by_kind("ConfigMap")
KEY = ObjectRef("ConfigMap", "shop", "settings")


def create(state: SimulatorState) -> str:
    metadata = {"name": KEY.name, "namespace": KEY.namespace}
    return str(create_object(state, CONFIG_MAPS, {"metadata": metadata, "data": {"a": "b"}})["metadata"]["uid"])


def recreate(state: SimulatorState) -> str:
    state.storage.delete(CONFIG_MAPS, KEY.namespace, KEY.name)
    return create(state)


async def config_maps(kdash: Dashboard) -> ResourceScreen:
    await kdash.press("colon", *"cm", "space", *"shop", "enter")
    screen = await kdash.until_screen(ResourceScreen)
    await kdash.until(lambda: screen.pane.table.select_key(KEY), "the ConfigMap")
    await kdash.pilot.pause()
    return screen


async def test_every_screen_passes_the_uid_that_it_shows(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = kdash.simulator.call(create)
    started: list[TargetSnapshot] = []

    def start(operation_id: str, targets: Sequence[TargetSnapshot], **inputs: Any) -> None:
        started.extend(targets)

    monkeypatch.setattr(kdash.app.operations, "start", start)
    await config_maps(kdash)
    await kdash.press("ctrl+k")
    assert started == [TargetSnapshot(KEY, uid)]
    screens: dict[str, type[PanedScreen]] = {"y": YamlScreen, "d": DescribeScreen, "x": TreeScreen}
    for key, kind in screens.items():
        await kdash.press(key)
        screen = await kdash.until_screen(kind)
        await kdash.until(partial(screen.uid_of, KEY), f"{KEY} on {kind.__name__}")
        await kdash.press("ctrl+k")
        assert started.pop() == TargetSnapshot(KEY, uid), kind
        await kdash.press("escape")
        await kdash.until_screen(ResourceScreen)
    pod = next(iter(kdash.connected.cluster.stores.pods.values()))
    kdash.app.navigator.open_object(pod.key)
    await kdash.until_screen(ContainersScreen)
    await kdash.until_text("restart count")
    await kdash.press("ctrl+k")
    assert started.pop() == TargetSnapshot(pod.key, pod.uid)


async def test_a_typed_command_is_for_the_object_shown_when_the_typing_began(kdash: Dashboard) -> None:
    kdash.simulator.call(create)
    screen = await config_maps(kdash)
    await kdash.press("colon", *"delete")
    uid = kdash.simulator.call(recreate)

    def is_recreated() -> bool:
        held = screen.pane.object(KEY)
        return held is not None and held.uid == uid

    await kdash.until(is_recreated, "the new ConfigMap in the table")
    await kdash.press("enter")
    await kdash.until_text("was deleted and recreated")
    assert kdash.simulator.call(lambda state: state.storage.get(CONFIG_MAPS, KEY.namespace, KEY.name)) is not None
