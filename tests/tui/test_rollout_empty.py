"""A rollout without a pod of its new revision: the screen counts those that are wanted and says why none is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from k9py.api.meta import ObjectRef
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.widgets.tab_strip import Tab, TabStrip
from tests.tui.dashboard import dashboard


async def test_an_empty_list_of_new_pods_says_how_many_are_wanted_and_why_there_is_none(tmp_path: Path) -> None:
    with Simulator("failures", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(200, 50)) as kdash:
            await kdash.select(ObjectRef("StatefulSet", "shop", "admission-refused"))
            await kdash.press("enter")
            await kdash.until_screen(RolloutScreen)
            await kdash.until_text(
                "0 of 2 ready", "no pod of the new revision: admission webhook", "come from registry.example.com"
            )


async def test_a_small_screen_cuts_nothing_off_while_it_has_room(tmp_path: Path) -> None:
    with Simulator("failures", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
            await kdash.select(ObjectRef("StatefulSet", "shop", "admission-refused"))
            await kdash.press("enter")
            await kdash.until_screen(RolloutScreen)
            await kdash.until_text("does not come from", "registry.example.com — still served by 1 old pod", "POD")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (120, "1 Pods   3 of 3  D compares with now"),
        (30, "1 Pods   3 of 3  D compares …"),
        (28, "1 Pods   3 of 3"),
    ],
)
async def test_a_note_behind_the_tabs_is_whole_or_marked_as_cut_or_left_out(width: int, shown: str) -> None:
    class Strips(App[None]):
        def compose(self) -> ComposeResult:
            yield TabStrip()

    async with Strips().run_test(size=(width + 2, 3)) as pilot:
        strip = pilot.app.query_one(TabStrip)
        strip.show([Tab("1 Pods", True)], ("3 of 3", "D compares with now"))
        await pilot.pause()
        assert "".join(segment.text for segment in strip.render_line(0)).strip() == shown
