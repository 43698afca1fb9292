"""Sends requests to one API server and gives back open responses; credentials, TLS and 401 are settled here.

Owns: the sessions (one, and while a client certificate rotates the old one until its streams have ended), the SSL
context made once per certificate, and the timeouts. kubernetes_asyncio's REST client encodes and sends.

A redirect is followed for a read alone, to the same scheme, host and port alone, and a few times: what is sent,
credentials above all, is for one server.

Invariants: a response is used inside `async with` and its socket is closed there unless it was read to its end; every
failure leaves as a `KdashError`; a 401 renews the credentials once and repeats the request once (it was not executed).
Bodies are never logged: `_preload_content=False` keeps kubernetes_asyncio's DEBUG line, which holds them, from running.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp import ClientResponse, ClientTimeout
from multidict import CIMultiDict
from yarl import URL

from k9py import __version__
from k9py.api.errors import ConnectionFailedError
from k9py.kube.client_library import ClientLibrary
from k9py.kube.credential import Credential, Credentials
from k9py.kube.errors import MAX_ERROR_BODY, RequestInfo, error_from_foreign_response, error_from_status
from k9py.kube.foreign_response import ResponseHead, foreign_response_error, malformed_body_error
from k9py.kube.lines import LineBudget
from k9py.kube.redirects import REDIRECT_CODES, redirect_error, redirect_loop_error
from k9py.kube.target import ServerEndpoint
from k9py.kube.tls import ClientCertificate, ssl_context
from k9py.kube.transport_errors import no_response_error, translate_errors

POOL = 512
"""Connections at once: a watch a kind and namespace, the log streams, and the requests between them."""
CONNECT = 15.0
"""Seconds until a connection stands, waiting for a free one in the pool included."""
REQUEST = ClientTimeout(total=60, connect=CONNECT, sock_connect=10)
LIST = ClientTimeout(total=None, connect=CONNECT, sock_connect=10, sock_read=60)
"""A page may take long to transfer; it may not be silent for a minute."""
PAGE = ClientTimeout(total=None, connect=CONNECT, sock_connect=10, sock_read=20)
"""A page that an informer waits for: it may stand 15 s in the queue of API priority and fairness, and then begins."""
PROBE = ClientTimeout(total=10, connect=10, sock_connect=10)
"""A question whose answer is small: whether the server is there."""
ANSWER = 20.0
"""Seconds until a watch's headers are there, connecting included: servers send them at once, or after those 15 s."""
ANSWER_STREAMED_LIST = 5.0
"""The same for a streamed list: there is another way to list when a proxy holds it back."""
MAX_BODY = 256 << 20
"""Bytes of an answer that are read: a page takes a few MB, a server that ignores `limit` sends all that it has."""
_LEADING_BLANKS = 256
"""Bytes before which an answer's object begins."""
_READ_BUFFER = 1 << 19
_REDIRECTS = 5
"""How many redirects of one read are followed."""


