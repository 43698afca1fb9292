"""Container logs by generator: restarts, rotation, wrong clocks and debugging containers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.simulator.kubelet.behaviours import ANNOTATION
from k9py.simulator.kubelet.kubelet import RESTART_ANNOTATION
from k9py.simulator.kubelet_access import SKEW_ANNOTATION
from k9py.simulator.log_generators.hostile_lines import KINDS, hostile_line
from k9py.simulator.log_generators.log_source import ROTATE_ANNOTATION
from k9py.simulator.log_generators.scripts import (
    GENERATOR_ANNOTATION,
    NAMED_GENERATORS,
    RATE_ANNOTATION,
    NumberedScript,
    script_for,
)
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.state import ContainerLogRun
from tests.unit.simulator.cluster import ClusterUnderTest, Object, running_cluster, template
from tests.unit.simulator.scripted_logs import START


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterUnderTest]:
    async with running_cluster() as running:
        yield running


def run(cluster: ClusterUnderTest, **annotations: str) -> None:
    """Create a pod `one` whose container writes ten numbered lines per second."""
    all_annotations = {GENERATOR_ANNOTATION: "numbered", RATE_ANNOTATION: "10", **annotations}
    cluster.create("Pod", "one", template()["spec"], annotations=all_annotations)


def logs(cluster: ClusterUnderTest, *, container: str = "app", previous: bool = False) -> ContainerLogRun:
    run_log = cluster.state.log_source.open(cluster.get(PODS, "one"), container, previous=previous)
    assert run_log is not None
    return run_log


def restart(cluster: ClusterUnderTest, wish: str) -> None:
    pod = cluster.get(PODS, "one")
    annotations = {**pod["metadata"]["annotations"], RESTART_ANNOTATION: wish}
    cluster.storage.update(PODS, {**pod, "metadata": {**pod["metadata"], "annotations": annotations}})


def status_of(cluster: ClusterUnderTest) -> Object:
    entry: Object = cluster.get(PODS, "one")["status"]["containerStatuses"][0]
    return entry


# -- numbered ----------------------------------------------------------------------------------------------------


async def test_numbered_lines_begin_with_nought_and_leave_none_out(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(20)
    texts = [line.text for line in logs(cluster).read()]
    assert texts == [f"run=0 n={number:06}" for number in range(len(texts))]
    assert len(texts) > 150


async def test_some_numbered_lines_share_a_moment_and_none_goes_back(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(20)
    moments = [line.timestamp for line in logs(cluster).read()]
    assert moments == sorted(moments)
    assert any(first == then for first, then in pairwise(moments))


@given(st.integers(0, 1 << 32), st.floats(0.01, 5), st.floats(0, 500))
def test_as_many_are_written_as_have_come_due(seed: int, period: float, elapsed: float) -> None:
    script = NumberedScript(seed, period, str)
    count = script.count(elapsed, ended=False)
    assert script.seconds(count) > elapsed
    assert count == 0 or script.seconds(count - 1) <= elapsed


async def test_each_run_is_numbered_and_has_an_id_of_its_own(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(10)
    first = status_of(cluster)["containerID"]
    restart(cluster, "app 1")
    await cluster.advance(10)
    entry = status_of(cluster)
    assert entry["restartCount"] == 1
    assert entry["lastState"]["terminated"]["containerID"] == first != entry["containerID"]
    assert logs(cluster).read()[0].text == "run=1 n=000000"
    assert logs(cluster, previous=True).read()[0].text == "run=0 n=000000"


async def test_a_follower_sees_a_run_to_its_end_and_the_previous_log_ends_there_too(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(10.37)  # a status has whole seconds; log timestamps are exact
    followed = logs(cluster)
    restart(cluster, "app 1")
    await cluster.advance(5.11)
    last = len(followed.read()) - 1
    assert not await followed.wait_for_more(last)
    texts = [line.text for line in followed.read()]
    assert texts == [line.text for line in logs(cluster, previous=True).read()]
    assert logs(cluster).read()[0].timestamp >= followed.read()[-1].timestamp


async def test_a_restart_annotation_restarts_once_per_value_without_back_off(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(5)
    for wish, wanted in (("app 1", 1), ("app 1", 1), ("app 2", 2), ("app 3", 3)):
        restart(cluster, wish)
        await cluster.advance(3)
        assert status_of(cluster)["restartCount"] == wanted


async def test_a_crashing_container_writes_numbers_too_and_its_last_run_is_counted_right_while_it_waits(
    cluster: ClusterUnderTest,
) -> None:
    run(cluster, **{ANNOTATION: "crash"})
    await cluster.advance(9)
    assert "waiting" in status_of(cluster)["state"]
    assert status_of(cluster)["restartCount"] == 1
    assert logs(cluster, previous=True).read()[0].text == "run=1 n=000000"


async def test_a_numbered_line_may_name_the_pod_of_its_name_wrote_it(cluster: ClusterUnderTest) -> None:
    run(cluster, **{GENERATOR_ANNOTATION: "numbered-pod"})
    await cluster.advance(5)
    assert logs(cluster).read()[0].text == f"run=0 n=000000 of={cluster.get(PODS, 'one')['metadata']['uid']}"


# -- rotation, clocks, nodes ---------------------------------------------------------------------------------------


async def test_after_a_rotation_only_the_current_file_can_be_read_and_a_follower_loses_nothing(
    cluster: ClusterUnderTest,
) -> None:
    run(cluster, **{ROTATE_ANNOTATION: "50"})
    await cluster.advance(4)
    followed = logs(cluster)
    seen = followed.read()[-1].sequence
    await cluster.advance(16)
    held = logs(cluster).read()
    assert held[0].sequence % 50 == 0
    assert 1 <= len(held) <= 50
    assert held[0].sequence > seen + 1
    assert followed.read(seen)[0].sequence == seen + 1


async def test_a_nodes_wrong_clock_stamps_what_its_containers_write(cluster: ClusterUnderTest) -> None:
    for node in cluster.storage.list(NODES):
        metadata = {**node["metadata"], "annotations": {SKEW_ANNOTATION: "-90"}}
        cluster.storage.update(NODES, {**node, "metadata": metadata})
    run(cluster)
    await cluster.advance(20)
    behind = cluster.clock.now() - logs(cluster).read()[-1].timestamp
    assert timedelta(seconds=90) <= behind < timedelta(seconds=91)


# -- other voices --------------------------------------------------------------------------------------------------


def test_hostile_lines_repeat_in_order_one_of_them_a_megabyte_and_one_no_text() -> None:
    lines = [hostile_line(number) for number in range(len(KINDS))]
    assert lines == [hostile_line(number + len(KINDS)) for number in range(len(KINDS))]
    assert max(len(line) for line in lines) >= 1 << 20
    assert not any("\n" in line for line in lines)
    raw = [line.encode("utf-8", "surrogateescape") for line in lines]
    assert b"\xff\xfe" in b"".join(raw)
    for sequence in (b"\x1b]52;", b"\x1b]0;", b"\x1b[2J", b"\x1b[1;1H", b"\x1bP", b"\x1b_"):
        assert any(sequence in line for line in raw)


@pytest.mark.parametrize("name", [*NAMED_GENERATORS, "numbered", "numbered-pod", "hostile"])
async def test_a_pod_chooses_its_generator_by_name(cluster: ClusterUnderTest, name: str) -> None:
    run(cluster, **{GENERATOR_ANNOTATION: name})
    await cluster.advance(10)
    texts = [line.text for line in logs(cluster).read()]
    assert len(texts) > 20
    assert ("\x1b[" in "".join(texts)) == (name in ("coloured", "hostile"))


def test_an_unknown_generator_is_reported() -> None:
    pod: Object = {"metadata": {"annotations": {GENERATOR_ANNOTATION: "soprano"}}, "spec": template()["spec"]}
    script = script_for(pod, pod["spec"]["containers"][0], 1)
    assert "soprano" in script.text(0, START)


# -- debugging containers ------------------------------------------------------------------------------------------


async def test_an_ephemeral_container_is_started_in_a_running_pod_and_writes(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(5)
    pod = cluster.get(PODS, "one")
    debugger = {"name": "debugger", "image": "registry.example.com/debugger:1"}
    cluster.storage.update(PODS, {**pod, "spec": {**pod["spec"], "ephemeralContainers": [debugger]}})
    await cluster.advance(5)
    (entry,) = cluster.get(PODS, "one")["status"]["ephemeralContainerStatuses"]
    assert "running" in entry["state"]
    assert entry["containerID"].startswith("containerd://")
    assert len(logs(cluster, container="debugger").read()) > 10
    assert cluster.get(PODS, "one")["status"]["phase"] == "Running"


async def test_an_ephemeral_container_that_ends_is_not_started_again(cluster: ClusterUnderTest) -> None:
    run(cluster, **{ANNOTATION: "debugger=complete:2"})
    await cluster.advance(5)
    pod = cluster.get(PODS, "one")
    debugger = {"name": "debugger", "image": "registry.example.com/debugger:1"}
    cluster.storage.update(PODS, {**pod, "spec": {**pod["spec"], "ephemeralContainers": [debugger]}})
    await cluster.advance(60)
    (entry,) = cluster.get(PODS, "one")["status"]["ephemeralContainerStatuses"]
    assert (entry["state"]["terminated"]["reason"], entry["restartCount"]) == ("Completed", 0)
    assert entry["lastState"] == {}
