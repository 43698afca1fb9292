"""Help, describe, YAML and logs on their own screens."""

from __future__ import annotations

import copy
import json

from k9py.actions.action import ActionScope
from k9py.actions.registry import ACTIONS, BUILT_IN, BY_ID
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.resources import DEPLOYMENTS, EVENTS, by_kind
from k9py.simulator.state import SimulatorState
from k9py.tui.key_bar import KeyBar
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.difference import DifferenceScreen
from k9py.tui.screens.help import ARROW_KEYS, HelpScreen
from k9py.tui.screens.logs import LogScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.section_lines import fold_text, section_lines
from k9py.tui.screens.yaml import YamlScreen
from k9py.views.describe import DescribeLine, Section
from k9py.views.values import Tone
from tests.tui.dashboard import AGENT, CART, CHECKOUT, Dashboard


async def test_help_explains_every_key_in_force(kdash: Dashboard) -> None:
    bound = {
        ARROW_KEYS.get(key := kdash.app.get_key_display(active.binding), key)
        for active in kdash.home.active_bindings.values()
        if BUILT_IN.group_of(active.binding.id) is not None
    }
    await kdash.press("question_mark")
    screen = await kdash.until_screen(HelpScreen)
    explained = {key for group in screen.groups for line in group.keys for key in line.keys}
    assert bound <= explained
    assert all(line.explanation for group in screen.groups for line in group.keys)
    await kdash.press("escape")
    assert kdash.app.screen is kdash.home


async def test_every_binding_has_an_id_of_a_known_group_and_words(kdash: Dashboard) -> None:
    for active in kdash.home.active_bindings.values():
        binding = active.binding
        if not binding.system and binding.id is not None:
            assert BUILT_IN.group_of(binding.id) is not None, binding
            assert binding.tooltip or binding.description, binding


async def test_the_last_line_lists_the_main_keys_greyed_where_not_allowed(kdash: Dashboard) -> None:
    bar = kdash.home.query_one(KeyBar)
    assert {word for _, word, _ in bar.keys} >= {"Logs", "Describe", "YAML", "Scale", "Restart", "Undo", "Help"}
    assert all(allowed for _, _, allowed in bar.keys)
    await kdash.select(AGENT)
    await kdash.until(lambda: ("s", "Scale", False) in bar.keys, "scale greyed out")
    await kdash.press("1")
    await kdash.until(lambda: ("s", "Scale", True) in bar.keys, "the workload behind the service")
    bound = {active.binding.id for active in kdash.home.active_bindings.values()}
    listed = {action.id for action in ACTIONS if action.footer is not None}
    elsewhere = {
        ActionScope.KIND,
        ActionScope.CONTAINER,
        ActionScope.REVISION,
        ActionScope.ROWS,
        ActionScope.EVENTS,
        ActionScope.TREE,
        ActionScope.PROBLEMS,
        ActionScope.CHAIN,
        ActionScope.TIMELINE,
        ActionScope.TABLE,
        ActionScope.TEXT_SCREEN,
        ActionScope.DESCRIPTION,
        ActionScope.YAML,
        ActionScope.DIFF_SCREEN,
        ActionScope.LOG_SCREEN,
        ActionScope.LOG_PANE,
        ActionScope.LOG_VIEW,
        ActionScope.BACKGROUND_JOBS,
        ActionScope.FILES,
        ActionScope.FILE,
    }
    assert {BY_ID[action_id].scope for action_id in listed - bound - {"app.retry", "workload.mark"}} <= elsewhere
    # `a` is bound on home, and listed while Problems has the focus.
    assert len(bar.keys) == len((bound & listed) - {"problem.acknowledge"})


