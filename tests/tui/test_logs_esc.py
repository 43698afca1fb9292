"""Esc in a log takes one step back at a time, and leaves at last."""

from __future__ import annotations

from collections.abc import Callable

from k9py.tui.screens.home import HomeScreen
from k9py.tui.screens.logs import LogScreen
from tests.tui.dashboard import CART, Dashboard
from tests.tui.log_screen import MANY, typed


async def test_esc_takes_one_thing_back_at_a_time_and_leaves_at_last(kdash: Dashboard, log_screen: LogScreen) -> None:
    view, logs = log_screen.logs.view, log_screen.logs
    await kdash.press("f", "p")
    await kdash.until(lambda: logs.previous, "the previous run")
    await kdash.press("p")
    await kdash.until(lambda: view.state.lines > MANY, "lines")
    await kdash.press("up", "m")
    await typed(kdash, "H", "order")
    await typed(kdash, "ampersand", "level")
    await typed(kdash, "slash", "placed")
    await kdash.until(lambda: view.state.search_at > 0, "found")
    await kdash.press("enter")
    await kdash.until_text("trace_id: ")
    steps: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("folded", lambda: "trace_id: " not in kdash.text),
        ("search", lambda: view.state.search_hits is None),
        ("filter", lambda: view.state.filter_text == ""),
        ("highlights", lambda: not logs.highlight_bar.text),
        ("marks", lambda: view.state.marked == 0),
    )
    for what, is_taken_back in steps:
        assert not is_taken_back(), what
        await kdash.press("escape")
        await kdash.until(is_taken_back, what)
    await kdash.press("p")
    await kdash.until(lambda: logs.previous, "the previous run")
    await kdash.press("escape")
    await kdash.until(lambda: not logs.previous, "the tail")
    await kdash.press("escape")
    await kdash.until_text("deploy/cart", "? Help")
    assert kdash.app.screen is log_screen
    await kdash.press("escape")
    await kdash.until_screen(HomeScreen)


async def test_esc_leaves_previous_logs_that_were_opened_as_such(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("p")
    screen = await kdash.until_screen(LogScreen)
    assert screen.previous
    await kdash.press("escape")
    assert kdash.app.screen is kdash.home


async def test_esc_folds_a_line_of_homes_log_before_it_asks_to_quit(kdash: Dashboard) -> None:
    await kdash.select(CART)
    view = kdash.home.logs.view
    await kdash.until(lambda: kdash.home.logs.subject == CART and view.state.lines > MANY, "cart's logs")
    await kdash.press("3", "up", "enter")
    await kdash.until_text("trace_id: ")
    await kdash.press("escape")
    await kdash.until(lambda: "trace_id: " not in kdash.text, "folded")
    assert kdash.app.screen is kdash.home
