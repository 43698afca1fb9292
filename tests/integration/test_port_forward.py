"""The tunnel to a pod's ports over real HTTP to the simulated API server: load, ends, errors, old servers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from k9py.api.errors import BadRequestError, ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.api.streams import PodPorts, PortClosedError, PortConnection, PortTunnel, StreamsUnsupportedError
from k9py.kube.port_channels import ChannelTunnel
from k9py.kube.port_tunnel import CONNECTION_BUFFER, SpdyTunnel
from k9py.simulator.apiserver.served_apis import ServedApis
from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import PATIENCE, connected
from tests.integration.listening_pods import ECHO, HTTP, add_listening_pod
from tests.unit.simulator.objects import add_namespace

TUNNELS = RequestMatch("get", "pods", "/portforward")
MANY = 10_000


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A cluster without controllers, with a running pod `web`."""

    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_listening_pod(state, "web")
        add_listening_pod(state, "unscheduled", node="", running=False)

    with Simulator() as running:
        running.call(fill)
        yield running


@pytest.fixture
async def ports(simulator: Simulator, tmp_path: Path) -> AsyncIterator[PodPorts]:
    async with connected(simulator, tmp_path) as connection:
        yield connection


async def read_whole(connection: PortConnection) -> bytes:
    data = bytearray()
    async with asyncio.timeout(PATIENCE):
        while piece := await connection.read():
            data += piece
    return bytes(data)


async def all_ended(simulator: Simulator) -> None:
    """Return when the server has handled the end of every tunnel."""
    async with asyncio.timeout(PATIENCE):
        while simulator.open_streams(TUNNELS):  # noqa: ASYNC110  the server is on another thread
            await asyncio.sleep(0.005)


async def echoed(tunnel: PortTunnel, text: bytes) -> None:
    connection = await tunnel.connect(ECHO)
    try:
        await connection.write(text)
        data = b""
        async with asyncio.timeout(PATIENCE):
            while len(data) < len(text):
                data += await connection.read()
        assert data == text
    finally:
        await connection.close()


def request(path: str, *, close: bool = True) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: pod\r\n{'Connection: close' if close else 'Accept: */*'}\r\n\r\n".encode()


