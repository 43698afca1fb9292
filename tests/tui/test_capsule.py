"""A capsule written from the dashboard: its file is named on the screen, and opens with the same problem."""

from __future__ import annotations

from pathlib import Path

from k9py.capsule.file import read_capsule
from k9py.simulator.server import Simulator
from tests.tui.dashboard import CHECKOUT, dashboard


async def test_a_key_writes_what_is_shown_into_a_file(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path) as kdash:
        await kdash.until(lambda: "1 problem" in kdash.text, "the problem")
        await kdash.select(CHECKOUT)
        await kdash.press("ctrl+w")
        await kdash.until_said("wrote ")
        directory = kdash.app.options.log_directory
        assert directory is not None
        (path,) = directory.glob("kdash-capsule-checkout-*.md")

    capsule = read_capsule(path)

    assert capsule.subject == CHECKOUT
    assert "checkout" in [each["subject"]["name"] for each in capsule.triage["problems"]]
    assert capsule.objects
