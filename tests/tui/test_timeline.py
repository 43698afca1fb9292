"""What changed: the keys of the screen, what they act on, and that it is live."""

from __future__ import annotations

import asyncio
from pathlib import Path

from k9py.diagnosis.timeline import EntryKind
from k9py.simulator.server import Simulator
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.home import HomeScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.timeline import SPANS, TimelineScreen
from tests.cli.shell import edit, image
from tests.tui.dashboard import CHECKOUT, dashboard


async def test_the_timeline_of_an_object_widens_goes_back_in_time_and_leads_on(
    simulator: Simulator, tmp_path: Path
) -> None:
    await asyncio.to_thread(edit, simulator, image("registry.example.com/shop/checkout:9.9.9"))
    await asyncio.to_thread(simulator.advance, 60)
    async with dashboard(simulator, tmp_path) as kdash:
        await kdash.until(lambda: kdash.home.rollouts.table.select_key(CHECKOUT), "the rollout")
        await kdash.press("T")
        screen = await kdash.until_screen(TimelineScreen)
        await kdash.until_text("Deployment checkout and what it depends on", "revision ", "→ 9.9.9")
        await kdash.press("slash", *"revision", "enter")
        await kdash.until(lambda: screen.target() == CHECKOUT, "the rollout is selected")
        await kdash.press("enter")
        await kdash.until_text("source  ReplicaSet checkout-", "by      ", "by then ")
        await kdash.press("d")
        assert (await kdash.until_screen(DescribeScreen)).subject == CHECKOUT
        await kdash.press("escape")
        await kdash.until_screen(TimelineScreen)
        await kdash.press("escape", "t")  # the filter, then further back
        await kdash.until_text("last 6h")
        assert screen.span == SPANS[1]
        changes = (EntryKind.CHANGE, EntryKind.ROLLOUT, EntryKind.SCALING, EntryKind.FINDING)
        await kdash.until(lambda: screen._entry is not None, "an entry is selected")
        times = []
        for key in ("left_square_bracket", "right_square_bracket", "left_square_bracket"):
            await kdash.press(key)
            entry = screen._entry
            assert entry is not None
            assert entry.kind in changes
            times.append(entry.at)
        assert times[0] == times[2] < times[1]
        leases = len(kdash.connected.cluster.leases)
        await kdash.press("space")
        await kdash.until_text("namespace shop")
        await kdash.press("space")
        await kdash.until_text("all namespaces")
        await kdash.press("space")
        await kdash.until_text("Deployment checkout and what it depends on", "revision ")
        await kdash.until(lambda: len(kdash.connected.cluster.leases) == leases, "the other leases have ended")
        await kdash.press("slash", *"revision", "enter")
        await kdash.until(lambda: screen.target() == CHECKOUT, "the rollout is selected")
        await kdash.press("f")
        await kdash.until_screen(RolloutScreen)
        await kdash.press("escape")
        await kdash.until_screen(TimelineScreen)
        await kdash.press("escape", "escape", "escape")
        await kdash.until_screen(HomeScreen)
        assert screen._timeline is None


async def test_a_change_appears_while_the_screen_is_open(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path) as kdash:
        await kdash.press("T")
        screen = await kdash.until_screen(TimelineScreen)
        await kdash.until(lambda: screen._report is not None and screen._report.is_complete, "all is read")
        assert "→ 9.9.9" not in kdash.text
        await asyncio.to_thread(edit, simulator, image("registry.example.com/shop/checkout:9.9.9"))
        await asyncio.to_thread(simulator.advance, 5)
        await kdash.until_text("→ 9.9.9")
