"""kubectl logs: tail, follow, timestamps, previous, by label, and the refusals."""

import asyncio

import pytest

from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_namespace, add_pod
from tests.unit.simulator.scripted_logs import ScriptedLogSource, ScriptedRun


@pytest.fixture(autouse=True)
def run(simulator: Simulator) -> ScriptedRun:
    """The log of every container in a shop of two pods, one with two containers."""

    def fill(state: SimulatorState) -> ScriptedRun:
        present = ScriptedRun("one", "two", "three")
        state.log_source = ScriptedLogSource(present, ScriptedRun("last words"))
        add_namespace(state)
        add_pod(state, "a")
        add_pod(state, "b", containers=("app", "proxy"))
        return present

    return simulator.call(fill)


@pytest.mark.parametrize(
    ("options", "out"),
    [
        ((), "one\ntwo\nthree\n"),
        (("--tail=1",), "three\n"),
        (("--tail=1", "--timestamps"), "2026-01-15T11:59:52.000000000Z three\n"),
        (("--since-time=2026-01-15T11:59:51Z",), "two\nthree\n"),
        (("--limit-bytes=4",), "one\n"),
    ],
)
async def test_lines(kubectl: Kubectl, options: tuple[str, ...], out: str) -> None:
    assert (await kubectl("logs", "a", *options)).out == out


async def test_by_label_from_every_container_with_where_it_came_from(kubectl: Kubectl) -> None:
    shown = await kubectl("logs", "-l", "app=checkout", "--all-containers", "--prefix", "--tail=1")
    assert sorted(shown.out.splitlines()) == [
        "[pod/a/app] three",
        "[pod/b/app] three",
        "[pod/b/proxy] three",
    ]


async def test_follow(kubectl: Kubectl, simulator: Simulator, run: ScriptedRun) -> None:
    async with kubectl.running("logs", "-f", "a", "--tail=1") as following:
        assert await following.line() == "three"
        simulator.call(lambda _: run.write("four"))
        assert await following.line() == "four"
        simulator.call(lambda _: run.end())
        assert await following.line() == ""


async def test_follow_begins_before_the_first_line(kubectl: Kubectl, simulator: Simulator, run: ScriptedRun) -> None:
    async with kubectl.running("logs", "-f", "a", "--tail=0") as following:
        await asyncio.to_thread(simulator.wait_for_request, RequestMatch(containing="/a/log"))
        simulator.call(lambda _: run.write("four"))
        assert await following.line() == "four"


async def test_the_previous_container(kubectl: Kubectl, simulator: Simulator) -> None:
    refused = await kubectl("logs", "--previous", "a", code=1)
    assert 'previous terminated container "app" in pod "a" not found' in refused.err

    def restart(state: SimulatorState) -> None:
        pod = state.storage.get(PODS, "shop", "a")
        assert pod is not None
        container = {**pod["status"]["containerStatuses"][0], "lastState": {"terminated": {"exitCode": 1}}}
        status = {**pod["status"], "containerStatuses": [container]}
        state.storage.update(PODS, {**pod, "status": status}, status_only=True)

    simulator.call(restart)
    assert (await kubectl("logs", "--previous", "a")).out == "last words\n"


async def test_a_missing_container(kubectl: Kubectl) -> None:
    refused = await kubectl("logs", "a", "-c", "nope", code=1)
    assert "container nope is not valid for pod a" in refused.err


async def test_the_first_of_several_containers_is_used_and_named(kubectl: Kubectl) -> None:
    shown = await kubectl("logs", "b", "--tail=1")
    assert shown.out == "three\n"
    assert "Defaulted container" in shown.err
