"""What a key hits: the first row until the person moves, then the chosen object, and never one nobody chose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from k9py.api.meta import ObjectRef
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import DEPLOYMENTS, SERVICES
from k9py.simulator.scenarios import shop
from k9py.simulator.scenarios.catalogue import BAD_RELEASE
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.screens.difference import DifferenceScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.service import ServiceScreen
from tests.tui.dashboard import CART, CHECKOUT, DB, Dashboard, dashboard
from tests.tui.test_writing import converged


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[Dashboard]:
    """A healthy shop in which nothing happens by itself."""
    with Simulator(scenario="shop-quiet", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as running:
            yield running


async def release_checkout(running: Dashboard) -> None:
    """Let the bad release of checkout happen, and wait until it is first."""
    running.simulator.call(lambda state: shop.release(state, shop.app_named("checkout"), BAD_RELEASE))
    rows = running.home.rollouts.table
    await running.advance_until(lambda: rows.shown_rows[0].key == CHECKOUT, "checkout first")


def delete(name: str, running: Dashboard) -> None:
    def work(state: SimulatorState) -> None:
        state.storage.delete(DEPLOYMENTS, "shop", name)

    running.simulator.call(work)


async def test_the_first_key_hits_what_fails_though_it_was_not_first_at_the_start(quiet: Dashboard) -> None:
    assert quiet.home.target() == DB
    await release_checkout(quiet)
    assert quiet.home.target() == CHECKOUT
    await quiet.press("u")
    asking = await quiet.until_screen(UndoDialog)
    assert asking.heading == "Roll back Deployment checkout"


async def test_a_dialog_stays_with_the_object_that_was_under_the_cursor_when_its_key_was_pressed(
    quiet: Dashboard,
) -> None:
    await quiet.press("r")
    confirm = await quiet.confirm()
    await release_checkout(quiet)
    assert quiet.app.screen is confirm
    assert confirm.question.object == "StatefulSet db"


async def test_to_act_on_a_row_is_to_choose_it_and_the_next_key_acts_on_it_too(tmp_path: Path) -> None:
    with Simulator("bad-release", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            rows = kdash.home.rollouts.table
            await kdash.press("u")
            await kdash.until_screen(UndoDialog)
            await kdash.press("enter")
            await kdash.confirm()
            await kdash.press("tab", "enter")
            await kdash.advance_until(lambda: rows.shown_rows[0].key != CHECKOUT, "checkout is not the worst any more")
            assert kdash.home.target() == CHECKOUT
            await kdash.press("r")
            assert (await kdash.confirm()).question.object == "Deployment checkout"


@pytest.mark.parametrize("key", ["r", "l", "d", "y", "D", "enter"])
async def test_every_key_that_acts_on_a_row_chooses_it_and_looking_around_does_not(quiet: Dashboard, key: str) -> None:
    await quiet.press("question_mark")
    await quiet.until(lambda: quiet.app.screen is not quiet.home, "help")
    await quiet.press("escape")
    assert not quiet.home.rollouts.table._cursor.is_pinned
    await quiet.press(key)
    await quiet.until(lambda: quiet.app.screen is not quiet.home, "another screen")
    await quiet.press("escape")
    await quiet.until(lambda: quiet.app.screen is quiet.home, "back at home")
    await release_checkout(quiet)
    assert quiet.home.target() == DB


async def test_a_key_that_is_refused_chooses_nothing(quiet: Dashboard) -> None:
    await quiet.press("P")
    await quiet.until_said("a StatefulSet cannot be paused")
    await release_checkout(quiet)
    assert quiet.home.target() == CHECKOUT


async def test_what_took_the_place_of_a_vanished_object_is_named_before_a_key_acts_on_it(quiet: Dashboard) -> None:
    await quiet.select(CART)
    delete("cart", quiet)
    await quiet.until(lambda: quiet.home.rollouts.table.cursor_key not in (None, CART), "the neighbour")
    neighbour = quiet.home.target()
    assert neighbour is not None
    await quiet.press("r")
    await quiet.until_said(f"Deployment cart is gone: the cursor is on Deployment {neighbour.name} now")
    assert quiet.app.screen is quiet.home
    await quiet.press("r")
    confirm = await quiet.until_screen(ConfirmDialog)
    assert confirm.question.object == f"Deployment {neighbour.name}"


async def test_what_a_filter_hides_meanwhile_is_not_said_to_be_gone(kdash: Dashboard) -> None:
    await kdash.press("2", "slash", *"!9.9.9", "enter")
    await kdash.select(CART)

    def release_cart(state: SimulatorState) -> None:
        shop.release(state, shop.app_named("cart"), replace(BAD_RELEASE, tag="9.9.9"))

    kdash.simulator.call(release_cart)
    await kdash.advance_until(lambda: kdash.home.rollouts.table.cursor_key not in (None, CART), "the neighbour")
    await kdash.press("r")
    await kdash.until_said("Deployment cart is not shown here any more: the cursor is on Deployment ")
    assert kdash.app.screen is kdash.home


async def test_a_typed_filter_that_is_kept_chooses_its_first_match(quiet: Dashboard) -> None:
    await quiet.press("2", "slash", *"cart", "enter")
    await quiet.until(lambda: quiet.home.target() == CART, "cart under the cursor")
    await quiet.press("escape")
    await release_checkout(quiet)
    assert quiet.home.target() == CART


async def test_narrowing_to_a_service_puts_the_cursor_on_its_first_workload(quiet: Dashboard) -> None:
    await quiet.select(CART)
    assert quiet.home.services.table.select_key(ObjectRef("Service", "shop", "checkout"))
    await quiet.until(lambda: quiet.home.rollouts.table.cursor_key == CHECKOUT, "the workload behind it")
    assert quiet.home.rollouts.table.lost_key is None


# -- the present state of the target --------------------------------------------------------------------------------


async def test_a_healthy_target_says_so_first_and_names_what_is_failing_instead(kdash: Dashboard) -> None:
    await kdash.select(DB)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    await kdash.until_text("● healthy, 3/3 ready, revision 2 for 15d", "did you mean deploy/checkout")
    assert "suggested" not in kdash.text
    assert asking.selected is not None
    assert asking.selected.is_current
    await kdash.press("enter")
    await kdash.until_said("revision 2 runs now: choose another one")
    await kdash.press("tab")
    await kdash.pilot.pause()
    assert kdash.app.screen is asking
    await kdash.press("escape")


@pytest.mark.parametrize("key", ["u", "s", "i"])
async def test_how_a_failing_target_stands_is_not_cut_while_the_dialog_has_room(
    simulator: Simulator, tmp_path: Path, key: str
) -> None:
    async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
        await kdash.select(CHECKOUT)
        await kdash.press(key)
        await kdash.until_text("■ stuck: image checkout:2.8.0", "3/3 ready", "revision 6 for 12m")


async def test_why_a_revision_is_suggested_is_whole_on_a_small_screen(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
        await kdash.select(CHECKOUT)
        await kdash.press("u")
        asking = await kdash.until_screen(UndoDialog)
        await kdash.until_text("suggested: 3 of its pods")
        region = asking.query_one("#then").region
        lines = kdash.text.splitlines()[region.y : region.bottom]
        text = " ".join(" ".join(line[region.x : region.right] for line in lines).split())
        assert text.endswith("suggested: 3 of its pods are ready now")


async def test_the_undo_of_a_healthy_workload_shows_what_its_present_revision_changed(kdash: Dashboard) -> None:
    await kdash.select(DB)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    await kdash.until_text("its changes since revision 1", "postgres:17.4 → ")
    await kdash.press("down")
    await kdash.until_text("What rolling back to revision 1 changes", "postgres:17.6 → ")
    assert kdash.app.screen is asking


@pytest.mark.parametrize("key", ["r", "Z"])
async def test_restarting_or_zeroing_a_healthy_workload_states_it_and_names_no_other(
    kdash: Dashboard, key: str
) -> None:
    await kdash.select(CART)
    await kdash.press(key)
    confirm = await kdash.confirm()
    standing = confirm.question.status
    assert standing is not None
    assert standing.state.text == "healthy, 3/3 ready, revision 3 for 4d"
    assert standing.advice.startswith("did you mean deploy/checkout? It is failing: image")
    first = next(line for line in confirm.body.text.splitlines() if line.strip())
    assert first.startswith("● healthy"), "it is said first"


async def test_a_failing_target_says_its_state_and_cause_and_no_other_is_named(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    for key in ("r", "P"):
        await kdash.press(key)
        confirm = await kdash.confirm()
        standing = confirm.question.status
        assert standing is not None
        assert "image checkout:2.8.0 cannot be pulled (not found)" in standing.state.text
        assert not standing.state.is_healthy
        assert standing.advice == ""
        await kdash.press("escape")
        await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")


async def test_every_other_write_dialog_says_the_present_state(kdash: Dashboard) -> None:
    healthy = "● healthy, 3/3 ready, revision 3 for 4d"
    await kdash.select(CART)
    for key in ("i", "P"):
        await kdash.press(key)
        await kdash.until_text(healthy)
        await kdash.press("escape")
        await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    await kdash.press("space", "r")
    await kdash.until_text(healthy)
    await kdash.press("escape", "escape", "enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until(lambda: screen.pod_target() is not None, "a pod under the cursor")
    for key in ("ctrl+k", "ctrl+e"):
        await kdash.press(key)
        confirm = await kdash.confirm()
        assert confirm.question.status is not None
        assert confirm.question.status.state.text.startswith("ready, ")
        await kdash.press("escape")
        await kdash.until(lambda: kdash.app.screen is screen, "back")


# -- what a key goes to, and where it cannot go ---------------------------------------------------------------------


async def test_keys_on_a_service_go_to_its_one_workload(kdash: Dashboard) -> None:
    await kdash.press("1")
    await kdash.until(lambda: kdash.home.target() == ObjectRef("Service", "shop", "checkout"), "the worst service")
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    assert asking.heading == "Roll back Deployment checkout"
    await kdash.press("escape", "r")
    assert (await kdash.confirm()).question.object == "Deployment checkout"
    await kdash.press("escape", "D")
    screen = await kdash.until_screen(DifferenceScreen)
    assert screen.subject == CHECKOUT
    assert (screen.older.number, screen.newer) == (5, None)


CHECKOUT_SERVICE = ObjectRef("Service", "shop", "checkout")


async def put_behind_checkout(kdash: Dashboard, *names: str) -> None:
    """Let the pods of these Deployments be selected by the Service checkout, and choose it."""

    def select_both(state: SimulatorState) -> None:
        service = state.storage.get(SERVICES, "shop", "checkout")
        assert service is not None
        state.storage.update(SERVICES, {**service, "spec": {**service["spec"], "selector": {"tier": "both"}}})
        for name in names:
            obj = state.storage.get(DEPLOYMENTS, "shop", name)
            assert obj is not None
            template = obj["spec"]["template"]
            metadata = {**template["metadata"], "labels": {**template["metadata"]["labels"], "tier": "both"}}
            changed = {**obj["spec"], "template": {**template, "metadata": metadata}}
            state.storage.update(DEPLOYMENTS, {**obj, "spec": changed})

    kdash.simulator.call(select_both)
    queries = kdash.connected.cluster.queries
    await kdash.until(lambda: len(queries.backends_of(CHECKOUT_SERVICE)) >= len(names), "they are behind it")
    await kdash.press("1")
    assert kdash.home.services.table.select_key(CHECKOUT_SERVICE)
    await kdash.pilot.pause()


async def test_of_several_workloads_behind_a_service_one_is_chosen_the_worst_first(kdash: Dashboard) -> None:
    await put_behind_checkout(kdash, "checkout", "cart")
    await kdash.press("r")
    asking = await kdash.until_screen(ChooseDialog)
    assert {choice.label for choice in asking.choices} == {"Deployment checkout", "Deployment cart"}
    await kdash.press(*"cart", "enter")
    assert (await kdash.confirm()).question.object == "Deployment cart"


async def test_of_several_workloads_the_one_that_can_is_not_taken_unasked(quiet: Dashboard) -> None:
    def add_canary(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        labels = {"app": "canary", "tier": "both"}
        template = {**obj["spec"]["template"], "metadata": {"labels": labels}}
        spec = {**obj["spec"], "selector": {"matchLabels": labels}, "template": template}
        metadata = {"name": "canary", "namespace": "shop"}
        state.storage.create(DEPLOYMENTS, {**obj, "metadata": metadata, "spec": spec, "status": {}})

    quiet.simulator.call(add_canary)
    await put_behind_checkout(quiet, "checkout")
    queries, canary = quiet.connected.cluster.queries, ObjectRef("Deployment", "shop", "canary")
    await quiet.until(lambda: canary in queries.backends_of(CHECKOUT_SERVICE), "the canary behind it")
    await quiet.until(lambda: len(queries.revisions_of(canary)) == 1, "one revision of the canary")
    await quiet.press("u")
    asking = await quiet.until_screen(ChooseDialog)
    message = "nothing to roll back to: Deployment canary has only one revision"
    assert [choice.detail == message for choice in asking.choices] == [False, True]
    await quiet.press(*"canary", "enter")
    await quiet.until_said(message)
    assert quiet.app.screen is quiet.home


async def test_a_workload_recreated_while_one_is_chosen_is_left_alone(kdash: Dashboard) -> None:
    await put_behind_checkout(kdash, "checkout", "cart")
    await kdash.press("r")
    await kdash.until_screen(ChooseDialog)
    before = kdash.connected.cluster.queries.object(CART)
    assert before is not None

    def recreate(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        state.storage.delete(DEPLOYMENTS, "shop", "cart")
        metadata = {"name": "cart", "namespace": "shop", "labels": obj["metadata"].get("labels", {})}
        state.storage.create(DEPLOYMENTS, {**obj, "metadata": metadata, "status": {}})

    kdash.simulator.call(recreate)

    def is_other() -> bool:
        now = kdash.connected.cluster.queries.object(CART)
        return now is not None and now.uid != before.uid

    await kdash.until(is_other, "another cart")
    await kdash.press(*"cart", "enter")
    await kdash.until_said("Deployment cart was recreated: check it first")
    assert kdash.app.screen is kdash.home


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_a_typed_command_hits_what_was_under_the_cursor_when_its_typing_began(quiet: Dashboard, key: str) -> None:
    await quiet.press(key)
    await quiet.until(lambda: quiet.app.screen is not quiet.home, "somewhere to type")
    await release_checkout(quiet)
    assert quiet.home.target() == CHECKOUT
    await quiet.press(*"restart")
    if key == "ctrl+p":
        await quiet.until_text("Replace every pod")
        await quiet.press("down")
    await quiet.press("enter")
    assert (await quiet.confirm()).question.object == "StatefulSet db"


async def test_what_cannot_be_done_is_dimmed_and_says_why_when_its_key_is_pressed(quiet: Dashboard) -> None:
    coredns = ObjectRef("Deployment", "kube-system", "coredns")
    for key, pressed, action, why in (
        (coredns, "u", "workload.undo", "nothing to roll back to: Deployment coredns has only one revision"),
        (coredns, "D", "workload.diff", "nothing to compare: Deployment coredns has only one revision"),
        (DB, "P", "workload.pause", "a StatefulSet cannot be paused: only a Deployment can"),
        (
            DB,
            "ctrl+e",
            "pod.evict",
            "select a pod first: Enter on a rollout lists its pods",
        ),
        (DB, "5", "", "no pane 5 here"),
    ):
        await quiet.select(key)
        if action:
            assert quiet.home.check_action("perform", (action,)) is None, action
        await quiet.press(pressed)
        await quiet.until_said(why)
        assert quiet.app.screen is quiet.home


async def test_a_service_without_a_workload_says_so(quiet: Dashboard) -> None:
    def orphan(state: SimulatorState) -> None:
        service = state.storage.get(SERVICES, "shop", "cart")
        assert service is not None
        state.storage.update(SERVICES, {**service, "spec": {**service["spec"], "selector": {"app": "crat"}}})

    quiet.simulator.call(orphan)
    service = ObjectRef("Service", "shop", "cart")
    await quiet.until(lambda: not quiet.connected.cluster.queries.backends_of(service), "nothing behind it")
    await quiet.press("1")
    assert quiet.home.services.table.select_key(service)
    await quiet.press("s")
    message = "Service cart has no workload: no pod of one matches its selector"
    await quiet.until_said(message)
    await quiet.press("space")
    await quiet.until_text(f"│   {message}", "no pod matches app=crat, so no logs")
    assert "no rollouts in all namespaces" not in quiet.text


async def test_on_a_services_screen_keys_go_to_the_pod_and_to_its_workload(kdash: Dashboard) -> None:
    await kdash.press("1", "enter")
    screen = await kdash.until_screen(ServiceScreen)
    await kdash.until(lambda: screen.pod_target() is not None, "a pod under the cursor")
    pod = screen.pod_target()
    assert pod is not None
    await kdash.press("ctrl+k")
    assert (await kdash.confirm()).question.object == f"Pod {pod.name}"
    await kdash.press("escape", "u")
    asking = await kdash.until_screen(UndoDialog)
    assert asking.heading == "Roll back Deployment checkout"


async def test_a_row_just_acted_on_is_marked_until_it_has_settled(kdash: Dashboard) -> None:
    def says(text: str) -> bool:
        row = kdash.home.rollouts.table.row(CART)
        return row is not None and any(text in cell.text for cell in row.cells)

    await kdash.select(CART)
    await kdash.press("r")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await kdash.until(lambda: says("◐ restart by you: "), "the mark")
    service = kdash.home.services.table.row(ObjectRef("Service", "shop", "cart"))
    assert service is not None
    assert any("◐ restart by you: " in cell.text for cell in service.cells)
    await kdash.press("escape")
    assert says("◐ restart by you: "), "dismissed is not settled"
    await converged(kdash, CART)
    await kdash.until(lambda: not says("by you"), "settled")
