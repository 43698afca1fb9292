"""What is done to one kind alone is offered where it is shown: footer, help, palette, and the way to the result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import JOBS
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.key_bar import KeyBar
from k9py.tui.screens.help import HelpScreen
from k9py.tui.screens.resources import ResourceScreen
from tests.tui.dashboard import Dashboard, dashboard
from tests.tui.test_resources import listed, names


@pytest.fixture
async def batch(tmp_path: Path) -> AsyncIterator[Dashboard]:
    with Simulator("jobs", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as running:
            yield running


async def test_a_cronjob_is_triggered_by_its_own_key_and_its_job_is_opened(batch: Dashboard) -> None:
    screen = await listed(batch, "cj")
    keys = screen.query_one(KeyBar).keys
    assert {("t", "Trigger", True), ("s", "Suspend", True)} <= set(keys)
    assert "Scale" not in {title for _, title, _ in keys}
    await batch.press("question_mark")
    shown = await batch.until_screen(HelpScreen)
    group = shown.groups[0]
    assert group.title == "CronJob"
    assert [line.keys for line in group.keys][:2] == [("t", ":trigger"), ("s", ":suspend")]
    assert {(":label",), (":resume",)} <= {line.keys for line in group.keys}
    await batch.press("escape", "colon")
    palette = await batch.until_screen(CommandLine)
    assert [(entry.text, entry.key) for entry in palette._shown[:2]] == [("trigger", "t"), ("suspend", "s")]
    assert [entry.key for entry in palette._shown if entry.text == "drain"] == [""], "not bound here"
    await batch.press("escape", "t")
    await batch.until_screen(ConfirmDialog)
    name = names(screen)[0]
    await batch.press("tab", "enter")
    await batch.until_text(f"Job {name}-manual-")
    await batch.until_text("created", "Ctrl+G opens it")
    [job] = [
        item["metadata"]["name"]
        for item in batch.simulator.call(lambda state: state.storage.list(JOBS))
        if "-manual-" in item["metadata"]["name"]
    ]
    await batch.press("ctrl+g")
    await batch.until(lambda: isinstance(batch.app.screen, ResourceScreen) and batch.app.screen is not screen)
    await batch.until_text("pods", job)


async def test_nodes_are_cordoned_by_key_and_a_pod_table_keeps_the_keys_of_workloads(batch: Dashboard) -> None:
    screen = await listed(batch, "no")
    assert {("t", "Cordon", True), ("u", "Uncordon", True), ("r", "Drain", True)} <= set(screen.query_one(KeyBar).keys)
    await batch.press("s")
    await batch.until_said("a Node cannot be scaled: its type has no scale subresource")
    cordoned = names(screen)[0]
    await batch.press("t")
    await batch.until_said(f"Node {cordoned} is already cordoned")
    await batch.press("u")
    await batch.until_screen(ConfirmDialog)
    await batch.press("escape", "escape")
    pods = await listed(batch, "po")
    bound = {active.binding.key: active.binding.id for active in pods.active_bindings.values()}
    assert (bound["r"], bound["u"], bound["s"]) == ("workload.restart", "workload.undo", "workload.scale")
