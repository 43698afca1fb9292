"""Writes end to end: our plans and Writer, the real client, real HTTP, the simulator's API and controllers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.errors import ConflictError, KdashError, NotFoundError, RefusedError
from k9py.api.kinds import KINDS
from k9py.api.meta import ObjectRef
from k9py.api.workloads import Deployment
from k9py.api.write_request import WriteRequest
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.operations.audit import AuditLog, Identity
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.pause import plan_pause, plan_resume
from k9py.operations.plan import WritePlan
from k9py.operations.restart import plan_restart
from k9py.operations.revision_template import revision_template
from k9py.operations.scale import plan_scale
from k9py.operations.undo import plan_undo
from k9py.operations.write import Writer
from k9py.rollouts.status import RolloutState
from k9py.rollouts.template_diff import template_diff
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Cut, Replace, RequestMatch
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
DB = ObjectRef("StatefulSet", "data", "db")
AGENT = ObjectRef("DaemonSet", "monitoring", "agent")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(scenario="bad-release", clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def connection(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Connection]:
    path = simulator.write_kubeconfig(tmp_path / "config")
    connection = await connect(ConnectOptions(kubeconfig=str(path)))
    try:
        yield connection
    finally:
        await connection.aclose()


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


@pytest.fixture
def writer(connection: Connection, audit: Path) -> Writer:
    identity = Identity(context="demo", user="admin")
    return Writer(connection, connection, read_only=False, audit=AuditLog(audit), identity=identity)


async def revision(connection: Connection, owner: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the object of a workload's revision."""
    kind = "ReplicaSet" if owner["kind"] == "Deployment" else "ControllerRevision"
    for obj in await connection.list(kind, owner["metadata"]["namespace"]):
        owners = obj["metadata"].get("ownerReferences") or ()
        its = obj.get("revision") or int(
            obj["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", 0)
        )
        if its == number and any(reference["uid"] == owner["metadata"]["uid"] for reference in owners):
            return obj
    raise AssertionError(f"no revision {number}")


def lines(path: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in records if line["event"] != "begin"]


def touch_status(state: SimulatorState, key: ObjectRef) -> None:
    """Write a Deployment's status, as a controller does all the time."""
    obj = state.storage.get(DEPLOYMENTS, key.namespace, key.name)
    assert obj is not None
    status = {**obj["status"], "collisionCount": obj["status"].get("collisionCount", 0) + 1}
    state.storage.update(DEPLOYMENTS, {**obj, "status": status}, status_only=True)


