"""Scale, restart and undo by keys: planned, tried, confirmed, written, followed, written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button

from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.operations.target import TargetSnapshot
from k9py.simulator.registry.resources import DAEMONSETS, DEPLOYMENTS, STATEFULSETS, Resource
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.scale import ScaleDialog
from k9py.tui.dialogs.undo import UndoDialog
from k9py.views.values import Tone
from tests.tui.dashboard import AGENT, CART, CHECKOUT, DB, Dashboard, dashboard

RESOURCES: dict[str, Resource] = {"Deployment": DEPLOYMENTS, "StatefulSet": STATEFULSETS, "DaemonSet": DAEMONSETS}


def stored(running: Dashboard, key: ObjectRef) -> dict[str, Any]:
    """Return the object as the cluster has it."""

    def read(state: SimulatorState) -> dict[str, Any]:
        obj = state.storage.get(RESOURCES[key.kind], key.namespace, key.name)
        assert obj is not None
        return obj

    return running.simulator.call(read)


def image(obj: dict[str, Any]) -> str:
    text: str = obj["spec"]["template"]["spec"]["containers"][0]["image"]
    return text


def serving(running: Dashboard, key: ObjectRef) -> set[str]:
    """Return the uids of the pods that are not ending."""
    return {pod.uid for pod in running.connected.cluster.queries.pods_of(key) if not pod.is_terminating}


def shows(asking: UndoDialog, sign: str, text: str) -> bool:
    """Say whether the difference in the dialog has that line."""
    return any(line.startswith(sign) and text in line for line in asking.difference.text.splitlines())


def audited(running: Dashboard) -> list[dict[str, Any]]:
    if not running.audit.exists():
        return []
    records = [json.loads(line) for line in running.audit.read_text().splitlines()]
    return [line for line in records if line["event"] != "begin"]


async def converged(running: Dashboard, key: ObjectRef) -> None:
    def done() -> bool:
        outcome = running.app.operations.status_of(key)
        return outcome is not None and outcome.is_done

    await running.advance_until(done, f"{key} followed to its end")
    outcome = running.app.operations.status_of(key)
    assert outcome is not None
    assert (outcome.tone, outcome.status_text.split()[0]) == (Tone.OK, "done")


async def test_scale_shows_the_present_number_confirms_and_converges(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("s")
    asking = await kdash.until_screen(ScaleDialog)
    assert asking.current == 3
    await kdash.press("up", "up")
    await kdash.until(lambda: asking.preview is not None and asking.preview[0] == 5, "the dry-run of 5")
    await kdash.until_text("in shop · context demo", "replicas  3 → 5", "server-side dry run passed")
    assert stored(kdash, CART)["spec"]["replicas"] == 3, "nothing is written before it is confirmed"
    await kdash.press("tab", "enter")
    await converged(kdash, CART)
    assert stored(kdash, CART)["spec"]["replicas"] == 5
    await kdash.until_text("5/5", "done")
    assert [(line["action"], line["outcome"]) for line in audited(kdash)] == [("scale", "done"), ("scale", "converged")]
    await kdash.press("escape")
    await kdash.until(lambda: "converged" not in kdash.text, "the outcome sent away")


async def test_cancel_has_the_focus_and_nothing_is_written(kdash: Dashboard) -> None:
    await kdash.select(CART)
    before = stored(kdash, CART)
    for leave in ("enter", "escape", "q"):
        await kdash.press("r")
        confirm = await kdash.confirm()
        assert kdash.app.focused is confirm.query_one("#cancel", Button)
        await kdash.press(leave)
        await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    assert stored(kdash, CART)["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert audited(kdash) == []


async def test_restart_replaces_the_pods(kdash: Dashboard) -> None:
    await kdash.select(CART)
    before = serving(kdash, CART)
    await kdash.press("r")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await converged(kdash, CART)
    await kdash.until(lambda: len(before) == len(serving(kdash, CART) - before), "other pods")
    annotations = stored(kdash, CART)["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations


async def test_undo_of_a_failing_release_shows_the_difference_and_converges(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    await kdash.until_text("now", "suggested")
    await kdash.press("v")
    await kdash.until(lambda: shows(asking, "-", "image: registry.example.com/shop/checkout:2.8.0"), "what goes")
    await kdash.until(lambda: shows(asking, "+", "image: registry.example.com/shop/checkout:2.7.1"), "what comes")
    assert asking.selected is not None
    assert not asking.selected.is_current
    await kdash.press("enter")
    confirm = await kdash.confirm()
    signs = {(line.sign, line.text.strip()) for line in confirm.question.diff}
    assert ("+", "image: registry.example.com/shop/checkout:2.7.1") in signs
    assert "image" in {change.family for change in confirm.question.semantic}
    await kdash.press("tab", "enter")
    await converged(kdash, CHECKOUT)
    assert image(stored(kdash, CHECKOUT)) == "registry.example.com/shop/checkout:2.7.1"
    await kdash.until(lambda: not kdash.home.counts[Tone.STUCK], "nothing is stuck any more")
    assert [(line["action"], line["outcome"]) for line in audited(kdash)] == [("undo", "done"), ("undo", "converged")]


@pytest.mark.parametrize("key", [DB, AGENT], ids=["StatefulSet", "DaemonSet"])
async def test_undo_works_for_what_has_controller_revisions(key: ObjectRef, kdash: Dashboard) -> None:
    await kdash.select(key)
    before = image(stored(kdash, key))
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    await kdash.press("v", "down")
    await kdash.until(lambda: shows(asking, "+", "image: "), "the difference")
    await kdash.press("enter")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await converged(kdash, key)
    assert image(stored(kdash, key)) != before


async def test_a_paused_rollout_is_not_undone_and_says_why(kdash: Dashboard) -> None:
    await kdash.connected.connection.send(WriteRequest(CHECKOUT, {"spec": {"paused": True}}), dry_run=False)
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    message = await kdash.until_screen(MessageDialog)
    assert "paused" in message.message
    assert message.hint
    await kdash.press("enter")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    await kdash.press("u")
    await kdash.until_screen(MessageDialog)
    await kdash.press("P")
    confirm = await kdash.confirm()
    assert (confirm.question.verb, confirm.question.before_after) == ("Resume", (("rollout", "paused", "active"),))


async def test_a_change_by_someone_else_before_the_confirmation_aborts(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("s")
    asking = await kdash.until_screen(ScaleDialog)
    await kdash.press("up", "enter")
    await kdash.until(lambda: asking.preview is not None, "the dry-run")
    other = {"spec": {"template": {"metadata": {"labels": {"hotfix": "yes"}}}}}
    await kdash.connected.connection.send(WriteRequest(CART, other), dry_run=False)
    await kdash.press("tab", "enter")
    message = await kdash.until_screen(MessageDialog)
    assert "changed since" in message.message
    assert stored(kdash, CART)["spec"]["replicas"] == 3


async def test_what_was_confirmed_is_not_done_to_another_object_of_the_same_name(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("r")
    await kdash.confirm()

    def replace(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "cart")
        assert obj is not None
        state.storage.delete(DEPLOYMENTS, "shop", "cart")
        metadata = {"name": "cart", "namespace": "shop", "labels": obj["metadata"].get("labels", {})}
        state.storage.create(DEPLOYMENTS, {**obj, "metadata": metadata})

    kdash.simulator.call(replace)
    await kdash.press("tab", "enter")
    message = await kdash.until_screen(MessageDialog)
    assert message.message
    assert "restartedAt" not in json.dumps(stored(kdash, CART))


async def test_a_daemon_set_cannot_be_scaled_and_a_service_is_restarted_by_its_workload(kdash: Dashboard) -> None:
    await kdash.select(AGENT)
    assert kdash.home.check_action("perform", ("workload.scale",)) is None
    assert kdash.home.check_action("perform", ("workload.restart",)) is True
    await kdash.press("s")
    await kdash.until(
        lambda: any("DaemonSet" in str(notification.message) for notification in kdash.app._notifications), "a word"
    )
    await kdash.press("1")
    assert kdash.home.check_action("perform", ("workload.restart",)) is True


async def test_read_only_greys_out_writes_and_the_writer_refuses_them(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, read_only=True) as kdash:
        await kdash.select(CART)
        for action in ("scale", "restart", "undo"):
            assert kdash.home.check_action("perform", (f"workload.{action}",)) is None
        kdash.app.operations.start(
            "restart", [TargetSnapshot(CART)]
        )  # whatever the keys say, the one function that writes refuses
        message = await kdash.until_screen(MessageDialog)
        assert "kdash runs with --readonly" in message.message
        assert "restartedAt" not in json.dumps(stored(kdash, CART))


async def test_a_missing_right_is_told_with_the_verb_and_what_to_do(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, user="viewer", namespace="shop") as kdash:
        await kdash.select(CART)
        await kdash.until(lambda: kdash.home.disabled_reason("workload.restart"), "dimmed")
        await kdash.press("r")
        await kdash.until_said("you may not patch deployments in shop")
        assert kdash.home.disabled_reason("workload.scale") == ""
        kdash.app.operations.start("restart", [TargetSnapshot(CART)])
        message = await kdash.until_screen(MessageDialog)
        assert "patch" in message.message
        assert "deployments" in message.message
        assert message.hint
        assert not isinstance(kdash.app.screen, ConfirmDialog)


async def test_typed_commands_scale_and_undo(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("colon", *"scale 4", "enter")
    confirm = await kdash.confirm()
    assert ("replicas", "3", "4") in confirm.question.before_after
    await kdash.press("escape")
    await kdash.select(CHECKOUT)
    await kdash.press("colon", *"undo 4", "enter")
    confirm = await kdash.confirm()
    assert ("revision", "6", "4") in confirm.question.before_after
