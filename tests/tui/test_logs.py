"""The log screen, key by key, on a simulated cluster over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from k9py.actions.action import HelpGroup
from k9py.logs.follow.log_range import RANGES
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.key_bar import KeyBar
from k9py.tui.logs.followed_log import DEBOUNCE_SECONDS
from k9py.tui.screens.help import HelpScreen
from k9py.tui.screens.logs import LogScreen
from k9py.tui.theme import palette_for
from tests.tui.dashboard import CART, DB, Dashboard, dashboard
from tests.tui.log_screen import MANY, opened, typed, until_said

# -- how much -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(7))
async def test_digits_choose_a_range_and_the_title_says_it(
    number: int, kdash: Dashboard, log_screen: LogScreen
) -> None:
    await kdash.press("1" if number == 0 else "0", str(number))
    await kdash.until(lambda: log_screen.logs.range is RANGES[number], "the range")
    await kdash.until_text(f"3 containers · {RANGES[number].label} · deploy/cart")
    if number == 1:
        await kdash.until(
            lambda: log_screen.logs.stream is not None and log_screen.logs.stream.is_finished, "not followed"
        )
        view = log_screen.logs.view
        await kdash.until(lambda: view.cursor_number == view.buffer.first, "at the beginning")
    await kdash.until(lambda: log_screen.logs.view.line_count() > 0, "lines")


async def test_digits_switch_panes_at_home_and_never_ranges(kdash: Dashboard) -> None:
    await kdash.press("3", "1")
    assert kdash.home.services.table.has_focus
    assert kdash.home.logs.range is RANGES[0]


async def test_p_shows_the_containers_that_ran_before_and_back(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("1", "p")
    await kdash.until_text("3 containers · last 5,000 lines · previous containers of deploy/cart")
    await kdash.press("p")
    await kdash.until_text("3 containers · from the start · deploy/cart")
    await kdash.press("p")
    await kdash.until_text("previous containers of")
    await kdash.press("0")
    await kdash.until(lambda: "previous containers of" not in kdash.text, "what they write now")
    await kdash.until(lambda: log_screen.logs.view.line_count() > 0, "lines")


# -- how it looks -------------------------------------------------------------------------------------------------


async def test_s_and_space_hold_the_view_while_lines_are_read_on(kdash: Dashboard, log_screen: LogScreen) -> None:
    view = log_screen.logs.view

    def grown(before: int) -> Callable[[], bool]:
        return lambda: view.state.lines > before + 5

    for key in ("s", "space"):
        await kdash.press(key)
        await kdash.until(lambda: not view.following, "held")
        top = kdash.text.splitlines()[3]
        await kdash.advance_until(grown(view.state.lines), "lines read on")
        assert view.state.new_below > 0
        assert kdash.text.splitlines()[3] == top
        await kdash.press(key)
        await kdash.until(lambda: view.following, "followed")


async def test_oldest_newest_and_pages(kdash: Dashboard, log_screen: LogScreen) -> None:
    view = log_screen.logs.view
    for oldest, newest in (("g", "G"), ("home", "end")):
        await kdash.press(oldest)
        await kdash.until(lambda: view.cursor_number == view.buffer.first, "the oldest line")
        await kdash.press("pagedown", "down")
        assert (view.cursor_number or 0) > view.buffer.first + 5
        await kdash.press("up", "pageup")
        assert view.cursor_number == view.buffer.first
        await kdash.press(newest)
        await kdash.until(lambda: view.following, "followed")


async def test_t_tells_times_in_turn(kdash: Dashboard, log_screen: LogScreen) -> None:
    seen = [log_screen.logs.view.times]
    for _ in range(3):
        await kdash.press("t")
        seen.append(log_screen.logs.view.times)
    assert seen == ["none", "local", "utc", "relative"]
    await kdash.until(lambda: "ago" in kdash.text or " s " in kdash.text or "s " in kdash.text, "how long ago")
    await kdash.press("t")
    assert log_screen.logs.view.times == "none"


@pytest.mark.parametrize(("key", "attribute"), [("w", "wrap"), ("z", "prefix"), ("R", "parsed"), ("C", "colours")])
async def test_what_a_line_looks_like_is_toggled(
    key: str, attribute: str, kdash: Dashboard, log_screen: LogScreen
) -> None:
    view = log_screen.logs.view
    before, text = getattr(view, attribute), kdash.text
    await kdash.press(key)
    assert getattr(view, attribute) is not before
    if key != "C":  # cart writes no colours
        await kdash.until(lambda: kdash.text != text, "another look")
    await kdash.press(key)
    assert getattr(view, attribute) is before


async def test_records_are_told_in_words_and_raw_on_demand(kdash: Dashboard, log_screen: LogScreen) -> None:
    assert '{"time"' not in kdash.text
    await kdash.press("R")
    await kdash.until_text('"level":"info"')


async def test_enter_unfolds_the_line_under_the_cursor_and_folds_it(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("up", "enter")
    await kdash.until_text("order: o-", "currency: ", "trace_id: ")
    await kdash.press("enter")
    await kdash.until(lambda: "trace_id: " not in kdash.text, "folded")


async def test_f_shows_the_lines_alone_and_esc_everything_again(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("f")
    await kdash.until(lambda: "deploy/cart" not in kdash.text and "? Help" not in kdash.text, "lines alone")
    assert "╭" not in kdash.text
    await until_said(kdash, "f or Esc: show everything again")
    assert log_screen.logs.view.size.height >= 44
    await kdash.press("escape")
    await kdash.until_text("deploy/cart", "? Help")
    assert kdash.app.screen is log_screen


async def test_f_in_homes_log_pane_opens_the_lines_alone(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.until(lambda: kdash.home.logs.subject == CART, "cart's logs")
    await kdash.press("3", "f")
    opened = await kdash.until_screen(LogScreen)
    assert opened.subject == CART
    assert opened.has_class("-full")


# -- search and filter --------------------------------------------------------------------------------------------


async def test_a_search_counts_its_hits_and_n_goes_through_them(kdash: Dashboard, log_screen: LogScreen) -> None:
    view = log_screen.logs.view
    await typed(kdash, "slash", "placed")
    await kdash.until(lambda: (view.state.search_hits or 0) > 2 and not view.state.scanning, "hits")
    await kdash.until(lambda: view.state.search_at > 0, "at one of them")
    at = view.state.search_at
    await kdash.press("N")
    await kdash.until(lambda: view.state.search_at == at - 1, "the one before")
    await kdash.press("n")
    await kdash.until(lambda: view.state.search_at == at, "the next one")
    assert view.state.shown == view.state.lines
    await kdash.press("escape")
    await kdash.until(lambda: view.state.search_hits is None, "no search")
    assert kdash.app.screen is log_screen


async def test_a_filter_leaves_lines_out_and_context_brings_neighbours_back(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    view = log_screen.logs.view
    await typed(kdash, "ampersand", "level>=warn")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    few = view.state.shown
    await kdash.until_text(f"{few} of {view.state.lines} lines")
    await kdash.press("plus")
    await kdash.until(lambda: view.context == 1 and view.state.shown > few, "neighbours")
    await kdash.press("minus")
    await kdash.until(lambda: view.state.shown == few, "without them")
    await kdash.press("escape")
    await kdash.until(lambda: view.state.shown == view.state.lines, "all lines again")


async def test_search_and_filter_at_once_and_esc_takes_one_after_the_other(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    view = log_screen.logs.view
    await typed(kdash, "ampersand", "level=info")
    await typed(kdash, "slash", "placed")
    await kdash.until(lambda: bool(view.state.search_hits) and 0 < view.state.shown < view.state.lines, "both")
    await kdash.press("escape")
    await kdash.until(lambda: view.state.search_hits is None, "no search")
    assert view.state.filter_text
    await kdash.press("escape")
    await kdash.until(lambda: not view.state.filter_text, "no filter")
    assert kdash.app.screen is log_screen
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "home")


async def test_a_field_of_a_record_is_asked_for(kdash: Dashboard, log_screen: LogScreen) -> None:
    view = log_screen.logs.view
    await typed(kdash, "ampersand", ".currency=EUR")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    lines = [line.text for line in view.shown_lines() if not line.marker]
    assert lines
    assert all('"currency":"EUR"' in line for line in lines)


async def test_homes_log_pane_is_searched_and_filtered_too(kdash: Dashboard) -> None:
    await kdash.select(CART)
    view = kdash.home.logs.view
    await kdash.until(lambda: kdash.home.logs.subject == CART and view.state.lines > MANY, "lines")
    await kdash.press("3")
    await typed(kdash, "ampersand", "level>=warn")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    await typed(kdash, "slash", "retry")
    await kdash.until(lambda: view.state.search_hits is not None, "a search")
    await kdash.press("escape", "escape")
    await kdash.until(lambda: view.state.search_hits is None and view.state.shown == view.state.lines, "neither")


def painted(kdash: Dashboard) -> dict[str, set[str]]:
    """Return the backgrounds each of the words of the log stands on, on the screen."""
    shown_by_pod: dict[str, set[str]] = {}
    for strip in kdash.app.screen._compositor.render_strips():
        for segment in strip:
            if segment.style is not None and segment.style.bgcolor is not None:
                shown_by_pod.setdefault(segment.text, set()).add(segment.style.bgcolor.name)
    return shown_by_pod


async def test_words_are_highlighted_each_in_its_own_colour_and_esc_takes_them_back(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    colours = palette_for(kdash.app).highlights
    first, second = (style.bgcolor.name for style in colours[1:3] if style.bgcolor is not None)
    await typed(kdash, "H", "placed /o-[0-9]+/")
    await kdash.until(lambda: first in painted(kdash).get("placed", ()), "a word highlighted")
    orders = [on for text, on in painted(kdash).items() if text.startswith("o-")]
    assert orders
    assert all(second in on for on in orders)
    await typed(kdash, "slash", "order")
    await kdash.press("escape")
    await kdash.until(lambda: log_screen.logs.view.state.search_hits is None, "no search")
    assert first in painted(kdash)["placed"]
    bar = log_screen.logs.highlight_bar
    await kdash.until(lambda: bar.display, "kept in sight")
    await kdash.press("escape")
    await kdash.until(lambda: not bar.display and first not in painted(kdash).get("placed", ()), "no highlights")
    assert kdash.app.screen is log_screen


async def test_homes_log_pane_is_highlighted_too(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.until(lambda: kdash.home.logs.view.state.lines > MANY, "lines")
    await kdash.press("3")
    await typed(kdash, "H", "placed")
    colour = palette_for(kdash.app).highlights[1].bgcolor
    assert colour is not None
    await kdash.until(lambda: colour.name in painted(kdash).get("placed", ()), "highlighted")
    await kdash.press("escape")
    await kdash.until(lambda: colour.name not in painted(kdash).get("placed", ()), "no highlights")


async def test_what_cannot_be_understood_is_said_and_looked_for_as_it_stands(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    await typed(kdash, "H", "/(placed/")
    await kdash.until_text("missing )")


@pytest.mark.parametrize("key", ["l", "f"])
async def test_what_homes_log_was_searched_for_and_filtered_by_goes_with_it(key: str, kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.until(lambda: kdash.home.logs.subject == CART, "cart's logs")
    await kdash.press("3")
    await typed(kdash, "ampersand", "level=info")
    await typed(kdash, "slash", "placed")
    await typed(kdash, "H", "order")
    await kdash.press(key)
    screen = await kdash.until_screen(LogScreen)
    view = screen.logs.view
    await kdash.until(lambda: bool(view.state.search_hits) and 0 < view.state.shown < view.state.lines, "both")
    assert screen.logs.queries == ("placed", "level=info", "order")
    assert view.has_focus


async def test_a_filter_that_nothing_passes_is_said(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("ampersand", *"zzqq")
    await kdash.until_text("no line matches the filter", "Enter Keep  Esc Clear")
    await kdash.press("escape")
    await kdash.until(lambda: log_screen.logs.view.state.shown > MANY, "all lines")
    await kdash.until_text("& Filter")


async def test_help_is_in_the_last_line_however_narrow(kdash: Dashboard, log_screen: LogScreen) -> None:
    for width in (160, 80, 40):
        await kdash.pilot.resize_terminal(width, 24)
        await kdash.until(lambda: "? Help" in kdash.text.splitlines()[-1], "help")


async def test_read_only_offers_no_change_in_the_last_line(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, read_only=True) as kdash:
        await opened(kdash)
        titles = {word for _, word, _ in kdash.app.screen.query_one(KeyBar).keys}
        assert "Search" in titles
        assert not {"Restart", "Undo"} & titles


# -- the keys themselves ------------------------------------------------------------------------------------------


async def test_restart_stays_and_the_other_acting_keys_are_those_of_logs(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    await kdash.press("r")
    await kdash.until_screen(ConfirmDialog)
    await kdash.press("escape")
    bound = {active.binding.id for active in log_screen.active_bindings.values()}
    assert {"workload.restart", "workload.undo"} <= bound
    assert not {"workload.scale", "workload.set_image", "workload.pause", "workload.zero"} & bound
    assert not {"object.delete", "pod.evict", "operation.stop"} & bound
    assert not {"cluster.all_namespaces", "cluster.contexts"} & bound


async def test_help_lists_every_key_of_the_log_screen(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("question_mark")
    shown = await kdash.until_screen(HelpScreen)
    keys = {key for group in shown.groups if "Logs" in group.title for line in group.keys for key in line.keys}
    assert [group.title for group in shown.groups[:2]] == [HelpGroup.LOG_SOURCES.value, HelpGroup.LOG_LINES.value]
    wanted = {*"0123456", *"spxXPRCHmwtzfcnNgG", "/", "&", "+", "-", "Ctrl+S", "Space", "Enter"}
    assert wanted <= keys


async def test_a_subject_chosen_before_another_cluster_is_not_followed_there(kdash: Dashboard) -> None:
    logs, passed = kdash.home.logs, asyncio.Event()
    await kdash.until(lambda: logs.subject is not None, "a subject")
    logs.follow(DB)
    logs.set_source(kdash.connected.connection)
    logs.set_timer(DEBOUNCE_SECONDS, passed.set)
    await kdash.until(passed.is_set, "the moment it would have been followed at")
    await kdash.until(lambda: logs.stream is not None, "the subject of now")
    assert logs.subject == kdash.home.rollouts.table.cursor_key != DB


async def test_home_follows_no_logs_under_the_log_screen_and_goes_on_afterwards(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    home = kdash.home.logs
    await kdash.until(lambda: home.stream is None and not home.view.line_count(), "home at rest")
    assert log_screen.logs.stream is not None
    await kdash.press("escape")
    await kdash.until(lambda: home.subject == CART and home.view.line_count() > 0, "home's lines again")


async def test_a_time_typed_after_the_colon_leads_there(kdash: Dashboard) -> None:
    screen = await opened(kdash)
    view = screen.logs.view
    await kdash.press("up")
    newest = view.cursor_number
    screen.run_line("10m")
    await kdash.until(lambda: view.cursor_number not in (None, newest), "another line")
    line = view.cursor_line
    assert line is not None
    assert line.timestamp is not None
    assert kdash.app.options.clock.now() - line.timestamp <= timedelta(minutes=10)
