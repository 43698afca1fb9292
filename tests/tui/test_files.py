"""The files of a container: directories, a file, a download as a job, and the refusal in a read-only session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from k9py.api.kinds import POD
from k9py.runtime.background_jobs import JobState
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.debug import DebugDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.path import PathDialog
from k9py.tui.screens.files import FileScreen, FilesScreen, free_path
from tests.tui.dashboard import CART, Dashboard, dashboard
from tests.tui.test_resources import listed
from tests.tui.test_shells import change_containers


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Dashboard]:
    with Simulator("shop", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, namespace="shop", namespaces=("shop",)) as running:
            yield running


async def browse(shop: Dashboard, path: str) -> FilesScreen:
    """Open a directory of a running pod with one container."""
    pod = next(
        pod
        for pod in shop.simulator.call(lambda state: state.storage.list(PODS, "shop"))
        if len(pod["spec"]["containers"]) == 1
        and "running" in pod["status"].get("containerStatuses", [{"state": {}}])[0]["state"]
    )
    await listed(shop, "po")
    ref = shop.connected.key(type("Named", (), {"kind": "Pod", "name": pod["metadata"]["name"]})())
    shop.app.remote.browse_files(ref, "", path)
    screen = await shop.until_screen(FilesScreen)
    await shop.until(lambda: screen.entries, "a listing")
    return screen


async def test_directories_are_opened_and_left_and_files_are_shown(shop: Dashboard) -> None:
    screen = await browse(shop, "/app")
    assert [entry.name for entry in screen.entries.values()] == ["config", "server"]

    await shop.press("enter")
    await shop.until(lambda: screen.path == "/app/config")
    await shop.press("enter")
    shown = await shop.until_screen(FileScreen)
    await shop.until(lambda: "port: 8080" in shown.pane.text.text)
    await shop.press("escape")
    await shop.until_screen(FilesScreen)
    await shop.press("backspace")
    await shop.until(lambda: screen.path == "/app" and screen.entry is not None and screen.entry.name == "config")


async def test_hostile_names_are_printable_and_a_download_is_a_job(shop: Dashboard, tmp_path: Path) -> None:
    screen = await browse(shop, "/data/hard-names")
    assert all(cell.text.isprintable() for row in screen.pane.rows.values() for cell in row.cells)
    target = tmp_path / "downloaded"

    await shop.press("d")
    dialog = await shop.until_screen(PathDialog)
    dialog.query_one(Input).value = str(target)
    await shop.press("enter")

    await shop.until(lambda: shop.app.jobs.jobs and shop.app.jobs.jobs[0].state is JobState.DONE, "a download")
    assert target.is_file()
    assert shop.app.jobs.jobs[0].kind == "download"


def test_the_path_that_is_proposed_replaces_nothing(tmp_path: Path) -> None:
    assert free_path(tmp_path, "app.log", "web-1") == tmp_path / "app.log"
    (tmp_path / "app.log").symlink_to("nowhere")
    assert free_path(tmp_path, "app.log", "web-1") == tmp_path / "web-1-app.log"
    (tmp_path / "web-1-app.log").mkdir()
    assert free_path(tmp_path, "app.log", "web-1") == tmp_path / "web-1-2-app.log"


async def test_an_image_without_commands_offers_a_debug_container_by_its_key(shop: Dashboard) -> None:
    change_containers(
        shop.simulator, lambda containers: containers[0].update(image="registry.example.com/distroless/cart:1")
    )
    shop.app.set_keymap({"object.debug": "f6"})
    await shop.select(CART)
    shop.app.remote.browse_files(CART, "", "/")
    dialog = await shop.until_screen(MessageDialog)
    assert dialog.message.startswith("the container has no ")
    await shop.until_text("Debug container (F6)")
    await shop.press("f6")
    await shop.until_screen(DebugDialog)


async def test_files_and_attach_have_their_keys_in_a_table_of_pods_too(shop: Dashboard) -> None:
    screen = await listed(shop, "po")
    for key in ("f", "a"):
        pod = next(
            POD.key("shop", pod["metadata"]["name"])
            for pod in shop.simulator.call(lambda state: state.storage.list(PODS, "shop"))
            if len(pod["spec"]["containers"]) > 1 and pod["status"]["phase"] == "Running"
        )
        assert screen.pane.table.select_key(pod)
        await shop.press(key)
        await shop.until_screen(ChooseDialog)
        await shop.until_text(f"Which container of {pod.name}?")
        await shop.press("escape")
        await shop.until(lambda: shop.app.screen is screen)


async def test_an_upload_is_confirmed_with_its_button(shop: Dashboard, tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("x")
    await browse(shop, "/data")
    await shop.press("u")
    dialog = await shop.until_screen(PathDialog)
    await shop.press("enter")
    assert shop.app.screen is dialog  # nothing is typed
    dialog.query_one(Input).value = str(source)
    await shop.until(lambda: not dialog.query_one("#confirm", Button).disabled)
    await shop.press("enter")
    assert shop.app.screen is dialog
    assert not shop.app.jobs.jobs
    await shop.press("enter")
    await shop.until(lambda: shop.app.jobs.jobs and shop.app.jobs.jobs[0].kind == "upload")
