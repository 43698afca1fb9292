"""A command in a container over a WebSocket: the channels of v5.channel.k8s.io and v4.channel.k8s.io.

Owns: what the first byte of each message means, the status that ends a command, and the bounds in both directions.
Invariants: at most `MAX_BUFFERED` bytes of output wait for the reader, then the server waits; a command has ended only
when the server says how (a status, or a normal close): anything else is a lost stream, after which nobody knows whether
the command still runs. To add a channel: a member of `_Channel` and a `case` in `_take`.

Sources: apimachinery/pkg/util/remotecommand/constants.go (channels), client-go/tools/remotecommand/websocket.go and
v4.go (statuses), client-go/tools/remotecommand/proxy (what an API server sends from 1.30 on: it writes one status after
all output, then closes).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import IntEnum
from types import TracebackType
from typing import Final, Self

import msgspec

from k9py.api.errors import ConnectionFailedError, RefusedError
from k9py.api.kinds import POD
from k9py.api.streams import CommandEnd, ContainerRef, ContainerStream, OutputChannel
from k9py.kube.object_request import object_request
from k9py.kube.request import ApiRequest
from k9py.kube.transport import Transport
from k9py.kube.websocket import WebSocket

V5: Final = "v5.channel.k8s.io"
"""Can end one channel. API servers from 1.30 on, whatever the node's version."""
V4: Final = "v4.channel.k8s.io"
"""Cannot end standard input. API servers before 1.30 pass it on to the node."""
MAX_BUFFERED: Final = 1 << 20
"""Bytes of output that wait for their reader."""
MAX_STATUS: Final = 1 << 16
"""Bytes of the status channel that are kept."""
SEND_SIZE: Final = 1 << 15
"""Bytes of input in one message: what kubectl sends; an API server reads a message whole."""
HANDSHAKE_SECONDS: Final = 30.0
_MAX_SIDE: Final = 0xFFFF
_LOST_HINT: Final = "Nobody knows whether the command still runs: look inside before you repeat it."


