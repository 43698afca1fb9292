"""The three lines on home: what is wrong with the selected row, what changed, what to do, at every size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.write_request import WriteRequest
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.answer import facts
from k9py.tui.dialogs.undo import UndoDialog
from tests.tui.dashboard import CART, CHECKOUT, Dashboard, dashboard
from tests.tui.test_aim import put_behind_checkout

SENTENCE = (
    "image checkout:2.8.0 cannot be pulled (not found) from registry.example.com/shop; still served by 3 old pods"
)


def panel(kdash: Dashboard) -> str:
    """Return what the answer says, its folded lines joined."""
    region = kdash.home.answer.region
    lines = kdash.text.splitlines()[region.y : region.bottom]
    return " ".join(" ".join(line[region.x + 1 : region.right] for line in lines).split())


def lines_of(kdash: Dashboard) -> int:
    return kdash.home.answer.region.height if kdash.home.answer.display else 0


async def until_said(kdash: Dashboard, *message: str) -> None:
    await kdash.until(lambda: all(word in panel(kdash) for word in message), f"{message} in the answer")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 30), (160, 45), (250, 60)])
@pytest.mark.parametrize("monochrome", [False, True])
async def test_the_worst_is_answered_in_whole_sentences_at_every_size(
    simulator: Simulator, tmp_path: Path, size: tuple[int, int], monochrome: bool
) -> None:
    async with dashboard(simulator, tmp_path, size=size, monochrome=monochrome) as kdash:
        await kdash.press("2")  # a small terminal begins with Problems
        await until_said(kdash, "shop-pipeline", "roll back to revision 5")
        lines = panel(kdash)
        assert SENTENCE in lines
        assert 'changed image 2.7.1 → 2.8.0 · 12m ago by shop-pipeline · "release 2.8: instalments"' in lines
        assert "do u roll back to revision 5 (2.7.1)" in lines
        assert "…" not in lines


async def test_a_crash_is_answered_with_its_restarts(tmp_path: Path) -> None:
    with Simulator("crashloop", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
            await kdash.select(ObjectRef("Deployment", "shop", "payments"))
            await until_said(kdash, "container app is crash-looping (exit 1); 7 restarts; still served by 2 old pods")


async def test_the_undo_that_is_suggested_is_the_one_the_key_offers(kdash: Dashboard) -> None:
    await until_said(kdash, "u roll back to revision 5 (2.7.1)")
    await kdash.press("u")
    dialog = await kdash.until_screen(UndoDialog)
    await kdash.until(lambda: dialog.selected is not None, "a revision under the cursor")
    assert dialog.selected is not None
    assert dialog.selected.number == 5


async def test_a_revision_that_our_own_undo_left_is_not_suggested(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path) as kdash:
        workload = kdash.connected.cluster.queries.workload(CHECKOUT)
        assert workload is not None
    changes = [{"what": "revision", "from": "5", "to": "4"}]
    left = {"uid": workload.uid, "event": "write", "action": "undo", "outcome": "done", "changes": changes}
    kdash.audit.parent.mkdir(parents=True, exist_ok=True)
    kdash.audit.write_text(json.dumps(left) + "\n")
    kdash.audit.chmod(0o600)
    async with dashboard(simulator, tmp_path) as kdash:
        await until_said(kdash, "u roll back to revision 4")
        await kdash.press("u")
        dialog = await kdash.until_screen(UndoDialog)
        await kdash.until(lambda: dialog.selected is not None and dialog.selected.number == 4, "revision 4 chosen")


async def test_a_healthy_row_is_answered_without_an_undo_and_names_what_fails(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await until_said(kdash, "deploy/cart: 3 of 3 ready", "by shop-pipeline", "most urgent:", "deploy/checkout in shop")
    assert "roll back" not in panel(kdash)
    assert "healthy" in panel(kdash)


async def test_the_answer_keeps_its_lines_while_something_fails(kdash: Dashboard) -> None:
    await until_said(kdash, SENTENCE)
    before = lines_of(kdash)
    await kdash.select(CART)
    await until_said(kdash, "deploy/cart")
    assert lines_of(kdash) == before == 3


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_when_nothing_is_wrong_one_line_says_so_and_the_room_is_given_back(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=size) as kdash:
            await until_said(kdash, "healthy all 16 rollouts and 15 services", "last change")
            await kdash.until(lambda: lines_of(kdash) == 1, "the answer in one line")
            await kdash.select(CART)
            await until_said(kdash, "deploy/cart: 3 of 3 ready")


async def test_a_service_is_answered_by_the_workload_behind_it(kdash: Dashboard) -> None:
    await kdash.press("1")
    await until_said(kdash, "svc/checkout: image checkout:2.8.0 cannot be pulled", "image 2.7.1 → 2.8.0")


async def test_a_service_that_selects_nothing_says_who_wrote_it_last(tmp_path: Path) -> None:
    with Simulator("no-endpoints", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
            await until_said(kdash, "svc/cart in shop: no pod matches its selector app=crat", "do e edit the selector")
            await kdash.press("1")
            await until_said(kdash, "svc/cart: no pod matches its selector app=crat")
            assert "changed Service edited 8m ago by kubectl-edit" in panel(kdash)


async def test_of_several_workloads_behind_a_service_the_last_changed_is_told(tmp_path: Path) -> None:
    with Simulator("shop-quiet", ManualClock()) as quiet:
        async with dashboard(quiet, tmp_path) as kdash:
            await put_behind_checkout(kdash, "cart")
            quiet.advance(60)
            await put_behind_checkout(kdash, "checkout")
            both = "svc/checkout: 6 of 6 endpoints ready changed deploy/checkout: label tier "
            await kdash.advance_until(lambda: both in panel(kdash), "the last change")


async def test_what_is_scaled_to_zero_says_from_how_many_and_by_whom(tmp_path: Path) -> None:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            await kdash.connected.connection.send(WriteRequest(CART, {"spec": {"replicas": 0}}), dry_run=False)
            await kdash.select(CART)
            await kdash.advance_until(lambda: "scaled to 0" in panel(kdash), "cart at zero")
            await until_said(kdash, "replicas 3 → 0", "by kdash", "Z scale back to 3 (as before)")


async def test_what_gets_its_pods_again_after_a_scale_is_starting_and_no_release_is_blamed(tmp_path: Path) -> None:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            queries, clock = kdash.connected.cluster.queries, simulator.clock
            await kdash.select(CART)
            await kdash.connected.connection.send(WriteRequest(CART, {"spec": {"replicas": 0}}), dry_run=False)
            await kdash.advance_until(lambda: "scaled to 0" in panel(kdash), "cart at zero")
            await kdash.connected.connection.send(WriteRequest(CART, {"spec": {"replicas": 3}}), dry_run=False)
            await until_said(kdash, "replicas 0 → 3", "by kdash")
            view = queries.rollout_view(CART, clock.now())
            assert view is not None
            assert view.severity is Severity.ROLLING_OUT
            assert "roll back" not in panel(kdash)
            await kdash.press("u")
            dialog = await kdash.until_screen(UndoDialog)
            await kdash.until(lambda: dialog.selected is not None, "a revision under the cursor")
            assert dialog.selected is not None
            assert dialog.selected.is_current, "none is suggested"
            assert "suggested" not in kdash.text


async def test_a_row_is_read_once_and_only_where_the_cursor_stays(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(name: str) -> int:
        seen = kdash.simulator.requests
        return sum(request.verb == "get" and request.path.endswith(f"/deployments/{name}") for request in seen)

    read = kdash.home._answer_updater._facts._read
    await kdash.until(lambda: read and reads("checkout") == 1, "the worst is read, both of its templates")
    monkeypatch.setattr(facts, "DEBOUNCE_SECONDS", 3600.0)
    await kdash.press("down", "down", "up", "up")
    await until_said(kdash, SENTENCE)
    monkeypatch.setattr(facts, "DEBOUNCE_SECONDS", 0.0)
    await kdash.select(CART)
    await kdash.until(lambda: len(read) == 2 and reads("cart") == 1, "the chosen one is read")
    await kdash.select(CHECKOUT)
    await until_said(kdash, SENTENCE)
    await kdash.select(CART)
    await until_said(kdash, "deploy/cart", "image 3.2.0 → 3.2.2")
    assert (reads("checkout"), reads("cart"), reads("coredns")) == (1, 1, 0)


async def test_a_lost_server_never_leaves_a_healthy_answer(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await until_said(kdash, "healthy deploy/cart")
    kdash.simulator.stop_listening()
    await until_said(kdash, "? unknown deploy/cart: last seen", "(healthy)")
    await kdash.press("home")
    await until_said(kdash, "stuck deploy/checkout: last seen", SENTENCE)


async def test_a_read_only_session_says_that_nothing_can_be_undone_here(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, read_only=True) as kdash:
        await until_said(kdash, "roll back to revision 5 (2.7.1) (read-only)")


async def test_errors_that_only_the_new_revision_logs_stand_in_the_first_line(tmp_path: Path) -> None:
    with Simulator("regression", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            await until_said(kdash, "rolling out deploy/checkout", "; new in the log: could not apply the voucher")
            await until_said(kdash, "do u roll back to revision 6", "l compare the logs")
            await kdash.select(CART)
            await until_said(kdash, "healthy deploy/cart")
            await kdash.until(lambda: kdash.home.logs.subject == CART, "the logs of cart")
            await kdash.until(lambda: kdash.home.logs.sink is None, "nothing is counted where nothing moves")
            assert "new in the log" not in panel(kdash)
