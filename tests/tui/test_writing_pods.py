"""Pods taken away from the dashboard: an eviction the budget refuses, and stuck pods after a StatefulSet's rollback."""

from __future__ import annotations

import json

import pytest

from k9py.api.write_request import WriteRequest
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.registry.resources import PODDISRUPTIONBUDGETS, PODS
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.stuck_pods import StuckPodsDialog
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import CART, DB, Dashboard
from tests.tui.test_writing import audited, image, stored

BROKEN = "registry.example.com/data/postgres:badimage"


async def test_an_eviction_that_the_budget_refuses_says_so_in_words(kdash: Dashboard) -> None:
    selector = stored(kdash, CART)["spec"]["selector"]

    def budget(state: SimulatorState) -> None:
        for budget in state.storage.list(PODDISRUPTIONBUDGETS, "shop"):
            state.storage.delete(PODDISRUPTIONBUDGETS, "shop", budget["metadata"]["name"])
        metadata = {"name": "cart-stays", "namespace": "shop"}
        state.storage.create(
            PODDISRUPTIONBUDGETS,
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": metadata,
                "spec": {"minAvailable": 3, "selector": selector},
                "status": {"disruptionsAllowed": 0, "desiredHealthy": 3, "currentHealthy": 3, "expectedPods": 3},
            },
        )

    kdash.simulator.call(budget)
    await kdash.select(CART)
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until(lambda: screen.pod_target() is not None, "a pod under the cursor")
    pod = screen.pod_target()
    await kdash.press("d")
    described = await kdash.until_screen(DescribeScreen)
    assert described.pod_target() == pod
    await kdash.press("ctrl+e")
    message = await kdash.until_screen(MessageDialog)
    assert "cart-stays" in message.message
    assert audited(kdash) == []


@pytest.mark.parametrize("others", [(), ("db-1",)], ids=["one", "two"])
async def test_after_a_rollback_the_stuck_pods_are_offered_and_deleted(
    kdash: Dashboard, others: tuple[str, ...]
) -> None:
    obj = stored(kdash, DB)
    before = image(obj)
    name = obj["spec"]["template"]["spec"]["containers"][0]["name"]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": name, "image": BROKEN}]}}}}
    await kdash.connected.connection.send(WriteRequest(DB, patch), dry_run=False)

    def is_stuck() -> bool:
        pods = kdash.connected.cluster.queries.pods_of(DB)
        return any("ImagePull" in json.dumps(str(pod.status)) for pod in pods)

    await kdash.advance_until(is_stuck, "a pod that cannot start")

    def stuck_ones() -> int:
        pods = kdash.connected.cluster.queries.pods_of(DB)
        return sum("ImagePull" in json.dumps(str(pod.status)) for pod in pods)

    def delete_others(state: SimulatorState) -> None:
        for other in others:  # it comes back with the broken image
            state.storage.delete(PODS, "data", other)

    kdash.simulator.call(delete_others)
    await kdash.advance_until(lambda: stuck_ones() == 1 + len(others), "all of them stuck")
    await kdash.select(DB)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    await kdash.press("enter")
    confirm = await kdash.confirm()
    assert "stuck-pods" in {warning.code for warning in confirm.question.warnings}
    await kdash.press("tab", "enter")
    await kdash.advance_until(lambda: isinstance(kdash.app.screen, StuckPodsDialog), "the offer")
    offered = await kdash.until_screen(StuckPodsDialog)
    names = [pod for pod, _uid, _how in offered.pods]
    assert names == [*others, "db-2"]
    await kdash.press("tab", "enter")

    def whole() -> bool:
        outcome = kdash.app.operations.status_of(DB)
        return outcome is not None and outcome.status_text.startswith(("done", "recovered"))

    await kdash.advance_until(whole, "done after all")
    assert image(stored(kdash, DB)) == before

    def deletions() -> list[tuple[str, str]]:
        return [(line["name"], line["outcome"]) for line in audited(kdash) if line["action"] == "delete-pod"]

    await kdash.until(lambda: len(deletions()) == 2 * len(names), "the end of each deletion in the audit file")
    assert deletions() == [(pod, outcome) for pod in names for outcome in ("done", "gone")]


