"""How rows stand out, which order the header shows, and what keys and the mouse do there."""

from __future__ import annotations

import pytest
from rich.style import Style

from k9py.tui.theme import palette_for
from k9py.tui.widgets.live_table import LiveTable
from k9py.tui.widgets.live_table.order import Order
from k9py.views.values import Tone
from tests.tui.widgets.hosts import COLUMNS, NOW, HostApp, key, row, screen_text


def host(*, monochrome: bool = False) -> HostApp[LiveTable]:
    """Return an app with a failing row on top and two healthy ones."""

    def make() -> LiveTable:
        table = LiveTable(COLUMNS, now=lambda: NOW)
        table.replace_all(
            [
                row("bad", state="image not found", tone=Tone.FAIL, ready=0, rank=0, age_minutes=1),
                row("good", rank=5, age_minutes=30),
                row("well", rank=5, ready=2, age_minutes=20),
            ]
        )
        return table

    return HostApp(make, monochrome=monochrome)


def style_of(table: LiveTable, y: int, text: str) -> Style:
    """Return the style of the segment on a line that holds a text."""
    return next(segment.style for segment in table.render_line(y) if text in segment.text and segment.style)


async def test_a_failing_row_keeps_its_colour_under_the_cursor() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        await pilot.pause()
        table, palette = app.widget, palette_for(app)
        selected = style_of(table, 1, "image not found")
        assert selected.color == palette.tone(Tone.FAIL).color
        assert selected.bgcolor == palette.cursor_row.bgcolor


async def test_healthy_rows_are_dimmed_and_failing_ones_are_not() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        await pilot.press("down")
        table, palette = app.widget, palette_for(app)
        assert style_of(table, 3, "well").color == palette.muted.color
        assert style_of(table, 1, "bad").color != palette.muted.color
        assert style_of(table, 2, "good").color != palette.muted.color  # the selected row is read


async def test_without_colour_the_selected_row_is_reversed_and_keeps_its_symbol() -> None:
    app = host(monochrome=True)
    async with app.run_test(size=(90, 6)) as pilot:
        await pilot.pause()
        assert style_of(app.widget, 1, "bad").reverse
        assert "✗" in app.widget.render_line(1).text


async def test_the_header_always_shows_the_order() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        table = app.widget
        assert screen_text(table)[0].startswith(" ↑")
        table.set_order(Order("age"))
        assert "AGE ↑" in screen_text(table)[0]
        await pilot.resize_terminal(30, 6)
        await pilot.pause()
        assert "AGE ↑" in screen_text(table)[0]
        assert "IMAGE" not in screen_text(table)[0]


async def test_a_key_sorts_by_its_column_then_reverses_then_returns_to_severity() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        orders = []
        for pressed in ("A", "A", "A", "R"):
            await pilot.press(pressed)
            orders.append(app.widget.order)
        assert orders == [Order("age"), Order("age", reverse=True), Order(), Order("ready")]


async def test_the_keys_of_columns_are_those_of_the_columns_shown() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        app.widget.replace_all([], (COLUMNS[0],))
        await pilot.press("A")
        assert app.widget.order == Order()


async def test_other_columns_may_be_drawn_before_their_rows_are_there() -> None:
    app = host()
    async with app.run_test(size=(90, 6)):
        app.widget.replace_all([], (COLUMNS[0],))
        assert "READY" not in app.widget.render_line(0).text
        assert "NAME" in app.widget.render_line(0).text


@pytest.mark.parametrize(("title", "wanted"), [("READY", Order("ready")), ("AGE", Order("age")), ("↑", Order())])
async def test_a_click_on_a_title_sorts_by_that_column(title: str, wanted: Order) -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        table = app.widget
        x = screen_text(table)[0].rindex(title)
        await pilot.click(LiveTable, offset=(x, 0))
        assert table.order == wanted


async def test_a_click_on_a_title_reverses_the_order_it_made() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        x = screen_text(app.widget)[0].index("NAME")
        await pilot.click(LiveTable, offset=(x, 0))
        await pilot.click(LiveTable, offset=(x, 0))
        assert app.widget.order == Order("name", reverse=True)


async def test_a_click_selects_a_row_and_a_double_click_opens_it() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        await pilot.click(LiveTable, offset=(8, 3))
        assert app.widget.cursor_key == key("well")
        assert not app.said(LiveTable.Selected)
        app.CLICK_CHAIN_TIME_THRESHOLD = 60.0  # type: ignore[misc]  # however busy the machine is
        await pilot.click(LiveTable, offset=(8, 2), times=2)
        opened = [message.key for message in app.said(LiveTable.Selected) if isinstance(message, LiveTable.Selected)]
        assert opened == [key("good")]


async def test_a_filter_looks_at_the_columns_that_are_shown() -> None:
    app = host()
    async with app.run_test(size=(90, 6)) as pilot:
        app.widget.set_filter("v1")
        await pilot.pause()
        assert app.widget.row_count == 3
        await pilot.resize_terminal(36, 6)
        await pilot.pause()
        assert "IMAGE" not in screen_text(app.widget)[0]
        assert app.widget.row_count == 0
