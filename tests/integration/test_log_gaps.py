"""No line is lost silently: numbered containers followed over real HTTP through all kinds of faults.

Every number that does not arrive lies inside a gap marker of its container, none arrives twice, and the order within a
container is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.api.meta import ObjectRef
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.node_lifecycle import lose_node, restore_node
from k9py.simulator.faults import Cut, Refuse, RequestMatch
from k9py.simulator.kubelet.behaviours import ANNOTATION as BEHAVIOUR
from k9py.simulator.kubelet.kubelet import RESTART_ANNOTATION
from k9py.simulator.kubelet_access import SKEW_ANNOTATION
from k9py.simulator.log_generators.log_source import ROTATE_ANNOTATION
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.server import LOG_REQUESTS, Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.log_following import NAMESPACE, Follower, change_pods, following, pods, roll_out, workload


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Three empty nodes; the clock advances only on request."""
    with Simulator("bare", clock=ManualClock(), seed=7) as running:
        yield running


async def begin(follower: Follower, pods_wanted: int) -> None:
    """Start the pods and wait until all are followed."""
    await follower.until(lambda: follower.simulator.open_logs() == pods_wanted, "all are followed", 60)
    await follower.until(lambda: follower.ledger.places == pods_wanted, "all have given lines", 60)


async def test_a_rolling_restart_is_followed_from_the_first_line_of_each_pod_to_its_last(
    simulator: Simulator, tmp_path: Path
) -> None:
    subject = workload(simulator, "Deployment", "orders")
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        simulator.call(roll_out, "Deployment", "orders", "1.1.0")
        await follower.run(40)
        await follower.prove()
        assert follower.ledger.lines > 600


