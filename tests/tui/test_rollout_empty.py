"""A rollout without a pod of its new revision: the screen counts those that are wanted and says why none is there."""

from __future__ import annotations

from pathlib import Path

from k9py.objects.meta import ObjectKey
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import dashboard


async def test_an_empty_list_of_new_pods_says_how_many_are_wanted_and_why_there_is_none(tmp_path: Path) -> None:
    with Simulator("failures", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(200, 50)) as kdash:
            await kdash.select(ObjectKey("StatefulSet", "shop", "admission-refused"))
            await kdash.press("enter")
            await kdash.until_screen(RolloutScreen)
            await kdash.until_text("0 of 2 ready", "no pod yet: admission webhook policy.example.com refuses its pods")
