"""Which revision `kdash undo` chooses by default, what it refuses to guess, and the current state in every plan."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.api.workloads import REVISION
from k9py.cli.history import history
from k9py.simulator.clock import ManualClock, RealClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import Core, Shell
from tests.cli.writes import (
    BAD,
    CART,
    CHECKOUT,
    DB,
    DRY,
    WAIT,
    doing,
    only_result,
    pausing,
    restarting,
    scaling,
    setting_images,
    undo,
)

HEALTHY = "  now: healthy, 3/3 ready, revision 3 for 4d"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield Shell(simulator, tmp_path)


@pytest.fixture
def burning(tmp_path: Path) -> Iterator[Shell]:
    """The shop with `checkout` stuck on an image nobody has pushed."""
    with Simulator("bad-release", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path)


def number(shell: Shell, app: str, before: str, after: str | None) -> None:
    """Write another revision annotation into the ReplicaSet of that revision; None removes it."""

    def run(state: SimulatorState) -> None:
        for replica_set in state.storage.list(by_kind("ReplicaSet"), "shop"):
            pod = copy.deepcopy(replica_set)
            notes = pod["metadata"].get("annotations") or {}
            if pod["metadata"]["name"].startswith(f"{app}-") and notes.get(REVISION) == before:
                del notes[REVISION]
                notes |= {} if after is None else {REVISION: after}
                state.storage.update(by_kind("ReplicaSet"), pod)

    shell.simulator.call(run)


def warn(shell: Shell) -> None:
    """Write a kubelet's warning about the pods of checkout's last revision."""

    def run(state: SimulatorState) -> None:
        pods = state.storage.list(by_kind("Pod"), "shop")
        [pod] = [pod for pod in pods if BAD in str(pod["spec"]) and pod["metadata"]["name"].startswith("checkout-")]
        about = {"kind": "Pod", "namespace": "shop", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        event = {
            "metadata": {"name": "checkout.warned", "namespace": "shop"},
            "involvedObject": about,
            "reason": "Failed",
            "message": f'Failed to pull image "{BAD}": {BAD}: not found',
            "type": "Warning",
        }
        state.storage.create(by_kind("Event"), event)

    shell.simulator.call(run)


@pytest.mark.parametrize(
    "core",
    [
        doing("restart", restarting(), CART, options=DRY),
        doing("scale", scaling(0), CART, options=DRY),
        undo(2, CART, options=DRY),
        doing("scale", scaling(5), CART, options=DRY),
        doing("pause", pausing(), CART, options=DRY),
        doing("set-image", setting_images({"app": "reg/cart:9"}), CART, options=DRY),
    ],
    ids=["restart", "to zero", "undo", "scale", "pause", "set-image"],
)
async def test_every_plan_states_the_current_status_once(shop: Shell, core: Core) -> None:
    ran = await shop.run(core)
    assert HEALTHY in ran.out, ran.err
    assert "nothing is wrong" not in ran.out


async def test_without_a_number_a_healthy_workload_is_not_undone_and_what_fails_is_named(burning: Shell) -> None:
    ran = await burning.run(undo(0, CART))
    assert (ran.code, ran.out) == (9, "")
    assert "nothing is wrong with Deployment shop/cart; did you mean shop/checkout? (image checkout:2.8.0" in ran.err
    assert "hint: --to-revision 2 rolls back anyway" in ran.err
    assert (await burning.run(undo(2, CART, options=DRY))).code == 0


async def test_without_a_number_what_only_gets_its_pods_again_is_not_undone(shop: Shell) -> None:
    for replicas in (0, 3):
        await shop.run(doing("scale", scaling(replicas), CART))
    shop.simulator.advance(1)
    ran = await shop.run(undo(0, CART))
    assert (ran.code, ran.out) == (9, "")
    assert "Deployment shop/cart: no release is to blame, its revision served before" in ran.err
    assert "hint: --to-revision 2 rolls back anyway" in ran.err


async def test_a_failing_workload_is_stated_with_its_cause(burning: Shell) -> None:
    ran = await burning.run(undo(options=DRY))
    assert "now: stuck: image checkout:2.8.0 cannot be pulled (not found)" in ran.out
    assert "nothing is wrong" not in ran.out
    result = only_result(await burning.run(undo(options=DRY), json=True))
    assert result["plan"]["present_state"].startswith("stuck: image checkout:2.8.0")


async def test_after_an_undo_the_revision_just_left_is_not_the_default_and_is_named_when_it_is_asked_for(
    burning: Shell,
) -> None:
    await burning.run(undo(options=WAIT))
    again = await burning.run(undo(options=DRY))
    assert (again.code, again.out) == (9, ""), "it is healthy now"
    assert "--to-revision 4 rolls back anyway" in again.err
    back = only_result(await burning.run(undo(6, options=DRY), json=True))
    [warning] = [warning["message"] for warning in back["plan"]["warnings"] if warning["code"] == "left-revision"]
    assert warning.startswith("revision 6: rolled back ")
    assert warning.endswith("image checkout:2.8.0 cannot be pulled (not found) from registry.example.com/shop")


async def test_history_says_what_was_left_and_why_also_when_kubectl_left_it(burning: Shell) -> None:
    warn(burning)
    await burning.run(undo(options=WAIT))
    burning.audit_path.unlink()
    ran = await burning.run(lambda its: history(its, CHECKOUT, None), json=True)
    [left] = [revision for revision in ran.json["revisions"] if revision["left_by_undo"]]
    assert (left["revision"], left["left_because"]) == (6, "image not found")
    table = await burning.run(lambda its: history(its, CHECKOUT, None))
    assert "image not found" in next(line for line in table.out.splitlines() if line.lstrip().startswith("6 "))


async def test_a_number_given_twice_is_refused_and_both_are_named(shop: Shell) -> None:
    number(shop, "cart", "1", "2")
    ran = await shop.run(undo(2, CART))
    assert ran.code == 9
    assert "revision 2 more than once: cart-" in ran.err
    assert ran.err.count("cart-") >= 2
    default = await shop.run(undo(0, CART))
    assert default.code == 9, "neither is taken for the one before"


@pytest.mark.parametrize("text", [None, "two"], ids=["no annotation", "no number"])
async def test_a_replica_set_without_a_number_is_never_gone_back_to(shop: Shell, text: str | None) -> None:
    number(shop, "cart", "2", text)
    default = await shop.run(undo(0, CART, options=DRY))
    assert "--to-revision 1 rolls back anyway" in default.err
    number(shop, "cart", "1", text)
    refused = await shop.run(undo(0, CART))
    assert refused.code == 9
    assert "has no earlier revision to go back to" in refused.err


async def test_a_stateful_set_is_stated_too(shop: Shell) -> None:
    shop.namespace = "data"
    ran = await shop.run(undo(1, DB, options=DRY))
    assert "now: healthy, 3/3 ready, revision 2 for 15d" in ran.out, ran.err
