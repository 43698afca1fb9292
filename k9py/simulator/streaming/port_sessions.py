"""The two protocols of port-forward: streams of a SPDY tunnel, and the channels of v4.

Owns: pairs of streams, the order of what a kubelet sends at the end of a connection, and what it sends for an error:
text on the error stream, then a reset of both.
Invariant: a program that does not read blocks what its client sends; when a container's run ends, so do its
connections. Sources: cri-streaming's `portforward/httpstream.go` and `websocket.go`.
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from k9py.simulator.registry.resources import PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.pod_programs import Listener, PortStream, running_containers
from k9py.simulator.streaming.shell.pipes import Pipe
from k9py.simulator.streaming.spdy import (
    CANCEL,
    DATA,
    FIN,
    GOAWAY,
    PING,
    PROTOCOL_ERROR,
    RST_STREAM,
    SYN_REPLY,
    Frame,
    FrameDecoder,
    FrameEncoder,
)
from k9py.simulator.streaming.upgrade import StreamConnection

_WRITE = 32 * 1024  # as Go's io.Copy


class Target(Protocol):
    """The pod that a session leads to."""

    @property
    def uid(self) -> str:
        """Return the pod's uid."""
        ...

    def connect(self, port: int) -> Listener | str:
        """Return what listens on a port, or what the node reports."""
        ...


class _Runs:
    """The connections of a session by their container's run; they are cancelled when it ends."""

    def __init__(self, state: SimulatorState, target: Target) -> None:
        self._target = target
        self._open: dict[asyncio.Task[None], tuple[str, str]] = {}
        self._unsubscribe = state.storage.on_change(self._on_change)

    def add(self, task: asyncio.Task[None], listener: Listener) -> None:
        self._open[task] = (listener.container, listener.run)
        task.add_done_callback(lambda ended: self._open.pop(ended, None))

    def close(self) -> None:
        self._unsubscribe()

    def _on_change(self, change: StorageEvent) -> None:
        metadata = change.obj["metadata"]
        if change.resource is not PODS or not self._open or metadata["uid"] != self._target.uid:
            return
        is_gone = change.type == "DELETED"
        running = set() if is_gone else {(spec["name"], run) for spec, run in running_containers(change.obj)}
        for task, run in tuple(self._open.items()):
            if run not in running:
                task.cancel()


async def _serve(runs: _Runs, listener: Listener, stream: PortStream) -> None:
    """Run a program until it returns, its client has left, or its container has ended."""
    task = asyncio.ensure_future(listener.program(stream))
    running: asyncio.Task[None] = asyncio.create_task(_wait(task))
    runs.add(running, listener)
    try:
        await asyncio.wait((running,))
    finally:
        for pending in (running, task):
            pending.cancel()
        await asyncio.gather(running, task, return_exceptions=True)


async def _wait(task: "asyncio.Future[None]") -> None:
    with contextlib.suppress(ConnectionError, BrokenPipeError):
        await task


@dataclass(eq=False, slots=True)
class _Stream:
    """A stream of a tunnel: what the client sends on it waits in a pipe."""

    id: int
    headers: Mapping[str, str]
    pipe: Pipe
    is_finished: bool = False


class _DataStream:
    """A stream as the program in the pod has it: a `PortStream`."""

    def __init__(self, pipe: Pipe, send: Callable[[bytes], Any]) -> None:
        self._pipe = pipe
        self._send = send

    async def read(self) -> bytes:
        return await self._pipe.read()

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), _WRITE):
            await self._send(data[at : at + _WRITE])