class _Channel(IntEnum):
    """The first byte of a message."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    STATUS = 3
    RESIZE = 4
    CLOSE = 255


def open_exec(
    transport: Transport, container: ContainerRef, command: Sequence[str], *, stdin: bool, tty: bool
) -> AbstractAsyncContextManager[ContainerStream]:
    """Run a command in a container; see `ContainerCommands`."""
    words = [("command", word) for word in command]
    return _open(transport, container, "exec", words, stdin=stdin, tty=tty)


def open_attach(
    transport: Transport, container: ContainerRef, *, stdin: bool, tty: bool
) -> AbstractAsyncContextManager[ContainerStream]:
    """Attach to the main process of a container; see `ContainerCommands`."""
    return _open(transport, container, "attach", [], stdin=stdin, tty=tty)


@asynccontextmanager
async def _open(
    transport: Transport,
    container: ContainerRef,
    subresource: str,
    query: list[tuple[str, str]],
    *,
    stdin: bool,
    tty: bool,
) -> AsyncGenerator[ContainerStream, None]:
    # the path of a GET, the permission of a CREATE: from 1.35 on the server requires both, before that only get
    ref = POD.key(container.namespace, container.pod)
    path, info = object_request(POD.resource_type, ref, "create", subresource)
    flags = {"stderr": not tty, "stdin": stdin, "stdout": True, "tty": tty}  # a terminal has one output
    query = [
        *query,
        *([("container", container.container)] if container.container else []),
        *((name, "true") for name, is_set in flags.items() if is_set),
    ]
    request = ApiRequest("GET", path, info, query=query, headers={"Accept": "*/*"}, header_timeout=HANDSHAKE_SECONDS)
    async with transport.open_websocket(request, (V5, V4)) as socket, ChannelStream(socket, tty=tty) as stream:
        yield stream


class ChannelStream:
    """A command that runs in a container. Implements `ContainerStream`.

    Args:
        socket: an open WebSocket with the protocol V5 or V4.
        tty: the command has a terminal.
    """

    def __init__(self, socket: WebSocket, *, tty: bool) -> None:
        self._socket = socket
        self._tty = tty
        self._reading: asyncio.Task[None] | None = None
        self._output: deque[tuple[OutputChannel, bytes]] = deque()
        self._buffered = 0
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._finished = asyncio.Event()
        self._is_output_read = False
        self._is_output_dropped = False
        self._is_stdin_open = True
        self._status = bytearray()
        self._end: CommandEnd | None = None
        self._lost: ConnectionFailedError | None = None

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
            if not self._reading.cancelled():
                self._reading.result()

    async def output(self) -> AsyncGenerator[tuple[OutputChannel, bytes], None]:
        """Yield what it writes until it ends. Raises ConnectionFailedError when the stream was lost."""
        self._is_output_read = True
        while True:
            while self._output:
                channel, data = self._output.popleft()
                self._buffered -= len(data)
                self._has_room.set()
                yield channel, data
            if self._finished.is_set():
                break
            self._changed.clear()
            await self._changed.wait()
        if self._lost is not None:
            raise self._lost

    async def send(self, data: bytes) -> None:
        """Write to its standard input; waits while the connection is full. Ignored after the end.

        Raises:
            ConnectionFailedError: the stream was lost.
        """
        view = memoryview(data)
        for start in range(0, len(view), SEND_SIZE):
            await _let_arrived_data_be_read()
            if not await self._send(_Channel.STDIN, bytes(view[start : start + SEND_SIZE])):
                return

    async def close_stdin(self) -> None:
        """End its standard input. Raises RefusedError: the protocol is v4, which cannot."""
        if self._finished.is_set() or not self._is_stdin_open:
            return
        if self._socket.protocol != V5:
            raise RefusedError(
                "The server cannot end the input of a command: it speaks v4.channel.k8s.io, as servers before 1.30 do",
                "Use a command that knows by itself where its input ends, such as `head -c BYTES`.",
            )
        self._is_stdin_open = False
        await self._send(_Channel.CLOSE, bytes((_Channel.STDIN,)))

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal; without a terminal nothing is sent, because the server would not read it."""
        if self._tty:
            width, height = (min(max(side, 1), _MAX_SIDE) for side in (columns, rows))
            await self._send(_Channel.RESIZE, msgspec.json.encode({"Width": width, "Height": height}))

    async def end(self) -> CommandEnd:
        """Wait for its end, which comes after all output; output that nobody reads is dropped.

        Raises:
            ConnectionFailedError: the stream was lost.
        """
        if not self._is_output_read:
            self._is_output_dropped = True
            self._has_room.set()
        await self._finished.wait()
        if self._end is None:
            raise self._lost or _lost("It was closed")
        return self._end

    async def _send(self, channel: _Channel, data: bytes) -> bool:
        """Send a message; return False after the end. A stream on which nothing can be sent may have ended."""
        if not self._finished.is_set():
            try:
                await self._socket.send(bytes((channel,)) + data)
            except ConnectionFailedError:
                await asyncio.sleep(0)  # what has arrived says why: `_read` takes it
            else:
                return True
        if self._lost is not None:
            raise self._lost
        return False

    async def _read(self) -> None:
        """Take messages until the command has ended or the stream is lost."""
        try:
            while self._end is None and (message := await self._socket.receive()) is not None:
                await self._take(message)
            self._end = self._end or _end_without_status(bytes(self._status))
        except ConnectionFailedError as error:
            self._lost = _lost(error.message, type(error))
        finally:
            self._finished.set()
            self._changed.set()

    async def _take(self, message: bytes) -> None:
        match message[0] if message else None:
            case _Channel.STDOUT if len(message) > 1:
                await self._put(OutputChannel.STDOUT, message[1:])
            case _Channel.STDERR if len(message) > 1:
                await self._put(OutputChannel.STDERR, message[1:])
            case _Channel.STATUS:
                self._status += message[1 : MAX_STATUS + 2 - len(self._status)]
                self._end = decode_status(bytes(self._status))

    async def _put(self, channel: OutputChannel, data: bytes) -> None:
        while self._buffered >= MAX_BUFFERED and not self._is_output_dropped:
            self._has_room.clear()
            await self._has_room.wait()
        if self._buffered >= MAX_BUFFERED:
            return
        self._output.append((channel, data))
        self._buffered += len(data)
        self._changed.set()


async def _let_arrived_data_be_read() -> None:
    """Let the event loop read what has arrived, which may be the end.

    A write to a connection that the server has closed makes asyncio drop it at once, with what is unread: the status
    of a command that ended without reading all its input.
    """
    await asyncio.sleep(0)  # the loop looks for data
    await asyncio.sleep(0)  # it reads them


class _Cause(msgspec.Struct):
    reason: str | None = ""
    message: str | None = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    """metav1.Status of a command, as far as it is read."""

    status: str
    reason: str | None = ""
    message: str | None = ""
    details: _Details | None = None


def decode_status(status: bytes) -> CommandEnd | None:
    """Return the end that a status reports; None while it is incomplete, or is no status."""
    try:
        decoded = msgspec.json.decode(status, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if decoded.status == "Success":
        return CommandEnd(0)
    causes = (decoded.details.causes if decoded.details is not None else None) or ()
    code = next((cause.message or "" for cause in causes if cause.reason == "ExitCode"), "")
    is_code = code.isascii() and code.isdigit() and len(code) <= 9
    return CommandEnd(int(code) if is_code else None, decoded.reason or "Unknown", decoded.message or "")


def _end_without_status(status: bytes) -> CommandEnd:
    """Return the end of a command whose status is missing, although the server closed the stream normally."""
    if status:
        return CommandEnd(None, "InvalidStatus", "The server reported the end of the command, but not in a known form")
    return CommandEnd(None, "NoStatus", "The server did not report how the command ended")


def _lost(reason: str, error_type: type[ConnectionFailedError] = ConnectionFailedError) -> ConnectionFailedError:
    return error_type(f"The stream was lost: {reason[:1].lower()}{reason[1:]}", _LOST_HINT)
