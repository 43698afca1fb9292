"""Sends requests to one API server and returns open responses; credentials, TLS and 401 are handled here.

Owns: the HTTP sessions (one, and while a client certificate rotates also the previous one until its streams have
ended) and the SSL context, made once per certificate. kubernetes_asyncio's REST client encodes and sends.

A redirect is followed only for a read, only to the same scheme, host and port, and only a few times: what is sent,
credentials above all, is meant for one server.

Invariants: a response is used inside `async with`, and its socket is closed there unless it was read to its end; every
failure leaves as a `KdashError`; a 401 renews the credentials once and repeats the request once (the server has not
executed it). Bodies are never logged: `_preload_content=False` bypasses kubernetes_asyncio's DEBUG line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponse
from multidict import CIMultiDict
from yarl import URL

from k9py import __version__
from k9py.api.errors import ConnectionFailedError
from k9py.kube.client_library import ClientLibrary
from k9py.kube.credentials import Credential, Credentials
from k9py.kube.foreign_response import ResponseHead, foreign_response_error, malformed_body_error
from k9py.kube.lines import LineBudget
from k9py.kube.request import REQUEST_TIMEOUT, ApiRequest, RequestInfo
from k9py.kube.status_errors import error_from_foreign_response, error_from_status
from k9py.kube.target import ServerEndpoint
from k9py.kube.tls import ClientCertificate, ssl_context
from k9py.kube.transport_errors import (
    REDIRECT_CODES,
    no_response_error,
    redirect_error,
    redirect_loop_error,
    translate_errors,
)

POOL_SIZE: Final = 512
"""Connections at the same time: a watch per kind and namespace, the log streams, and the requests between them."""
MAX_BODY: Final = 256 << 20
"""Bytes of a response that are read: a page is a few MB; a server that ignores `limit` sends everything."""
MAX_ERROR_BODY: Final = 65536
"""Bytes of an unsuccessful response that are read."""
_MAX_LEADING_BLANKS: Final = 256
"""Bytes of whitespace allowed before the JSON object of a response."""
_READ_BUFFER: Final = 1 << 19
_MAX_REDIRECTS: Final = 5
"""Redirects of one read that are followed."""


@dataclass(slots=True, eq=False)
class _HttpSession:
    """A session of kubernetes_asyncio's REST client, and the number of responses that use it."""

    rest: Any
    certificate: ClientCertificate | None
    in_use: int = 0
    is_retired: bool = False

    async def release(self) -> None:
        self.in_use -= 1
        if self.is_retired and not self.in_use:
            await self.rest.close()


