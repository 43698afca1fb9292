"""A SPDY tunnel to one pod: any number of connections over one WebSocket, as kubectl has done since 1.31.

Owns: the streams of the tunnel, the order in which it sends, and when it stops reading. Two streams carry a connection,
with the headers of client-go's portforward package: `error` (ended at once from here; the node writes why a connection
failed) and `data`. kubectl waits for the reply to each; here both are opened together, and only the first bytes wait
for a reply: moby/spdystream handles the frames of one stream in order.

Flow: nothing in this protocol limits one stream (see `spdy`). A kubelet that cannot write to the tunnel blocks all its
streams, and one whose pod does not read blocks the tunnel after some 50 frames. On this side a connection may hold
`CONNECTION_BUFFER` bytes that nobody has read, and all together `TUNNEL_BUFFER`. Above that the tunnel is not read, so
memory is bounded and TCP slows the pods down. The other connections wait meanwhile; a connection that was not read at
all for `STALL_SECONDS` is broken off, unless it is alone. A node that is blocked accepts no streams any more: a
connection that it has not accepted after `REPLY_SECONDS` counts as refused (nothing of it was read), and the tunnel as
closed for new ones. On a kubelet that happens for a fifth of the streams when a pod ends a connection on which data
is still under way, and lasts as long as the tunnel; kubectl hangs then.

Invariants: `_pending` holds complete frames in the order of the header compressor, and leaves before any other frame; a
frame is one WebSocket message or a part of one, so a cancelled write never cuts a frame; when the tunnel is lost, every
connection has an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from copy import copy
from typing import Final

from k9py.api.errors import ConnectionFailedError, KdashError
from k9py.api.streams import PortClosedError
from k9py.kube.port_connection import MessageSocket, SpdyConnection
from k9py.kube.spdy import (
    CANCEL,
    MAX_STREAM_ID,
    REFUSED_STREAM,
    DataFrame,
    Frame,
    FrameReader,
    FrameWriter,
    GoAwayFrame,
    NewStreamFrame,
    PingFrame,
    ReplyFrame,
    ResetFrame,
    SpdyError,
    data_frame,
    go_away_frame,
    ping_frame,
    reset_frame,
)

FRAME_BYTES: Final = 64 << 10
"""Payload of the DATA frames that are sent."""
CONNECTION_BUFFER: Final = 1 << 20
"""Bytes that one connection may hold before the tunnel is read no further."""
TUNNEL_BUFFER: Final = 32 << 20
"""Bytes that all connections together may hold."""
STALL_SECONDS: Final = 10.0
"""In which a connection that holds too much must be read, if others wait."""
PING_SECONDS: Final = 10.0
"""Between two PING frames, as client-go sends them: they keep the tunnel alive in load balancers."""
REPLY_SECONDS: Final = 5.0
"""Until the node accepts a stream; client-go waits for 30 s."""
_CLOSE_SECONDS: Final = 1.0
_MAX_PENDING: Final = 1 << 20
"""Bytes of frames that wait to be sent, beyond which no frame of the server is answered."""
_MESSAGES_PER_TURN: Final = 64
"""Messages that may be handled before other tasks run."""


class SpdyTunnel:
    """A tunnel to a pod; implements `PortTunnel`. It works inside `running`.

    Args:
        pod: its name, for messages.
        stall_seconds, ping_seconds, reply_seconds: for tests.
    """

    def __init__(
        self,
        socket: MessageSocket,
        pod: str,
        *,
        stall_seconds: float = STALL_SECONDS,
        ping_seconds: float = PING_SECONDS,
        reply_seconds: float = REPLY_SECONDS,
    ) -> None:
        self._socket = socket
        self._pod = pod
        self._stall_seconds = stall_seconds
        self._ping_seconds = ping_seconds
        self._reply_seconds = reply_seconds
        self._writer = FrameWriter()
        self._connections: dict[int, SpdyConnection] = {}  # by the ids of both of its streams
        self._next_id = 1
        self._next_request = 0
        self._buffered = 0
        self._unaccepted: dict[int, SpdyConnection] = {}  # by the id of the data's stream, the oldest first
        self._has_unaccepted = asyncio.Event()
        self._holding: set[SpdyConnection] = set()  # those with bytes that nobody has read, ended ones too
        self._is_full = False
        self._was_read = asyncio.Event()
        self._pending = bytearray()
        self._has_pending = asyncio.Event()
        self._sending = asyncio.Lock()
        self._error: KdashError | None = None
        self._closed = asyncio.Event()

    # -- PortTunnel ------------------------------------------------------------------------------------------------

    async def connect(self, port: int) -> SpdyConnection:
        """Open a connection; nothing is awaited. See `PortTunnel`."""
        if self._error is not None:
            raise copy(self._error)
        if self._closed.is_set():
            raise ConnectionFailedError(f"The node accepts no more connections to the pod {self._pod} on this tunnel")
        error_id = self._next_id
        if error_id + 2 > MAX_STREAM_ID:
            raise ConnectionFailedError(f"The tunnel to the pod {self._pod} has used all its connections")
        self._next_id += 4
        connection = SpdyConnection(self, self._pod, port, error_id, asyncio.get_running_loop().time())
        self._connections[error_id] = self._connections[connection.data_id] = connection
        self._unaccepted[connection.data_id] = connection
        self._has_unaccepted.set()
        headers = {"port": str(port), "requestid": str(self._next_request)}
        self._next_request += 1
        self._queue(self._writer.new_stream(error_id, {"streamtype": "error", **headers}))
        self._queue(data_frame(error_id, b"", is_last=True))
        self._queue(self._writer.new_stream(connection.data_id, {"streamtype": "data", **headers}))
        return connection

    async def wait_closed(self) -> None:
        """Return when no new connection is possible."""
        await self._closed.wait()

    @property
    def open_connections(self) -> int:
        """The connections that have not been closed and whose node has not ended them."""
        return len(set(self._connections.values()))

    @property
    def unread_bytes(self) -> int:
        """The bytes that its connections hold for their readers."""
        return self._buffered

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SpdyTunnel]:
        """Receive, send and ping inside the context; its end ends all connections."""
        tasks = [
            asyncio.create_task(work, name=f"tunnel to {self._pod}")
            for work in (self._receive_all(), self._send_pending(), self._ping(), self._watch_replies())
        ]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await self._send_go_away()
            self._lose(ConnectionFailedError(f"The tunnel to the pod {self._pod} was closed"))
            for result in results:
                if isinstance(result, Exception):
                    raise result

    # -- what its connections call ---------------------------------------------------------------------------------

    async def send(self, connection: SpdyConnection, data: bytes) -> None:
        """Send data of a connection in frames; frames of other connections may come between them."""
        view = memoryview(data)
        for start in range(0, len(view), FRAME_BYTES):
            if connection.has_sent_end:
                return
            await self._send(data_frame(connection.data_id, view[start : start + FRAME_BYTES]))

    def end_sending(self, connection: SpdyConnection) -> None:
        """Send the end of a connection's data."""
        self._queue(data_frame(connection.data_id, b"", is_last=True))

    def on_read(self, connection: SpdyConnection, count: int) -> None:
        """Take note that a connection holds so many bytes less."""
        self._buffered -= count
        if not connection.buffered:
            self._holding.discard(connection)
        if self._is_full:
            self._was_read.set()

    def release(self, connection: SpdyConnection) -> None:
        """End a connection that was closed here: kubectl resets it too, unless it has sent its end before."""
        self._reset(connection)
        self._forget(connection)

    # -- receiving -------------------------------------------------------------------------------------------------

    async def _receive_all(self) -> None:
        reader = FrameReader()
        count = 0
        try:
            while (message := await self._socket.receive()) is not None:
                for frame in reader.feed(message):
                    self._handle(frame)
                if self._is_full:
                    await self._wait_for_readers()
                count += 1
                if not count % _MESSAGES_PER_TURN:
                    await asyncio.sleep(0)
            error: KdashError = ConnectionFailedError(f"The server closed the tunnel to the pod {self._pod}")
        except KdashError as failure:
            error = failure
        except SpdyError as failure:
            error = ConnectionFailedError(
                f"The tunnel to the pod {self._pod} carries something else than SPDY: {failure}",
                "A proxy before the API server may not pass WebSockets on.",
            )
        self._lose(error)

    def _handle(self, frame: Frame) -> None:
        match frame:
            case DataFrame(stream_id, data, is_last):
                self._receive_data(stream_id, data, is_last)
            case ReplyFrame(stream_id, is_last):
                connection = self._unaccepted.pop(stream_id, None)
                if connection is not None:
                    connection.accept()
                if is_last:
                    self._receive_data(stream_id, b"", True)
            case ResetFrame(stream_id):
                connection = self._connections.get(stream_id)
                if connection is not None:
                    connection.has_sent_end = True
                    connection.end(broken=True)
                    self._forget(connection)
            case NewStreamFrame(stream_id):
                if len(self._pending) < _MAX_PENDING:
                    self._queue(reset_frame(stream_id, REFUSED_STREAM))
            case PingFrame(number):
                if not number % 2 and len(self._pending) < _MAX_PENDING:
                    self._queue(ping_frame(number))
            case GoAwayFrame():
                self._closed.set()

    def _receive_data(self, stream_id: int, data: bytes, is_last: bool) -> None:
        connection = self._connections.get(stream_id)
        if connection is None:
            return
        if stream_id == connection.error_id:
            connection.receive_error(data)
            return
        if connection.receive(data):
            self._buffered += len(data)
            self._holding.add(connection)
            if connection.buffered > CONNECTION_BUFFER or self._buffered > TUNNEL_BUFFER:
                self._is_full = True
        if is_last:
            connection.end()
            self._reset(connection)  # a kubelet that reads no more must get no more: it would block all streams
            self._forget(connection)

    async def _wait_for_readers(self) -> None:
        """Wait until no connection holds too much; break off those that are not read at all while others wait."""
        while slow := self._slow_connections():
            self._was_read.clear()
            try:
                async with asyncio.timeout(self._stall_seconds):
                    await self._was_read.wait()
            except TimeoutError:
                if not set(self._connections.values()) <= slow:
                    for connection in slow:
                        self._break_off(connection)
        self._is_full = False

    def _slow_connections(self) -> set[SpdyConnection]:
        """Return the connections that must be read before the tunnel is."""
        if self._buffered > TUNNEL_BUFFER:
            return {max(self._holding, key=lambda connection: connection.buffered)}
        return {connection for connection in self._holding if connection.buffered > CONNECTION_BUFFER // 2}

    def _break_off(self, slow: SpdyConnection) -> None:
        slow.break_off(
            PortClosedError(
                f"Port {slow.port} of the pod {self._pod}: what it sends was not read for {self._stall_seconds:g} s,"
                " and other connections waited for it",
                "Start a port-forward of its own for a program that reads slowly.",
            )
        )
        self._reset(slow)
        self._forget(slow)

    # -- sending ---------------------------------------------------------------------------------------------------

    def _queue(self, frame: bytes) -> None:
        """Send a small frame before any other, without waiting."""
        self._pending += frame
        self._has_pending.set()

    async def _send(self, frame: bytes) -> None:
        async with self._sending:
            if self._error is not None:
                raise copy(self._error)
            if self._pending:
                frame = b"".join((self._pending, frame))
                self._pending.clear()
            if frame:
                await self._socket.send(frame)

    async def _send_pending(self) -> None:
        with suppress(KdashError):  # `_receive_all` reports it too, to every connection
            while True:
                await self._has_pending.wait()
                self._has_pending.clear()
                if self._pending:
                    await self._send(b"")

    async def _ping(self) -> None:
        number = 1
        while self._error is None:
            await asyncio.sleep(self._ping_seconds)
            if len(self._pending) < _MAX_PENDING:
                self._queue(ping_frame(number))
                number = (number + 2) & MAX_STREAM_ID

    async def _watch_replies(self) -> None:
        """Give up connections that the node does not accept."""
        loop = asyncio.get_running_loop()
        while True:
            await self._has_unaccepted.wait()
            oldest = next(iter(self._unaccepted.values()), None)
            if oldest is None:
                self._has_unaccepted.clear()
                continue
            remaining = oldest.opened_at + self._reply_seconds - loop.time()
            if self._is_full:  # replies may wait behind what is not read
                remaining = max(remaining, self._reply_seconds)
            if remaining > 0:
                await asyncio.sleep(remaining)
            else:
                self._give_up(oldest)

    def _give_up(self, connection: SpdyConnection) -> None:
        error = PortClosedError(
            f"The node did not accept a connection to port {connection.port} of the pod {self._pod} within "
            f"{self._reply_seconds:g} s",
            "Another connection blocks the tunnel: its pod does not read what it is sent, or has ended it meanwhile.",
        )
        error.was_refused = True
        self._closed.set()
        connection.fail(error)
        self._reset(connection)
        self._forget(connection)

    async def _send_go_away(self) -> None:
        """End all streams and the tunnel as client-go does, if the server still listens."""
        if self._error is not None:
            return
        for connection in tuple(self._connections.values()):
            self._reset(connection)
        with suppress(KdashError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._send(go_away_frame())

    # -- ends ------------------------------------------------------------------------------------------------------

    def _reset(self, connection: SpdyConnection) -> None:
        """Reset the stream of the data; one whose end was sent is not reset, as in client-go."""
        if not connection.has_sent_end:
            connection.has_sent_end = True
            self._queue(reset_frame(connection.data_id, CANCEL))

    def _forget(self, connection: SpdyConnection) -> None:
        self._connections.pop(connection.error_id, None)
        self._connections.pop(connection.data_id, None)
        self._unaccepted.pop(connection.data_id, None)

    def _lose(self, error: KdashError) -> None:
        if self._error is None:
            self._error = error
        for connection in set(self._connections.values()):
            connection.fail(self._error)
        self._connections.clear()
        self._unaccepted.clear()
        self._was_read.set()
        self._closed.set()
