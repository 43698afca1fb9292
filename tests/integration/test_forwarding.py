"""A port-forward over real HTTP to the simulated API server: pods deleted under load, lost servers, no leaks."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from k9py.api.errors import ForbiddenError, MissingPartError, NotFoundError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.cluster.scope import Scope
from k9py.forwarding.forward import Forward
from k9py.forwarding.ports import parse_port_text
from k9py.forwarding.start import start_forward
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.runtime.background_jobs import JobState
from k9py.runtime.clock import SystemClock
from k9py.session import ClusterSession, open_session
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import PODS, SERVICES
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import PATIENCE
from tests.integration.listening_pods import add_listening_pod
from tests.unit.simulator.objects import add_namespace, add_pod

TUNNELS = RequestMatch("get", "pods", "/portforward")
WEB = ObjectRef("Service", "shop", "web")
REQUEST = b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"
MANY = 10_000


def add_web(state: SimulatorState, name: str) -> None:
    add_listening_pod(state, name, labels={"app": "web"})


def fill(state: SimulatorState) -> None:
    add_namespace(state)
    add_web(state, "web-1")
    add_web(state, "web-2")
    ports = [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "echo", "port": 70, "targetPort": 7}]
    spec: dict[str, Any] = {"selector": {"app": "web"}, "ports": ports}
    create_object(state, SERVICES, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})


def begin_deletion(state: SimulatorState, name: str) -> None:
    """Delete a pod as the node sees it first: its containers run on, for the grace period."""
    state.storage.delete(PODS, "shop", name)


def end_deletion(state: SimulatorState, name: str) -> None:
    """End a pod and its containers."""
    state.storage.delete(PODS, "shop", name)
    state.storage.remove(PODS, "shop", name)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A cluster without controllers: a Service of two pods."""
    with Simulator() as running:
        running.call(fill)
        yield running


@asynccontextmanager
async def session_of(simulator: Simulator, folder: Path, user: str = "admin") -> AsyncIterator[ClusterSession]:
    path = simulator.write_kubeconfig(folder / "config", user=user, namespace="shop")
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(folder)})
    async with open_session(connection, SystemClock(), read_only=True, audit_path=folder / "audit.jsonl") as session:
        yield session


@asynccontextmanager
async def forwarded(
    simulator: Simulator, folder: Path, ports: str = ":http :echo", ref: ObjectRef = WEB
) -> AsyncIterator[Forward]:
    """A forward with watches of its own, as a command has it."""
    async with session_of(simulator, folder) as session, asyncio.TaskGroup() as group:
        forward = await start_forward(
            session, ref, parse_port_text(ports), spawn=lambda run, name: group.create_task(run, name=name)
        )
        try:
            yield forward
        finally:
            await forward.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (any state of the forward)
            await asyncio.sleep(0.005)