class Transport:
    """Sends requests to one API server as one user.

    Args:
        library: kubernetes_asyncio, loaded.
        endpoint: the server.
        credentials: read before every request.
    """

    def __init__(self, library: ClientLibrary, endpoint: ServerEndpoint, credentials: Credentials) -> None:
        self._library = library
        self._endpoint = endpoint
        self._credentials = credentials
        self._session: _HttpSession | None = None
        self._sessions: set[_HttpSession] = set()
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
        session, response = await self._respond(request)
        try:
            yield response
        finally:
            response.close()  # not `release`: a response that was not read to its end is a stream, and ends now
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

    async def _respond(self, request: ApiRequest) -> tuple[_HttpSession, ClientResponse]:
        credential = await self._credentials.current()
        try:
            return await self._attempt(request, credential, may_renew=True)
        except _CredentialsRenewedError:
            credential = await self._credentials.current()
            return await self._attempt(request, credential, may_renew=False)

    async def _attempt(
        self, request: ApiRequest, credential: Credential, *, may_renew: bool
    ) -> tuple[_HttpSession, ClientResponse]:
        session = await self._session_for(credential)
        session.in_use += 1
        kept = False
        try:
            try:
                async with asyncio.timeout(request.header_timeout):
                    response = await self._send(session, request, credential)
            except TimeoutError as error:
                raise no_response_error(self.server, request.header_timeout) from error
            try:
                if response.status == 401 and may_renew and await self._credentials.renew(credential):
                    raise _CredentialsRenewedError
                await self._check(response, request)
                kept = True
            finally:
                if not kept:
                    response.close()
        finally:
            if not kept:
                await session.release()
        return session, response

    async def _send(self, session: _HttpSession, request: ApiRequest, credential: Credential) -> ClientResponse:
        headers = CIMultiDict(
            {"User-Agent": f"kdash/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        headers.update(request.headers)
        headers.extend(credential.headers())
        if self._endpoint.authorization is not None:
            headers["Authorization"] = self._endpoint.authorization
        if not self._endpoint.compression:
            headers["Accept-Encoding"] = "identity"
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

    async def _check(self, response: ClientResponse, request: ApiRequest) -> None:
        """Raise the error for a response that is not a success, or that no API server sent."""
        head = ResponseHead(response.status, _content_type(response), response.headers.get("Server", ""))
        is_success = 200 <= response.status < 300
        if is_success and (request.accepts_any_type or not head.is_foreign):
            return
        with translate_errors(self.server, is_retried=request.info.is_retried):
            body = await _error_body(response)
        head = replace(head, body=body)
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

    async def _session_for(self, credential: Credential) -> _HttpSession:
        if self._closed:
            raise _closed()
        session = self._session
        if session is not None and session.certificate == credential.certificate:
            return session
        async with self._session_lock:
            session = self._session
            if session is not None and session.certificate == credential.certificate:
                return session
            fresh = await self._new_session(credential.certificate)
            if session is not None:
                await self._retire(session)
            self._sessions.add(fresh)
            self._session = fresh
            return fresh

    async def _retire(self, session: _HttpSession) -> None:
        session.is_retired = True
        self._sessions = {open_session for open_session in self._sessions if open_session.in_use}
        if not session.in_use:
            await session.rest.close()

    async def _new_session(self, certificate: ClientCertificate | None) -> _HttpSession:
        endpoint = self._endpoint
        tls: Any = True
        if endpoint.is_tls:
            tls = await asyncio.to_thread(ssl_context, endpoint.ca, insecure=endpoint.insecure, certificate=certificate)
        session = aiohttp.ClientSession(
            connector=_connector(endpoint, tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a netrc entry would replace the token; `proxy` has chosen the proxy
            read_bufsize=_READ_BUFFER,
        )
        # RESTClientObject's own constructor takes no SSL context, and reads the environment
        rest = self._library.rest_client.__new__(self._library.rest_client)
        rest.pool_manager = _WithoutRedirects(session)
        rest.proxy = None if _is_socks(endpoint.proxy) else endpoint.proxy
        rest.proxy_headers = None
        rest.server_hostname = endpoint.tls_server_name if endpoint.is_tls else None
        return _HttpSession(rest, certificate)


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


def _connector(endpoint: ServerEndpoint, tls: Any) -> aiohttp.TCPConnector:
    if endpoint.proxy is not None and _is_socks(endpoint.proxy):
        from k9py.kube.socks import SocksConnector

        return SocksConnector(endpoint.proxy, limit=POOL_SIZE, ssl=tls)
    return aiohttp.TCPConnector(limit=POOL_SIZE, ssl=tls)


def _is_socks(proxy: str | None) -> bool:
    return proxy is not None and proxy.startswith("socks5")


async def _error_body(response: ClientResponse) -> bytes:
    """Return the body of an unsuccessful response, up to a limit in bytes and in seconds."""
    body = bytearray()
    async with asyncio.timeout(REQUEST_TIMEOUT.total):
        async for piece in response.content.iter_any():
            body += piece
            if len(body) >= MAX_ERROR_BODY:
                break
    return bytes(body)


class _WithoutRedirects:
    """A session that leaves redirects to `Transport`: aiohttp would send a PATCH with its body to another server."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, **arguments: Any) -> ClientResponse:
        return await self._session.request(**arguments, allow_redirects=False)

    async def close(self) -> None:
        await self._session.close()


class _CredentialsRenewedError(Exception):
    """The server answered 401, and there are other credentials to try."""


def _closed() -> ConnectionFailedError:
    return ConnectionFailedError("The connection to the cluster was closed")
