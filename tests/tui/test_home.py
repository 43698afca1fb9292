"""The home screen: three live panes that narrow each other, on every size."""

from __future__ import annotations

from pathlib import Path

from k9py.api.meta import ObjectRef
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.quit import QuitDialog
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.service import ServiceScreen
from k9py.views.values import Tone
from tests.tui.dashboard import AGENT, CART, CHECKOUT, Dashboard, dashboard
from tests.tui.triage import FakeTriage

CART_SERVICE = ObjectRef("Service", "shop", "cart")


def names(running: Dashboard) -> list[str]:
    return [row.key.name for row in running.home.rollouts.table.shown_rows]


async def test_three_panes_are_live_failing_first_with_the_cause_named(kdash: Dashboard) -> None:
    await kdash.until_text("Services", "Rollouts", "Logs", "● live", "■ 1 stuck", "stuck: image")
    assert names(kdash)[0] == "checkout"
    assert (kdash.home.counts[Tone.STUCK], kdash.home.counts[Tone.FAIL]) == (1, 0)
    assert kdash.home.target() == CHECKOUT
    await kdash.until(lambda: kdash.home.logs.subject == CHECKOUT, "logs of what the cursor is on")
    await kdash.until(lambda: kdash.home.logs.view.line_count() > 0, "log lines")


async def test_moving_in_services_narrows_rollouts_and_logs_and_esc_widens_again(kdash: Dashboard) -> None:
    everything = names(kdash)
    await kdash.press("1", "down", "up")
    await kdash.until(lambda: names(kdash) == ["checkout"], "only the rollouts behind the service")
    await kdash.until_text("service checkout · Esc: show all")
    await kdash.until(
        lambda: kdash.home.logs.subject == ObjectRef("Service", "shop", "checkout"), "logs of the service"
    )
    await kdash.press("escape")
    await kdash.until(lambda: names(kdash) == everything, "all rollouts again")
    assert "show all" not in kdash.text


