"""pods/log: which lines are returned, and the errors."""

from typing import Any

import pytest

from k9py.simulator.controllers.node_lifecycle import lose_node
from k9py.simulator.kubelet_access import SKEW_ANNOTATION
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.scenarios.worker_nodes import worker_node
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_namespace, add_pod
from tests.unit.simulator.scripted_logs import ScriptedLogSource, ScriptedRun

PATH = "/api/v1/namespaces/shop/pods/a/log"


@pytest.fixture
def run(simulator: Simulator) -> ScriptedRun:
    """The log of a pod `a` with one running container: four lines, a second apart."""

    def fill(state: SimulatorState) -> ScriptedRun:
        present = ScriptedRun("one", "two", "three", "four")
        state.log_source = ScriptedLogSource(present, ScriptedRun("last words"))
        add_namespace(state)
        add_pod(state, "a")
        return present

    return simulator.call(fill)


def _set_state(simulator: Simulator, **container: Any) -> None:
    def change(state: SimulatorState) -> None:
        pod = state.storage.get(PODS, "shop", "a")
        assert pod is not None
        status = {**pod["status"], "containerStatuses": [{**pod["status"]["containerStatuses"][0], **container}]}
        state.storage.update(PODS, {**pod, "status": status}, status_only=True)

    simulator.call(change)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "one\ntwo\nthree\nfour\n"),
        ("?tailLines=2", "three\nfour\n"),
        ("?tailLines=0", ""),
        ("?sinceTime=2026-01-15T11:59:52Z", "three\nfour\n"),
        ("?sinceTime=2026-01-15T11:59:52.9Z", "three\nfour\n"),  # a kubelet gets whole seconds
        ("?sinceSeconds=8", "three\nfour\n"),
        ("?sinceSeconds=8&tailLines=1", "four\n"),
        ("?limitBytes=6", "one\ntw"),
        ("?timestamps=true&tailLines=1", "2026-01-15T11:59:53.000000000Z four\n"),
        ("?container=app&tailLines=1", "four\n"),
    ],
)
async def test_lines(run: ScriptedRun, client: RawClient, query: str, text: str) -> None:
    reply = await client.get(PATH + query)
    assert (reply.status, reply.body) == (200, text)
    assert reply.headers["Content-Type"] == "text/plain"


async def test_follow_sends_what_comes_until_the_container_ends(
    simulator: Simulator, run: ScriptedRun, client: RawClient
) -> None:
    async with client.stream(f"{PATH}?follow=true&tailLines=1") as lines:
        assert await lines.text() == "four"
        simulator.call(lambda _: run.write("five"))
        assert await lines.text() == "five"
        simulator.call(lambda _: run.end())
        assert await lines.remaining() == []


async def test_follow_of_a_container_that_has_written_nothing_yet(
    simulator: Simulator, run: ScriptedRun, client: RawClient
) -> None:
    async with client.stream(f"{PATH}?follow=true&tailLines=0") as lines:
        simulator.call(lambda _: run.write("five"))
        assert await lines.text() == "five"


async def test_bytes_that_are_no_text_arrive_as_they_are(
    simulator: Simulator, run: ScriptedRun, client: RawClient
) -> None:
    simulator.call(lambda _: run.write(b"\xff\x1b[31m".decode("utf-8", "surrogateescape")))
    async with client.stream(f"{PATH}?tailLines=1") as lines:
        assert await lines.raw() == b"\xff\x1b[31m\n"


async def test_the_previous_run(simulator: Simulator, run: ScriptedRun, client: RawClient) -> None:
    refused = await client.get(f"{PATH}?previous=true")
    assert refused.body["message"] == 'previous terminated container "app" in pod "a" not found'
    _set_state(simulator, lastState={"terminated": {"exitCode": 1}})
    assert (await client.get(f"{PATH}?previous=true")).body == "last words\n"


