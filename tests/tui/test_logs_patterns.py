"""The patterns pane on the log screen: when it is there, what it is told, and the way from a pattern to its line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from k9py.cluster.queries import Queries
from k9py.logs.source import LogTarget
from k9py.rollouts.status import RolloutState
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.logs.comparing import compared_revisions
from k9py.tui.screens.logs import LogScreen
from k9py.views import patterns as pattern_table
from tests.tui.dashboard import CART, CHECKOUT, Dashboard, dashboard
from tests.tui.log_screen import until_said


@pytest.fixture
async def regression(tmp_path: Path) -> AsyncIterator[Dashboard]:
    with Simulator("regression", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as running:
            yield running


async def logs_of_checkout(kdash: Dashboard) -> LogScreen:
    await kdash.select(CHECKOUT)
    await kdash.press("l")
    return await kdash.until_screen(LogScreen)


async def test_a_release_under_way_shows_first_what_only_the_new_revision_says(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.patterns.display, "the patterns")
    assert screen.logs.view.has_focus
    await regression.until_text("could not apply the voucher", "retrying payment authorisation")
    await regression.until_text("tax table read from the cache")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45), (250, 60)], ids=str)
async def test_patterns_lie_above_the_log_as_high_as_needed(regression: Dashboard, size: tuple[int, int]) -> None:
    await regression.pilot.resize_terminal(*size)
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.is_settled and pattern_table.FOLD_KEY in screen.patterns.rows, "the patterns")

    def is_above() -> bool:
        patterns, logs = screen.patterns.region, screen.logs.region
        needed = len(screen.patterns.rows) + 3
        return (patterns.bottom, patterns.width, patterns.height) == (logs.y, logs.width, needed)

    await regression.until(is_above, "above the log, without an empty line")


async def test_what_may_be_chance_unfolds_with_enter_and_folds_again(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.is_settled and pattern_table.FOLD_KEY in screen.patterns.rows, "the patterns")
    folded = len(screen.patterns.rows)
    await regression.press("tab", "end")
    assert screen.patterns.table.cursor_key == pattern_table.FOLD_KEY
    assert "Enter expands" in screen.patterns.subtitle
    await regression.press("enter")
    await regression.until(lambda: len(screen.patterns.rows) > folded, "all of them")
    assert screen.patterns.table.cursor_key == pattern_table.FOLD_KEY, "the cursor stays where it was"
    await regression.press("enter")
    await regression.until(lambda: len(screen.patterns.rows) == folded, "one line again")


async def test_enter_on_a_pattern_goes_to_its_line(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until_text("could not apply the voucher")
    await regression.press("tab", "enter")
    await regression.until(lambda: screen.logs.view.cursor_line is not None, "at a line")
    line = screen.logs.view.cursor_line
    assert line is not None
    assert "voucher" in line.text or "retrying" in line.text
    assert screen.logs.view.has_focus


async def test_a_pattern_whose_line_is_gone_says_so(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until_text("could not apply the voucher")
    screen.post_message(screen.patterns.Jump(screen.patterns, -5, "gone"))
    notifications = regression.app._notifications
    await regression.until(
        lambda: any(
            "that line is no longer in the buffer" in str(notification.message) for notification in notifications
        ),
        "a word",
    )


async def test_a_pattern_whose_line_is_filtered_out_says_so(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until_text("could not apply the voucher")
    await regression.press("ampersand", *"cart", "enter", "tab", "enter")
    notifications = regression.app._notifications
    await regression.until(
        lambda: any("hidden now, by the filter" in str(notification.message) for notification in notifications),
        "a word",
    )
    assert screen.logs.view.has_focus


async def test_upper_p_hides_the_patterns_and_shows_them(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.patterns.display, "the patterns")
    await regression.press("P")
    await regression.until(lambda: not screen.patterns.display, "hidden")
    assert screen.logs.view.has_focus
    await regression.press("P")
    await regression.until(lambda: screen.patterns.display, "shown")


async def test_where_nothing_is_released_there_are_no_patterns_before_they_are_asked_for(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("l")
    screen = await kdash.until_screen(LogScreen)
    await kdash.until(lambda: screen.logs.view.state.lines > 0, "lines")
    assert not screen.patterns.display
    await kdash.press("P")
    await kdash.until(lambda: screen.patterns.display, "shown")
    await kdash.until_text("Patterns", "order placed")


@pytest.mark.parametrize("key", ["ampersand", "H", "slash"])
async def test_what_is_typed_into_a_bar_opened_from_the_patterns_is_text(key: str, regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.patterns.display, "the patterns")
    await regression.press("tab")
    await regression.until(lambda: screen.active_pane is screen.patterns, "in the patterns")
    await regression.press(key, *"rqp")
    assert regression.app.screen is screen
    logs = screen.logs
    bar = {"ampersand": logs.filter_bar, "H": logs.highlight_bar, "slash": logs.search_bar}[key]
    assert bar.text == "rqp"
    await regression.press("escape")
    await regression.until(lambda: not bar.is_open, "closed")
    assert regression.app.screen is screen
    assert screen.logs.view.has_focus


async def test_previous_logs_fold_the_patterns_away_until_they_are_asked_for(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.patterns.display, "the patterns")
    await regression.press("p")
    await regression.until(lambda: not screen.patterns.display, "folded")
    await regression.press("p")
    await regression.until(lambda: screen.patterns.display, "the patterns again")
    await regression.press("p", "P")
    await regression.until(lambda: screen.previous and screen.patterns.display, "asked for")


async def test_copying_is_of_lines_not_of_patterns(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: screen.patterns.display and screen.logs.view.state.lines, "lines and patterns")
    await regression.press("tab", "c")
    await until_said(regression, "c copies lines of the log: Tab goes there")
    assert regression.app.clipboard == ""


async def test_scaling_alone_opens_no_empty_patterns(kdash: Dashboard) -> None:
    def scale(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        state.storage.update(DEPLOYMENTS, {**obj, "spec": {**obj["spec"], "replicas": 7}})

    kdash.simulator.call(scale)
    await kdash.select(CART)
    await kdash.press("l")
    screen = await kdash.until_screen(LogScreen)
    await kdash.advance_until(lambda: len(screen.logs.targets) == 7, "new pods")
    view = kdash.connected.cluster.queries.rollout_view(CART, kdash.app.options.clock.now())
    assert view is not None
    assert view.status.state is RolloutState.PROGRESSING
    await kdash.until(lambda: screen.comparison.revisions.new and screen.logs.view.state.lines > 0, "looked at")
    assert not screen.comparison.revisions.is_useful
    assert not screen.patterns.display


@pytest.mark.parametrize(
    ("running", "state", "is_telling"),
    [
        (("new",), RolloutState.COMPLETE, False),
        (("new",), RolloutState.PROGRESSING, False),
        (("new",), RolloutState.STALLED, False),
        (("new", "old"), RolloutState.PROGRESSING, True),
        (("new", "old"), RolloutState.PAUSED, True),
        (("old",), RolloutState.PROGRESSING, True),
        (("old",), RolloutState.STALLED, True),
        (("old",), RolloutState.PAUSED, False),
        ((), RolloutState.SCALED_TO_ZERO, False),
        ((), RolloutState.PROGRESSING, False),
    ],
)
def test_patterns_are_worth_their_room_where_two_revisions_have_pods_or_will(
    running: tuple[str, ...], state: RolloutState, is_telling: bool
) -> None:
    revisions = [
        SimpleNamespace(pod_template_hash="new", number=2, is_current=True),
        SimpleNamespace(pod_template_hash="old", number=1, is_current=False),
    ]
    queries = SimpleNamespace(
        revisions_of=lambda _: revisions,
        rollout_view=lambda *_: SimpleNamespace(status=SimpleNamespace(state=state)),
    )
    targets = [LogTarget("shop", f"cart-{revision}", "app", revision=revision) for revision in running]
    assert compared_revisions(cast(Queries, queries), CART, targets, datetime.now(UTC)).is_useful is is_telling


async def test_revisions_are_named_by_their_numbers(regression: Dashboard) -> None:
    screen = await logs_of_checkout(regression)
    await regression.until(lambda: bool(screen.comparison.revisions.old), "old pods")
    assert screen.comparison.revisions.new
    assert screen.comparison.revisions.names is not None
    assert screen.comparison.revisions.names[screen.comparison.revisions.new].startswith("revision ")


async def test_a_restart_is_not_compared_with_what_was_restarted(kdash: Dashboard, log_screen: LogScreen) -> None:
    before = log_screen.comparison.revisions.new
    await kdash.press("r")
    (await kdash.confirm()).dismiss(True)
    await kdash.until(
        lambda: log_screen.comparison.revisions.new not in ("", before) and log_screen.comparison.revisions.old,
        "two revisions",
    )
    await kdash.until(
        lambda: log_screen.comparison.restarts.same_as(log_screen.comparison.revisions.new, [before]),
        "known to be a restart",
    )
    await kdash.until_text("r4 ")
    assert not log_screen.patterns.display, "nothing new is said by a restart"