async def test_moving_in_rollouts_chooses_the_logs(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.until(lambda: kdash.home.logs.subject == CART, "logs of cart")
    await kdash.until(
        lambda: kdash.home.logs.stream is not None and kdash.home.logs.stream.counts.following == 3, "three containers"
    )
    await kdash.until_text("lines · deploy/cart")


async def test_the_cursor_follows_its_object_when_rows_move(kdash: Dashboard) -> None:
    await kdash.select(CART)

    def delete(state: SimulatorState) -> None:
        for name in ("ads", "catalog"):
            obj = state.storage.get(DEPLOYMENTS, "shop", name)
            assert obj is not None
            state.storage.delete(DEPLOYMENTS, "shop", name)

    kdash.simulator.call(delete)
    await kdash.until(lambda: "ads" not in names(kdash) and "catalog" not in names(kdash), "rows gone")
    assert kdash.home.target() == CART


async def test_a_filter_keeps_matching_rows_and_esc_drops_it(kdash: Dashboard) -> None:
    everything = names(kdash)
    await kdash.press("slash", *"cat", "enter")
    await kdash.until(lambda: names(kdash) == ["catalog"], "only what matches")
    await kdash.press("escape")
    await kdash.until(lambda: names(kdash) == everything, "all again")


async def test_a_new_pod_joins_the_log_by_itself(kdash: Dashboard) -> None:
    await kdash.select(CART)

    def pods_followed() -> int:
        stream = kdash.home.logs.stream
        return len(stream.targets) if stream is not None and kdash.home.logs.subject == CART else 0

    await kdash.until(lambda: pods_followed() == 3, "three pods")

    def scale(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        state.storage.update(DEPLOYMENTS, {**obj, "spec": {**obj["spec"], "replicas": 4}})

    kdash.simulator.call(scale)
    await kdash.advance_until(lambda: pods_followed() == 4, "a fourth pod")


async def test_enter_opens_a_rollout_with_old_pods_beside_new_ones(kdash: Dashboard) -> None:
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    assert screen.subject == CHECKOUT
    await kdash.until(lambda: len(screen.old.rows) == 3 and len(screen.new.rows) == 1, "both revisions' pods")
    await kdash.until_text("New pods", "Old pods", "Revisions", "Events", "cannot be pulled")
    assert screen.summary.shown is not None
    assert "stuck: image" in screen.summary.shown.state
    await kdash.press("q")
    assert kdash.app.screen is kdash.home


async def test_enter_opens_a_service_with_its_pods_and_workloads(kdash: Dashboard) -> None:
    await kdash.press("1", "enter")
    screen = await kdash.until_screen(ServiceScreen)
    await kdash.until(lambda: len(screen.pods.rows) == 4 and len(screen.rollouts.rows) == 1, "pods and workloads")


async def test_a_small_terminal_shows_one_pane_at_a_time(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
        home = kdash.home

        def visible() -> list[str]:
            return [pane.heading for pane in home.panes() if pane.display and pane.size.height > 0]

        assert visible() == ["Problems"]
        await kdash.until_text("1 Services", "2 Rollouts", "3 Logs", "OBJECT", "checkout", "T Changes")
        await kdash.press("shift+tab")
        assert visible() == ["Logs"]
        await kdash.press("1")
        assert visible() == ["Services"]
        assert home.services.table.has_focus
        lines = kdash.text.splitlines()
        assert len(lines) == 24
        assert "? Help" in lines[-1]


async def test_q_at_home_asks_and_never_exits_at_once(kdash: Dashboard) -> None:
    await kdash.press("q")
    await kdash.until_screen(QuitDialog)
    await kdash.press("q")
    assert kdash.app.screen is kdash.home
    await kdash.press("q")
    await kdash.until_screen(QuitDialog)
    await kdash.press("tab", "enter")
    await kdash.until(lambda: kdash.app.return_code is not None or kdash.app._exit, "left")


async def test_esc_at_home_opens_nothing_so_that_no_key_typed_after_it_is_lost(kdash: Dashboard) -> None:
    await kdash.press("escape", "escape", "escape")
    assert kdash.app.screen is kdash.home
    await kdash.press("colon", *"secrets", "enter")
    await kdash.until_screen(ResourceScreen)


async def test_hostile_names_and_messages_are_shown_harmless(kdash: Dashboard) -> None:
    def forge(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        template = obj["spec"]["template"]
        container = {**template["spec"]["containers"][0], "image": "reg/cart:[red]\x1b]0;owned\x07\x1b[2J"}
        changed = {**template, "spec": {**template["spec"], "containers": [container]}}
        state.storage.update(DEPLOYMENTS, {**obj, "spec": {**obj["spec"], "template": changed}})

    kdash.simulator.call(forge)
    await kdash.until_text("[red]")
    assert "\x1b" not in kdash.text
    assert "owned" not in kdash.text


async def test_logs_follow_the_cursor_when_a_filter_moves_it(kdash: Dashboard) -> None:
    await kdash.select(AGENT)
    await kdash.until(lambda: kdash.home.logs.subject == AGENT, "the agent's logs")
    await kdash.press("slash", *"cart", "enter")
    await kdash.until(lambda: kdash.home.rollouts.table.cursor_key == CART, "cart under the cursor")
    await kdash.until(lambda: kdash.home.logs.subject == CART, "cart's logs")


async def test_a_service_that_fails_while_every_rollout_is_well_is_counted(tmp_path: Path) -> None:
    with Simulator("no-endpoints", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
            await kdash.until_text("1 down", "16 healthy")


async def test_a_namespace_that_does_not_exist_is_said_not_to(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, namespaces=("nope",), live=False) as kdash:
        await kdash.until_text("namespace not found: nope")


async def test_a_context_that_does_not_exist_is_refused_and_what_is_shown_stays(kdash: Dashboard) -> None:
    connected = kdash.connected
    await kdash.press("colon", *"ctx nope", "enter")
    await kdash.until_text('context "nope" not found', "Available: demo.")
    assert kdash.app.connected is connected


async def test_a_filter_that_leaves_nothing_says_so(kdash: Dashboard) -> None:
    await kdash.press("2", "slash", *"zzz[", "enter")
    await kdash.until_text("no match (16 hidden)")
    await kdash.until(lambda: kdash.text.count("matched literally: unterminated") == 2, "why, in the table too")
    await kdash.press("escape")
    await kdash.until(lambda: "the filter leaves" not in kdash.text and len(names(kdash)) == 16, "all rows again")


async def test_a_filter_takes_expressions_and_says_what_is_wrong_with_one(kdash: Dashboard) -> None:
    table = kdash.home.rollouts.table
    await kdash.press(
        "2", "slash", *"^c", "left_parenthesis", *"art", "vertical_line", *"atalog", "right_parenthesis", "$"
    )
    await kdash.until(lambda: {row.key.name for row in table.shown_rows} == {"cart", "catalog"}, "two rows")
    await kdash.press("backspace", "backspace")
    await kdash.until_text("matched literally: missing ), unterminated subpattern")


async def test_a_wide_screen_cuts_no_sentence_while_both_tables_fit_below_each_other(tmp_path: Path) -> None:
    with Simulator("failures", ManualClock()) as simulator:
        # Problems would take the lines that both tables need.
        async with dashboard(simulator, tmp_path, size=(250, 60), triage=FakeTriage()) as kdash:
            await kdash.until_text("does not come from registry.example.com")
            services, rollouts = kdash.home.services, kdash.home.rollouts
            for pane in (services, rollouts):
                await kdash.until(lambda pane=pane: pane.region.height == len(pane.rows) + 3, "no line is empty")  # type: ignore[misc]
            assert services.region.bottom <= rollouts.region.y, "below each other"
        async with dashboard(simulator, tmp_path, size=(250, 40)) as kdash:
            await kdash.until(lambda: kdash.home.services.region.y == kdash.home.rollouts.region.y, "beside each other")
