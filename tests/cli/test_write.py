"""The writing commands against the simulator: shown, confirmed, written, tracked, and refused."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.command_line import WriteOptions
from k9py.cli.console import Console
from k9py.cli.targets import ObjectArgument
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock, RealClock
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import Shell, edit, image, spec_of
from tests.cli.writes import (
    BAD,
    CART,
    CHECKOUT,
    GOOD,
    PAYMENTS,
    WAIT,
    checkout,
    doing,
    image_of,
    only_result,
    pausing,
    restarting,
    resuming,
    says,
    scaling,
    setting_images,
    undo,
    undoing,
)
from tests.unit.simulator.cluster import workload


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield Shell(simulator, tmp_path)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path)


@pytest.fixture
def burning(tmp_path: Path) -> Iterator[Shell]:
    """The shop with `checkout` stuck on an image nobody has pushed."""
    with Simulator("bad-release", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path)


# -- one after the other -------------------------------------------------------------------------------------------


async def test_an_undo_in_the_middle_of_a_failing_rollout_converges(burning: Shell) -> None:
    ran = await burning.run(undo(options=WAIT), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    assert (result["outcome"], result["exit_code"]) == ("converged", 0)
    assert result["as_previewed"] is True
    assert result["status"]["state"] == "complete"
    [change] = result["plan"]["template_changes"]
    assert (change["family"], change["before"], change["after"]) == ("image", BAD, GOOD)
    assert image_of(checkout(burning)) == GOOD


async def test_the_audit_file_has_the_write_and_how_it_ended(burning: Shell) -> None:
    await burning.run(undo(options=WAIT))
    done, followed = burning.audit
    assert (done["action"], done["outcome"], done["name"]) == ("undo", "done", "checkout")
    assert (followed["event"], followed["id"], followed["outcome"]) == ("followed", done["id"], "converged")


async def test_an_undo_can_itself_be_undone(burning: Shell) -> None:
    await burning.run(undo(options=WAIT))
    ran = await burning.run(undo(6, options=WriteOptions(yes=True, wait=True, timeout=1200)))
    assert ran.code == 3, "back at the image nobody has pushed"
    assert "Deployment shop/checkout rolled back to revision 6" in ran.out
    assert (await burning.run(undo(options=WAIT))).code == 0


async def test_an_undo_of_an_undo_reaches_every_revision_that_is_kept(shop: Shell) -> None:
    assert (await shop.run(undo(2))).code == 0
    assert image_of(checkout(shop)) == "registry.example.com/shop/checkout:2.6.0"


async def test_the_current_revision_is_refused_with_a_message(shop: Shell) -> None:
    ran = await shop.run(undo(5))
    assert (ran.code, ran.out) == (9, "")
    assert "revision 5 is the current one" in ran.err
    assert shop.writes() == 0


async def test_a_revision_that_is_not_kept_is_refused(shop: Shell) -> None:
    ran = await shop.run(undo(17))
    assert ran.code == 2
    assert "revisions: 5, 4, 3, 2, 1" in ran.err


async def test_a_paused_deployment_is_not_undone_and_the_way_out_is_named(shop: Shell) -> None:
    edit(shop.simulator, lambda spec: spec.update(paused=True))
    ran = await shop.run(undo(4))
    assert ran.code == 9
    assert "paused" in ran.err
    assert "resume it first" in ran.err


async def test_a_dry_run_prints_its_result_and_stores_nothing(shop: Shell) -> None:
    ran = await shop.run(undo(3, options=WriteOptions(dry_run=True)))
    assert ran.code == 0
    assert "undo Deployment shop/checkout to revision 3" in ran.out
    assert "checkout:2.6.1" in ran.out
    assert ran.out.count("checkout:2.6.1") == 1, "nothing is printed twice"
    assert "dry run: nothing was changed" in ran.out
    assert image_of(checkout(shop)) == GOOD
    assert shop.audit == []
    result = only_result(await shop.run(undo(3, options=WriteOptions(dry_run=True)), json=True))
    assert (result["outcome"], result["plan"]["tried"]) == ("dry-run", True)
    assert shop.writes() == 0


async def test_images_are_set_and_followed_to_the_cause(quick: Shell) -> None:
    ran = await quick.run(doing("set-image", setting_images({"app": BAD}), options=WAIT), json=True)
    result = only_result(ran)
    assert ran.code == result["exit_code"] == ran.json["exit_code"] == 3
    assert (result["outcome"], result["status"]["cause"]) == ("stalled", "image")
    assert quick.audit[-1]["outcome"] == "stalled"


async def test_a_container_that_is_not_there_is_refused_with_those_that_are(shop: Shell) -> None:
    ran = await shop.run(doing("set-image", setting_images({"ap": BAD})))
    assert ran.code == 2
    assert "app" in ran.err
    assert shop.writes() == 0


async def test_pause_and_resume(quick: Shell) -> None:
    ran = await quick.run(doing("pause", pausing(), options=WAIT))
    assert (ran.code, checkout(quick)["paused"]) == (0, True)
    assert (await quick.run(doing("pause", pausing()))).code == 9
    ran = await quick.run(doing("resume", resuming(), options=WAIT))
    assert ran.code == 0
    assert not checkout(quick).get("paused")
    assert (await quick.run(doing("resume", resuming()))).code == 9


async def test_several_are_restarted_one_after_the_other(quick: Shell) -> None:
    ran = await quick.run(doing("restart", restarting(), CART, CHECKOUT, options=WAIT), json=True)
    assert ran.code == 0, ran.err
    assert [(result["name"], result["outcome"]) for result in ran.json["results"]] == [
        ("cart", "converged"),
        ("checkout", "converged"),
    ]
    assert [line["name"] for line in quick.audit if "event" not in line or line["event"] != "followed"] == [
        "cart",
        "checkout",
    ]


async def test_the_first_that_fails_is_the_last_that_is_tried(shop: Shell) -> None:
    edit(shop.simulator, lambda spec: spec.update(paused=True))
    ran = await shop.run(doing("restart", restarting(), CART, CHECKOUT, PAYMENTS), json=True)
    assert ran.code == 9
    assert [(result["name"], result["outcome"]) for result in ran.json["results"]] == [
        ("cart", "done"),
        ("checkout", "failed"),
    ]
    assert ran.json["results"][1]["error"]["message"]
    assert ran.json["not_tried"] == [{"kind": "Deployment", "name": "payments"}]
    assert "not tried: Deployment payments" in ran.err


async def test_scaling_to_nothing_and_back(quick: Shell) -> None:
    ran = await quick.run(doing("scale", scaling(0), options=WAIT), json=True)
    assert ran.code == 0, ran.err
    assert "zero" in [warning["code"] for warning in only_result(ran)["plan"]["warnings"]]
    assert only_result(ran)["status"]["state"] == "scaled-to-zero"
    ran = await quick.run(doing("scale", scaling(3), options=WAIT))
    assert ran.code == 0
    assert "rollout complete after" in ran.out
    assert (await quick.run(doing("scale", scaling(3)))).code == 9


async def test_a_daemon_set_cannot_be_scaled(shop: Shell) -> None:
    ran = await shop.run(doing("scale", scaling(3), ObjectArgument("DaemonSet", "agent")), namespace="monitoring")
    assert ran.code == 9
    assert "cannot be scaled" in ran.err


async def test_cancelled_while_tracking_the_change_stays_and_is_audited(quick: Shell) -> None:
    edit(quick.simulator, lambda spec: spec.update(minReadySeconds=500, progressDeadlineSeconds=3000))
    running = asyncio.create_task(quick.run(doing("restart", restarting(), options=WAIT)))
    await asyncio.to_thread(quick.simulator.wait_for_request, RequestMatch("watch", "deployments"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [line["outcome"] for line in quick.audit] == ["done", "not-followed"]


async def test_cancelled_with_json_output_the_result_is_still_printed(
    quick: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(quick.simulator, lambda spec: spec.update(minReadySeconds=500, progressDeadlineSeconds=3000))
    answers: list[Any] = []
    monkeypatch.setattr(Console, "print_json", lambda _, values: answers.append(values))
    running = asyncio.create_task(quick.run(doing("restart", restarting(), options=WAIT), json=True))
    await asyncio.to_thread(quick.simulator.wait_for_request, RequestMatch("watch", "deployments"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [(result["outcome"], result["exit_code"]) for result in answers[0]["results"]] == [("not-followed", 2)]


async def test_an_undo_right_after_a_change_reverts_that_change(tmp_path: Path) -> None:
    revision = {"deployment.kubernetes.io/revision": "2"}
    labels, name = {"app": "checkout"}, {"name": "checkout", "namespace": "shop"}

    def fill(state: SimulatorState) -> None:
        spec = workload(GOOD, replicas=1)
        spec |= {"selector": {"matchLabels": labels}}
        spec["template"]["metadata"] = {"labels": labels}
        create_object(state, by_kind("Namespace"), {"metadata": {"name": "shop"}})
        obj = create_object(state, by_kind("Deployment"), {"metadata": {**name, "annotations": revision}, "spec": spec})
        for number, tag in (("1", "2.7.0"), ("2", "2.7.1")):
            template = copy.deepcopy(obj["spec"]["template"])
            template["spec"]["containers"][0]["image"] = f"registry.example.com/shop/checkout:{tag}"
            owner = {"kind": "Deployment", "name": "checkout", "uid": obj["metadata"]["uid"], "controller": True}
            about = {
                **name,
                "name": f"checkout-{number}",
                "labels": labels,
                "annotations": {"deployment.kubernetes.io/revision": number},
                "ownerReferences": [{"apiVersion": "apps/v1", **owner}],
            }
            its = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
            create_object(state, by_kind("ReplicaSet"), {"metadata": about, "spec": its})

    with Simulator(None, ManualClock()) as simulator:  # no controller runs: the change has no revision yet
        simulator.call(fill)
        edit(simulator, image(BAD))
        ran = await Shell(simulator, tmp_path).run(undo(), json=True)
        assert ran.code == 0, ran.err
        assert image_of(spec_of(simulator, "Deployment", "shop", "checkout")) == GOOD


# -- asking --------------------------------------------------------------------------------------------------------


async def test_at_a_terminal_the_plan_is_shown_and_yes_writes(shop: Shell) -> None:
    ran = await shop.run(undo(4, options=WriteOptions()), answers=says("y"))
    assert ran.code == 0
    assert "undo Deployment shop/checkout to revision 4  (context demo)" in ran.err
    assert "checkout:2.7.0" in ran.err
    assert shop.prompts == ["Apply? [y/N] "]
    assert ran.out == "Deployment shop/checkout rolled back to revision 4\n"


@pytest.mark.parametrize("answer", ["", "n", "N", "no", "nay", "ye s"])
async def test_everything_but_yes_writes_nothing(shop: Shell, answer: str) -> None:
    ran = await shop.run(undo(4, options=WriteOptions()), answers=says(answer))
    assert (ran.code, ran.out) == (9, "")
    assert "nothing was written" in ran.err
    assert image_of(checkout(shop)) == GOOD
    assert shop.audit == []


async def test_ctrl_c_at_the_prompt_writes_nothing(shop: Shell) -> None:
    def interrupt() -> str:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await shop.run(undo(4, options=WriteOptions()), answers=says(interrupt))
    assert shop.writes() == 0
    assert image_of(checkout(shop)) == GOOD
    assert shop.audit == []


async def test_without_a_terminal_and_without_yes_nothing_is_written(shop: Shell) -> None:
    ran = await shop.run(undo(4, options=WriteOptions()))
    assert (ran.code, ran.out) == (9, "")
    assert "--yes" in ran.err
    written = [seen for seen in shop.simulator.requests if seen.method != "GET" and "dryRun=All" not in seen.path]
    assert not [seen for seen in written if seen.resource != "selfsubjectaccessreviews"], written


async def test_a_concurrent_change_between_preview_and_yes_aborts_with_a_message(shop: Shell) -> None:
    def meanwhile() -> str:
        edit(shop.simulator, image("registry.example.com/shop/checkout:2.9.9"))
        return "y"

    ran = await shop.run(undo(4, options=WriteOptions()), answers=says(meanwhile, "n"))
    assert (ran.code, ran.out) == (9, "")
    assert ran.err.count("was changed since you confirmed") == 1
    assert image_of(checkout(shop)) == "registry.example.com/shop/checkout:2.9.9"
    assert [line["outcome"] for line in shop.audit] == ["failed"]


# -- refused -------------------------------------------------------------------------------------------------------


async def test_read_only_refuses_every_write(shop: Shell) -> None:
    for action, planner in (
        ("undo", undoing(4, delete_stuck=False)),
        ("restart", restarting()),
        ("scale", scaling(1)),
        ("set-image", setting_images({"app": BAD})),
        ("pause", pausing()),
    ):
        ran = await shop.run(doing(action, planner), read_only=True)
        assert (ran.code, ran.out) == (9, ""), action
        assert "kdash runs with --readonly" in ran.err
    assert not [request for request in shop.simulator.requests if request.verb == "patch"]


async def test_who_may_not_write_is_refused_with_9(shop: Shell) -> None:
    shop.user = "viewer"
    ran = await shop.run(doing("restart", restarting()), json=True)
    assert ran.code == 9
    assert only_result(ran)["outcome"] == "failed"
    assert "may not patch deployments" in ran.err
    assert shop.writes() == 0


async def test_who_may_scale_alone_can_scale_without_reading_pods(shop: Shell) -> None:
    shop.user = "viewer"
    ran = await shop.run(doing("scale", scaling(2)))
    assert ran.code == 0, ran.err
    assert checkout(shop)["replicas"] == 2


async def test_a_failing_server_exits_with_2_and_an_unknown_outcome(shop: Shell) -> None:
    shop.simulator.inject(
        Refuse(503), RequestMatch("patch", containing="deployments/checkout?fieldManager"), times=None
    )
    ran = await shop.run(doing("restart", restarting()), json=True)
    assert ran.code == 2
    assert "it is not known whether the change was made" in ran.err


async def test_an_audit_file_that_cannot_be_written_stops_the_write(shop: Shell) -> None:
    shop.audit_path.parent.write_text("a file in the way", encoding="utf-8")
    ran = await shop.run(doing("restart", restarting()))
    assert ran.code == 2
    assert "audit file" in ran.err
    assert shop.writes() == 0
