"""Seeded failures over real HTTP: the screen names the cause, scripts get its exit code, and undo fixes it.

One simulated cluster per test, whose clock advances only on request. The failures are in `failures.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from k9py.api.causes import CauseKind
from k9py.api.meta import ObjectRef
from k9py.cli.session import Invocation
from k9py.cli.status import status
from k9py.cli.targets import ObjectArgument
from k9py.cluster.workload_snapshot import read_workload
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.operations.audit import AuditLog, Identity
from k9py.operations.delete_pod import plan_delete_pod
from k9py.operations.dry_run import dry_run, is_stored_as_previewed
from k9py.operations.stuck_pods import stuck_pods
from k9py.operations.undo import plan_undo
from k9py.operations.write import Writer
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.node_lifecycle import restore_node
from k9py.simulator.registry.resources import PODS, by_kind
from k9py.simulator.registry.strategies import prepare_for_update
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import ClusterTime, Shell
from tests.integration.clusters import until, watched, whole
from tests.matrix.failures import FAILURES, GOOD, KINDS, NAME, NAMESPACE, REPLICAS, Failure, good_spec

ROLLOUT = 90.0
"""Seconds of the cluster's time in which a good release completes."""


class QuickTime(ClusterTime):
    """The cluster's wall clock; waits take a fiftieth of their time."""

    def monotonic(self) -> float:
        return super().monotonic() * 50

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)


@dataclass(frozen=True, slots=True)
class Scene:
    """A workload of one kind in a cluster of its own."""

    simulator: Simulator
    connection: Connection
    folder: Path
    kind: str

    @property
    def key(self) -> ObjectRef:
        return ObjectRef(self.kind, NAMESPACE, NAME)

    def settle(self, seconds: float = ROLLOUT) -> None:
        self.simulator.advance(seconds)

    def create(self) -> None:
        """Make the good release and wait until it is ready."""
        body = {"metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": good_spec(self.kind)}
        self.simulator.call(create_object, by_kind(self.kind), body)
        self.settle()

    def release(self, failure: Failure) -> str:
        """Make the failing release and wait until it has to be detected; return the lost node, if any."""

        def change(state: SimulatorState) -> None:
            if failure.prepare is not None:
                failure.prepare(state)
            resource = by_kind(self.kind)
            present = state.storage.get(resource, NAMESPACE, NAME)
            assert present is not None
            changed = {**present, "spec": failure.released(present["spec"])}
            state.storage.update(resource, prepare_for_update(resource, changed, present))

        self.simulator.call(change)
        node = ""
        if failure.strike is not None:
            self.settle(5)
            node = self.simulator.call(failure.strike)
        self.settle(failure.wait)
        return node

    async def shown(self) -> RolloutStatus:
        """Return the status on the rollout's screen, once everything has been read."""
        async with watched(self.simulator, self.folder) as cluster:
            await whole(cluster)
            # Only events report some causes, and they are not needed for a complete picture.
            await until(cluster, lambda: cluster.has_synced("Event"))
            await until(cluster, lambda: cluster.queries.rollout_view(self.key, cluster.clock.now()) is not None)
            view = cluster.queries.rollout_view(self.key, cluster.clock.now())
            assert view is not None
            return view.status

    async def wait_for_status(self) -> tuple[int, str]:
        """Return the exit code and the output of `kdash status --wait`."""

        async def core(invocation: Invocation) -> int:
            return await status(invocation, ObjectArgument(self.kind, NAME), wait=True, timeout=600.0)

        ran = await Shell(self.simulator, self.folder, clock=QuickTime(self.simulator)).run(core)
        return ran.code, ran.out

    async def newest(self) -> str:
        """Return the name of the current revision."""
        reading = await read_workload(self.connection, self.key)
        return next(revision.name for revision in reading.revisions or () if revision.is_current)

    async def undo(self, target: str) -> None:
        """Roll back to a revision; the applied template is the previewed one, byte for byte."""
        reading = await read_workload(self.connection, self.key)
        change = plan_undo(reading.raw, reading.revision_objects[target], pods=reading.pods or ())
        prepared = await dry_run(self.writer, self.connection, reading.raw, change)
        written = await self.writer.write(prepared.plan, dry_run=False)
        assert is_stored_as_previewed(prepared, written)
        warned = "stuck-pods" in {warning.code for warning in change.warnings}
        assert warned == bool(stuck_pods(reading.raw, target, reading.pods or ()))

    async def delete_stuck(self, target: str) -> int:
        """Delete the pods that a rollback leaves stuck, in order, and return their number."""
        reading = await read_workload(self.connection, self.key)
        stuck = stuck_pods(reading.raw, target, reading.pods or ())
        for pod in stuck:
            await self.writer.write(plan_delete_pod(await self.connection.get(pod.key)), dry_run=False)
        return len(stuck)

    @property
    def writer(self) -> Writer:
        identity = Identity(context="demo", user="admin")
        audit = AuditLog(self.folder / "audit.jsonl")
        return Writer(self.connection, self.connection, read_only=False, audit=audit, identity=identity)

    def pods(self) -> list[tuple[str, str]]:
        """Return the image and phase of each pod that is not terminating."""
        pods = self.simulator.call(lambda state: state.storage.list(PODS, NAMESPACE))
        return [
            (pod["spec"]["containers"][0]["image"], pod["status"]["phase"])
            for pod in pods
            if "deletionTimestamp" not in pod["metadata"]
        ]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("bare", ManualClock()) as running:
        yield running


@pytest.fixture(params=KINDS)
async def scene(request: pytest.FixtureRequest, simulator: Simulator, tmp_path: Path) -> AsyncIterator[Scene]:
    path = simulator.write_kubeconfig(tmp_path / "kubeconfig")
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(tmp_path)})
    try:
        yield Scene(simulator, connection, tmp_path, request.param)
    finally:
        await connection.aclose()


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_named_on_screen_and_in_the_exit_code_and_undo_fixes_it(
    scene: Scene, failure: Failure
) -> None:
    scene.create()
    good = await scene.newest()
    node = scene.release(failure)

    shown = await scene.shown()
    assert (shown.state, shown.cause_kind) == (RolloutState.STALLED, failure.kind)
    assert failure.message in shown.summary
    assert node in shown.summary

    code, out = await scene.wait_for_status()
    assert code == failure.exit_code
    assert shown.summary in out

    await scene.undo(good)
    scene.settle()
    if scene.kind == "StatefulSet" and failure.pods and not node:
        # With OrderedReady the controller waits for the broken pod, whatever the template says.
        assert (await scene.shown()).state is RolloutState.STALLED
        assert await scene.delete_stuck(good) == 1
        scene.settle()
    if node:
        if scene.kind == "StatefulSet":
            assert (await scene.shown()).cause_kind is CauseKind.NODE  # no template repairs a node
        scene.simulator.call(restore_node, node)
        scene.settle()

    after = await scene.shown()
    assert (after.state, after.cause_kind) == (RolloutState.COMPLETE, None)
    assert scene.pods() == [(GOOD, "Running")] * REPLICAS
    assert (await scene.wait_for_status())[0] == 0
