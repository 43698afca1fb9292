"""`kdash status` against the simulator: once, and with --wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.status import status
from k9py.cli.targets import ObjectArgument
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock, RealClock
from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import JOBS, by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import Shell, edit, image

CHECKOUT = ObjectArgument("Deployment", "checkout")
PATIENCE = 600.0
"""Cluster seconds; fifty of them are one real second."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield Shell(simulator, tmp_path)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path)


def once(named: ObjectArgument = CHECKOUT) -> Any:
    return lambda its: status(its, named, wait=False, timeout=PATIENCE)


def waiting(named: ObjectArgument = CHECKOUT, timeout: float = PATIENCE) -> Any:
    return lambda its: status(its, named, wait=True, timeout=timeout)


async def test_a_rollout_that_is_through_exits_0(shop: Shell) -> None:
    ran = await shop.run(once())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "Deployment shop/checkout: healthy"
    assert "desired 3 · updated 3 · ready 3 · available 3 · revision 5" in ran.out
    assert 'kubectl rollout status: deployment "checkout" successfully rolled out' in ran.out


@pytest.mark.parametrize(
    ("kind", "name", "namespace"), [("StatefulSet", "db", "data"), ("DaemonSet", "agent", "monitoring")]
)
async def test_the_other_kinds_are_reported_too(shop: Shell, kind: str, name: str, namespace: str) -> None:
    ran = await shop.run(once(ObjectArgument(kind, name)), namespace=namespace)
    assert ran.code == 0
    assert f"{kind} {namespace}/{name}: healthy" in ran.out


async def test_a_stalled_rollout_has_its_cause_in_text_json_and_exit_code(tmp_path: Path) -> None:
    with Simulator("bad-release", ManualClock()) as simulator:
        shell = Shell(simulator, tmp_path)
        ran = await shell.run(once())
        assert ran.code == 3
        assert "stuck: image checkout:2.8.0 cannot be pulled" in ran.out
        assert "still served by 3 old pods" in ran.out
        ran = await shell.run(once(), json=True)
        answer = ran.json
        assert answer["exit_code"] == ran.code == 3
        assert (answer["status"]["state"], answer["status"]["cause"]) == ("stalled", "image")
        assert answer["kubectl_done"] is False
        assert answer["waited_seconds"] is None


async def test_reading_once_watches_nothing_and_stays_in_the_namespace(shop: Shell) -> None:
    await shop.run(once())
    seen = shop.simulator.requests
    assert {request.verb for request in seen} == {"get", "list"}
    assert all("/namespaces/shop/" in request.path for request in seen)
    assert all(
        "labelSelector=" in request.path or "fieldSelector=" in request.path
        for request in seen
        if request.verb == "list"
    )


async def test_progressing_and_paused_are_not_done(quick: Shell) -> None:
    edit(quick.simulator, lambda spec: spec.update(paused=True))
    ran = await quick.run(waiting())
    assert ran.code == 2
    assert "paused" in ran.out


async def test_what_may_not_be_read_is_reported_and_never_makes_it_done(tmp_path: Path) -> None:
    with Simulator("bad-release", ManualClock()) as simulator:
        simulator.add_user("narrow", (Rule(("get",), ("apps",), ("deployments",), ("shop",)),))
        shell = Shell(simulator, tmp_path, user="narrow")
        ran = await shell.run(once())
        assert ran.code == 8, "only the Deployment's own condition could be read"
        assert "may not list replicasets" in ran.err
        assert "may not list pods" in ran.err


async def test_waiting_for_a_missing_object_ends_immediately(shop: Shell) -> None:
    ran = await shop.run(waiting(ObjectArgument("Deployment", "nope")))
    assert (ran.code, ran.out) == (2, "")
    assert "Deployment shop/nope not found" in ran.err


async def test_a_server_that_is_not_there_is_2(shop: Shell) -> None:
    shop.simulator.stop_listening()
    ran = await shop.run(once())
    assert (ran.code, ran.out) == (2, "")
    assert "hint:" in ran.err


async def test_waiting_follows_a_release_to_its_end_and_reports_each_change_of_status(quick: Shell) -> None:
    edit(quick.simulator, lambda spec: spec.update(minReadySeconds=30))
    edit(quick.simulator, image("registry.example.com/shop/checkout:2.9.0"))
    ran = await quick.run(waiting())
    assert ran.code == 0
    assert "Deployment shop/checkout: rolling out" in ran.err
    assert ran.err.splitlines()[-1] == "Deployment shop/checkout: healthy"
    assert ran.out.startswith("Deployment shop/checkout: healthy\n")


async def test_waiting_ends_with_the_code_of_the_cause(quick: Shell) -> None:
    edit(quick.simulator, image("registry.example.com/shop/checkout:crash"))
    ran = await quick.run(waiting(), json=True)
    assert ran.code == 4
    assert ran.json["status"]["cause"] == "crash"
    assert ran.json["waited_seconds"] > 0