async def test_a_failing_deployment_is_undone_and_completes(
    simulator: Simulator, connection: Connection, writer: Writer, audit: Path
) -> None:
    obj = await connection.get(CHECKOUT)
    present = int(obj["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    target = await revision(connection, obj, present - 1)
    change = plan_undo(obj, target)
    preview = await writer.write(change, dry_run=True)
    assert (await connection.get(CHECKOUT))["spec"]["template"] == obj["spec"]["template"], "a dry-run stores nothing"
    written = await writer.write(change, dry_run=False)
    assert written.result["spec"]["template"] == preview.result["spec"]["template"] == revision_template(target)
    simulator.advance(120)
    after = KINDS["Deployment"].decode(msgspec.json.encode(await connection.get(CHECKOUT)))
    assert isinstance(after, Deployment)
    assert diagnose_rollout(after, (), (), simulator.clock.now()).state is RolloutState.COMPLETE
    assert [(record["action"], record["outcome"], record["uid"]) for record in lines(audit)] == [
        ("undo", "done", change.uid)
    ]


@pytest.mark.parametrize("key", [DB, AGENT], ids=["StatefulSet", "DaemonSet"])
async def test_a_controller_revision_is_put_back_as_the_server_had_it(
    key: ObjectRef, simulator: Simulator, connection: Connection, writer: Writer
) -> None:
    obj = await connection.get(key)
    target = await revision(connection, obj, 1)
    written = await writer.write(plan_undo(obj, target), dry_run=False)
    assert template_diff(written.result["spec"]["template"], revision_template(target)) == ()
    simulator.advance(60)
    again = await connection.get(key)
    newest = await revision(connection, again, 3)  # the revision that was put back has a new number
    with pytest.raises(RefusedError, match="revision 3 is the current one"):
        plan_undo(again, newest)


async def plans(connection: Connection, simulator: Simulator) -> list[WritePlan]:
    """Return one change with each patch type: merge on the subresource, strategic, JSON."""
    obj = await connection.get(CHECKOUT)
    number = int(obj["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    return [
        plan_scale(obj, 7),
        plan_restart(obj, simulator.clock.now()),
        plan_undo(obj, await revision(connection, obj, number - 1)),
    ]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["merge", "strategic", "json"])
async def test_a_status_that_moved_in_between_does_not_disturb(
    which: int, simulator: Simulator, connection: Connection, writer: Writer
) -> None:
    before = await connection.get(CHECKOUT)
    change = (await plans(connection, simulator))[which]
    simulator.call(touch_status, CHECKOUT)
    assert (await writer.write(change, dry_run=True, before=before)).attempts == 2
    assert (await writer.write(change, dry_run=False, before=before)).attempts == 2


@pytest.mark.parametrize("which", [0, 1, 2], ids=["merge", "strategic", "json"])
async def test_a_change_by_someone_else_in_between_aborts(
    which: int, simulator: Simulator, connection: Connection, writer: Writer, audit: Path
) -> None:
    change = (await plans(connection, simulator))[which]
    other: dict[str, Any] = {"spec": {"template": {"metadata": {"labels": {"hotfix": "yes"}}}}}
    await connection.send(WriteRequest(CHECKOUT, other, "strategic"), dry_run=False)
    before = await connection.get(CHECKOUT)
    with pytest.raises(ConflictError, match="was changed since you confirmed"):
        await writer.write(change, dry_run=False)
    assert (await connection.get(CHECKOUT))["spec"] == before["spec"]
    assert [record["outcome"] for record in lines(audit)] == ["failed"]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["merge", "strategic", "json"])
async def test_another_deployment_of_the_same_name_is_left_alone(
    which: int, simulator: Simulator, connection: Connection, writer: Writer
) -> None:
    change = (await plans(connection, simulator))[which]
    simulator.call(replace_by_another, CHECKOUT)
    before = await connection.get(CHECKOUT)
    with pytest.raises(ConflictError, match="was deleted and recreated"):
        await writer.write(change, dry_run=False)
    assert (await connection.get(CHECKOUT))["spec"] == before["spec"]


def replace_by_another(state: SimulatorState, key: ObjectRef) -> None:
    obj = state.storage.get(DEPLOYMENTS, key.namespace, key.name)
    assert obj is not None
    state.storage.remove(DEPLOYMENTS, key.namespace, key.name)
    kept = {name: obj["metadata"][name] for name in ("name", "namespace", "labels", "annotations")}
    state.storage.create(DEPLOYMENTS, {**obj, "metadata": kept})


async def test_an_object_that_is_gone_says_so(simulator: Simulator, connection: Connection, writer: Writer) -> None:
    change = plan_scale(await connection.get(CHECKOUT), 7)
    simulator.call(lambda state: state.storage.remove(DEPLOYMENTS, "shop", "checkout"))
    with pytest.raises(NotFoundError):
        await writer.write(change, dry_run=False)


async def test_scale_restart_pause_and_resume_do_what_they_say(
    simulator: Simulator, connection: Connection, writer: Writer, audit: Path
) -> None:
    async def write(plan: Callable[[dict[str, Any]], WritePlan]) -> None:
        obj = await connection.get(CHECKOUT)
        await writer.write(plan(obj), dry_run=False, before=obj)

    await write(lambda obj: plan_scale(obj, 7))
    assert (await connection.get(CHECKOUT))["spec"]["replicas"] == 7
    await write(lambda obj: plan_restart(obj, simulator.clock.now()))
    await write(plan_pause)
    paused = await connection.get(CHECKOUT)
    assert paused["spec"]["paused"] is True
    with pytest.raises(RefusedError, match="is paused"):
        plan_restart(paused, simulator.clock.now())
    await write(plan_resume)
    assert not (await connection.get(CHECKOUT))["spec"].get("paused")
    assert [record["action"] for record in lines(audit)] == ["scale", "restart", "pause", "resume"]


async def a_pod(connection: Connection) -> dict[str, Any]:
    """Return a running pod of checkout."""
    for pod in await connection.list("Pod", "shop", label_selector="app=checkout"):
        if pod["status"].get("phase") == "Running":
            return await connection.get(ObjectRef("Pod", "shop", pod["metadata"]["name"]))
    raise AssertionError("no pod runs")


FAILURE = b'{"kind":"Status","status":"Failure","message":"etcd is full"}'


@pytest.mark.parametrize("plan", [plan_delete_pod, plan_evict], ids=["delete", "evict"])
@pytest.mark.parametrize("fault", [Replace(), Replace(body=FAILURE), Replace(504, b""), Replace(307, location="/x")])
async def test_a_pod_that_is_still_there_was_not_taken_away_whatever_the_server_says(
    plan: Callable[[dict[str, Any]], WritePlan],
    fault: Replace,
    simulator: Simulator,
    connection: Connection,
    writer: Writer,
    audit: Path,
) -> None:
    pod = await a_pod(connection)
    for verb in ("delete", "create"):
        simulator.inject(fault, RequestMatch(verb, "pods"))
    with pytest.raises(KdashError) as caught:
        await writer.write(plan(pod), dry_run=False)
    assert caught.value.read_back == "not-made"
    assert "is still there and not being deleted" in caught.value.hint
    assert [record["looked"] for record in lines(audit)] == ["not-made"]
    assert "deletionTimestamp" not in (await a_pod(connection))["metadata"]


@pytest.mark.parametrize("plan", [plan_delete_pod, plan_evict], ids=["delete", "evict"])
@pytest.mark.parametrize("fault", [Replace(after_handling=True), Replace(504, b"", after_handling=True), Cut(0)])
async def test_a_pod_that_was_taken_away_and_its_answer_lost_is_found_by_looking(
    plan: Callable[[dict[str, Any]], WritePlan],
    fault: Replace | Cut,
    simulator: Simulator,
    connection: Connection,
    writer: Writer,
    audit: Path,
) -> None:
    pod = await a_pod(connection)
    for verb in ("delete", "create"):
        simulator.inject(fault, RequestMatch(verb, "pods"))
    written = await writer.write(plan(pod), dry_run=False)
    assert "read back: " in written.proof_note
    assert [(record["outcome"], record["looked"]) for record in lines(audit)] == [("done", "made")]


async def test_the_trial_of_a_delete_deletes_nothing(connection: Connection, writer: Writer, audit: Path) -> None:
    pod = await a_pod(connection)
    for plan in (plan_delete_pod, plan_evict):
        await writer.write(plan(pod), dry_run=True)
    key = ObjectRef("Pod", "shop", pod["metadata"]["name"])
    assert "deletionTimestamp" not in (await connection.get(key))["metadata"]
    assert lines(audit) == []
