"""A WebSocket to an API server: the upgrade, what a refused upgrade means, and how a lost connection is noticed.

Owns: `upgrade`, which leaves a refusal to the caller with its body; `unsupported_error`, which recognizes that a server
speaks no WebSocket at all; `WebSocket`, binary messages with pings.
Invariants: nothing is compressed; no message is larger than `MAX_MESSAGE`; memory is bounded by the sizes of the
socket's buffers in both directions: `receive` reads only when it is called, and `send` waits while they are full.
To open one: `Transport.open_websocket`. To recognize another answer of an old server or a proxy: `_OLD_SERVER`.

Sources: client-go/tools/remotecommand/websocket.go (pings), client-go/transport/websocket/roundtripper.go,
apimachinery/pkg/util/proxy/upgradeaware.go and util/httpstream/spdy/upgrade.go (refusals), golang.org/x/net/websocket
(403 without a body: none of the subprotocols is supported).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import aiohttp
import msgspec
from aiohttp import ClientResponse, ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_reqrep import ClientRequest
from multidict import CIMultiDict
from yarl import URL

from k9py.api.errors import ConnectionFailedError, UnresponsiveError
from k9py.api.streams import StreamsUnsupportedError
from k9py.api.text import bounded, printable
from k9py.kube.foreign_response import ResponseHead, describe_response
from k9py.kube.request import RequestInfo
from k9py.kube.transport_errors import error_from_exception, translate_errors
from k9py.runtime.clock import Clock

MAX_MESSAGE: Final = 16 << 20
"""Bytes of a received message; servers send at most some 32 KiB in one."""
PING_SECONDS: Final = 5.0
UNANSWERED_PINGS: Final = 12
"""A connection is lost when nothing has arrived after so many pings, as for kubectl."""
CLOSE_SECONDS: Final = 1.0
"""Seconds to wait for the server's part of the closing handshake, and for what is still to be sent."""
_UNREAD_INPUT: Final = 1 << 16
"""Bytes of input that a command may leave unread before an API server stops answering pings: the size of a pipe."""
_NORMAL_CLOSE: Final = (0, 1000)
"""Codes of a server that has sent everything; 0: it gave no code."""
_OLD_SERVER: Final = re.compile(
    r"upgrade request required|missing upgrade headers|unable to upgrade(?! connection)|websocket|bad handshake",
    re.IGNORECASE,
)
_HINT: Final = (
    "The server may be older than Kubernetes 1.30 and speak only SPDY, or a proxy in front of it may not pass "
    "WebSockets. kubectl can use SPDY."
)


class NotUpgradedError(Exception):
    """The server answered a request for a WebSocket with an ordinary response, which is still open."""

    def __init__(self, response: ClientResponse) -> None:
        super().__init__(response.status)
        self.response = response