async def test_a_container_that_waits_to_start_again_shows_its_last_log(
    simulator: Simulator, run: ScriptedRun, client: RawClient
) -> None:
    _set_state(
        simulator,
        state={"waiting": {"reason": "CrashLoopBackOff"}},
        lastState={"terminated": {"exitCode": 1}},
    )
    assert (await client.get(PATH)).body == "last words\n"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("ContainerCreating", "ContainerCreating"),
        ("PodInitializing", "PodInitializing"),
        ("ImagePullBackOff", "trying and failing to pull image"),
        ("ErrImagePull", "image can't be pulled"),
    ],
)
async def test_a_container_that_never_started_has_no_log(
    simulator: Simulator, run: ScriptedRun, client: RawClient, reason: str, text: str
) -> None:
    _set_state(simulator, state={"waiting": {"reason": reason}})
    reply = await client.get(PATH)
    assert reply.status == 400
    assert reply.body["message"] == f'container "app" in pod "a" is waiting to start: {text}'


async def test_a_pod_without_a_node_has_no_log(simulator: Simulator, run: ScriptedRun, client: RawClient) -> None:
    simulator.call(add_pod, "unplaced", node="", running=False)
    reply = await client.get("/api/v1/namespaces/shop/pods/unplaced/log")
    assert (reply.status, reply.body["message"]) == (400, "pod unplaced does not have a host assigned")


async def test_init_containers_are_offered(simulator: Simulator, run: ScriptedRun, client: RawClient) -> None:
    def add(state: SimulatorState) -> None:
        spec = {
            "nodeName": "node-1",
            "containers": [{"name": "x"}, {"name": "y"}],
            "initContainers": [{"name": "wait"}],
        }
        state.storage.create(PODS, {"metadata": {"name": "two", "namespace": "shop"}, "spec": spec})

    simulator.call(add)
    reply = await client.get("/api/v1/namespaces/shop/pods/two/log")
    assert reply.body["message"] == (
        "a container name must be specified for pod two, choose one of: [x y] or one of the init containers: [wait]"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sinceSeconds=0", "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ("limitBytes=0", "limitBytes: Invalid value: 0: must be greater than 0"),
        ("sinceSeconds=1&sinceTime=2026-01-15T11:59:52Z", "at most one of `sinceTime` or `sinceSeconds`"),
    ],
)
async def test_invalid_options_are_refused(run: ScriptedRun, client: RawClient, query: str, message: str) -> None:
    reply = await client.get(f"{PATH}?{query}")
    assert reply.status == 422
    assert message in reply.body["message"]


async def test_the_log_of_a_pod_on_a_lost_node_cannot_be_read(
    simulator: Simulator, run: ScriptedRun, client: RawClient
) -> None:
    def lose(state: SimulatorState) -> None:
        state.storage.create(
            NODES, worker_node("node-1", "a", 1, "2026-01-01T00:00:00Z", pods=9, cpu="1", memory="1Gi")
        )
        lose_node(state, "node-1")

    simulator.call(lose)
    reply = await client.get(f"{PATH}?container=app")
    asked = 'Get "https://192.168.0.2:10250/containerLogs/shop/a/app"'
    assert reply.status == 500
    assert reply.body["message"] == f"{asked}: dial tcp 192.168.0.2:10250: connect: connection refused"


async def test_seconds_since_are_counted_by_the_nodes_clock(
    simulator: Simulator, run: ScriptedRun, client: RawClient
) -> None:
    def skew(state: SimulatorState) -> None:
        machine = worker_node("node-1", "a", 1, "2026-01-01T00:00:00Z", pods=9, cpu="1", memory="1Gi")
        machine["metadata"]["annotations"] = {SKEW_ANNOTATION: "-2"}
        state.storage.create(NODES, machine)

    simulator.call(skew)
    assert (await client.get(f"{PATH}?sinceSeconds=6")).body == "three\nfour\n"