async def test_a_request_is_answered_by_the_program_on_the_port(ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connection = await tunnel.connect(HTTP)
        await connection.write(request("/"))
        answer = await read_whole(connection)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nweb\n")


async def test_all_bytes_of_a_large_answer_arrive(ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connection = await tunnel.connect(HTTP)
        await connection.write(request("/big?bytes=5000000"))
        assert len((await read_whole(connection)).partition(b"\r\n\r\n")[2]) == 5_000_000


async def test_500_connections_share_one_tunnel_at_the_same_time(simulator: Simulator, ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connections = [await tunnel.connect(ECHO) for _ in range(500)]
        for number, connection in enumerate(connections):
            await connection.write(b"%d;" % number * 100)
            await connection.write_eof()
        answers = await asyncio.gather(*(read_whole(connection) for connection in connections))
        assert answers == [b"%d;" % number * 100 for number in range(500)]
        assert simulator.open_streams(TUNNELS) == 1


async def test_ten_thousand_connections_leave_nothing_behind(ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        assert isinstance(tunnel, SpdyTunnel)
        await echoed(tunnel, b"first")
        tasks, files = len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))
        for _ in range(MANY // 100):
            await asyncio.gather(*(echoed(tunnel, b"text") for _ in range(100)))
        assert tunnel.open_connections == 0
        assert tunnel.unread_bytes == 0
        assert len(asyncio.all_tasks()) == tasks
        assert len(os.listdir("/proc/self/fd")) == files


async def test_the_end_of_what_is_sent_leaves_the_other_direction_open(ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connection = await tunnel.connect(ECHO)
        await connection.write(b"all of this")
        await connection.write_eof()
        assert await read_whole(connection) == b"all of this"
        assert await connection.read() == b""


async def test_a_port_without_a_program_is_refused_and_the_tunnel_stays(ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connection = await tunnel.connect(9999)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(PortClosedError, match=r"Port 9999 of the pod web: .*connection refused") as failure:
                await connection.read()
            assert failure.value.was_refused
            with pytest.raises(PortClosedError, match="connection refused"):
                await connection.read()
            with pytest.raises(PortClosedError, match="connection refused"):
                await connection.write(b"more")
        await echoed(tunnel, b"still there")


async def test_a_cut_tunnel_fails_every_connection(simulator: Simulator, ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connections = [await tunnel.connect(ECHO) for _ in range(3)]
        for connection in connections:
            await connection.write(b"text")
            assert await connection.read() == b"text"
        assert simulator.break_streams(TUNNELS) == 1
        async with asyncio.timeout(PATIENCE):
            await tunnel.wait_closed()
            for connection in connections:
                with pytest.raises(ConnectionFailedError):
                    await connection.read()
            with pytest.raises(ConnectionFailedError):
                await tunnel.connect(ECHO)


async def test_a_connection_that_is_not_read_holds_little_and_loses_nothing(ports: PodPorts) -> None:
    size = 16 * CONNECTION_BUFFER
    async with ports.open_ports("shop", "web") as tunnel:
        assert isinstance(tunnel, SpdyTunnel)
        connection = await tunnel.connect(HTTP)
        await connection.write(request(f"/big?bytes={size}"))
        async with asyncio.timeout(PATIENCE):
            while tunnel.unread_bytes <= CONNECTION_BUFFER:  # noqa: ASYNC110  what arrives sets no event
                await asyncio.sleep(0)
        for _ in range(1000):  # more would arrive now if anything was received
            await asyncio.sleep(0)
        assert tunnel.unread_bytes < 2 * CONNECTION_BUFFER
        assert len((await read_whole(connection)).partition(b"\r\n\r\n")[2]) == size
        await echoed(tunnel, b"the others")


async def test_the_connections_of_a_deleted_pod_end_and_the_next_one_is_refused(
    simulator: Simulator, ports: PodPorts
) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connection = await tunnel.connect(ECHO)
        await connection.write(b"text")
        assert await connection.read() == b"text"
        simulator.call(lambda state: state.storage.delete(PODS, "shop", "web"))
        await echoed(tunnel, b"it still runs during its grace period")
        simulator.call(lambda state: state.storage.remove(PODS, "shop", "web"))
        assert await read_whole(connection) == b""
        with pytest.raises(PortClosedError, match="failed to find sandbox") as failure:
            await read_whole(await tunnel.connect(ECHO))
        assert failure.value.was_refused


async def test_leaving_the_tunnel_ends_its_connections(simulator: Simulator, ports: PodPorts) -> None:
    async with ports.open_ports("shop", "web") as tunnel:
        connection = await tunnel.connect(ECHO)
        await connection.write(b"text")
        assert await connection.read() == b"text"
    with pytest.raises(ConnectionFailedError, match="was closed"):
        await connection.read()
    await all_ended(simulator)
    frames = [
        frame for frame in simulator.call(lambda state: list(state.tunnels.frames)) if frame.direction == "received"
    ]
    assert [frame.kind for frame in frames[-2:]] == ["RST_STREAM", "GOAWAY"]


async def test_pods_that_cannot_be_reached(simulator: Simulator, ports: PodPorts, tmp_path: Path) -> None:
    simulator.call(add_listening_pod, "done")
    simulator.call(_finish, "done")
    with pytest.raises(NotFoundError, match="nope"):
        await opened(ports, "nope")
    with pytest.raises(BadRequestError, match="does not have a host assigned"):
        await opened(ports, "unscheduled")
    with pytest.raises(KdashError, match="pod not found"):
        await opened(ports, "done")
    async with connected(simulator, tmp_path, "viewer") as viewer:
        with pytest.raises(ForbiddenError, match="pods"):
            await opened(viewer, "web")


def _finish(state: SimulatorState, name: str) -> None:
    pod = state.storage.get(PODS, "shop", name)
    assert pod is not None
    status = {**pod["status"], "phase": "Succeeded", "containerStatuses": []}
    state.storage.update(PODS, {**pod, "status": status}, status_only=True)


async def opened(ports: PodPorts, pod: str) -> None:
    async with ports.open_ports("shop", pod):
        pass


async def test_a_server_without_tunnels_is_used_with_a_websocket_for_each_connection(
    simulator: Simulator, ports: PodPorts
) -> None:
    simulator.serve(ServedApis(streams="v4"))
    async with ports.open_ports("shop", "web") as tunnel:
        assert isinstance(tunnel, ChannelTunnel)
        await echoed(tunnel, b"x" * 300_000)
        connection = await tunnel.connect(HTTP)
        await connection.write(request("/"))
        assert (await read_whole(connection)).endswith(b"web\n")
        refused = await tunnel.connect(9999)
        with pytest.raises(PortClosedError, match="connection refused"):
            await read_whole(refused)
        held = await tunnel.connect(ECHO)
        await held.write(b"text")
        assert await held.read() == b"text"
        assert simulator.break_streams(TUNNELS) >= 1
        with pytest.raises(ConnectionFailedError):
            await read_whole(held)


async def test_a_server_that_speaks_only_spdy_is_named_as_too_old(simulator: Simulator, ports: PodPorts) -> None:
    simulator.serve(ServedApis(streams="spdy"))
    with pytest.raises(StreamsUnsupportedError, match="does not open a WebSocket"):
        await opened(ports, "web")
