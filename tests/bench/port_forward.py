"""Speed of a port-forward, beside kubectl's: `python -m tests.bench.port_forward [KUBECONFIG NAMESPACE POD PORT]`.

Without arguments a simulated cluster serves, in a separate process and without TLS. With them PORT of the pod must
answer HTTP, and `GET /big?bytes=N` with N bytes.

Printed for the tunnel alone (no local port), for `kdash forward` and for `kubectl port-forward`: MB/s through one
connection, CPU seconds for a GB, short requests each with a connection of its own, and such requests at the same time.
Compare ratios of one run, not figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from k9py.api.streams import PortTunnel
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from tests.bench.cluster_process import ClusterProcess
from tests.conformance.kubectl import find_kubectl

BYTES = 256 << 20
REQUESTS = 500
SHORT = b"GET / HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n"


class Place(NamedTuple):
    """What is forwarded to; kubectl needs a kubeconfig of its own for a server without TLS."""

    kubeconfig: Path
    kubectl_config: Path
    namespace: str
    pod: str
    port: int


class Route(Protocol):
    """One connection to the port."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


OpenRoute = Callable[[], Awaitable[Route]]


class LocalRoute:
    """A connection to a local port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        return await self._reader.read(1 << 18)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()


async def measure(name: str, open_route: OpenRoute, cpu_seconds: Callable[[], float]) -> None:
    before, begun = cpu_seconds(), time.perf_counter()
    route = await open_route()
    await route.write(f"GET /big?bytes={BYTES} HTTP/1.1\r\nHost: pod\r\n\r\n".encode())
    count = 0
    while count < BYTES:
        data = await route.read()
        if not data:
            raise SystemExit(f"{name}: the answer ended after {count} bytes")
        count += len(data)
    await route.close()
    seconds, cpu = time.perf_counter() - begun, cpu_seconds() - before
    print(f"{name:14} one connection   {count / seconds / 1e6:8.0f} MB/s   {cpu / count * 1e9:6.2f} CPU s/GB")

    for at_once in (1, REQUESTS):
        before, begun = cpu_seconds(), time.perf_counter()
        if at_once == 1:
            for _ in range(REQUESTS):
                await request(open_route)
        else:
            await asyncio.gather(*(request(open_route) for _ in range(at_once)))
        seconds, cpu = time.perf_counter() - begun, cpu_seconds() - before
        label = f"{REQUESTS} at once" if at_once > 1 else "one by one"
        print(f"{name:14} {label:16} {REQUESTS / seconds:8.0f} /s     {cpu / REQUESTS * 1e3:6.2f} CPU ms each")


async def request(open_route: OpenRoute) -> None:
    route = await open_route()
    try:
        await route.write(SHORT)
        if not (await route.read()).startswith(b"HTTP/1.1 200"):
            raise SystemExit("a request was not answered")
    finally:
        await route.close()


@contextlib.asynccontextmanager
async def local_port(*command: str) -> AsyncIterator[tuple[OpenRoute, Callable[[], float]]]:
    """Run a forwarding command and yield how to connect to its port, and the CPU seconds it has used."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        match = re.search(r"127\.0\.0\.1:(\d+)", line)
        if match is None:
            raise SystemExit(f"{command[0]} prints no address: {line}")
        drained = asyncio.create_task(process.stdout.read())

        async def open_route() -> Route:
            return LocalRoute(*await asyncio.open_connection("127.0.0.1", int(match[1])))

        yield open_route, lambda: _cpu_seconds(process.pid)
        drained.cancel()
    finally:
        process.kill()
        await process.wait()


def _cpu_seconds(pid: int) -> float:
    """Return what a process has used, in hundredths (proc_pid_stat(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def compare(place: Place) -> None:
    connection = await connect(ConnectOptions(str(place.kubeconfig)))
    try:
        async with connection.open_ports(place.namespace, place.pod) as tunnel:
            await measure("tunnel", _through(tunnel, place.port), time.process_time)
    finally:
        await connection.aclose()
    where = ("-n", place.namespace)
    target = (f"pod/{place.pod}", f":{place.port}")
    kdash = (sys.executable, "-m", "k9py", "forward", "--kubeconfig", str(place.kubeconfig), *where, *target)
    async with local_port(*kdash) as (open_route, cpu_seconds):
        await measure("kdash forward", open_route, cpu_seconds)
    kubectl = (find_kubectl(), "--kubeconfig", str(place.kubectl_config), *where, "port-forward", *target)
    async with local_port(*kubectl) as (open_route, cpu_seconds):
        await measure("kubectl", open_route, cpu_seconds)


def _through(tunnel: PortTunnel, port: int) -> OpenRoute:
    async def open_route() -> Route:
        return await tunnel.connect(port)

    return open_route


async def simulated(kubeconfig: Path, kubectl_config: Path) -> Place:
    """Return a pod of the simulated shop."""
    connection = await connect(ConnectOptions(str(kubeconfig)))
    try:
        pods = await connection.list("Pod", "shop", label_selector="app=checkout")
    finally:
        await connection.aclose()
    pod = next(pod for pod in pods if (pod.get("status") or {}).get("phase") == "Running")
    port = next(port for container in pod["spec"]["containers"] for port in container.get("ports") or ())
    return Place(kubeconfig, kubectl_config, "shop", pod["metadata"]["name"], port["containerPort"])


def main() -> None:
    if len(sys.argv) == 5:
        config = Path(sys.argv[1])
        asyncio.run(compare(Place(config, config, sys.argv[2], sys.argv[3], int(sys.argv[4]))))
        return
    with ClusterProcess("shop") as cluster:
        place = asyncio.run(simulated(cluster.kubeconfig, cluster.kubectl_config))
        asyncio.run(compare(place))


if __name__ == "__main__":
    main()
