"""The other keys that write: images, pause, zero and back, pods; several at once; what is typed ahead; what rings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from k9py.api.meta import ObjectRef
from k9py.config.terminal import NotificationMode
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.scale import ScaleDialog
from k9py.tui.dialogs.set_image import SetImageDialog, tag_span
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.screens.logs import LogScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.terminal.notification import MOST_CHARACTERS, notification_sequence
from tests.tui.dashboard import AGENT, CART, CHECKOUT, Dashboard, dashboard
from tests.tui.test_key_order import type_at_once
from tests.tui.test_writing import audited, converged, image, stored

CATALOG = ObjectRef("Deployment", "shop", "catalog")


async def confirmed(running: Dashboard) -> ConfirmDialog:
    confirm = await running.confirm()
    await running.press("tab", "enter")
    await running.until(lambda: running.app.screen is not confirm, "confirmed")
    return confirm


def test_the_tag_of_an_image_is_found_behind_ports_and_before_digests() -> None:
    for text, tag in (
        ("registry.example.com:5000/shop/cart:1.2", "1.2"),
        ("registry.example.com:5000/shop/cart", ""),
        ("cart:1.2@sha256:abc", "1.2@sha256:abc"),
        ("shop/cart@sha256:abc", "sha256:abc"),
    ):
        start, end = tag_span(text)
        assert text[start:end] == tag, text


async def test_set_image_keeps_the_repository_and_confirms_by_meaning(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("i")
    asking = await kdash.until_screen(SetImageDialog)
    entry = asking.query_one(Input)
    before = image(stored(kdash, CART))
    assert entry.value == before
    await kdash.press("enter")
    await kdash.until_text("no change yet")
    await kdash.press(*"9.9.9", "enter")
    confirm = await kdash.confirm()
    wanted = f"{before.rpartition(':')[0]}:9.9.9"
    assert [(change.family, change.after) for change in confirm.question.semantic] == [("image", wanted)]
    await kdash.press("v")
    await kdash.until_text("+ ", "Pod template")
    await kdash.press("tab", "enter")
    await kdash.until(lambda: image(stored(kdash, CART)) == wanted, "the image set")


async def test_pause_and_resume_are_one_key_for_a_deployment_alone(kdash: Dashboard) -> None:
    await kdash.select(AGENT)
    assert kdash.home.check_action("perform", ("workload.pause",)) is None
    await kdash.select(CART)
    await kdash.press("P")
    assert (await confirmed(kdash)).question.verb == "Pause"
    await kdash.until(lambda: stored(kdash, CART)["spec"].get("paused"), "paused")
    await kdash.until(lambda: (kdash.app.operations.status_of(CART) or 0) and audited(kdash)[-1]["outcome"] == "paused")
    await kdash.press("P")
    assert (await confirmed(kdash)).question.verb == "Resume"
    await converged(kdash, CART)
    assert not stored(kdash, CART)["spec"].get("paused")


async def test_zero_and_back_to_as_many_as_before(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("Z")
    confirm = await kdash.confirm()
    assert ("replicas", "3", "0") in confirm.question.before_after
    assert "zero" in {warning.code for warning in confirm.question.warnings}
    await kdash.press("tab", "enter")
    await converged(kdash, CART)
    assert stored(kdash, CART)["spec"]["replicas"] == 0
    await kdash.press("Z")
    asking = await kdash.until_screen(ScaleDialog)
    assert asking.suggested is not None
    assert asking.suggested[0] == 3
    await kdash.until_text("previous", "replicas  0 → 3")


async def test_the_pod_under_the_cursor_is_deleted_and_followed_until_it_is_gone(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("ctrl+e")
    await kdash.until(
        lambda: any("select a pod first" in str(notification.message) for notification in kdash.app._notifications),
        "why not",
    )
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until(lambda: screen.pod_target() is not None, "a pod under the cursor")
    pod = screen.pod_target()
    assert pod is not None
    await kdash.press("ctrl+k")
    confirm = await kdash.confirm()
    assert pod.name in confirm.question.object
    await kdash.press("tab", "enter")

    def gone() -> bool:
        outcome = kdash.app.operations.status_of(pod)
        return outcome is not None and outcome.is_done

    await kdash.advance_until(gone, "the pod gone")
    assert [(record["action"], record["outcome"]) for record in audited(kdash)] == [
        ("delete-pod", "done"),
        ("delete-pod", "gone"),
    ]


async def test_marked_rollouts_restart_one_after_the_other_and_stop_when_told(kdash: Dashboard) -> None:
    for key in (CART, CATALOG):
        await kdash.select(key)
        await kdash.press("space")
    await kdash.until_text("2 selected", "◆")
    await kdash.press("r")
    confirm = await kdash.confirm()
    assert [item.name for item in confirm.question.items] == ["Deployment shop/cart", "Deployment shop/catalog"]
    assert kdash.home.marked()
    await kdash.press("tab", "enter")
    await kdash.until_text("restart 1 of 2 · Ctrl+X stops")
    assert not kdash.home.marked(), "the marks have served"
    await kdash.press("l")
    await kdash.until_screen(LogScreen)
    await kdash.until_text("restart 1 of 2 · :stop stops")
    await kdash.press("q")
    await kdash.until_text("restart 1 of 2 · Ctrl+X stops")
    assert "restartedAt" not in json.dumps(stored(kdash, CATALOG)), "the second waits for the first"
    await kdash.press("ctrl+x")
    await kdash.until_text("stops after this one")
    await kdash.advance_until(lambda: not kdash.app.operations.running_bulk, "the end")
    outcome = kdash.app.operations.status_of(CART)
    assert outcome is not None
    assert "not started: Deployment shop/catalog" in outcome.status_text
    assert "restartedAt" in json.dumps(stored(kdash, CART))
    assert "restartedAt" not in json.dumps(stored(kdash, CATALOG))


async def test_what_is_marked_stays_marked_when_something_else_is_restarted(kdash: Dashboard) -> None:
    await kdash.select(CATALOG)
    await kdash.press("space")
    marked = kdash.home.marked()
    kdash.app.operations.start("restart", [kdash.app.operations.snapshot(CART)])
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await kdash.until(lambda: len(audited(kdash)) > 0, "written")
    assert kdash.home.marked() == marked


async def test_a_rollout_in_a_namespace_that_is_no_longer_shown_is_not_gone(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("r")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await kdash.until(lambda: len(audited(kdash)) > 0, "written")
    await kdash.press("colon", *"ns data", "enter")
    await kdash.until(lambda: len(audited(kdash)) > 1, "no longer tracked")
    end = audited(kdash)[1]
    assert (end["outcome"], end["words"]) == ("not-followed", "namespace shop is no longer shown")


async def test_marked_rollouts_are_scaled_to_their_end(kdash: Dashboard) -> None:
    for key in (CART, CATALOG):
        await kdash.select(key)
        await kdash.press("space")
    await kdash.press("s")
    asking = await kdash.until_screen(ScaleDialog)
    await kdash.press(*"4", "enter")
    await kdash.until(lambda: asking.preview is not None, "the dry-run of both")
    await kdash.until_text("Deployment shop/cart  replicas 3 → 4", "Deployment shop/catalog  replicas 3 → 4")
    await kdash.press("tab", "enter")
    await kdash.until(lambda: kdash.app.operations.running_bulk, "under way")
    await kdash.advance_until(lambda: not kdash.app.operations.running_bulk, "the end")
    assert [stored(kdash, key)["spec"]["replicas"] for key in (CART, CATALOG)] == [4, 4]
    await kdash.until_text("all 2 done")


async def test_a_marked_object_that_was_replaced_is_refused(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("space")

    def replace(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        state.storage.delete(DEPLOYMENTS, "shop", "cart")
        metadata = {"name": "cart", "namespace": "shop", "labels": obj["metadata"].get("labels", {})}
        state.storage.create(DEPLOYMENTS, {**obj, "metadata": metadata})

    kdash.simulator.call(replace)
    await kdash.press("r")
    message = await kdash.until_screen(MessageDialog)
    assert "recreated" in message.message
    await kdash.press("enter", "escape")
    assert not kdash.home.marked(), "Esc drops the marks"


async def test_keys_typed_ahead_reach_the_dialog_and_never_confirm(kdash: Dashboard) -> None:
    await kdash.select(CART)
    type_at_once(kdash, "s6\t\r\r")
    asking = await kdash.until_screen(ScaleDialog)
    await kdash.until(lambda: asking.preview is not None, "the dry-run")
    await kdash.pilot.pause()
    assert kdash.app.screen is asking, "what is confirmed has been seen"
    assert stored(kdash, CART)["spec"]["replicas"] == 3
    await kdash.until_text("replicas  3 → 6")
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    type_at_once(kdash, "r\r\r\r")
    await kdash.confirm()
    await kdash.pilot.pause()
    assert isinstance(kdash.app.screen, ConfirmDialog), "what is confirmed has been seen"


async def test_escape_gives_up_what_the_server_is_being_asked(kdash: Dashboard) -> None:
    await kdash.select(CART)
    type_at_once(kdash, "r")
    await kdash.until(lambda: kdash.app._hold is not None, "keys held")
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app._hold is None, "given up")
    await kdash.press("j", "k")
    assert kdash.app.screen is kdash.home


async def test_what_was_just_left_is_not_suggested_says_why_and_can_be_chosen_all_the_same(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    await kdash.press("enter")
    await confirmed(kdash)
    await kdash.until(lambda: len(audited(kdash)) > 0, "written")
    kdash.simulator.advance(1)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    assert asking.selected is not None
    assert asking.selected.number != 6
    await kdash.until_text("rolled back 1s ago")
    assert asking.table.select_key(next(revision.key for revision in asking.revisions if revision.number == 6))
    await kdash.until_text("ago: image checkout:2.8.0 cannot be pulled (not found)")
    await kdash.press("enter")
    confirm = await kdash.confirm()
    assert ("revision", "7", "6") in confirm.question.before_after
    assert [warning.code for warning in confirm.question.warnings if "revision 6: rolled back" in warning.message] == [
        "left-revision"
    ]


async def test_the_undo_list_keeps_its_columns_after_an_undo_and_all_its_ages_are_of_one_moment(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with dashboard(simulator, tmp_path, size=(160, 36)) as kdash:
        await kdash.select(CHECKOUT)
        await kdash.press("u")
        await kdash.until_screen(UndoDialog)
        await kdash.until_text("CHANGE-CAUSE", "CHANGED BY")
        await kdash.press("enter")
        await confirmed(kdash)
        await kdash.until(lambda: len(audited(kdash)) > 0, "written")
        kdash.simulator.advance(5)
        await kdash.press("u")
        asking = await kdash.until_screen(UndoDialog)
        await kdash.until_text("CHANGE-CAUSE", "CHANGED BY", "rolled back 5s ago: image", "revision 7 for 5s")
        kdash.simulator.advance(25)
        assert asking.table.select_key(next(one.key for one in asking.revisions if one.number == 6))
        await kdash.until_text(
            "rolling back to revision 6 changes · rolled back 5s ago: image checkout:2.8.0 cannot be pulled"
        )


async def test_the_end_rings_and_completes_the_audit_line(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(kdash.app, "notify_terminal", rung.append)
    await kdash.select(CART)
    await kdash.press("colon", *"restart", "enter")
    await confirmed(kdash)
    await converged(kdash, CART)
    assert len(rung) == 1
    assert "done" in rung[0]
    followed = audited(kdash)[-1]
    assert (followed["event"], followed["outcome"]) == ("followed", "converged")


async def test_leaving_while_following_completes_the_audit_line(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path) as kdash:
        await kdash.select(CART)
        await kdash.press("r")
        await confirmed(kdash)
        await kdash.until(lambda: kdash.app.operations.status_of(CART) is not None and audited(kdash), "written")
        await kdash.until_text("restart", "rolling out")
    assert audited(kdash)[-1]["outcome"] == "not-followed"


async def test_a_small_terminal_keeps_the_buttons_in_sight_and_scrolls_the_rest(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with dashboard(simulator, tmp_path, size=(80, 18)) as kdash:
        await kdash.select(CHECKOUT)
        await kdash.press("u")
        await kdash.until_screen(UndoDialog)
        await kdash.press("enter")
        confirm = await kdash.confirm()
        await kdash.press("v")
        await kdash.until_text("Cancel", "Roll back", "server-side dry run passed")
        await kdash.press("down", "pagedown")
        assert confirm.body.top > 0
        assert kdash.app.focused is confirm.query_one("#cancel")


def test_the_notification_holds_nothing_that_a_terminal_would_act_on() -> None:
    sequence = notification_sequence("9;1 evil\x1b]0;title\x07 \x07" + "x" * 500, NotificationMode(osc9=True))
    assert sequence.startswith("\x1b]9;")
    assert sequence.endswith("\x1b\\\x07")
    body = sequence.removeprefix("\x1b]9;").removesuffix("\x1b\\\x07")
    assert body.isprintable()
    assert len(body) <= MOST_CHARACTERS
    assert notification_sequence("done", NotificationMode(bell=False)) == ""
