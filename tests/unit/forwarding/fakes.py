"""A forward over fakes: pods whose ports are objects in memory, and local clients over real loopback sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from k9py.api.errors import ConnectionFailedError, KdashError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.streams import PortClosedError
from k9py.forwarding.forward import Forward
from k9py.forwarding.listeners import Listener, bind
from k9py.forwarding.ports import PortPair
from k9py.forwarding.targets import ForwardTarget
from k9py.operations.access_records import AccessRecords
from k9py.operations.audit import AuditLog, Identity
from k9py.runtime.background_jobs import JobState
from k9py.simulator.clock import ManualClock

DEPLOYMENT = ObjectRef("Deployment", "shop", "web")


class FakeConnection:
    """A connection to a port of a pod; what it answers is decided by its `server`."""

    def __init__(self, tunnel: FakeTunnel, port: int) -> None:
        self.tunnel = tunnel
        self.port = port
        self.written = bytearray()
        self.has_eof = False
        self.is_closed = False
        self._incoming: asyncio.Queue[bytes | KdashError] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._taken.set()

    async def read(self) -> bytes:
        item = await self._incoming.get()
        if isinstance(item, KdashError):
            self._incoming.put_nowait(item)
            raise item
        return item

    async def write(self, data: bytes) -> None:
        await self._taken.wait()
        if self.tunnel.is_closed:
            raise ConnectionFailedError("tunnel lost")
        self.written += data
        self.tunnel.pods.server(self, data)

    async def write_eof(self) -> None:
        self.has_eof = True
        self.tunnel.pods.server(self, b"")

    async def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.tunnel.connections.remove(self)
            self._incoming.put_nowait(b"")

    def answer(self, data: bytes | KdashError) -> None:
        self._incoming.put_nowait(data)

    def hold_writes(self) -> None:
        self._taken.clear()


class FakeTunnel:
    def __init__(self, pods: FakePods, pod: str) -> None:
        self.pods = pods
        self.pod = pod
        self.connections: list[FakeConnection] = []
        self.is_closed = False
        self._closed = asyncio.Event()

    async def connect(self, port: int) -> FakeConnection:
        if self.is_closed:
            raise ConnectionFailedError("tunnel lost")
        connection = FakeConnection(self, port)
        self.connections.append(connection)
        self.pods.connected.append((self.pod, port))
        if (self.pod, port) in self.pods.refusing:
            connection.answer(refused())
        return connection

    async def wait_closed(self) -> None:
        await self._closed.wait()

    def lose(self) -> None:
        """Break it, as the end of the pod or of the server does."""
        self.is_closed = True
        self._closed.set()
        for connection in self.connections:
            connection.answer(ConnectionFailedError("tunnel lost"))


def refused() -> PortClosedError:
    error = PortClosedError("connection refused")
    error.was_refused = True
    return error


def echo(connection: FakeConnection, data: bytes) -> None:
    """Answer with what was sent; end when the client has ended."""
    connection.answer(data)


class FakePods:
    """Opens tunnels (`PodPorts`); `failures` are raised in order instead.

    Attributes:
        server: called with what clients send, b"" at its end.
        refusing: (pod, port) that nobody listens on.
        connected: (pod, port) of all connections.
    """

    def __init__(self) -> None:
        self.tunnels: list[FakeTunnel] = []
        self.failures: list[KdashError] = []
        self.opened: list[str] = []
        self.refusing: set[tuple[str, int]] = set()
        self.connected: list[tuple[str, int]] = []
        self.server: Callable[[FakeConnection, bytes], None] = echo
        self.held: asyncio.Event | None = None

    @asynccontextmanager
    async def open_ports(self, namespace: str, pod: str) -> AsyncIterator[FakeTunnel]:
        self.opened.append(pod)
        if self.failures:
            raise self.failures.pop(0)
        if self.held is not None:
            await self.held.wait()
        tunnel = FakeTunnel(self, pod)
        self.tunnels.append(tunnel)
        try:
            yield tunnel
        finally:
            self.tunnels.remove(tunnel)
            tunnel.lose()

    def tunnel(self, pod: str) -> FakeTunnel:
        return next(tunnel for tunnel in self.tunnels if tunnel.pod == pod)


class FakeWatch:
    """Objects that a test changes (`WatchedObjects`)."""

    def __init__(self, objects: Sequence[Pod | Service], on_change: Callable[[], None]) -> None:
        self.objects = tuple(objects)
        self.has_synced = True
        self.is_closed = False
        self._on_change = on_change

    def values(self) -> tuple[Pod | Service, ...]:
        return self.objects

    def set(self, *objects: Pod | Service) -> None:
        self.objects = objects
        self._on_change()

    async def run(self) -> None:
        await asyncio.Event().wait()

    def close(self) -> None:
        self.is_closed = True


class Scene:
    """A forward with everything around it."""

    def __init__(
        self, target: ForwardTarget, pods: Sequence[Pod], pairs: Sequence[PortPair], audit: Path | None
    ) -> None:
        self.clock = ManualClock()
        self.ports = FakePods()
        self.watches: list[FakeWatch] = []
        self.service_watch: FakeWatch | None = None
        self.changes = 0
        self._first = pods
        listening = {}
        for pair in pairs:
            sockets, addresses = bind(PortPair(pair.remote, 0), ("127.0.0.1",), None)
            listening[Listener(addresses, sockets[0].getsockname()[1], pair.remote)] = sockets
        ids = (str(number) for number in count())
        accesses = AccessRecords(
            AuditLog(audit),
            Identity("lab", "anna", "https://lab", "anna"),
            read_only=True,
            is_replay=False,
            now=self.clock.now,
            new_id=lambda: next(ids),
        )
        self.forward = Forward(
            target,
            pairs,
            "127.0.0.1",
            listening,
            self._watch_pods,  # type: ignore[arg-type]
            self._watch_service if target.service is not None else None,  # type: ignore[arg-type]
            self.ports,
            accesses,
            self.clock,
            on_change=self._count,
        )

    def _count(self) -> None:
        self.changes += 1

    def _watch_pods(self, target: ForwardTarget, on_change: Callable[[], None]) -> FakeWatch:
        watch = FakeWatch(self._first, on_change)
        self.watches.append(watch)
        return watch

    def _watch_service(self, on_change: Callable[[], None]) -> FakeWatch:
        self.service_watch = FakeWatch((), on_change)
        self.service_watch.has_synced = False
        return self.service_watch

    def set_pods(self, *pods: Pod) -> None:
        self.watches[-1].set(*pods)

    @property
    def port(self) -> int:
        return self.forward.listeners[0].port

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.forward.events]

    async def connect(self, port: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port or self.port)

    async def ask(self, data: bytes) -> bytes:
        """Send bytes on a new connection and return what comes back, b"" or an error when it breaks."""
        reader, writer = await self.connect()
        writer.write(data)
        try:
            return await reader.readexactly(len(data))
        finally:
            writer.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when a condition holds."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 (any state of it)
                await asyncio.sleep(0.001)

    async def until_state(self, state: JobState) -> None:
        await self.until(lambda: self.forward.state is state)


@asynccontextmanager
async def forwarding(
    *pods: Pod,
    target: ForwardTarget | None = None,
    pairs: Sequence[PortPair] = (PortPair(8080),),
    audit: Path | None = None,
    prepare: Callable[[Scene], None] | None = None,
) -> AsyncIterator[Scene]:
    """Run a forward to a Deployment, or to another target, until the end of the context."""
    scene = Scene(target or ForwardTarget(DEPLOYMENT, "app=web"), pods, pairs, audit)
    if prepare is not None:
        prepare(scene)
    task = asyncio.create_task(scene.forward.run())
    try:
        await scene.forward.wait_settled()
        yield scene
    finally:
        await scene.forward.stop()
        await task
    assert not scene.ports.tunnels
    assert all(watch.is_closed for watch in scene.watches)
    assert scene.forward.figures.open == 0
