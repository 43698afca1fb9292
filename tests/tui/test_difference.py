"""The difference between two revisions: chosen in the history, by meaning or as YAML, stepped, undone to."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Size

from k9py.api.write_request import WriteRequest
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.difference import template_diff_lines
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.screens.difference import DifferenceScreen
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import AGENT, CART, CHECKOUT, DB, Dashboard, dashboard

OLD = "registry.example.com/shop/checkout:2.7.1"
NEW = "registry.example.com/shop/checkout:2.8.0"


async def rollout(kdash: Dashboard) -> RolloutScreen:
    await kdash.select(CHECKOUT)
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until(lambda: screen.revisions.rows, "revisions")
    return screen


async def choose(kdash: Dashboard, screen: RolloutScreen, number: int) -> None:
    revision = next(revision for revision in screen.revisions.revisions if revision.number == number)
    screen.show_pane(screen.revisions)
    assert screen.revisions.table.select_key(revision.key)
    await kdash.pilot.pause()


async def test_a_revision_is_compared_with_now_by_meaning_first(kdash: Dashboard) -> None:
    screen = await rollout(kdash)
    await choose(kdash, screen, 5)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)
    await kdash.until_text("revision 5 (26h ago, retry payments once)", "now, revision 6", "container app")
    assert f"image  {OLD} → {NEW}" in shown.pane.text.text
    await kdash.press("v")
    await kdash.until(lambda: f"- image: {OLD}" in shown.pane.text.text, "as YAML")
    assert f"+ image: {NEW}" in shown.pane.text.text
    assert "  imagePullPolicy: IfNotPresent" in shown.pane.text.text, "with context"
    await kdash.press("v")
    await kdash.until(lambda: "→" in shown.pane.text.text, "by meaning again")
    await kdash.press("q")
    assert kdash.app.screen is screen


@pytest.mark.parametrize("monochrome", [False, True], ids=["colour", "no-colour"])
async def test_nothing_of_the_difference_is_cut_on_a_small_screen(
    monochrome: bool, simulator: Simulator, tmp_path: Path
) -> None:
    async with dashboard(simulator, tmp_path, size=(80, 24), monochrome=monochrome) as kdash:
        await kdash.select(CHECKOUT)
        kdash.app.navigator.open_diff(CHECKOUT)
        await kdash.until_text("revision 5", "now", "revision 6", "u roll back to revision 5", f"{OLD} →", NEW)
        await kdash.press("v")
        await kdash.until_text(f"- image: {OLD}", f"+ image: {NEW}")
        await kdash.press("q", "u")
        await kdash.until_screen(UndoDialog)
        await kdash.until_text("suggested", "rolling back to revision 5", NEW, OLD)


async def test_two_revisions_are_chosen_by_marking_one(kdash: Dashboard) -> None:
    screen = await rollout(kdash)
    await choose(kdash, screen, 4)
    await kdash.press("m")
    await kdash.until_text("marked", "D diff to marked")
    await choose(kdash, screen, 2)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)
    assert (shown.older.number, shown.newer and shown.newer.number) == (2, 4)
    await kdash.until(lambda: "checkout:2.6.0 →" in shown.pane.text.text, "the older side on the left")
    await kdash.press("q")
    await choose(kdash, screen, 4)
    await kdash.press("m")
    await kdash.until_text("D diff to now")


async def test_without_a_choice_it_compares_what_an_undo_would_go_back_to(kdash: Dashboard) -> None:
    await rollout(kdash)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)
    assert (shown.older.number, shown.newer) == (5, None)


@pytest.mark.parametrize("pane", ["2", "1"], ids=["from its row", "from its Service"])
async def test_without_a_choice_it_has_the_base_and_the_undo_that_home_shows(kdash: Dashboard, pane: str) -> None:
    await kdash.select(CHECKOUT)
    await kdash.connected.connection.send(
        WriteRequest(CHECKOUT, {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}),
        dry_run=False,
    )
    await kdash.advance_until(lambda: "u roll back to revision 5" in kdash.text and "since revision 5" in kdash.text)
    await kdash.press(pane, "D")
    shown = await kdash.until_screen(DifferenceScreen)
    await kdash.until_text("now, revision 7", "u roll back to revision 5", f"{OLD} → {NEW}")
    assert shown.older.number == 5
    await kdash.press("u")
    confirm = await kdash.until_screen(ConfirmDialog)
    assert ("revision", "7", "5") in confirm.question.before_after


async def test_a_healthy_workload_is_compared_with_the_revision_before_and_u_asks_where_to(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)
    await kdash.until_text("u choose a revision to roll back to")
    assert shown.older.number == 2
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    assert asking.heading == "Roll back Deployment cart"


async def test_both_sides_are_stepped_and_never_cross(kdash: Dashboard) -> None:
    await rollout(kdash)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)

    def sides() -> tuple[int, int | None]:
        return shown.older.number, shown.newer.number if shown.newer is not None else None

    await kdash.press("left_square_bracket", "left_square_bracket")
    assert sides() == (3, None)
    await kdash.press("less_than_sign")
    assert sides() == (3, 5), "the current revision is what runs now"
    await kdash.press("less_than_sign")
    assert sides() == (3, 4)
    await kdash.press("less_than_sign", "right_square_bracket")
    assert sides() == (3, 4), "the left side stays the older one"
    await kdash.until_text("revision 3", "→ revision 4")
    await kdash.press("greater_than_sign", "greater_than_sign")
    assert sides() == (3, None)
    await kdash.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
    assert sides() == (1, None)


async def test_u_undoes_to_the_left_side(kdash: Dashboard) -> None:
    await rollout(kdash)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)
    await kdash.press("left_square_bracket")
    await kdash.until(lambda: shown.older.number == 4, "revision 4")
    await kdash.press("u")
    await kdash.until_screen(ConfirmDialog)
    await kdash.until_text("checkout:2.7.0")


async def test_it_is_typed_as_a_command_too(kdash: Dashboard) -> None:
    await rollout(kdash)
    await kdash.press("colon", *"diff 5 3", "enter")
    shown = await kdash.until_screen(DifferenceScreen)
    assert (shown.older.number, shown.newer and shown.newer.number) == (3, 5)
    await kdash.press("q", "colon", *"diff 99", "enter")
    await kdash.until_screen(MessageDialog)
    await kdash.until_text("has no revision 99")


@pytest.mark.parametrize("key", [DB, AGENT], ids=["StatefulSet", "DaemonSet"])
async def test_controller_revisions_are_compared(key: object, kdash: Dashboard) -> None:
    assert key in (DB, AGENT)
    await kdash.select(key if key is DB else AGENT)
    kdash.app.navigator.open_diff(DB if key is DB else AGENT)
    shown = await kdash.until_screen(DifferenceScreen)
    await kdash.until(lambda: "→" in shown.pane.text.text, "what changed")


async def test_what_runs_now_is_read_again_when_it_changed(kdash: Dashboard) -> None:
    screen = await rollout(kdash)
    await choose(kdash, screen, 4)
    await kdash.press("D")
    shown = await kdash.until_screen(DifferenceScreen)
    await kdash.until(lambda: "checkout:2.8.0" in shown.pane.text.text, "now")

    def mend(state):  # type: ignore[no-untyped-def]
        import json

        from k9py.simulator.registry.resources import DEPLOYMENTS

        obj = state.storage.get(DEPLOYMENTS, CHECKOUT.namespace, CHECKOUT.name)
        state.storage.update(DEPLOYMENTS, json.loads(json.dumps(obj).replace("checkout:2.8.0", "checkout:2.8.1")))

    kdash.simulator.call(mend)
    await kdash.until(lambda: "checkout:2.8.1" in shown.pane.text.text, "the template as it is now")


async def test_the_undo_dialog_tells_by_meaning_and_switches_to_yaml(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    await kdash.until(lambda: f"image  {NEW} → {OLD}" in asking.difference.text, "by meaning")
    await kdash.until_text("CHANGED BY", "shop-pipeline, 12m ago")
    await kdash.press("v")
    await kdash.until(lambda: f"+ image: {OLD}" in asking.difference.text, "as YAML")
    await kdash.press("v")
    await kdash.until(lambda: "→" in asking.difference.text, "by meaning again")


@pytest.mark.parametrize(("height", "has_yaml"), [(6, False), (30, True)])
def test_the_yaml_uses_the_room_a_short_difference_leaves(height: int, has_yaml: bool) -> None:
    def template(image: str) -> dict[str, object]:
        return {"spec": {"containers": [{"name": "app", "image": image}]}}

    lines = template_diff_lines(template("a:1"), template("a:2"), as_yaml=False, context=3, size=Size(80, height))
    texts = ["".join(span.text for span in line) for line in lines]
    assert texts[:2] == ["container app", "  image  a:1 → a:2"]
    assert any(text.startswith("+") and text.endswith("image: a:2") for text in texts) is has_yaml


def test_templates_that_are_the_same_are_said_to_be_so_once() -> None:
    same = {"spec": {"containers": [{"name": "app", "image": "a:1"}]}}
    (line,) = template_diff_lines(same, same, as_yaml=False, context=3, size=Size(80, 40))
    assert "the same" in line[0].text