def stream_timeout(silence: float | None = None) -> ClientTimeout:
    """Return the timeout of a stream that may be silent for so many seconds; None: for ever."""
    return ClientTimeout(total=None, connect=CONNECT, sock_connect=10, sock_read=silence)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request.

    Args:
        body: becomes JSON.
        silence: seconds a stream's timeout allows, to say in an error.
        answer: seconds until the headers are there; None: as `timeout` says.
    """

    method: str
    path: str
    info: RequestInfo
    query: Sequence[tuple[str, str]] = ()
    body: Mapping[str, Any] | Sequence[Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: ClientTimeout = REQUEST
    idle_timeout: float | None = None
    header_timeout: float | None = None

    @property
    def accepts_any_type(self) -> bool:
        """Whether it asks for something else than JSON: a log."""
        return "Accept" in self.headers


@dataclass(slots=True, eq=False)
class _Session:
    rest: Any
    certificate: ClientCertificate | None
    in_use: int = 0
    retired: bool = False

    async def leave(self) -> None:
        self.in_use -= 1
        if self.retired and not self.in_use:
            await self.rest.close()


class Transport:
    """Requests to one API server as one user.

    Args:
        client: kubernetes_asyncio, loaded.
        endpoint: the server.
        credentials: asked before every request.
    """

    def __init__(self, client: ClientLibrary, endpoint: ServerEndpoint, credentials: Credentials) -> None:
        self._client = client
        self._endpoint = endpoint
        self._credentials = credentials
        self._session: _Session | None = None
        self._sessions: set[_Session] = set()
        self._session_lock = asyncio.Lock()
        self._closed = False
        self.line_budget = LineBudget()
        """What all watches of this server may hold of lines that have not ended."""
        logging.getLogger("kubernetes_asyncio").setLevel(logging.INFO)

    @property
    def server(self) -> str:
        return self._endpoint.server

    async def prepare(self) -> None:
        """Get the first credential and make the session, so that what is wrong with either is told at once.

        Raises:
            ConfigError: a plugin, a certificate or a file cannot be used.
        """
        await self._session_for(await self._credentials.current())

    def retry_now(self) -> None:
        """Ask for credentials again with the next request, also when getting them has just failed."""
        self._credentials.clear_failure()

    @asynccontextmanager
    async def open(self, call: ApiRequest) -> AsyncIterator[ClientResponse]:
        """Send a request and give its successful response, the body unread.

        Raises:
            KdashError: translated; see `errors` and `failures`.
        """
        session, response = await self._answer(call)
        try:
            yield response
        finally:
            response.close()  # not release: what has not been read to its end is a stream, and ends now
            await session.leave()

    async def read(self, call: ApiRequest) -> bytes:
        """Send a request and return the body."""
        async with self.open(call) as response:
            with translate_errors(self.server, silent_for=call.timeout.sock_read, is_repeated=call.info.is_retried):
                body = await _whole_body(response, call, self.server)
        if not call.accepts_any_type and not body[:_LEADING_BLANKS].lstrip().startswith(b"{"):
            raise malformed_body_error(self.server, body)
        return body

    async def aclose(self) -> None:
        """Close every connection; streams still open end with ConnectionFailedError."""
        self._closed = True
        sessions, self._sessions, self._session = self._sessions, set(), None
        for session in sessions:
            await session.rest.close()

    async def _answer(self, call: ApiRequest) -> tuple[_Session, ClientResponse]:
        credential = await self._credentials.current()
        try:
            return await self._try(call, credential, repeat=True)
        except _RejectedError:
            credential = await self._credentials.current()
            return await self._try(call, credential, repeat=False)

    async def _try(self, call: ApiRequest, credential: Credential, *, repeat: bool) -> tuple[_Session, ClientResponse]:
        session = await self._session_for(credential)
        session.in_use += 1
        kept = False
        try:
            try:
                async with asyncio.timeout(call.header_timeout):
                    response = await self._send(session, call, credential)
            except TimeoutError as error:
                raise no_response_error(self.server, call.header_timeout) from error
            try:
                if response.status == 401 and repeat and await self._credentials.renew(credential):
                    raise _RejectedError
                await self._check(response, call)
                kept = True
            finally:
                if not kept:
                    response.close()
        finally:
            if not kept:
                await session.leave()
        return session, response

    async def _send(self, session: _Session, call: ApiRequest, credential: Credential) -> ClientResponse:
        headers = CIMultiDict(
            {"User-Agent": f"kdash/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        headers.update(call.headers)
        headers.extend(credential.headers())
        if self._endpoint.authorization is not None:
            headers["Authorization"] = self._endpoint.authorization
        if not self._endpoint.compression:
            headers["Accept-Encoding"] = "identity"
        url, query = self._endpoint.server + call.path, call.query
        for _ in range(_REDIRECTS + 1):
            with translate_errors(self.server, silent_for=call.idle_timeout, is_repeated=call.info.is_retried):
                response: ClientResponse = await session.rest.request(
                    call.method,
                    url,
                    query_params=query,
                    headers=headers,
                    body=call.body,
                    _preload_content=False,
                    _request_timeout=call.timeout,
                )
            if response.status not in REDIRECT_CODES:
                return response
            response.close()
            url, query = self._redirected(response, call.info), ()
        raise redirect_loop_error(self.server, _REDIRECTS, url)

    def _redirected(self, response: ClientResponse, asked: RequestInfo) -> str:
        """Return where a read is redirected to. Raises ConnectionFailedError where it must not be followed."""
        location = response.headers.get("Location", "")
        try:
            url = response.url.join(URL(location))
            is_same = url.origin() == URL(self._endpoint.server).origin()
        except ValueError:
            location, is_same = "", False
        if asked.is_write or not location or not is_same:
            raise redirect_error(self.server, response.status, location, asked)
        return str(url)

    async def _check(self, response: ClientResponse, call: ApiRequest) -> None:
        answer = ResponseHead(response.status, _content_type(response), response.headers.get("Server", ""))
        is_well = 200 <= response.status < 300
        if is_well and (call.accepts_any_type or not answer.is_foreign):
            return
        with translate_errors(self.server, is_repeated=call.info.is_retried):
            body = await _error_body(response)
        if is_well:
            raise foreign_response_error(self.server, replace(answer, body=body))
        retry_after = response.headers.get("Retry-After")
        stranger = error_from_foreign_response(
            replace(answer, body=body), asked=call.info, server=self.server, retry_after=retry_after
        )
        if stranger is not None:
            raise stranger
        raise error_from_status(
            response.status,
            body,
            asked=call.info,
            retry_after=retry_after,
            credentials=self._credentials.description,
            absence="" if self._endpoint.authorization else self._credentials.missing_reason,
        )

    async def _session_for(self, credential: Credential) -> _Session:
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

    async def _retire(self, session: _Session) -> None:
        session.retired = True
        self._sessions = {one for one in self._sessions if one.in_use}
        if not session.in_use:
            await session.rest.close()

    async def _new_session(self, certificate: ClientCertificate | None) -> _Session:
        endpoint = self._endpoint
        trust: Any = True
        if endpoint.is_tls:
            trust = await asyncio.to_thread(
                ssl_context, endpoint.ca, insecure=endpoint.insecure, certificate=certificate
            )
        session = aiohttp.ClientSession(
            connector=_connector(endpoint, trust),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a netrc entry would replace the token; the proxy was chosen in `proxy`
            read_bufsize=_READ_BUFFER,
        )
        # RESTClientObject's own constructor can neither take a ready SSL context nor leave the environment alone
        rest = self._client.rest_client.__new__(self._client.rest_client)
        rest.pool_manager = _WithoutRedirects(session)
        rest.proxy = None if _is_socks(endpoint.proxy) else endpoint.proxy
        rest.proxy_headers = None
        rest.server_hostname = endpoint.tls_server_name if endpoint.is_tls else None
        return _Session(rest, certificate)


def _content_type(response: ClientResponse) -> str:
    return response.content_type if "Content-Type" in response.headers else ""


async def _whole_body(response: ClientResponse, call: ApiRequest, server: str) -> bytes:
    pieces: list[bytes] = []
    length = 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        length += len(piece)
        if length > MAX_BODY:
            raise ConnectionFailedError(
                f"The answer of {server} to {call.info} has no end: more than {MAX_BODY >> 20} MB",
                "Is it an API server that answers there?",
            )
    return b"".join(pieces)


def _connector(endpoint: ServerEndpoint, trust: Any) -> aiohttp.TCPConnector:
    if endpoint.proxy is not None and _is_socks(endpoint.proxy):
        from k9py.kube.socks import SocksConnector

        return SocksConnector(endpoint.proxy, limit=POOL, ssl=trust)
    return aiohttp.TCPConnector(limit=POOL, ssl=trust)


def _is_socks(proxy: str | None) -> bool:
    return proxy is not None and proxy.startswith("socks5")


async def _error_body(response: ClientResponse) -> bytes:
    """Read a refusal's body, which may come in pieces, up to a bound in bytes and in seconds."""
    body = bytearray()
    async with asyncio.timeout(REQUEST.total):
        async for piece in response.content.iter_any():
            body += piece
            if len(body) >= MAX_ERROR_BODY:
                break
    return bytes(body)


class _WithoutRedirects:
    """A session that leaves redirects to `Transport`: aiohttp would repeat a PATCH, body and all, elsewhere."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, **arguments: Any) -> ClientResponse:
        return await self._session.request(**arguments, allow_redirects=False)

    async def close(self) -> None:
        await self._session.close()


class _RejectedError(Exception):
    """A 401 after which there are other credentials to try."""


def _closed() -> ConnectionFailedError:
    return ConnectionFailedError("The connection to the cluster was closed")
