"""An API server with TLS, one without, and a proxy; each records requests with everything that distinguishes clients.

Owns: what a client is seen to do. The proxy speaks HTTP CONNECT, plain HTTP and SOCKS5 on one port, and connects every
name to loopback. Invariant: nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.unit.kube.kubeconfigs import CERTS
from tests.unit.kube.servers import Answer, client_name, version

_WORTH_COMPARING = ("authorization", "impersonate-user", "impersonate-uid", "impersonate-group")


@dataclass(frozen=True, slots=True, order=True)
class SeenRequest:
    """One request, as the server saw it."""

    path: str
    tls: bool
    sni: str
    client: str
    headers: tuple[tuple[str, str], ...]
    proxy: str


@dataclass(slots=True)
class Servers:
    """The ports, and the requests since the last call of `taken`."""

    tls_port: int = 0
    plain_port: int = 0
    proxy_port: int = 0
    seen: list[SeenRequest] = field(default_factory=list)
    sni: dict[Any, str] = field(default_factory=dict)
    tunnels: dict[int, str] = field(default_factory=dict)

    def taken(self) -> list[SeenRequest]:
        """Return the recorded requests, and clear the record."""
        seen, self.seen = self.seen, []
        return seen

    def places(self) -> dict[str, str]:
        """Return the values of `@...` in a kubeconfig's text."""
        ports = {"tls": self.tls_port, "plain": self.plain_port, "proxy": self.proxy_port}
        return {name: str(port) for name, port in ports.items()}


@asynccontextmanager
async def running(answer: Answer = version) -> AsyncIterator[Servers]:
    """Serve until the end of the block."""
    servers = Servers()

    async def recording(request: web.BaseRequest) -> web.StreamResponse:
        servers.seen.append(_seen(servers, request))
        return await answer(request)

    runner = web.ServerRunner(web.Server(recording), shutdown_timeout=0.1)
    await runner.setup()
    secure, plain = (
        web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_context(servers)),
        web.TCPSite(runner, "127.0.0.1", 0),
    )
    await secure.start()
    await plain.start()
    servers.tls_port, servers.plain_port = (address[1] for address in runner.addresses)
    proxy = await asyncio.start_server(lambda reader, writer: _Tunnel(servers, reader, writer).run(), "127.0.0.1", 0)
    servers.proxy_port = proxy.sockets[0].getsockname()[1]
    try:
        yield servers
    finally:
        proxy.close()
        await runner.cleanup()


def _context(servers: Servers) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(CERTS / "ca.crt"))
    context.load_cert_chain(CERTS / "server.crt", CERTS / "server.key")
    context.verify_mode = ssl.CERT_OPTIONAL

    def remember(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        servers.sni[id(connection)] = name or ""

    context.sni_callback = remember
    return context


def _seen(servers: Servers, request: web.BaseRequest) -> SeenRequest:
    transport = request.transport
    assert transport is not None
    tls = transport.get_extra_info("ssl_object")
    headers = [
        (name.lower(), value)
        for name, value in request.headers.items()
        if name.lower() in _WORTH_COMPARING or name.lower().startswith("impersonate-extra-")
    ]
    return SeenRequest(
        path=request.path_qs,
        tls=tls is not None,
        sni=servers.sni.get(id(tls), ""),
        client=client_name(request),
        headers=tuple(sorted(headers)),
        proxy=servers.tunnels.get(transport.get_extra_info("peername")[1], ""),
    )


class _Tunnel:
    """One connection to the proxy."""

    def __init__(self, servers: Servers, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._servers = servers
        self._reader = reader
        self._writer = writer

    async def run(self) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            first = await self._reader.readexactly(1)
            await (self._socks() if first == b"\x05" else self._http(first))
        self._writer.close()

    async def _http(self, first: bytes) -> None:
        head = first + await self._reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        user = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("proxy-auth")), "")
        if method == "CONNECT":
            self._writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._lead(f"connect {target} {user}".strip(), int(target.rpartition(":")[2]))
            return
        host, _, path = target.removeprefix("http://").partition("/")
        head = head.replace(target.encode("latin-1"), b"/" + path.encode("latin-1"), 1)
        await self._lead(f"http {host} {user}".strip(), int(host.rpartition(":")[2]), head)

    async def _socks(self) -> None:
        methods = await self._reader.readexactly((await self._reader.readexactly(1))[0])
        user = ""
        if 2 in methods:
            self._writer.write(b"\x05\x02")
            await self._reader.readexactly(1)
            user, password = await self._counted(), await self._counted()
            user = f"{user}:{password}"
            self._writer.write(b"\x01\x00")
        else:
            self._writer.write(b"\x05\x00")
        kind = (await self._reader.readexactly(4))[3]
        match kind:
            case 1:
                host = ".".join(map(str, await self._reader.readexactly(4)))
            case 3:
                host = await self._counted()
            case _:
                host = (await self._reader.readexactly(16)).hex()
        port = int.from_bytes(await self._reader.readexactly(2), "big")
        self._writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await self._lead(f"socks5 {host}:{port} {user}".strip(), port)

    async def _counted(self) -> str:
        return (await self._reader.readexactly((await self._reader.readexactly(1))[0])).decode()

    async def _lead(self, route: str, port: int, head: bytes = b"") -> None:
        onward, outward = await asyncio.open_connection("127.0.0.1", port)
        self._servers.tunnels[outward.get_extra_info("sockname")[1]] = route
        outward.write(head)
        await asyncio.gather(_pump(self._reader, outward), _pump(onward, self._writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
    writer.close()
