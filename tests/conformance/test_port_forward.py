"""kubectl port-forward against the simulator, and the frames of its tunnels against those of kdash."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.simulator.server import Simulator
from k9py.simulator.streaming.spdy import TunnelFrame
from tests.conformance.kubectl import Kubectl, Running
from tests.integration.clusters import PATIENCE
from tests.integration.listening_pods import ECHO, HTTP, add_listening_pod
from tests.integration.test_port_forward import all_ended
from tests.unit.simulator.objects import add_namespace

REQUEST = b"GET / HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n"
TEXT = b"all of this comes back"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        running.call(add_namespace)
        running.call(add_listening_pod, "web")
        yield running


async def local_port(running: Running) -> int:
    line = await running.line_with("Forwarding from 127.0.0.1:")
    match = re.search(r"127\.0\.0\.1:(\d+) ->", line)
    assert match is not None
    return int(match[1])


async def exchanged(port: int, sent: bytes, *, end: bool) -> bytes:
    """Return everything that comes back for what is sent."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            if end:
                writer.write_eof()
            return await reader.read()
        finally:
            writer.close()


async def test_kubectl_forwards_requests_and_the_end_of_what_is_sent(kubectl: Kubectl) -> None:
    async with kubectl.running("port-forward", "pod/web", f":{HTTP}", f":{ECHO}") as running:
        http, echo = await local_port(running), await local_port(running)
        assert (await exchanged(http, REQUEST, end=False)).endswith(b"\r\n\r\nweb\n")
        assert await exchanged(echo, TEXT, end=True) == TEXT


async def test_kubectl_reports_a_port_without_a_program_as_the_node_does(kubectl: Kubectl) -> None:
    async with kubectl.running("port-forward", "pod/web", ":9999") as running:
        assert await exchanged(await local_port(running), TEXT, end=False) == b""
        error = await running.error_with("error forwarding port 9999 to pod")
        assert "failed to execute portforward in network namespace" in error
        assert "connect: connection refused" in error


def by_stream(frames: list[TunnelFrame]) -> list[list[tuple[object, ...]]]:
    """Return what was exchanged on each stream, in the order in which the streams were opened, data in one piece."""
    streams: dict[int, list[tuple[object, ...]]] = {}
    for frame in frames:
        if frame.kind in ("PING", "GOAWAY"):
            continue
        events = streams.setdefault(frame.stream, [])
        headers = tuple(sorted(frame.headers.items()))
        event = (frame.direction, frame.kind, frame.is_last, headers, frame.length, frame.status)
        if events and frame.kind == "DATA" and not frame.is_last and events[-1][:3] == event[:3]:
            event = (*event[:4], int(str(events.pop()[4])) + frame.length, frame.status)
        events.append(event)
    return [sorted(events, key=lambda event: str(event[0])) for _, events in sorted(streams.items())]


async def frames_of_kubectl(simulator: Simulator, kubectl: Kubectl, port: int, sent: bytes, *, end: bool) -> object:
    async with kubectl.running("port-forward", "pod/web", f":{port}") as running:
        await exchanged(await local_port(running), sent, end=end)
    await all_ended(simulator)
    return by_stream(tunnel(simulator))


async def frames_of_kdash(simulator: Simulator, folder: Path, port: int, sent: bytes, *, end: bool) -> object:
    path = simulator.write_kubeconfig(folder / "config", namespace="shop")
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(folder)})
    try:
        async with connection.open_ports("shop", "web") as ports, asyncio.timeout(PATIENCE):
            forwarded = await ports.connect(port)
            await forwarded.write(sent)
            if end:
                await forwarded.write_eof()
            while await forwarded.read():
                pass
            await forwarded.close()
    finally:
        await connection.aclose()
    await all_ended(simulator)
    return by_stream(tunnel(simulator))


def tunnel(simulator: Simulator) -> list[TunnelFrame]:
    """Return the frames of the latest tunnel."""
    frames = simulator.call(lambda state: list(state.tunnels.frames))
    return [frame for frame in frames if frame.tunnel == frames[-1].tunnel]


@pytest.mark.parametrize(
    ("port", "sent", "end"), [(HTTP, REQUEST, False), (ECHO, TEXT, True)], ids=["the pod ends", "the client ends"]
)
async def test_the_streams_are_those_of_kubectl(
    simulator: Simulator, kubectl: Kubectl, tmp_path: Path, port: int, sent: bytes, end: bool
) -> None:
    theirs = await frames_of_kubectl(simulator, kubectl, port, sent, end=end)
    ours = await frames_of_kdash(simulator, tmp_path, port, sent, end=end)
    assert ours == theirs
    requests = [request for request in simulator.requests if "/portforward" in request.path]
    assert [(request.method, request.code) for request in requests] == [("GET", 101)] * 2
    assert {request.path.partition("?")[0] for request in requests} == {"/api/v1/namespaces/shop/pods/web/portforward"}
