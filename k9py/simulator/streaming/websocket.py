"""The server's end of a WebSocket, and a record of its messages for tests.

Invariant: a connection ends as one of Go's WebSocket server does: a close frame with code 1000, then the end of the
connection; a client that offers no subprotocol of the server gets a 403 without a body. No compression. Messages in
both directions wait when the other end does not read. The record has a bound: the oldest messages are dropped.
"""

import contextlib
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import WSMsgType, web

KEPT_FRAMES = 20_000
_BEGINNING = 64  # bytes of a message that are kept
_MAX_MESSAGE = 32 * 1024 * 1024
_CLOSE_SECONDS = 1.0  # until a client that does not answer a close frame is disconnected


@dataclass(frozen=True, slots=True)
class StreamFrame:
    """One message of a stream.

    Args:
        stream: number of the connection, from 1.
        path: of its request, with the query.
        protocol: its subprotocol.
        direction: as the server sees it.
        channel: the first byte (255: a stream is closed); -1 for protocols without channels, and for an empty message.
        length: bytes after the channel.
        beginning: the first 64 of them.
    """

    stream: int
    path: str
    protocol: str
    direction: Literal["received", "sent"]
    channel: int
    length: int
    beginning: bytes


class StreamRecord:
    """The latest messages of all streams of a server, oldest first."""

    def __init__(self) -> None:
        self.frames: deque[StreamFrame] = deque(maxlen=KEPT_FRAMES)
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """Return the number of a new stream."""
        return next(self._numbers)


class WebSocketConnection:
    """An accepted WebSocket: a `StreamConnection`."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        path: str,
        record: StreamRecord,
        before_send: Callable[[bytes], Awaitable[bytes]],
    ) -> None:
        """Serve an accepted socket.

        Args:
            socket: prepared.
            path: of its request, for the record.
            record: where its messages are kept.
            before_send: returns what is sent instead of a message; it may wait, or raise to end the stream (faults).
        """
        self._socket = socket
        self._path = path
        self._record = record
        self._number = record.next_number()
        self._before_send = before_send
        self._has_channels = "channel.k8s.io" in self.protocol

    @property
    def protocol(self) -> str:
        return self._socket.ws_protocol or ""

    async def receive(self) -> bytes | None:
        message = await self._socket.receive()
        match message.type:
            case WSMsgType.BINARY:
                data = bytes(message.data)
            case WSMsgType.TEXT:
                data = str(message.data).encode("utf-8", "surrogateescape")
            case _:
                return None
        self._keep("received", data)
        return data

    async def send(self, data: bytes) -> None:
        data = await self._before_send(data)
        self._keep("sent", data)
        await self._socket.send_bytes(data)

    async def close(self) -> None:
        """Close it normally; nothing happens if it is closed."""
        with contextlib.suppress(ConnectionError):
            await self._socket.close()

    def _keep(self, direction: Literal["received", "sent"], data: bytes) -> None:
        channel = data[0] if data and self._has_channels else -1
        content = data[1:] if channel >= 0 else data
        self._record.frames.append(
            StreamFrame(self._number, self._path, self.protocol, direction, channel, len(content), content[:_BEGINNING])
        )


def requested_protocols(http: web.BaseRequest) -> list[str]:
    """Return the subprotocols that a client offers, the preferred first."""
    offered = ",".join(http.headers.getall("Sec-WebSocket-Protocol", []))
    return [protocol.strip() for protocol in offered.split(",") if protocol.strip()]


def requested_upgrade(http: web.BaseRequest) -> str:
    """Return what a request asks to be upgraded to, in lower case, such as `websocket`; "" if it does not."""
    connection = http.headers.get("Connection", "").lower()
    return http.headers.get("Upgrade", "").strip().lower() if "upgrade" in connection else ""


async def accept(http: web.BaseRequest, protocols: Sequence[str]) -> web.WebSocketResponse | web.Response:
    """Upgrade a request to a WebSocket; return the refusal to send if that is impossible."""
    if requested_upgrade(http) != "websocket":
        return _refused(400)
    if http.method != "GET":
        return _refused(405)
    offered = requested_protocols(http)
    if offered and not set(offered) & set(protocols):
        return _refused(403)
    if not offered and "" not in protocols:
        return _refused(403)
    socket = web.WebSocketResponse(
        protocols=protocols, compress=False, max_msg_size=_MAX_MESSAGE, timeout=_CLOSE_SECONDS
    )
    try:
        await socket.prepare(http)
    except web.HTTPBadRequest:
        return _refused(400)
    return socket


def _refused(code: int) -> web.Response:
    response = web.Response(status=code)
    response.force_close()
    return response