class TunnelSession:
    """Serves one tunnel."""

    def __init__(self, state: SimulatorState, connection: StreamConnection, target: Target) -> None:
        self._connection = connection
        self._target = target
        self._record = state.tunnels
        self._number = self._record.next_number()
        self._runs = _Runs(state, target)
        self._encoder = FrameEncoder()
        self._sending = asyncio.Lock()
        self._streams: dict[int, _Stream] = {}
        self._waiting: dict[str, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Handle what the client sends until it leaves."""
        decoder = FrameDecoder()
        try:
            while (message := await self._connection.receive()) is not None:
                for frame in decoder.feed(message):
                    self._record.add(frame.recorded(self._number, "received"))
                    if frame.kind == GOAWAY:
                        return
                    await self._handle(frame)
        except (ConnectionError, ValueError, struct.error):
            return
        finally:
            self._runs.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _handle(self, frame: Frame) -> None:
        stream = self._streams.get(frame.stream)
        match frame.kind:
            case 0 if stream is not None:
                if frame.data:
                    with contextlib.suppress(BrokenPipeError):
                        await stream.pipe.write(frame.data)
                if frame.is_last:
                    self._client_finished(stream)
            case 1:
                await self._open(frame)
            case 3 if stream is not None:
                stream.is_finished = True
                self._client_finished(stream)
            case 6 if frame.stream % 2:
                await self._send(Frame(PING, frame.stream))
            case _:
                pass

    async def _open(self, frame: Frame) -> None:
        headers = frame.headers
        port, kind = headers.get("port", ""), headers.get("streamtype", "")
        if frame.stream % 2 == 0 or not port.isdigit() or not 0 < int(port) < 65536 or kind not in ("error", "data"):
            await self._send(Frame(RST_STREAM, frame.stream, status=PROTOCOL_ERROR))
            return
        stream = _Stream(frame.stream, headers, Pipe())
        self._streams[stream.id] = stream
        await self._send(Frame(SYN_REPLY, stream.id))
        request = headers.get("requestid", "")
        other = self._waiting.pop(request, None)
        if other is None:
            self._waiting[request] = stream
            return
        errors, data = (stream, other) if kind == "error" else (other, stream)
        task = asyncio.create_task(self._forward(errors, data))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, errors: _Stream, data: _Stream) -> None:
        """Connect a pair of streams to the port, and end them as a kubelet does."""
        listener = self._target.connect(int(data.headers["port"]))
        try:
            if isinstance(listener, str):
                await self._send(Frame(DATA, errors.id, data=listener.encode()))
                await self._finish(data, Frame(RST_STREAM, data.id, status=CANCEL))
                await self._finish(errors, Frame(RST_STREAM, errors.id, status=CANCEL))
                return

            async def send(piece: bytes) -> None:
                await self._send(Frame(DATA, data.id, data=piece))

            await _serve(self._runs, listener, _DataStream(data.pipe, send))
            for stream in (errors, data):
                await self._finish(stream, Frame(DATA, stream.id, FIN))
        except ConnectionError:
            pass
        finally:
            for stream in (errors, data):
                stream.pipe.stop_reading()
                self._streams.pop(stream.id, None)

    async def _finish(self, stream: _Stream, frame: Frame) -> None:
        if not stream.is_finished:
            stream.is_finished = True
            await self._send(frame)

    def _client_finished(self, stream: _Stream) -> None:
        stream.pipe.close()

    async def _send(self, frame: Frame) -> None:
        async with self._sending:
            self._record.add(frame.recorded(self._number, "sent"))
            await self._connection.send(self._encoder.encode(frame))


class ChannelSession:
    """Serves the channels of one WebSocket: two for each port."""

    def __init__(self, state: SimulatorState, connection: StreamConnection, target: Target, ports: list[int]) -> None:
        self._connection = connection
        self._target = target
        self._ports = ports
        self._pipes = [Pipe() for _ in ports]
        self._runs = _Runs(state, target)

    async def run(self) -> None:
        """Serve all ports until each connection has ended, or the client has left."""
        for number, port in enumerate(self._ports):
            for channel in (2 * number, 2 * number + 1):
                await self._connection.send(bytes((channel,)) + struct.pack("<H", port))
        receiving = asyncio.create_task(self._receive())
        serving = [asyncio.create_task(self._forward(number)) for number in range(len(self._ports))]
        every = asyncio.gather(*serving, return_exceptions=True)
        try:
            await asyncio.wait((receiving, every), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._runs.close()
            for task in (receiving, *serving):
                task.cancel()
            await asyncio.gather(receiving, every, return_exceptions=True)

    async def _receive(self) -> None:
        while (message := await self._connection.receive()) is not None:
            if message and message[0] % 2 == 0 and message[0] // 2 < len(self._pipes):
                with contextlib.suppress(BrokenPipeError):
                    await self._pipes[message[0] // 2].write(message[1:])

    async def _forward(self, number: int) -> None:
        listener = self._target.connect(self._ports[number])

        async def send(piece: bytes) -> None:
            await self._connection.send(bytes((2 * number,)) + piece)

        with contextlib.suppress(ConnectionError):
            if isinstance(listener, str):
                await self._connection.send(bytes((2 * number + 1,)) + listener.encode())
            else:
                await _serve(self._runs, listener, _DataStream(self._pipes[number], send))
        self._pipes[number].stop_reading()