async def asked(forward: Forward) -> bytes:
    """Return the name of the pod that answers a request on a new connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", forward.listeners[0].port)
    try:
        writer.write(REQUEST)
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        return answer.rpartition(b"\r\n\r\n")[2].strip()
    finally:
        writer.close()


async def echoed(forward: Forward, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", forward.listeners[1].port)
    try:
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            assert await reader.readexactly(len(data)) == data
    finally:
        writer.close()


def own_objects() -> int:
    """Count the objects of the client: the simulator, in the same process, keeps a record of all frames."""
    modules = ("k9py.forwarding.", "k9py.kube.")
    return sum(str(type(each).__module__).startswith(modules) for each in gc.get_objects())


async def test_pods_deleted_under_load_refuse_no_connection_and_the_cut_ones_are_counted(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with forwarded(simulator, tmp_path) as forward:
        first = forward.pod
        other = "web-2" if first == "web-1" else "web-1"
        answers: list[bytes] = []
        is_over = asyncio.Event()

        async def load() -> None:
            while not is_over.is_set():
                answers.append(await asked(forward))

        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(load())
            held = [await asyncio.open_connection("127.0.0.1", forward.listeners[1].port) for _ in range(3)]
            for reader, writer in held:
                writer.write(b"x")
                await reader.readexactly(1)
            simulator.call(begin_deletion, first)
            await until(lambda: forward.pod == other)
            moved_at = len(answers)
            simulator.call(end_deletion, first)
            async with asyncio.timeout(PATIENCE):
                assert [await reader.read() for reader, _ in held] == [b""] * 3
            await until(lambda: len(answers) > moved_at + 100)
            is_over.set()
        assert set(answers) == {b"web-1", b"web-2"}
        assert set(answers[moved_at + 20 :]) == {other.encode()}
        assert (forward.figures.cut, forward.figures.failed, forward.figures.moves) == (0, 0, 1)
        assert 3 <= forward.figures.ended_with_pod <= 23  # requests that were done count too
        assert f"moved to {other}: {first} is being deleted" in [event.text for event in forward.events]
        for _, writer in held:
            writer.close()


async def test_without_pods_it_waits_and_a_connection_gets_the_next_pod(simulator: Simulator, tmp_path: Path) -> None:
    async with forwarded(simulator, tmp_path) as forward:
        for name in ("web-1", "web-2"):
            simulator.call(end_deletion, name)
        await until(lambda: forward.state is JobState.WAITING)
        assert forward.waits_for == "svc/web has no pods"
        asking = asyncio.create_task(asked(forward))
        await until(lambda: forward.figures.open == 1)
        simulator.call(add_web, "web-3")
        assert await asking == b"web-3"
        assert forward.state is JobState.RUNNING


async def test_a_lost_server_is_waited_for_and_the_local_port_stays(simulator: Simulator, tmp_path: Path) -> None:
    async with forwarded(simulator, tmp_path) as forward:
        port = forward.listeners[0].port
        simulator.stop_listening()
        simulator.break_streams(TUNNELS)
        await until(lambda: "refused the connection" in forward.waits_for)
        assert forward.state is JobState.WAITING
        asking = asyncio.create_task(asked(forward))
        await until(lambda: forward.figures.open == 1)
        simulator.listen_again()
        assert await asking in (b"web-1", b"web-2")
        assert forward.listeners[0].port == port
        assert forward.figures.failed == 0


async def test_a_service_that_selects_other_pods_is_followed(simulator: Simulator, tmp_path: Path) -> None:
    async with forwarded(simulator, tmp_path) as forward:

        def select_others(state: SimulatorState) -> None:
            pod = add_pod(state, "blue-1", labels={"app": "blue"})
            ports = [{"name": "http", "containerPort": 9090}, {"name": "echo", "containerPort": 7}]
            spec = {**pod["spec"], "containers": [{**pod["spec"]["containers"][0], "ports": ports}]}
            state.storage.update(PODS, {**pod, "spec": spec})
            service = state.storage.get(SERVICES, "shop", "web")
            assert service is not None
            state.storage.update(SERVICES, {**service, "spec": {**service["spec"], "selector": {"app": "blue"}}})

        simulator.call(select_others)
        await until(lambda: forward.pod == "blue-1")
        assert await asked(forward) == b"blue-1"


async def test_500_connections_at_once(simulator: Simulator, tmp_path: Path) -> None:
    async with forwarded(simulator, tmp_path) as forward:
        pairs = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", forward.listeners[1].port) for _ in range(500))
        )
        for number, (_, writer) in enumerate(pairs):
            writer.write(b"%03d" % number)
        async with asyncio.timeout(PATIENCE):
            answers = [await reader.readexactly(3) for reader, _ in pairs]
        assert answers == [b"%03d" % number for number in range(500)]
        assert forward.figures.open == 500
        assert simulator.open_streams(TUNNELS) == 1
        for _, writer in pairs:
            writer.close()
        await until(lambda: forward.figures.open == 0)
        assert forward.figures.errors == 0


async def test_ten_thousand_connections_leave_nothing_behind(simulator: Simulator, tmp_path: Path) -> None:
    async with forwarded(simulator, tmp_path) as forward:
        await echoed(forward, b"first")
        await until(lambda: forward.figures.open == 0)
        gc.collect()
        tasks, files = len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))
        objects = own_objects()
        for _ in range(MANY // 50):
            await asyncio.gather(*(echoed(forward, b"text") for _ in range(50)))
        await until(lambda: forward.figures.open == 0)
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) <= files
        assert own_objects() <= objects + 10
        assert (forward.figures.total, forward.figures.errors) == (MANY + 1, 0)


async def test_in_a_watched_session_the_watches_are_leases_that_end_with_it(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with session_of(simulator, tmp_path) as session, session.watch(Scope(("shop",))) as cluster:
        held = len(cluster.leases)
        forward = await start_forward(session, WEB, parse_port_text(":80 :70"))
        assert len(cluster.leases) == held + 2
        first = forward.pod
        simulator.call(end_deletion, first)
        await until(lambda: forward.pod not in ("", first))
        assert await asked(forward) == forward.pod.encode()
        await forward.stop()
        assert len(cluster.leases) == held
        left_open = await start_forward(session, WEB, parse_port_text(":80"))
    assert left_open.state is JobState.STOPPED


@pytest.mark.parametrize(
    ("ref", "ports", "error", "message"),
    [
        (WEB, "", MissingPartError, "svc/web has 2 ports"),
        (WEB, "81", MissingPartError, "Service web has no port 81"),
        (ObjectRef("Service", "shop", "nope"), "80", NotFoundError, "svc/nope does not exist in shop"),
        (ObjectRef("ConfigMap", "shop", "web"), "80", RefusedError, "a ConfigMap has no ports to forward"),
        (ObjectRef("Pod", "shop", "web-1"), "grpc", MissingPartError, "has a port named grpc"),
    ],
)
async def test_what_cannot_be_forwarded_is_refused_and_leaves_nothing(
    simulator: Simulator, tmp_path: Path, ref: ObjectRef, ports: str, error: type[Exception], message: str
) -> None:
    async with session_of(simulator, tmp_path) as session, asyncio.TaskGroup() as group:
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(error) as raised:
            await start_forward(session, ref, parse_port_text(ports), spawn=lambda run, _name: group.create_task(run))
        assert message in str(raised.value)
        assert len(os.listdir("/proc/self/fd")) <= before + 2  # kept-alive connections to the server


async def test_a_user_without_the_permission_is_refused_at_the_start(simulator: Simulator, tmp_path: Path) -> None:
    simulator.add_user("reader", (Rule(("get", "list", "watch"), ("",), ("pods", "services")),))
    async with session_of(simulator, tmp_path, "reader") as session, asyncio.TaskGroup() as group:
        with pytest.raises(ForbiddenError, match="portforward"):
            await start_forward(session, WEB, parse_port_text(":80"), spawn=lambda run, _name: group.create_task(run))
