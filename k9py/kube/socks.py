"""Connections through a SOCKS5 proxy (RFC 1928, with the name and password of RFC 1929).

Owns: the handshake, and how it is added to aiohttp. The proxy resolves the server's name (socks5 and socks5h mean the
same, as in Go). Imported only when a cluster has such a proxy. aiohttp-socks is not used: it does not send the
cluster's tls-server-name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from k9py.kube.transport_errors import SocksError

DEFAULT_PORT: Final = 1080
_VERSION, _CONNECT, _NO_AUTHENTICATION, _PASSWORD = 5, 1, 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_REFUSALS: Final = {
    1: "general failure",
    2: "its rules do not allow this connection",
    3: "network unreachable",
    4: "host unreachable",
    5: "the server refused the connection",
    6: "the connection timed out",
    7: "it does not support connections",
    8: "it does not support this kind of address",
}


class SocksConnector(aiohttp.TCPConnector):
    """Connects through a SOCKS proxy.

    Args:
        proxy: socks5://[NAME[:PASSWORD]@]HOST[:PORT]
        options: as for TCPConnector.
    """

    def __init__(self, proxy: str, **options: Any) -> None:
        super().__init__(resolver=_NoResolver(), use_dns_cache=False, **options)
        parts = urlsplit(proxy)
        self._proxy = (parts.hostname or "", parts.port or DEFAULT_PORT)
        self._login = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))

    async def _wrap_create_connection(
        self, *args: Any, addr_infos: list[Any], req: Any, timeout: Any, **options: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        """Establish the connection that aiohttp asks for. `options` contain the TLS context and server name."""
        options.pop("client_error", None)
        host, port = addr_infos[0][4][:2]
        try:
            async with asyncio.timeout(timeout.sock_connect):
                connection = await _connect_through(self._loop, self._proxy, self._login, host, port)
                return await self._loop.create_connection(*args, **options, sock=connection)
        except ssl.SSLCertVerificationError as error:
            raise aiohttp.ClientConnectorCertificateError(req.connection_key, error) from error
        except ssl.SSLError as error:
            raise aiohttp.ClientConnectorSSLError(req.connection_key, error) from error
        except TimeoutError:
            raise
        except OSError as error:
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error


class _NoResolver(AbstractResolver):
    """Returns names unresolved: the proxy resolves them."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=host, port=port, family=int(socket.AF_INET), proto=0, flags=0),
        ]

    async def close(self) -> None:
        """Do nothing: no resource is held."""


async def _connect_through(
    loop: asyncio.AbstractEventLoop, proxy: tuple[str, int], login: tuple[str, str] | None, host: str, port: int
) -> socket.socket:
    """Return a socket that is connected to the host through the proxy."""
    connection = await _connect_to_proxy(loop, *proxy)
    try:
        await _authenticate(loop, connection, login)
        await loop.sock_sendall(connection, bytes((_VERSION, _CONNECT, 0)) + _address(host) + port.to_bytes(2, "big"))
        version, code, _, kind = await _receive_exactly(loop, connection, 4)
        if version != _VERSION:
            raise SocksError("it does not speak SOCKS5")
        if code != 0:
            raise SocksError(_REFUSALS.get(code, f"error {code}"))
        length = {_IPV4: 4, _IPV6: 16}.get(kind)
        if length is None:
            length = (await _receive_exactly(loop, connection, 1))[0]
        await _receive_exactly(loop, connection, length + 2)
    except BaseException:
        connection.close()
        raise
    return connection


async def _connect_to_proxy(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    try:
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SocksError("its name cannot be resolved", is_proxy=True) from error
    failure: OSError | None = None
    for family, kind, protocol, _, address in addresses:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.setblocking(False)
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    reason = (failure.strerror if failure is not None else None) or "no connection"
    raise SocksError(reason, is_proxy=True) from failure


async def _authenticate(
    loop: asyncio.AbstractEventLoop, connection: socket.socket, login: tuple[str, str] | None
) -> None:
    methods = bytes((_NO_AUTHENTICATION,)) if login is None else bytes((_NO_AUTHENTICATION, _PASSWORD))
    await loop.sock_sendall(connection, bytes((_VERSION, len(methods))) + methods)
    version, method = await _receive_exactly(loop, connection, 2)
    if version != _VERSION:
        raise SocksError("it does not speak SOCKS5")
    if method == _NO_AUTHENTICATION:
        return
    if method != _PASSWORD or login is None:
        raise SocksError(
            "it requires a name and password" if login is None else "it supports no sign-in method that kdash supports"
        )
    await loop.sock_sendall(connection, b"\x01" + b"".join(_length_prefixed(text.encode()) for text in login))
    if (await _receive_exactly(loop, connection, 2))[1] != 0:
        raise SocksError("it does not accept the name and password of proxy-url")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bytes((_NAME,)) + _length_prefixed(host.encode("idna") if not host.isascii() else host.encode())
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed


def _length_prefixed(text: bytes) -> bytes:
    if len(text) > 255:
        raise SocksError("a name is too long for SOCKS5")
    return bytes((len(text),)) + text


async def _receive_exactly(loop: asyncio.AbstractEventLoop, connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        try:
            chunk = await loop.sock_recv(connection, count - len(received))
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise SocksError("it closed the connection (is it a SOCKS5 proxy?)")
        received += chunk
    return received
