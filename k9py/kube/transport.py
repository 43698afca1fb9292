"""Sends requests to one API server and returns open responses; credentials, TLS and 401 are handled here.

Owns: which HTTP session is used (one, and while a client certificate rotates also the previous one until its streams
have ended). kubernetes_asyncio's REST client encodes and sends; a WebSocket is an upgrade on the same session.

A redirect is followed only for a read, only to the same scheme, host and port, and only a few times: what is sent,
credentials above all, is meant for one server.

Invariants: a response is used inside `async with`, and its socket is closed there unless it was read to its end; every
failure leaves as a `KdashError`; a 401 renews the credentials once and repeats the request once (the server has not
executed it). Bodies are never logged: `_preload_content=False` bypasses kubernetes_asyncio's DEBUG line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientResponse, ClientWebSocketResponse
from multidict import CIMultiDict
from yarl import URL

from k9py import __version__
from k9py.api.errors import ConnectionFailedError
from k9py.kube.client_library import ClientLibrary
from k9py.kube.credentials import Credential, Credentials
from k9py.kube.foreign_response import ResponseHead, foreign_response_error, malformed_body_error
from k9py.kube.http_session import HttpSession, open_http_session
from k9py.kube.lines import LineBudget
from k9py.kube.request import REQUEST_TIMEOUT, ApiRequest, RequestInfo
from k9py.kube.status_errors import error_from_foreign_response, error_from_status
from k9py.kube.target import ServerEndpoint
from k9py.kube.transport_errors import (
    REDIRECT_CODES,
    no_response_error,
    redirect_error,
    redirect_loop_error,
    translate_errors,
)
from k9py.kube.websocket import NotUpgradedError, WebSocket, unsupported_error, upgrade
from k9py.runtime.clock import Clock, SystemClock

T = TypeVar("T")
MAX_BODY: Final = 256 << 20
"""Bytes of a response that are read: a page is a few MB; a server that ignores `limit` sends everything."""
MAX_ERROR_BODY: Final = 65536
"""Bytes of an unsuccessful response that are read."""
_MAX_LEADING_BLANKS: Final = 256
"""Bytes of whitespace allowed before the JSON object of a response."""
_MAX_REDIRECTS: Final = 5
"""Redirects of one read that are followed."""


class Transport:
    """Sends requests to one API server as one user.

    Args:
        library: kubernetes_asyncio, loaded.
        endpoint: the server.
        credentials: read before every request.
        clock: decides when WebSockets are pinged; this machine's when None.
    """

    def __init__(
        self, library: ClientLibrary, endpoint: ServerEndpoint, credentials: Credentials, clock: Clock | None = None
    ) -> None:
        self._library = library
        self._endpoint = endpoint
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._session: HttpSession | None = None
        self._sessions: set[HttpSession] = set()
        self._session_lock = asyncio.Lock()
        self._closed = False
        self.line_budget = LineBudget()
        """Limits the incomplete lines that all watches of this server hold together."""
        logging.getLogger("kubernetes_asyncio").setLevel(logging.INFO)

    @property
    def server(self) -> str:
        return self._endpoint.server

    async def prepare(self) -> None:
        """Get the first credential and create the session, so that an error in either is reported immediately.

        Raises:
            ConfigError: a plugin, a certificate or a file cannot be used.
        """
        await self._session_for(await self._credentials.current())

    def retry_now(self) -> None:
        """Get credentials again with the next request, even when that has just failed."""
        self._credentials.clear_failure()

    @asynccontextmanager
    async def open(self, request: ApiRequest) -> AsyncIterator[ClientResponse]:
        """Send a request and yield its successful response; the body has not been read.

        Raises:
            KdashError: as `status_errors` and `transport_errors` translate the failure.
        """
        session, response = await self._respond(request, partial(self._send, request=request))
        try:
            yield response
        finally:
            response.close()  # not `release`: a response that was not read to its end is a stream, and ends now
            await session.release()

    @asynccontextmanager
    async def open_websocket(self, request: ApiRequest, protocols: Sequence[str]) -> AsyncIterator[WebSocket]:
        """Upgrade a GET to a WebSocket and yield it; it is closed at the end.

        Args:
            protocols: subprotocols, the preferred one first; `WebSocket.protocol` is what the server has chosen.

        Raises:
            StreamsUnsupportedError: the server, or a proxy in front of it, does not open WebSockets.
            KdashError: as for `open`.
        """
        session, response = await self._respond(request, partial(self._upgrade, request=request, protocols=protocols))
        try:
            async with WebSocket(response, self.server, self._clock) as socket:
                yield socket
        finally:
            await session.release()

    async def read(self, request: ApiRequest) -> bytes:
        """Send a request and return the body of its successful response."""
        async with self.open(request) as response:
            with translate_errors(
                self.server, idle_timeout=request.timeout.sock_read, is_retried=request.info.is_retried
            ):
                body = await _whole_body(response, request, self.server)
        if not request.accepts_any_type and not body[:_MAX_LEADING_BLANKS].lstrip().startswith(b"{"):
            raise malformed_body_error(self.server, body)
        return body

    async def aclose(self) -> None:
        """Close every connection; streams still open end with ConnectionFailedError."""
        self._closed = True
        sessions, self._sessions, self._session = self._sessions, set(), None
        for session in sessions:
            await session.rest.close()

    async def _respond(
        self, request: ApiRequest, send: Callable[[HttpSession, Credential], Awaitable[T]]
    ) -> tuple[HttpSession, T]:
        credential = await self._credentials.current()
        try:
            return await self._attempt(request, send, credential, may_renew=True)
        except _CredentialsRenewedError:
            credential = await self._credentials.current()
            return await self._attempt(request, send, credential, may_renew=False)

    async def _attempt(
        self,
        request: ApiRequest,
        send: Callable[[HttpSession, Credential], Awaitable[T]],
        credential: Credential,
        *,
        may_renew: bool,
    ) -> tuple[HttpSession, T]:
        session = await self._session_for(credential)
        session.in_use += 1
        kept = False
        try:
            try:
                async with asyncio.timeout(request.header_timeout):
                    response = await send(session, credential)
            except NotUpgradedError as refusal:
                await self._accept(refusal.response, request, credential, may_renew=may_renew, is_refused=True)
                raise
            except TimeoutError as error:
                raise no_response_error(self.server, request.header_timeout) from error
            if isinstance(response, ClientResponse):
                await self._accept(response, request, credential, may_renew=may_renew)
            kept = True
        finally:
            if not kept:
                await session.release()
        return session, response

    async def _accept(
        self,
        response: ClientResponse,
        request: ApiRequest,
        credential: Credential,
        *,
        may_renew: bool,
        is_refused: bool = False,
    ) -> None:
        """Renew the credentials after a 401; close the response and raise its error when it is not a success.

        Args:
            is_refused: a WebSocket was requested, so no response is a success.
        """
        try:
            if response.status == 401 and may_renew and await self._credentials.renew(credential):
                raise _CredentialsRenewedError
            await self._check(response, request, is_refused=is_refused)
        except BaseException:
            response.close()
            raise

    def _headers(self, request: ApiRequest, credential: Credential) -> CIMultiDict[str]:
        headers = CIMultiDict(
            {"User-Agent": f"kdash/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        headers.update(request.headers)
        headers.extend(credential.headers())
        if self._endpoint.authorization is not None:
            headers["Authorization"] = self._endpoint.authorization
        if not self._endpoint.compression:
            headers["Accept-Encoding"] = "identity"
        return headers

    async def _upgrade(
        self, session: HttpSession, credential: Credential, *, request: ApiRequest, protocols: Sequence[str]
    ) -> ClientWebSocketResponse:
        with translate_errors(self.server, is_retried=False):
            return await upgrade(
                session.client,
                f"{self._endpoint.server}{request.path}?{urlencode(request.query, errors='surrogateescape')}",
                self._headers(request, credential),
                protocols,
                server=self.server,
                info=request.info,
                proxy=session.rest.proxy,
                server_hostname=session.rest.server_hostname,
            )

    async def _send(self, session: HttpSession, credential: Credential, *, request: ApiRequest) -> ClientResponse:
        headers = self._headers(request, credential)
        url, query = self._endpoint.server + request.path, request.query
        for _ in range(_MAX_REDIRECTS + 1):
            with translate_errors(self.server, idle_timeout=request.idle_timeout, is_retried=request.info.is_retried):
                response: ClientResponse = await session.rest.request(
                    request.method,
                    url,
                    query_params=query,
                    headers=headers,
                    body=request.body,
                    _preload_content=False,
                    _request_timeout=request.timeout,
                )
            if response.status not in REDIRECT_CODES:
                return response
            response.close()
            url, query = self._redirect_target(response, request.info), ()
        raise redirect_loop_error(self.server, _MAX_REDIRECTS, url)

    def _redirect_target(self, response: ClientResponse, info: RequestInfo) -> str:
        """Return the URL that a read is redirected to. Raises ConnectionFailedError when it must not be followed."""
        location = response.headers.get("Location", "")
        try:
            url = response.url.join(URL(location))
            is_same_origin = url.origin() == URL(self._endpoint.server).origin()
        except ValueError:
            location, is_same_origin = "", False
        if info.is_write or not location or not is_same_origin:
            raise redirect_error(self.server, response.status, location, info)
        return str(url)

    async def _check(self, response: ClientResponse, request: ApiRequest, *, is_refused: bool) -> None:
        """Raise the error for a response that is not a success, or that no API server sent."""
        head = ResponseHead(response.status, _content_type(response), response.headers.get("Server", ""))
        is_success = 200 <= response.status < 300
        if is_success and not is_refused and (request.accepts_any_type or not head.is_foreign):
            return
        with translate_errors(self.server, is_retried=request.info.is_retried):
            body = await _error_body(response)
        head = replace(head, body=body)
        if is_refused and response.status in REDIRECT_CODES:
            raise redirect_error(self.server, response.status, response.headers.get("Location", ""), request.info)
        if is_refused and (unsupported := unsupported_error(head, server=self.server, info=request.info)):
            raise unsupported
        if is_success:
            raise foreign_response_error(self.server, head)
        retry_after = response.headers.get("Retry-After")
        foreign = error_from_foreign_response(head, info=request.info, server=self.server, retry_after=retry_after)
        if foreign is not None:
            raise foreign
        raise error_from_status(
            response.status,
            body,
            info=request.info,
            retry_after=retry_after,
            credentials=self._credentials.description,
            missing_reason="" if self._endpoint.authorization else self._credentials.missing_reason,
        )

    async def _session_for(self, credential: Credential) -> HttpSession:
        if self._closed:
            raise _closed()
        session = self._session
        if session is not None and session.certificate == credential.certificate:
            return session
        async with self._session_lock:
            session = self._session
            if session is not None and session.certificate == credential.certificate:
                return session
            fresh = await open_http_session(self._library, self._endpoint, credential.certificate)
            if session is not None:
                await self._retire(session)
            self._sessions.add(fresh)
            self._session = fresh
            return fresh

    async def _retire(self, session: HttpSession) -> None:
        session.is_retired = True
        self._sessions = {open_session for open_session in self._sessions if open_session.in_use}
        if not session.in_use:
            await session.rest.close()


def _content_type(response: ClientResponse) -> str:
    return response.content_type if "Content-Type" in response.headers else ""


async def _whole_body(response: ClientResponse, request: ApiRequest, server: str) -> bytes:
    pieces: list[bytes] = []
    length = 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        length += len(piece)
        if length > MAX_BODY:
            raise ConnectionFailedError(
                f"The response of {server} to {request.info} is too long: more than {MAX_BODY >> 20} MB",
                "Is it an API server that answers there?",
            )
    return b"".join(pieces)


async def _error_body(response: ClientResponse) -> bytes:
    """Return the body of an unsuccessful response, up to a limit in bytes and in seconds."""
    body = bytearray()
    async with asyncio.timeout(REQUEST_TIMEOUT.total):
        async for piece in response.content.iter_any():
            body += piece
            if len(body) >= MAX_ERROR_BODY:
                break
    return bytes(body)


class _CredentialsRenewedError(Exception):
    """The server answered 401, and there are other credentials to try."""


def _closed() -> ConnectionFailedError:
    return ConnectionFailedError("The connection to the cluster was closed")
