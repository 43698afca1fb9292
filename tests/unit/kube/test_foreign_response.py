"""A response that no API server sent is described as what it is, for every kind of request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from k9py.api.errors import ConnectionFailedError, KdashError, UnauthorizedError, UnavailableError
from k9py.api.kinds import KINDS
from k9py.api.meta import ObjectRef
from k9py.informer.lister_watcher import ListerWatcher
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from tests.unit.kube.connections import connected
from tests.unit.kube.kubeconfigs import environ, kubeconfig

POD = ObjectRef("Pod", "shop", "checkout-1")
NGINX = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
HTML, JSON, TEXT = "text/html", "application/json", "text/plain"

FOREIGN: dict[str, tuple[int, bytes, str, type[KdashError], str]] = {
    "nginx": (404, NGINX, HTML, ConnectionFailedError, "an HTML page (404 from nginx), not as the Kubernetes API"),
    "another program in Go": (
        404,
        b"404 page not found\n",
        TEXT,
        ConnectionFailedError,
        'text: "404 page not found" (404',
    ),
    "a captive portal": (
        200,
        b"<!DOCTYPE html><title>Hotel &amp; Spa:\n sign in</title>",
        HTML,
        ConnectionFailedError,
        'an HTML page (200, "Hotel & Spa: sign in")',
    ),
    "a page that claims to be JSON": (200, b" <html>Log in", JSON, ConnectionFailedError, "an HTML page (200)"),
    "text": (200, b"hello\x1b[31m there\x07", TEXT, ConnectionFailedError, 'text: "hello there'),
    "text that claims to be JSON": (
        200,
        b"hello",
        JSON,
        ConnectionFailedError,
        'it sent "hello" where JSON was expected',
    ),
    "nothing": (200, b"", TEXT, ConnectionFailedError, "an empty body of type text/plain (200)"),
    "nothing that claims to be JSON": (200, b"", JSON, ConnectionFailedError, "the body is empty"),
    "a list": (200, b"[1]", JSON, ConnectionFailedError, "it sent a list where an object was expected"),
    "JSON cut off": (200, b'{"kind":"Pod","meta', JSON, ConnectionFailedError, "damaged or cut off (after 19 bytes)"),
    "XML": (403, b"<?xml version='1.0'?><Error/>", "application/xml", ConnectionFailedError, "an XML document (403)"),
    "gRPC": (200, b"", "application/grpc+proto", ConnectionFailedError, "answered with gRPC (200)"),
    "a firewall": (
        403,
        b"<html><title>Access denied</title>",
        HTML,
        ConnectionFailedError,
        'an HTML page (403, "Access denied")',
    ),
    "a proxy's sign-in": (401, b"<html><title>Sign in</title>", HTML, UnauthorizedError, 'HTML page (401, "Sign in")'),
    "a proxy without a server": (503, b"<html><title>503</title>", HTML, UnavailableError, "an HTML page (503)"),
    "TLS behind nginx": (
        400,
        b"<html><title>400 The plain HTTP request was sent to HTTPS port</title>",
        HTML,
        ConnectionFailedError,
        "speaks HTTPS, and the kubeconfig says http://",
    ),
    "TLS in Go": (
        400,
        b"Client sent an HTTP request to an HTTPS server.\n",
        TEXT,
        ConnectionFailedError,
        "speaks HTTPS, and the kubeconfig says http://",
    ),
}


@pytest.mark.parametrize(("code", "body", "content_type", "kind", "expected"), FOREIGN.values(), ids=FOREIGN)
async def test_a_foreign_response_is_described(
    tmp_path: Path, code: int, body: bytes, content_type: str, kind: type[KdashError], expected: str
) -> None:
    async with foreign_server(tmp_path, code, body, content_type) as connection:
        for asking in (connection.get(POD), connection.list("Pod", "shop"), connection.server_version()):
            with pytest.raises(kind) as caught:
                await asking
            assert expected in caught.value.message
            assert caught.value.message.isprintable()
            assert "http://127.0.0.1" in caught.value.message
            assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", "it sent other JSON"),
        (b"[1]", "it sent a list"),
        (b'{"kind":"PodList","meta', "damaged or cut off"),
        (b"<html>", "an HTML page"),
        (b'{"type":"ADDED","object":{"kind":"Pod"', "was cut off"),
    ],
)
async def test_a_foreign_response_is_described_in_place_of_a_watch(tmp_path: Path, body: bytes, expected: str) -> None:
    async with foreign_server(tmp_path, 200, body, JSON) as connection:
        lister = connection.lister_watcher(KINDS["Pod"], "shop")
        with pytest.raises(ConnectionFailedError, match=expected):
            await watched(lister)


async def watched(lister: ListerWatcher) -> None:
    async with lister.watch(resource_version="", send_initial_events=True, timeout_seconds=60) as events:
        async for _ in events:
            pass


async def test_an_api_that_is_missing_on_an_older_server_is_no_foreign_response(tmp_path: Path) -> None:
    async with foreign_server(tmp_path, 404, b"404 page not found\n", TEXT) as connection:
        with pytest.raises(KdashError, match="The server has no such API: list horizontalpodautoscalers"):
            await connection.list("HorizontalPodAutoscaler", "shop")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", r'speaks another protocol \("SSH-2.0-OpenSSH_9.6"\)'),
        (b"\0\0\x12\x04" + b"\0" * 23, "speaks only HTTP/2, as gRPC does"),
        (b"", "was cut off"),
    ],
)
async def test_a_server_that_speaks_no_http_is_described(tmp_path: Path, sent: bytes, expected: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        path = kubeconfig(tmp_path, cluster={"server": f"http://127.0.0.1:{port}"})
        connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path))
        with pytest.raises(ConnectionFailedError, match=expected) as caught:
            await connection.server_version()
        assert "http" in caught.value.hint
        await connection.aclose()


@pytest.mark.parametrize(
    ("user", "code", "expected", "hint"),
    [
        ({}, 401, "requires authentication, and the kubeconfig's user has no credentials", "Sign in"),
        ({}, 403, "You are not signed in: the user system:anonymous may not get pods", "has no credentials: sign in"),
        ({"token": "t"}, 401, "does not accept the kubeconfig's token", "get a new token"),
    ],
)
async def test_missing_credentials_differ_from_wrong_ones(
    tmp_path: Path, user: dict[str, Any], code: int, expected: str, hint: str
) -> None:
    body = (
        b'{"kind":"Status","message":"pods is forbidden: User \\"system:anonymous\\" cannot get resource \\"pods\\""}'
    )
    async with foreign_server(tmp_path, code, body, JSON, user) as connection:
        with pytest.raises(KdashError, match=expected) as caught:
            await connection.get(POD)
        assert hint in caught.value.hint


@asynccontextmanager
async def foreign_server(
    tmp_path: Path, code: int, body: bytes, content_type: str, user: dict[str, Any] | None = None
) -> AsyncIterator[Connection]:
    """Connect to a server that sends the same response to every request, without a Server header."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=code, body=body, content_type=content_type, headers={"Server": ""})

    async with connected(tmp_path, answer, user) as (connection, _):
        yield connection