async def test_waiting_gives_up_at_the_timeout_with_2(quick: Shell) -> None:
    edit(quick.simulator, lambda spec: spec.update(minReadySeconds=500, progressDeadlineSeconds=3000))
    edit(quick.simulator, image("registry.example.com/shop/checkout:2.9.0"))
    ran = await quick.run(waiting(timeout=40.0), json=True)
    assert ran.code == 2
    assert ran.json["timed_out"]
    assert ran.json["status"]["state"] == "progressing"
    assert "stopped tracking after 40 s" in ran.err


async def test_waiting_for_what_may_not_be_watched_or_listed_is_refused(tmp_path: Path) -> None:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        simulator.add_user("narrow", (Rule(("get",), ("apps",), ("deployments",), ("shop",)),))
        shell = Shell(simulator, tmp_path, user="narrow")
        ran = await shell.run(waiting())
        assert (ran.code, ran.out) == (9, "")
        assert "may not list deployments" in ran.err


async def test_one_that_is_deleted_while_waited_for_is_2(quick: Shell) -> None:
    edit(quick.simulator, lambda spec: spec.update(minReadySeconds=500, progressDeadlineSeconds=3000))
    edit(quick.simulator, image("registry.example.com/shop/checkout:2.9.0"))
    async with deleted_once_watched(quick.simulator):
        ran = await quick.run(waiting())
    assert ran.code == 2
    assert "is gone" in ran.err


async def test_one_that_is_being_deleted_is_not_done_though_its_pods_are_all_there(shop: Shell) -> None:
    def hold(state: SimulatorState) -> None:
        obj = state.storage.get(by_kind("Deployment"), "shop", "checkout")
        assert obj is not None
        held = {**obj, "metadata": {**obj["metadata"], "finalizers": ["example.com/held"]}}
        state.storage.update(by_kind("Deployment"), held)
        state.storage.delete(by_kind("Deployment"), "shop", "checkout")

    shop.simulator.call(hold)
    ran = await shop.run(once())
    assert ran.code == 2
    assert "being deleted" in ran.out


@asynccontextmanager
async def deleted_once_watched(simulator: Simulator) -> AsyncIterator[None]:
    """Delete checkout as soon as its kind is watched."""

    def delete() -> None:
        simulator.wait_for_request(RequestMatch("watch", "deployments"))
        simulator.call(lambda state: state.storage.delete(by_kind("Deployment"), "shop", "checkout"))

    task = asyncio.create_task(asyncio.to_thread(delete))
    yield
    await task


# -- Jobs and pods ----------------------------------------------------------------------------------------------------


def create_job(simulator: Simulator, name: str, tag: str) -> ObjectArgument:
    container = {"name": "main", "image": f"registry.example.com/shop/report:{tag}"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    body = {"metadata": {"name": name, "namespace": "shop"}, "spec": {"backoffLimit": 0, "template": template}}
    simulator.call(lambda state: create_object(state, JOBS, body))
    return ObjectArgument("Job", name)


async def test_a_job_is_waited_for_until_it_is_complete(quick: Shell) -> None:
    ran = await quick.run(waiting(create_job(quick.simulator, "report", "1.0.0")))
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == [
        "Job shop/report: Complete, 1/1 completions",
        "  succeeded 1 · failed 0 · active 0 · backoff limit 0",
    ]
    assert "Job shop/report: Running, 0/1 completions" in ran.err


async def test_a_job_that_failed_says_why_and_exits_with_the_cause(quick: Shell) -> None:
    named = create_job(quick.simulator, "report", "crash")
    ran = await quick.run(waiting(named), json=True)
    assert ran.code == ran.json["exit_code"] == 4
    assert (ran.json["status"]["state"], ran.json["status"]["failed"]) == ("Failed", 1)
    ran = await quick.run(once(named))
    assert ran.code == 4
    assert "BackoffLimitExceeded" in ran.out


async def test_a_job_whose_image_cannot_be_pulled_is_named_when_the_time_is_over(quick: Shell) -> None:
    named = create_job(quick.simulator, "report", "badimage")
    ran = await quick.run(waiting(named, timeout=60))
    assert ran.code == 2
    assert "timed out after 60s: it is still Running" in ran.err
    ran = await quick.run(once(named))
    assert ran.code == 3
    assert "cannot be pulled" in ran.out


async def test_a_pod_has_its_word_and_its_readiness(shop: Shell) -> None:
    ready = shop.simulator.call(lambda state: state.storage.list(by_kind("Pod"), "shop")[0]["metadata"]["name"])
    ran = await shop.run(waiting(ObjectArgument("Pod", ready)))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Pod shop/{ready}: Running, ")
    assert " ready\n  restarts 0 · node " in ran.out
    ran = await shop.run(waiting(ObjectArgument("Pod", "nope")))
    assert (ran.code, ran.out) == (2, "")
    assert "Pod shop/nope not found" in ran.err
