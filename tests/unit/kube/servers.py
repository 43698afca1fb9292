"""A tiny API server on loopback: answers as the test defines, and records the requests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.unit.kube.kubeconfigs import CERTS

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Recorder:
    """The server's address and the requests that it received."""

    url: str = ""
    requests: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def tokens(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.requests]


@asynccontextmanager
async def serving(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Recorder]:
    """Serve every method and path with one coroutine."""
    recorder = Recorder()

    async def answering(request: web.BaseRequest) -> web.StreamResponse:
        recorder.requests.append(request)
        recorder.bodies.append(await request.read())
        return await answer(request)

    runner = web.ServerRunner(web.Server(answering, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        recorder.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield recorder
    finally:
        await runner.cleanup()


@asynccontextmanager
async def tunnelling(to_port: int) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve as a CONNECT proxy that connects everything to one port; yields its URL and the requested targets."""
    asked: list[str] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
        finally:
            writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        onward, outward = await asyncio.open_connection("127.0.0.1", to_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, outward), pump(onward, writer))

    server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


def tls_server(name: str = "server", *, wants_client: bool = False) -> ssl.SSLContext:
    """Return a server's TLS context with one of the test certificates."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(CERTS / "ca.crt"))
    context.load_cert_chain(CERTS / f"{name}.crt", CERTS / f"{name}.key")
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_name(request: web.BaseRequest) -> str:
    """Return the common name of the client's certificate, "" when it sent none."""
    transport = request.transport
    certificate: Any = transport.get_extra_info("peercert") if transport is not None else None
    for ((field_name, value),) in (certificate or {}).get("subject", ()):
        if field_name == "commonName":
            return str(value)
    return ""


async def version(request: web.BaseRequest) -> web.StreamResponse:
    """Answer as /version does."""
    return web.json_response({"gitVersion": "v1.36.2"})


def status(code: int, message: str, reason: str = "", **details: Any) -> web.Response:
    """Return a Status, in the form of the API server's errors."""
    body = {"kind": "Status", "apiVersion": "v1", "message": message, "reason": reason, "code": code}
    return web.json_response(body | ({"details": details} if details else {}), status=code)


def requiring(*tokens: str) -> Answer:
    """Answer only requests with one of these Authorization headers."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Authorization") not in tokens:
            return status(401, "Unauthorized", "Unauthorized")
        return await version(request)

    return answer
