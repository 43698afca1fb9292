"""The side of an API server in a WebSocket to a container, for tests of the client: each test writes its messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from k9py.api.streams import ContainerRef
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.runtime.clock import Clock
from tests.unit.kube.kubeconfigs import environ, kubeconfig
from tests.unit.kube.servers import Answer, Recorder, serving

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
WEB = ContainerRef("shop", "web-1", "app")
SUCCESS = b'\x03{"metadata":{},"status":"Success"}'

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


def exit_status(code: int) -> bytes:
    """Return the message of a command that ended with this exit code, as an API server writes it."""
    status = {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
    return b"\x03" + json.dumps(status).encode()


def talking(talk: Talk, *protocols: str, **options: Any) -> Answer:
    """Upgrade every request, talk, then close normally."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=protocols or (V5,), compress=False, timeout=0.1, **options)
        await socket.prepare(request)
        await talk(socket)
        await socket.close()
        return socket

    return answer


def sending(*messages: bytes) -> Talk:
    """Return a talk that only sends messages."""

    async def talk(socket: web.WebSocketResponse) -> None:
        for message in messages:
            await socket.send_bytes(message)

    return talk


def cut(socket: web.WebSocketResponse) -> None:
    """Cut the connection, as a server that is killed does."""
    transport = socket.get_extra_info("transport")
    raw = transport if transport is not None else socket._req.transport  # type: ignore[union-attr]
    assert isinstance(raw, asyncio.Transport)
    raw.abort()


@asynccontextmanager
async def commands(
    tmp_path: Path, answer: Answer, *, clock: Clock | None = None, **user: Any
) -> AsyncIterator[tuple[Connection, Recorder]]:
    """Serve an API server that answers like this, and connect to it."""
    async with serving(answer) as server:
        path = kubeconfig(tmp_path, cluster={"server": server.url}, user=user or None, namespace="shop")
        connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path), clock=clock)
        try:
            yield connection, server
        finally:
            await connection.aclose()
