"""The HTTP server (aiohttp): requests in, responses out, and the injected faults.

Invariant: every body goes through `_send`, which counts its bytes; when a client disconnects, its response's
resources are released.
"""

import asyncio
import contextlib
import socket
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web

from k9py.simulator.apiserver.authorization import Access
from k9py.simulator.apiserver.dispatch import answer, read_request
from k9py.simulator.apiserver.request import parse_request_info
from k9py.simulator.apiserver.responses import ApiResponse, error_response
from k9py.simulator.faults import Cut, Fault, Faults, Hang, NoBookmarks, Refuse, Replace, RequestMatch, Silence, Slow
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusError
from k9py.simulator.streaming.upgrade import StreamUpgrade
from k9py.simulator.streaming.websocket import (
    StreamRecord,
    WebSocketConnection,
    accept,
    requested_protocols,
    requested_upgrade,
)

COMPRESS_BYTES = 128 * 1024  # the real server does not compress smaller responses
KEPT_REQUESTS = 10_000
TOKEN_PATH = "/as/"  # /as/TOKEN/api/v1/...: the bearer token of a client that sends none over plain HTTP
_MAX_BODY = 3 * 1024 * 1024
_BOOKMARK = b'{"type":"BOOKMARK",'


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A recorded request; `path` includes the query, `code` is the HTTP status (0: not answered)."""

    method: str
    path: str
    code: int
    verb: str = ""
    resource: str = ""


@dataclass(eq=False, slots=True)
class _OpenStream:
    """A response that is being streamed; `silent`: nothing more is sent."""

    request: RecordedRequest
    http: web.BaseRequest
    silent: bool = False


class HttpServer:
    """An HTTP server on the loopback; it can be closed and reopened on the same port."""

    def __init__(self, state: SimulatorState, access: Access, faults: Faults) -> None:
        self.requests: deque[RecordedRequest] = deque(maxlen=KEPT_REQUESTS)
        self.record = StreamRecord()
        self.port = 0
        self._state = state
        self._access = access
        self._faults = faults
        self._runner: web.ServerRunner | None = None
        self._socket: socket.socket | None = None
        self._cleared = asyncio.Event()
        self._streams: set[_OpenStream] = set()
        self._listeners: list[Callable[[RecordedRequest], None]] = []

    def on_request(self, listener: Callable[[RecordedRequest], None]) -> Callable[[], None]:
        """Call a function with every request when its response starts; return the function that unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def open(self) -> None:
        """Listen on a free port the first time, on the same one afterwards."""
        server = web.Server(self._serve, access_log=None, handler_cancellation=True, keepalive_timeout=75.0)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        self._socket = socket.create_server(("127.0.0.1", self.port))
        await web.SockSite(self._runner, self._socket).start()
        self.port = self._socket.getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every connection, as a crashed server does."""
        runner, self._runner = self._runner, None
        if runner is None or runner.server is None:
            return
        if self._socket is not None:
            # The loop passes a connection on an iteration or two after accepting it. One in between when the socket
            # closes would stay open without an answer, so stop accepting first and wait for those.
            with contextlib.suppress(NotImplementedError):  # a proactor loop (Windows)
                asyncio.get_running_loop().remove_reader(self._socket)
            for _ in range(3):
                await asyncio.sleep(0)
        for connection in list(runner.server.connections):
            transport = connection.transport
            if transport is not None:
                transport.abort()
        await runner.cleanup()

    def end_hanging_requests(self) -> None:
        """End the requests that hang."""
        self._cleared.set()
        self._cleared = asyncio.Event()

    def break_streams(self, where: RequestMatch, *, silently: bool) -> int:
        """Cut every open stream that matches, or silence it with its connection open.

        Returns how many. A silent stream is cut when the faults are cleared.
        """
        streams = [stream for stream in self._streams if not stream.silent and _matches(where, stream.request)]
        for stream in streams:
            if silently:
                stream.silent = True
            elif stream.http.transport is not None:
                stream.http.transport.abort()
        return len(streams)

    def open_streams(self, where: RequestMatch) -> int:
        """Return how many matching streams are open and not silent."""
        return sum(not stream.silent and _matches(where, stream.request) for stream in self._streams)

    async def _serve(self, http: web.BaseRequest) -> web.StreamResponse:
        query = dict(http.query)
        path, path_with_query, headers = _split_token_path(http)
        target = parse_request_info(self._state.storage.resources, http.method, path, query)
        verb = target.verb if target is not None else http.method.lower()
        resource = target.resource.plural if target is not None and target.resource is not None else ""
        fault = self._faults.next_fault(verb, resource, path_with_query)
        try:
            api_response = await self._answer(http, path, query, headers, fault)
        except asyncio.CancelledError:
            self._record(RecordedRequest(http.method, path_with_query, 0, verb, resource))
            raise
        if isinstance(api_response, StreamUpgrade):
            record = RecordedRequest(http.method, path_with_query, 101, verb, resource)
            self._record(record)
            return await self._stream(http, record, api_response, fault)
        record = RecordedRequest(http.method, path_with_query, api_response.status, verb, resource)
        self._record(record)
        return await self._send(http, record, api_response, fault)

    def _record(self, record: RecordedRequest) -> None:
        self.requests.append(record)
        for listener in tuple(self._listeners):
            listener(record)

    async def _answer(
        self,
        http: web.BaseRequest,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        fault: Fault | None,
    ) -> ApiResponse | StreamUpgrade:
        match fault:
            case Refuse(code, reason, message, retry_after):
                return error_response(StatusError(code, reason, message, {}, retry_after=retry_after))
            case Slow(seconds):
                await self._state.clock.sleep(seconds)
            case Hang():
                await self._cleared.wait()
            case _:
                pass
        if isinstance(fault, Replace) and not fault.after_handling:
            return _replacement_response(fault)
        try:
            body = await self._body(http)
            request = read_request(
                self._state,
                self._access,
                http.method,
                path,
                query,
                headers,
                body,
                parameters=tuple(http.query.items()),
                upgrade=requested_upgrade(http),
                protocols=requested_protocols(http),
            )
            api_response = answer(self._state, self._access, request)
        except StatusError as error:
            return error_response(error)
        return _replacement_response(fault) if isinstance(fault, Replace) else api_response

    @staticmethod
    async def _body(http: web.BaseRequest) -> bytes:
        if not http.can_read_body:
            return b""
        chunks = bytearray()
        async for chunk in http.content.iter_any():
            chunks += chunk
            if len(chunks) > _MAX_BODY:
                raise StatusError(413, "RequestEntityTooLarge", f"limit is {_MAX_BODY}", {})
        return bytes(chunks)

    async def _send(
        self, http: web.BaseRequest, record: RecordedRequest, api_response: ApiResponse, fault: Fault | None
    ) -> web.StreamResponse:
        headers = {"Content-Type": api_response.content_type, **api_response.headers}
        gzip = api_response.compressible and "gzip" in http.headers.get("Accept-Encoding", "")
        if isinstance(api_response.body, bytes):
            if not isinstance(fault, Cut | Silence):
                return web.Response(status=api_response.status, body=api_response.body, headers=headers)
            chunks: AsyncIterator[bytes] = _single(api_response.body)
        else:
            chunks = api_response.body
        first = b""
        async with contextlib.AsyncExitStack() as stack:
            # A watch or log that ends early must release its resources here.
            close = getattr(chunks, "aclose", None)
            if close is not None:
                stack.push_async_callback(close)
            if api_response.compressible and fault is None:
                first, is_complete = await _read_head(chunks)
                if is_complete:
                    return web.Response(status=api_response.status, body=first, headers=headers)
            response = web.StreamResponse(status=api_response.status, headers=headers)
            if gzip:
                response.headers["Content-Encoding"] = "gzip"
                chunks = _gzipped(first, chunks)
            elif first:
                chunks = _prepend(first, chunks)
            response.enable_chunked_encoding()
            await response.prepare(http)
            stream = _OpenStream(record, http)
            self._streams.add(stream)
            try:
                await self._pump(stream, response, chunks, fault)
            finally:
                self._streams.discard(stream)
            return response

    async def _stream(
        self, http: web.BaseRequest, record: RecordedRequest, upgrade: StreamUpgrade, fault: Fault | None
    ) -> web.StreamResponse:
        """Upgrade a connection and serve it to its end."""
        accepted = await accept(http, upgrade.protocols)
        if not isinstance(accepted, web.WebSocketResponse):
            return accepted
        stream = _OpenStream(record, http)
        remaining = fault.after_bytes if isinstance(fault, Cut | Silence) else None

        async def before_send(message: bytes) -> bytes:
            nonlocal remaining
            if remaining is not None:
                if len(message) >= remaining:
                    if isinstance(fault, Silence):
                        await self._cleared.wait()
                    _cut(http)
                remaining -= len(message)
            if stream.silent:
                await self._cleared.wait()
                _cut(http)
            return message

        connection = WebSocketConnection(accepted, record.path, self.record, before_send)
        self._streams.add(stream)
        try:
            await upgrade.run(connection)
        finally:
            self._streams.discard(stream)
        if stream.silent:
            await self._cleared.wait()
        await connection.close()
        return accepted

    async def _pump(
        self, stream: _OpenStream, response: web.StreamResponse, chunks: AsyncIterator[bytes], fault: Fault | None
    ) -> None:
        remaining = fault.after_bytes if isinstance(fault, Cut | Silence) else None
        async for chunk in chunks:
            if isinstance(fault, NoBookmarks) and chunk.startswith(_BOOKMARK):
                continue
            if remaining is not None and len(chunk) >= remaining:
                if remaining:
                    await response.write(chunk[:remaining])
                if isinstance(fault, Silence):
                    await self._cleared.wait()
                _cut(stream.http)
            if stream.silent:
                await self._cleared.wait()
                _cut(stream.http)
            if remaining is not None:
                remaining -= len(chunk)
            if chunk:
                await response.write(chunk)
        if stream.silent:  # its end is not sent either
            await self._cleared.wait()
            _cut(stream.http)


def _replacement_response(fault: Replace) -> ApiResponse:
    headers = {"Location": fault.location} if fault.location else {}
    return ApiResponse(fault.code, fault.body, fault.content_type, headers)


def _cut(http: web.BaseRequest) -> NoReturn:
    if http.transport is not None:
        http.transport.close()
    raise ConnectionResetError("cut on purpose")


def _matches(where: RequestMatch, record: RecordedRequest) -> bool:
    return where.matches(record.verb, record.resource, record.path)


def _split_token_path(http: web.BaseRequest) -> tuple[str, str, Mapping[str, str]]:
    """Return path, path with query and headers; a token in the path becomes an Authorization header."""
    path, path_with_query = http.path, http.path_qs
    if not path.startswith(TOKEN_PATH):
        return path, path_with_query, http.headers
    token = path[len(TOKEN_PATH) :].partition("/")[0]
    skipped = len(TOKEN_PATH) + len(token)
    given = {key: http.headers.get(key, "") for key in ("Accept", "Content-Type", "User-Agent")}
    return path[skipped:], path_with_query[skipped:], {**given, "Authorization": f"Bearer {token}"}


async def _single(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _prepend(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _read_head(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """Return the beginning of a body and whether it is complete."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) >= COMPRESS_BYTES:
            return bytes(head), False
    return bytes(head), True


async def _gzipped(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    compressor = zlib.compressobj(level=1, wbits=31)
    yield compressor.compress(first)
    async for chunk in rest:
        yield compressor.compress(chunk)
        await asyncio.sleep(0)
    yield compressor.flush()