async def broken(kdash: Dashboard) -> None:
    """Release an image that cannot be pulled."""
    name = stored(kdash, DB)["spec"]["template"]["spec"]["containers"][0]["name"]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": name, "image": BROKEN}]}}}}
    await kdash.connected.connection.send(WriteRequest(DB, patch), dry_run=False)


def count_stuck(kdash: Dashboard) -> int:
    pods = kdash.connected.cluster.queries.pods_of(DB)
    return sum("ImagePull" in json.dumps(str(pod.status)) for pod in pods)


async def test_a_pod_that_broke_while_the_revisions_were_read_is_offered_too(kdash: Dashboard) -> None:
    await broken(kdash)

    def has_new_revision() -> bool:
        return len(kdash.connected.cluster.queries.revisions_of(DB)) > 1

    await kdash.advance_until(has_new_revision, "the new revision")
    await kdash.select(DB)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    assert count_stuck(kdash) == 0, "it broke afterwards"
    await kdash.advance_until(lambda: count_stuck(kdash) == 1, "a pod that cannot start")
    await kdash.press("enter")
    confirm = await kdash.confirm()
    assert "stuck-pods" in {warning.code for warning in confirm.question.warnings}
    await kdash.press("tab", "enter")
    await kdash.advance_until(lambda: isinstance(kdash.app.screen, StuckPodsDialog), "the offer")


async def test_a_pod_that_broke_while_the_undo_was_confirmed_is_offered_too(kdash: Dashboard) -> None:
    await broken(kdash)

    def has_new_revision() -> bool:
        return len(kdash.connected.cluster.queries.revisions_of(DB)) > 1

    await kdash.advance_until(has_new_revision, "the new revision")
    await kdash.select(DB)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    await kdash.press("enter")
    await kdash.confirm()
    assert count_stuck(kdash) == 0, "it broke afterwards"
    await kdash.advance_until(lambda: count_stuck(kdash) == 1, "a pod that cannot start")
    await kdash.press("tab", "enter")
    # The status moved, so that the write is sent again; the spec is the one that was confirmed.
    await kdash.advance_until(lambda: isinstance(kdash.app.screen, StuckPodsDialog), "the offer")


async def test_a_deletion_that_is_refused_is_reported_and_no_longer_shown_as_under_way(kdash: Dashboard) -> None:
    await broken(kdash)
    await kdash.advance_until(lambda: count_stuck(kdash) == 1, "a pod that cannot start")
    await kdash.select(DB)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    await kdash.press("enter")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await kdash.advance_until(lambda: isinstance(kdash.app.screen, StuckPodsDialog), "the offer")
    offered = await kdash.until_screen(StuckPodsDialog)
    kdash.simulator.inject(Refuse(403, "Forbidden", "you may not delete it"), RequestMatch("delete", "pods"))
    await kdash.press("tab", "enter")
    refused = await kdash.until_screen(MessageDialog)
    assert "you may not delete it" in refused.message
    [(name, _uid, _cause)] = offered.pods
    assert name not in {key.name for key in kdash.app.operations.acting}
    assert [line["outcome"] for line in audited(kdash) if line["action"] == "delete-pod"] == ["failed"]


async def test_a_rollout_that_stalled_is_watched_on_and_its_recovery_rings_too(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(kdash.app, "notify_terminal", rung.append)
    obj = stored(kdash, CART)
    name, before = obj["spec"]["template"]["spec"]["containers"][0]["name"], image(obj)
    await kdash.select(CART)
    await kdash.press("colon", *f"set-image {name}={before.rpartition(':')[0]}:badimage", "enter")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await kdash.advance_until(lambda: rung, "the stall")
    assert "stuck: image" in rung[0]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": name, "image": before}]}}}}
    await kdash.connected.connection.send(WriteRequest(CART, patch), dry_run=False)
    await kdash.advance_until(lambda: len(rung) == 2, "the recovery")
    assert "recovered: done" in rung[1]
    written, stalled, recovered = audited(kdash)
    assert [record["outcome"] for record in (written, stalled, recovered)] == ["done", "stalled", "converged"]
    assert recovered["seconds"] >= stalled["seconds"], "both count from the write"
