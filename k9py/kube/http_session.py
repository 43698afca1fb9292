"""An HTTP session to one API server: its connections, TLS, and the way through a proxy.

Owns: kubernetes_asyncio's REST client over an aiohttp session, and the SSL context, made once per certificate.
Invariant: redirects are left to the caller, and nothing is read from the environment.
To add a kind of proxy: `_connector`, and `proxy.SCHEMES`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponse

from k9py.kube.client_library import ClientLibrary
from k9py.kube.target import ServerEndpoint
from k9py.kube.tls import ClientCertificate, ssl_context
from k9py.kube.websocket import leave_refused_upgrades

POOL_SIZE: Final = 512
"""Connections at the same time: a watch per kind and namespace, the log streams, and the requests between them."""
_READ_BUFFER: Final = 1 << 19


@dataclass(slots=True, eq=False)
class HttpSession:
    """A session of kubernetes_asyncio's REST client with its aiohttp session, and how many responses use it."""

    rest: Any
    client: aiohttp.ClientSession
    certificate: ClientCertificate | None
    in_use: int = 0
    is_retired: bool = False

    async def release(self) -> None:
        """Give a response back; the last one closes a retired session."""
        self.in_use -= 1
        if self.is_retired and not self.in_use:
            await self.rest.close()


async def open_http_session(
    library: ClientLibrary, endpoint: ServerEndpoint, certificate: ClientCertificate | None
) -> HttpSession:
    """Return a session that has sent nothing yet. Raises ConfigError when a certificate cannot be used."""
    tls: Any = True
    if endpoint.is_tls:
        tls = await asyncio.to_thread(ssl_context, endpoint.ca, insecure=endpoint.insecure, certificate=certificate)
    client = aiohttp.ClientSession(
        connector=_connector(endpoint, tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,  # a netrc entry would replace the token; `proxy` has chosen the proxy
        read_bufsize=_READ_BUFFER,
        middlewares=(leave_refused_upgrades,),
    )
    # RESTClientObject's own constructor takes no SSL context, and reads the environment
    rest = library.rest_client.__new__(library.rest_client)
    rest.pool_manager = _WithoutRedirects(client)
    rest.proxy = None if _is_socks(endpoint.proxy) else endpoint.proxy
    rest.proxy_headers = None
    rest.server_hostname = endpoint.tls_server_name if endpoint.is_tls else None
    return HttpSession(rest, client, certificate)


def _connector(endpoint: ServerEndpoint, tls: Any) -> aiohttp.TCPConnector:
    if endpoint.proxy is not None and _is_socks(endpoint.proxy):
        from k9py.kube.socks import SocksConnector

        return SocksConnector(endpoint.proxy, limit=POOL_SIZE, ssl=tls)
    return aiohttp.TCPConnector(limit=POOL_SIZE, ssl=tls)


def _is_socks(proxy: str | None) -> bool:
    return proxy is not None and proxy.startswith("socks5")


class _WithoutRedirects:
    """A session that leaves redirects to `Transport`: aiohttp would send a PATCH with its body to another server."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, **arguments: Any) -> ClientResponse:
        return await self._session.request(**arguments, allow_redirects=False)

    async def close(self) -> None:
        await self._session.close()
