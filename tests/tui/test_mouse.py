"""The mouse: header, tabs, key bar and rows do what their keys do."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.geometry import Offset
from textual.widget import Widget

from k9py.tui.dialogs.check import CheckDialog
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.key_bar import KeyBar
from k9py.tui.screens.help import HelpScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.widgets.header_bar import HeaderBar
from k9py.tui.widgets.live_table import LiveTable
from k9py.tui.widgets.tab_strip import TabStrip
from tests.tui.dashboard import CHECKOUT, Dashboard


def place_of(widget: Widget, text: str) -> Offset:
    """Return where a text begins on the widget's first content line."""
    line = "".join(segment.text for segment in widget.render_line(0))
    return Offset(widget.gutter.left + cell_len(line[: line.index(text)]), widget.gutter.top)


async def test_the_context_and_the_namespace_in_the_header_open_their_lists(kdash: Dashboard) -> None:
    header = kdash.home.query_one(HeaderBar)
    for label, kind in (("context", ChooseDialog), ("namespace", CheckDialog)):
        await kdash.pilot.click(header, offset=place_of(header, label))
        await kdash.until_screen(kind)
        await kdash.until_text(label.capitalize())
        await kdash.press("escape")


async def test_a_click_on_a_tab_shows_its_pane(kdash: Dashboard) -> None:
    await kdash.pilot.resize_terminal(80, 24)
    strip = kdash.home.query_one(TabStrip)
    await kdash.until(lambda: kdash.home.is_small and strip.region.height, "tabs")
    await kdash.pilot.click(strip, offset=place_of(strip, "Services"))
    await kdash.until(lambda: kdash.home.active_pane is kdash.home.services, "Services in front")
    await kdash.pilot.click(strip, offset=place_of(strip, "Logs"))
    await kdash.until(lambda: kdash.home.active_pane is kdash.home.logs, "Logs in front")


async def test_a_click_on_a_key_in_the_last_line_presses_it(kdash: Dashboard) -> None:
    bar = kdash.home.query_one(KeyBar)
    await kdash.until_text("by shop-pipeline")  # everything about the row is known: the keys stay where they are
    place = Offset()
    while place != place_of(bar, "Help"):
        place = place_of(bar, "Help")
        await kdash.pilot.pause()  # until no widget has anything left to do
    await kdash.pilot.click(bar, offset=place)
    await kdash.until_screen(HelpScreen)


async def test_a_double_click_on_a_rollout_opens_it(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kdash.app, "CLICK_CHAIN_TIME_THRESHOLD", 60.0)  # however busy the machine is
    table = kdash.home.rollouts.table
    await kdash.until_text("by shop-pipeline")  # the three lines are complete: the tables stay where they are
    y = [row.key for row in table.shown_rows].index(CHECKOUT) + LiveTable.HEADER_LINES
    await kdash.pilot.click(table, offset=(10, y), times=2)
    screen = await kdash.until_screen(RolloutScreen)
    assert screen.target() == CHECKOUT