async def test_cut_streams_are_taken_up_again_without_a_gap(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders")
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        for _ in range(5):
            assert simulator.break_logs() == 3
            await follower.run(6)
            await follower.until(lambda: simulator.open_logs() == 3, "the streams are opened again")
        await follower.prove()
        assert not [marker for marker in follower.ledger.markers if marker.startswith("gap")]


async def test_a_server_that_is_lost_for_a_while_and_lines_cut_in_the_middle_lose_nothing(
    simulator: Simulator, tmp_path: Path
) -> None:
    subject = workload(simulator, "Deployment", "orders")
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        simulator.stop_listening()
        await follower.run(15)
        simulator.inject(Cut(333), LOG_REQUESTS, times=3)
        simulator.inject(Refuse(503, retry_after=2), LOG_REQUESTS, times=4)
        simulator.listen_again()
        await follower.run(20)
        await follower.prove()


async def test_half_open_streams_are_noticed_and_taken_up_again(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders", rate=1)
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        assert simulator.break_logs(silently=True) == 3
        await follower.until(lambda: simulator.open_logs() == 3, "the streams are opened again")
        await follower.run(5)
        await follower.prove()


async def test_restarts_bring_the_last_lines_of_the_run_before(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders")
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        for wish in range(1, 4):
            assert change_pods(simulator, "orders", **{RESTART_ANNOTATION: f"app {wish}"}) == 3
            if wish == 2:
                simulator.break_logs()
            await follower.run(8)
        await follower.prove()


async def test_two_unobserved_restarts_are_reported_as_a_gap(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders", replicas=1)
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 1)
        simulator.inject(Refuse(503), LOG_REQUESTS, times=None)
        simulator.break_logs()
        for wish in range(1, 4):
            change_pods(simulator, "orders", **{RESTART_ANNOTATION: f"app {wish}"})
            await follower.run(5)
        await follower.prove()
        assert [marker for marker in follower.ledger.markers if marker.startswith("gap")]


async def test_a_crash_loop_is_followed_run_by_run(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders", replicas=2, annotations={BEHAVIOUR: "complete:6"})
    simulator.advance(3)
    async with following(simulator, tmp_path, subject) as follower:
        await follower.run(90)
        await follower.prove()


async def test_rotation_between_two_streams_is_reported_as_a_gap(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders", rate=20, annotations={ROTATE_ANNOTATION: "60"})
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        await follower.run(10)
        assert not [marker for marker in follower.ledger.markers if marker.startswith("gap")]
        simulator.inject(Refuse(503), LOG_REQUESTS, times=None)
        simulator.break_logs()
        await follower.run(10)
        await follower.prove()
        assert [marker for marker in follower.ledger.markers if marker.startswith("gap")]


async def test_a_pod_of_a_stateful_set_moves_to_another_node(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "StatefulSet", "db")
    simulator.advance(30)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)

        def force_away(state: SimulatorState) -> str:
            pod = pods(state, "db")[1]
            lose_node(state, pod["spec"]["nodeName"])
            state.storage.remove(PODS, NAMESPACE, pod["metadata"]["name"])
            return str(pod["spec"]["nodeName"])

        node = simulator.call(force_away)
        await follower.run(30)
        simulator.call(restore_node, node)
        await follower.run(70)
        assert node not in [pod["spec"]["nodeName"] for pod in simulator.call(pods, "db")[1:2]]
        await follower.prove()


async def test_a_pod_recreated_under_its_name_while_the_server_was_lost_is_not_given_twice(
    simulator: Simulator, tmp_path: Path
) -> None:
    subject = workload(simulator, "StatefulSet", "db")
    simulator.advance(30)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        for _ in range(2):
            simulator.stop_listening()
            simulator.call(lambda state: state.storage.remove(PODS, NAMESPACE, "db-1"))
            await follower.run(10)
            simulator.listen_again()
            await follower.run(20)
        await follower.prove()


async def test_a_new_pod_restarted_before_its_log_opened_loses_no_line_silently(
    simulator: Simulator, tmp_path: Path
) -> None:
    subject = workload(simulator, "Deployment", "orders", replicas=2)
    simulator.advance(20)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 2)
        simulator.inject(Refuse(503), LOG_REQUESTS, times=None)
        simulator.call(roll_out, "Deployment", "orders", "1.1.0")
        await follower.run(15)
        change_pods(simulator, "orders", **{RESTART_ANNOTATION: "app 1"})
        await follower.run(5)
        simulator.clear_faults()
        await follower.run(20)
        await follower.prove()


async def test_a_node_that_is_lost_for_a_while_and_a_clock_that_is_wrong(simulator: Simulator, tmp_path: Path) -> None:
    def skew(state: SimulatorState) -> None:
        for node, seconds in zip(state.storage.list(NODES), ("-7", "0", "4.5"), strict=True):
            reported = {**node["metadata"], "annotations": {SKEW_ANNOTATION: seconds}}
            state.storage.update(NODES, {**node, "metadata": reported})

    simulator.call(skew)
    subject = workload(simulator, "StatefulSet", "db")
    simulator.advance(30)
    async with following(simulator, tmp_path, subject) as follower:
        await begin(follower, 3)
        await follower.run(20)
        node = simulator.call(pods, "db")[0]["spec"]["nodeName"]
        simulator.call(lose_node, node)
        await follower.run(80)
        simulator.call(restore_node, node)
        await follower.run(30)
        await follower.prove()
        assert [marker for marker in follower.ledger.markers if "clock of node" in marker]


async def test_more_containers_than_may_be_read_at_once_take_turns(simulator: Simulator, tmp_path: Path) -> None:
    subject = workload(simulator, "Deployment", "orders", replicas=7, rate=2)
    simulator.advance(20)
    async with following(simulator, tmp_path, subject, max_streams=3) as follower:
        await follower.until(lambda: follower.stream.counts.wanted == 7, "all are known")
        for _ in range(12):
            await follower.run(10)
            assert simulator.open_logs(RequestMatch("get", "pods", "/log?")) <= 3
        await follower.prove()


async def test_what_does_not_fit_is_dropped_inside_a_marker(simulator: Simulator, tmp_path: Path) -> None:
    subject: ObjectRef = workload(simulator, "Deployment", "orders", rate=100)
    simulator.advance(20)
    async with following(simulator, tmp_path, subject, max_pending=300) as follower:
        await begin(follower, 3)
        await follower.run(60, step=5.0)
        await follower.prove()
        assert [marker for marker in follower.ledger.markers if "dropped" in marker]
