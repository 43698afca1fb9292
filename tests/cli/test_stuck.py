"""An undo of a StatefulSet that waits for its broken pod: reported, offered, and done in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.cli.command_line import WriteOptions
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.clock import RealClock
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.registry.resources import PODS, STATEFULSETS
from k9py.simulator.server import Simulator
from tests.cli.shell import Shell, edit, image
from tests.cli.writes import (
    CART,
    DB,
    WAIT,
    doing,
    only_result,
    restarting,
    says,
    undo,
)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path)


@pytest.fixture
def stuck(quick: Shell) -> Shell:
    """The shop, in which db-1 (the last ordinal) does not become ready with its new image."""
    quick.namespace = "data"
    edit(quick.simulator, image("registry.example.com/data/postgres:badimage"), ("StatefulSet", "data", "db"))
    quick.simulator.wait_until(
        lambda state: any(
            waiting.get("reason") == "ImagePullBackOff"
            for pod in state.storage.list(PODS, "data")
            for container_status in pod["status"].get("containerStatuses", ())
            for waiting in [container_status["state"].get("waiting") or {}]
        )
    )
    return quick


async def test_stuck_pods_are_named_after_an_undo_and_the_way_to_delete_them(stuck: Shell) -> None:
    ran = await stuck.run(undo(0, DB), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    [name] = result["stuck_pods"]
    assert result["deleted_pods"] == []
    assert f"kubectl delete pod -n data {name}" in ran.err
    assert "--delete-stuck-pods" in ran.err


async def test_without_deleting_them_the_rollout_stays_stalled(stuck: Shell) -> None:
    ran = await stuck.run(undo(0, DB, options=WAIT))
    assert ran.code == 3
    assert "stuck: image" in ran.out


async def test_stuck_pods_are_deleted_in_order_and_the_rollout_converges(stuck: Shell) -> None:
    ran = await stuck.run(undo(0, DB, options=WAIT, delete_stuck=True), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    assert result["outcome"] == "converged"
    assert result["deleted_pods"] == result["stuck_pods"]
    assert [line["action"] for line in stuck.audit if "action" in line][:2] == ["undo", "delete-pod"]


async def test_no_pod_is_deleted_before_the_controller_has_seen_the_undo(stuck: Shell) -> None:
    ran = await stuck.run(undo(0, DB, delete_stuck=True))
    assert ran.code == 0, ran.err
    sent = [(request.verb, request.resource, "dryRun" in request.path) for request in stuck.simulator.requests]
    patched, deleted = sent.index(("patch", "statefulsets", False)), sent.index(("delete", "pods", False))
    assert ("get", "statefulsets", False) in sent[patched:deleted]


async def test_at_a_terminal_deleting_them_is_offered(stuck: Shell) -> None:
    ran = await stuck.run(undo(0, DB, options=WriteOptions(wait=True)), answers=says("y", "y"))
    assert ran.code == 0, ran.err
    assert len(stuck.prompts) == 2
    assert stuck.prompts[1].startswith("Delete db-")


async def test_an_undo_stays_written_when_a_stuck_pod_cannot_be_deleted(stuck: Shell) -> None:
    def refuse_deletions() -> str:
        stuck.simulator.inject(Refuse(403, "Forbidden", "you may not delete it"), RequestMatch("delete", "pods"), None)
        return "y"

    answers = says("y", refuse_deletions)
    ran = await stuck.run(undo(0, DB, options=WriteOptions(wait=True)), answers=answers, json=True)
    assert ran.code == 9
    result = only_result(ran)
    assert (result["outcome"], result["deleted_pods"]) == ("not-followed", [])
    lines = [(line["event"], line["action"], line.get("outcome")) for line in stuck.audit]
    assert lines == [
        ("write", "undo", "done"),
        ("write", "delete-pod", "failed"),
        ("followed", "undo", "not-followed"),
    ]


async def test_after_an_undo_that_is_held_up_the_command_of_the_hint_deletes_the_stuck_pods(stuck: Shell) -> None:
    first = await stuck.run(undo(0, DB))
    assert "kdash: rolled back, but pod db-2 still runs another revision and blocks the rollout" in first.err
    assert "hint: kdash undo sts/db -n data --delete-stuck-pods, or kubectl delete pod -n data db-2" in first.err
    ran = await stuck.run(undo(0, DB, options=WAIT, delete_stuck=True), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    assert (result["outcome"], result["deleted_pods"]) == ("converged", ["db-2"])


async def test_where_no_undo_was_made_it_is_not_guessed_which_revision_the_stuck_pods_block(stuck: Shell) -> None:
    edit(stuck.simulator, image("registry.example.com/data/postgres:17.7"), ("StatefulSet", "data", "db"))
    stuck.simulator.wait_until(
        lambda state: (
            (state.storage.get(STATEFULSETS, "data", "db") or {})["status"]["observedGeneration"]
            == (state.storage.get(STATEFULSETS, "data", "db") or {})["metadata"]["generation"]
        )
    )
    ran = await stuck.run(undo(0, DB, delete_stuck=True))
    assert ran.code == 9
    assert "pod db-2 runs another revision and blocks revision 4: say which revision you want" in ran.err
    number = ran.err.partition("--to-revision ")[2].split()[0]
    ran = await stuck.run(undo(int(number), DB, options=WAIT, delete_stuck=True), json=True)
    assert ran.code == 0, ran.err
    assert only_result(ran)["deleted_pods"]


async def test_who_may_not_delete_pods_is_refused_before_anything_is_written(stuck: Shell) -> None:
    stuck.simulator.add_user(
        "undoer",
        (
            Rule(("get", "list", "watch"), ("", "apps"), ("*",)),
            Rule(("patch",), ("apps",), ("statefulsets",)),
        ),
    )
    stuck.user = "undoer"
    before = stuck.writes()
    ran = await stuck.run(undo(0, DB, delete_stuck=True))
    assert ran.code == 9
    assert "may not delete pods" in ran.err
    assert stuck.writes() == before


async def test_a_rollout_is_tracked_to_its_end_although_events_cannot_be_read(quick: Shell) -> None:
    def refuse_events() -> str:
        for verb in ("list", "watch"):
            fault = Refuse(500, message="etcdserver: request timed out")
            quick.simulator.inject(fault, RequestMatch(verb, "events"), None)
        return "y"

    options = WriteOptions(wait=True, timeout=3000)
    ran = await quick.run(doing("restart", restarting(), CART, options=options), json=True, answers=says(refuse_events))
    result = only_result(ran)
    assert result["outcome"] == "converged", ran.err
    assert result["waited_seconds"] < options.timeout, "it does not wait for the events until the time is up"
