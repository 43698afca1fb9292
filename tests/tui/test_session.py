"""The tie to the cluster: painted before the client is imported, errors with hints, loss and recovery."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from k9py.api.errors import ConfigError, ConnectionFailedError
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.server import Simulator
from k9py.tui.app.kdash_app import KdashApp
from k9py.tui.app.preloading import MODULES
from k9py.tui.dialogs.check import CheckDialog
from k9py.tui.options import AppOptions, connect_lazily
from k9py.tui.session import Unreachable
from tests.tui.dashboard import Dashboard, dashboard


def test_importing_the_app_imports_no_client() -> None:
    code = (
        "import sys, k9py.tui.app.kdash_app; "
        "found = {'kubernetes_asyncio', 'aiohttp'} & set(sys.modules); "
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_opened_from_home_is_imported_after_the_first_frame_not_before() -> None:
    code = (
        "import sys, k9py.tui.app.kdash_app; from k9py.tui.app.preloading import MODULES; "
        "from k9py.tui.options import AppOptions; AppOptions(); "
        "late = {*MODULES, 'k9py.resources.registry', 'k9py.operations.edit', 'textual.widgets._text_area'}; "
        "found = late & set(sys.modules); "
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(importlib.util.find_spec(module) for module in MODULES)


async def test_the_first_frame_is_painted_before_it_connects() -> None:
    painted: list[str] = []
    asked = asyncio.Event()

    async def connector(_: ConnectOptions) -> Connection:
        painted.append("\n".join(strip.text for strip in app.screen._compositor.render_strips()))
        asked.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    app = KdashApp(AppOptions(connect=ConnectOptions(context="staging"), connector=connector, monochrome=False))
    async with app.run_test(size=(80, 24)):
        await asked.wait()
        assert "connecting to staging" in painted[0]


async def test_no_kubeconfig_is_told_with_its_hint_and_contexts_can_be_chosen(tmp_path: Path) -> None:
    async def connector(_: ConnectOptions) -> Connection:
        raise ConfigError("no kubeconfig found", "try: kdash --demo")

    app = KdashApp(AppOptions(connect=ConnectOptions(kubeconfig=str(tmp_path / "none")), connector=connector))
    async with app.run_test(size=(80, 24)) as pilot:
        while not isinstance(app.session.state, Unreachable):
            await pilot.pause()
        await pilot.pause()
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "no kubeconfig found" in text
        assert "kdash --demo" in text
        assert app.session.state.retry_at is None
        assert app.home.check_action("perform", ("workload.scale",)) is None


async def test_a_failed_connection_is_tried_again_on_enter(simulator: Simulator, tmp_path: Path) -> None:
    attempts = 0

    async def connector(options: ConnectOptions) -> Connection:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ConnectionFailedError("connection refused", "is the API server up?")
        return await connect_lazily(options)

    path = simulator.write_kubeconfig(tmp_path / "config")
    app = KdashApp(AppOptions(connect=ConnectOptions(kubeconfig=str(path)), connector=connector))
    async with app.run_test(size=(80, 24)) as pilot:
        while attempts == 0 or app.session.connected is not None:
            await pilot.pause()
        await pilot.press("enter")
        async with asyncio.timeout(30):
            while app.connected is None:
                await pilot.pause(0.02)
        assert attempts == 2


async def test_a_lost_server_leaves_everything_readable_marked_stale_and_recovers(kdash: Dashboard) -> None:
    before = [row.key for row in kdash.home.rollouts.table.shown_rows]
    kdash.simulator.stop_listening()
    await kdash.until_text("stale for", "reconnecting")
    assert [row.key for row in kdash.home.rollouts.table.shown_rows] == before
    assert not kdash.connected.cluster.health.is_live
    kdash.simulator.listen_again()
    await kdash.until_text("● live")
    assert [row.key for row in kdash.home.rollouts.table.shown_rows] == before


async def test_fewer_rights_show_less_and_say_so(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, user="viewer", namespace="shop") as kdash:
        await kdash.until_text("namespace shop", "no permission to")
        assert kdash.connected.cluster.scope.namespaces == ("shop",)
        assert {row.key.namespace for row in kdash.home.rollouts.table.shown_rows} == {"shop"}


async def test_namespaces_are_chosen_and_all_shown_again(kdash: Dashboard) -> None:
    await kdash.press("n")
    await kdash.until_screen(CheckDialog)
    await kdash.press(*"data", "enter")
    await kdash.until(lambda: kdash.connected.cluster.scope.namespaces == ("data",), "the namespace data")
    await kdash.until(
        lambda: [row.key.name for row in kdash.home.rollouts.table.shown_rows] == ["db"], "its one rollout"
    )
    await kdash.press("0")
    await kdash.until(lambda: len(kdash.home.rollouts.table.shown_rows) > 5, "all of them again")


async def test_space_chooses_several_namespaces_at_once(kdash: Dashboard) -> None:
    await kdash.press("n")
    dialog = await kdash.until_screen(CheckDialog)
    await kdash.press(*"data", "space", *["backspace"] * 4, *"shop", "space", "enter")
    assert dialog.checked == {"data", "shop"}
    await kdash.until(lambda: kdash.connected.cluster.scope.namespaces == ("data", "shop"), "both namespaces")


@pytest.mark.parametrize("name", ["second"])
async def test_another_context_is_another_cluster(name: str, kdash: Dashboard, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(config.read_text().replace("demo", name))
    kdash.app.clusters.show_context(name)
    await kdash.until(lambda: kdash.app.connected is not None and kdash.app.context_name == name, "connected to it")
    await kdash.until_text(f"context {name}", "checkout")


async def test_while_it_is_not_live_a_key_tries_again_however_long_the_server_asked_to_wait(kdash: Dashboard) -> None:
    assert "Retry now" not in kdash.text
    await kdash.press("ctrl+r")
    await kdash.until_said("connected: nothing to retry")
    kdash.simulator.inject(Refuse(503, retry_after=3600), RequestMatch(), times=None)
    kdash.simulator.stop_listening()
    kdash.simulator.listen_again()
    await kdash.until_text("stale for", "reconnecting in 60s", "Ctrl+R Retry now")
    kdash.simulator.clear_faults()
    await kdash.press("ctrl+r")
    await kdash.until_text("● live")
    await kdash.until(lambda: "Retry now" not in kdash.text, "the key gone")