async def test_describe_says_what_is_wrong_and_the_events(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("d")
    await kdash.until_screen(DescribeScreen)
    await kdash.until_text("Findings", "cannot be pulled", "Conditions", "Events")
    await kdash.press("q")
    assert kdash.app.screen is kdash.home


async def test_describing_a_pod_tells_its_ordinary_events_too(kdash: Dashboard) -> None:
    pod = kdash.connected.cluster.queries.pods_of(CHECKOUT)[0]

    def tell(state: SimulatorState) -> None:
        about = {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid}
        details = {
            "metadata": {"namespace": pod.namespace, "name": "told"},
            "involvedObject": about,
            "type": "Normal",
            "reason": "Started",
            "message": "Started container app",
            "lastTimestamp": timestamp(state.clock.now()),
        }
        create_object(state, EVENTS, details)

    kdash.simulator.call(tell)
    kdash.app.navigator.open_description(pod.key)
    screen = await kdash.until_screen(DescribeScreen)
    await kdash.until(lambda: "Started container app" in screen.pane.text.text, "the event")


async def test_yaml_is_the_object_without_managed_fields_and_is_searched(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("y")
    screen = await kdash.until_screen(YamlScreen)
    await kdash.until_text("apiVersion: apps/v1", "kind: Deployment", "  name: cart")
    assert "managedFields:\n" not in screen.pane.text.text
    await kdash.press("slash", *"replicas", "enter")
    await kdash.until_text("1 of ")
    await kdash.press("escape", "escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")


async def test_logs_fill_the_screen_and_p_switches_to_those_before(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("l")
    screen = await kdash.until_screen(LogScreen)
    await kdash.until(lambda: screen.logs.view.line_count() > 0, "lines")
    await kdash.press("p")
    await kdash.until_text("previous containers of")
    await kdash.press("p")
    await kdash.until(lambda: "previous containers of" not in kdash.text, "what they write now")
    await kdash.press("escape")
    assert kdash.app.screen is kdash.home


async def test_a_log_is_filtered_by_what_is_typed(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("l")
    screen = await kdash.until_screen(LogScreen)
    view = screen.logs.view
    await kdash.until(lambda: view.state.lines > 20, "lines")
    await kdash.press("ampersand", *"warn", "enter")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    await kdash.press("escape")
    await kdash.until(lambda: view.state.shown == view.state.lines, "all lines again")


async def test_the_log_of_a_pod_under_the_cursor(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("enter")
    await kdash.until_text("New pods")
    await kdash.press("2", "l")
    screen = await kdash.until_screen(LogScreen)
    assert screen.subject.kind == "Pod"


async def test_the_header_keeps_counting_while_another_screen_covers_home(kdash: Dashboard) -> None:
    await kdash.until_text("1 stuck")
    await kdash.select(CHECKOUT)
    await kdash.press("enter")
    await kdash.until_screen(RolloutScreen)

    def mend(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, CHECKOUT.namespace, CHECKOUT.name)
        assert obj is not None
        mended = json.loads(json.dumps(obj).replace("checkout:2.8.0", "checkout:2.7.1"))
        state.storage.update(DEPLOYMENTS, mended)

    kdash.simulator.call(mend)
    await kdash.advance_until(lambda: "1 stuck" not in kdash.text, "nothing is stuck any more")
    assert isinstance(kdash.app.screen, RolloutScreen)


def test_long_texts_are_folded_under_themselves() -> None:
    long = "image checkout:2.8.0 cannot be pulled (not found) from registry.example.com/shop"
    lines = section_lines([Section("Findings", (DescribeLine("reason", long, Tone.FAIL),))], 40)
    texts = ["".join(span.text for span in line) for line in lines]
    assert texts[0] == "▾ Findings"
    assert len(texts) > 2
    assert all(len(text) <= 40 for text in texts)
    assert all(text.startswith(" " * 10) for text in texts[2:])
    assert " ".join([texts[1][10:], *(text.strip() for text in texts[2:])]) == long


def test_nothing_is_folded_where_there_is_no_room_to_fold() -> None:
    assert fold_text("a text of some words", 5) == ["a text of some words"]
    assert fold_text("", 40) == [""]
    assert fold_text("x" * 50, 40) == ["x" * 40, "x" * 10]


def with_secrets(state: SimulatorState) -> None:
    obj = state.storage.get(by_kind("Deployment"), CART.namespace, CART.name)
    assert obj is not None
    changed = copy.deepcopy(obj)
    changed["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "DB_PASSWORD", "value": "hunter2"}]
    state.storage.update(by_kind("Deployment"), changed)


async def test_yaml_hides_what_looks_like_a_secret_until_a_key_shows_it(kdash: Dashboard) -> None:
    kdash.simulator.call(with_secrets)
    await kdash.select(CART)
    await kdash.press("y")
    screen = await kdash.until_screen(YamlScreen)
    await kdash.until(lambda: "DB_PASSWORD" in screen.pane.text.text, "the variable")
    assert "hunter2" not in screen.pane.text.text
    await kdash.press("V")
    await kdash.until(lambda: "hunter2" in screen.pane.text.text, "shown")
    await kdash.press("V")
    await kdash.until(lambda: "hunter2" not in screen.pane.text.text, "hidden again")


async def test_the_difference_as_yaml_hides_what_looks_like_a_secret(kdash: Dashboard) -> None:
    kdash.simulator.call(with_secrets)
    await kdash.select(CART)
    kdash.app.navigator.open_diff(CART)
    screen = await kdash.until_screen(DifferenceScreen)
    await kdash.press("v")
    await kdash.until(lambda: "- name: DB_PASSWORD" in screen.pane.text.text, "as YAML")
    assert "hunter2" not in screen.pane.text.text
    await kdash.press("V")
    await kdash.until(lambda: "hunter2" in screen.pane.text.text, "shown")