async def leave_refused_upgrades(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Raise NotUpgradedError for a refused upgrade, as a middleware: aiohttp would drop the body or be redirected."""
    response = await handler(request)
    if response.status != 101 and request.headers.get("Upgrade") == "websocket":
        raise NotUpgradedError(response)
    return response


async def upgrade(
    client: aiohttp.ClientSession,
    url: str,
    headers: CIMultiDict[str],
    protocols: Sequence[str],
    *,
    server: str,
    info: RequestInfo,
    proxy: str | None,
    server_hostname: str | None,
) -> ClientWebSocketResponse:
    """Open a WebSocket on a session that has the middleware `leave_refused_upgrades`.

    Args:
        url: encoded, with its query.
        protocols: subprotocols, the preferred one first.
        server, info: for error messages.

    Raises:
        NotUpgradedError: the server refuses; its response is open.
        StreamsUnsupportedError: it upgrades, but not to a WebSocket, or to none of the protocols.
    """
    try:
        opened = await client.ws_connect(
            URL(url, encoded=True),
            protocols=tuple(protocols),
            headers={"Upgrade": "websocket", **headers},
            proxy=proxy,
            server_hostname=server_hostname,
            autoping=False,
            autoclose=False,
            compress=0,
            max_msg_size=MAX_MESSAGE,
            timeout=ClientWSTimeout(ws_close=CLOSE_SECONDS),
        )
    except aiohttp.WSServerHandshakeError as error:
        raise StreamsUnsupportedError(
            f"The server {bounded(server, 200)} does not open a WebSocket to {info}: its answer is none "
            f"({bounded(error.message, 100)})",
            _HINT,
        ) from error
    if opened.protocol is None:
        await opened.close()
        raise StreamsUnsupportedError(
            f"The server {bounded(server, 200)} opens a WebSocket to {info}, "
            f"but without a protocol that kdash speaks ({', '.join(protocols)})",
            _HINT,
        )
    return opened


def unsupported_error(head: ResponseHead, *, server: str, info: RequestInfo) -> StreamsUnsupportedError | None:
    """Return the error for an upgrade refused by a server without WebSockets; None when it refuses this request."""
    text = _message(head.body)
    match head.code:
        case code if code < 300 or code in (405, 426, 501):
            is_unsupported = True
        case 400:
            is_unsupported = head.is_markup or _OLD_SERVER.search(text) is not None
        case 403:
            is_unsupported = head.is_markup or not text
        case _:
            is_unsupported = False
    if not is_unsupported:
        return None
    answer = f"{head.code} ({bounded(text, 200)})" if text and not head.is_markup else describe_response(head)
    return StreamsUnsupportedError(
        f"The server {bounded(server, 200)} does not open a WebSocket to {info}: it answered with {answer}", _HINT
    )


def _message(body: bytes) -> str:
    try:
        status = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return printable(body[:4096].decode("utf-8", "replace")).strip()
    return str(status.get("message") or "") if isinstance(status, dict) else ""


class WebSocket:
    """An open WebSocket. Inside its context it is pinged; leaving the context closes it, within `CLOSE_SECONDS`.

    Args:
        response: the socket, which nobody else reads.
        server: the server's URL, for errors.
        clock: decides when it is pinged.
    """

    def __init__(self, response: ClientWebSocketResponse, server: str, clock: Clock) -> None:
        self.protocol = response.protocol or ""
        self._response = response
        self._server = server
        self._clock = clock
        self._keeping_alive: asyncio.Task[None] | None = None
        self._failure: ConnectionFailedError | None = None
        self._is_reading = False
        self._sending = 0
        self._sent = 0
        self._sent_unheard = 0
        self._unanswered = 0

    async def __aenter__(self) -> Self:
        self._keeping_alive = asyncio.create_task(self._keep_alive())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._keeping_alive is not None:
                self._keeping_alive.cancel()
                await asyncio.wait([self._keeping_alive])
        finally:
            await self._close()

    async def receive(self) -> bytes | None:
        """Return the next message; None when the server has closed the socket normally.

        Raises:
            ConnectionFailedError: the connection was lost, or the server does not keep to the protocol.
        """
        while True:
            self._is_reading = True
            try:
                with translate_errors(self._server, is_retried=False):
                    message = await self._response.receive()
            finally:
                self._is_reading = False
            self._unanswered = self._sent_unheard = 0
            match message.type:
                case WSMsgType.BINARY:
                    data: bytes = message.data
                    return data
                case WSMsgType.PING:
                    await self._answer_ping(message.data)
                case WSMsgType.PONG:
                    pass
                case WSMsgType.CLOSE if message.data in _NORMAL_CLOSE:
                    return None
                case _:
                    raise self._lost(message)

    async def send(self, data: bytes) -> None:
        """Send one message; waits while the connection is full. Raises ConnectionFailedError when it is lost."""
        self._sending += 1
        self._sent += len(data)
        self._sent_unheard += len(data)
        try:
            await self._response.send_bytes(data)
        except (aiohttp.ClientError, OSError) as error:
            raise self._failure or error_from_exception(error, self._server, is_retried=False) from error
        finally:
            self._sending -= 1

    async def _answer_ping(self, payload: bytes) -> None:
        with translate_errors(self._server, is_retried=False):
            await self._response.pong(payload)

    def _lost(self, message: aiohttp.WSMessage) -> ConnectionFailedError:
        if self._failure is not None:
            return self._failure
        shown = bounded(self._server, 200)
        match message.type:
            case WSMsgType.CLOSE:
                reason = f": {bounded(printable(message.extra or ''), 200)}" if message.extra else ""
                text = f"The server {shown} closed the stream (code {message.data}){reason}"
            case WSMsgType.TEXT:
                text = f"The server {shown} sent text where the protocol {self.protocol} has only binary messages"
            case WSMsgType.ERROR:
                text = f"The server {shown} does not keep to the WebSocket protocol: {bounded(str(message.data), 200)}"
            case _:
                text = f"The connection to {shown} was cut off"
        return ConnectionFailedError(text, "Check server and network.")

    async def _keep_alive(self) -> None:
        """Ping while somebody reads, and close the socket when nothing arrives any more.

        Silence proves nothing while messages wait unread on this side, or while input may wait unread on the other one:
        an API server answers a ping only after it has passed on what was sent before.
        """
        while True:
            await self._clock.sleep(PING_SECONDS)
            if not self._is_reading or self._sending:
                continue
            if not self._sent_unheard or self._sent <= _UNREAD_INPUT:
                self._unanswered += 1
            if self._unanswered > UNANSWERED_PINGS:
                break
            try:
                await self._response.ping()
            except (aiohttp.ClientError, OSError):
                return  # `receive` reports it
        self._failure = UnresponsiveError(
            f"The server {bounded(self._server, 200)} was silent for {PING_SECONDS * self._unanswered:g} s",
            "Check server and network.",
        )
        await self._close()

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._response.close()
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass  # aiohttp has dropped the connection
