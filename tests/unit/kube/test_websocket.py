"""The upgrade to a WebSocket: over which connection, what a refusal means, and when a silent connection is lost."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from k9py.api.errors import (
    BadRequestError,
    ConnectionFailedError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
    UnresponsiveError,
)
from k9py.api.streams import CommandEnd, ContainerStream, StreamsUnsupportedError
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.kube.websocket import UNANSWERED_PINGS
from k9py.runtime.clock import SystemClock
from tests.conformance.kubeconfigs.servers import running
from tests.unit.kube.exec_servers import SUCCESS, WEB, Talk, commands, sending, talking
from tests.unit.kube.kubeconfigs import encoded, environ, kubeconfig
from tests.unit.kube.servers import Answer, serving, status, version

UNREACHABLE_NODE = "error dialing backend: dial tcp 10.0.0.7:10250: connect: connection refused"


def answering(code: int, text: str = "", *, type_: str = "text/plain", **headers: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=code, text=text, content_type=type_, headers=headers)

    return answer


def refusing(code: int, message: str, reason: str = "") -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return status(code, message, reason)

    return answer


async def bare_101(request: web.BaseRequest) -> web.StreamResponse:
    """Switch to a protocol that is no WebSocket, as for SPDY."""
    transport = request.transport
    assert transport is not None
    transport.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n")
    await asyncio.Event().wait()
    raise AssertionError


async def failure(tmp_path: Path, answer: Answer) -> KdashError:
    async with commands(tmp_path, answer, token="abc") as (connection, server):
        with pytest.raises(KdashError) as caught:
            async with connection.open_exec(WEB, ["ls"]):
                pass
        assert len(server.requests) == 1
        return caught.value


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answering(400, "unable to upgrade: missing upgrade headers in request: http.Header{}"), "missing upgrade"),
        (refusing(400, "Upgrade request required", "BadRequest"), r"400 \(Upgrade request required\)"),
        (answering(400, "Bad Request\nwebsocket: the client is not using the websocket protocol"), "400"),
        (answering(400, "<html><title>Bad Request</title>", type_="text/html"), "an HTML page"),
        (answering(403), "403"),
        (answering(403, "<html><title>Blocked</title>", type_="text/html"), '"Blocked"'),
        (answering(405, "bad method"), r"405 \(bad method\)"),
        (answering(426, "Upgrade Required"), "426"),
        (answering(501), "501"),
        (answering(200, "{}", type_="application/json"), "200"),
        (answering(200, "<html><title>Sign in</title>", type_="text/html"), "Sign in"),
        (bare_101, "its answer is none"),
        (talking(sending(SUCCESS), "v1.channel.k8s.io"), "without a protocol that kdash speaks"),
    ],
)
async def test_a_server_without_websockets_is_recognized(tmp_path: Path, answer: Answer, expected: str) -> None:
    error = await failure(tmp_path, answer)
    assert type(error) is StreamsUnsupportedError
    assert error.message.startswith("The server http://127.0.0.1:")
    assert "create pods/exec web-1 in the namespace shop" in error.message
    assert re.search(expected, error.message), error.message
    assert "older than Kubernetes 1.30" in error.hint
    assert "SPDY" in error.hint


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (
            refusing(403, 'pods "web-1" is forbidden: User "eve" cannot get resource "pods/exec" in API group ""'),
            ForbiddenError,
            "The user eve may not get pods/exec web-1 in the namespace shop",
        ),
        (
            refusing(403, 'pods "web-1" is forbidden: ', "Forbidden"),
            ForbiddenError,
            "Your user may not create pods/exec web-1 in the namespace shop",
        ),
        (refusing(403, 'pods "web-1" is forbidden: no shells here'), ForbiddenError, "no shells here"),
        (refusing(404, 'pods "web-1" not found', "NotFound"), NotFoundError, 'pods "web-1" not found'),
        (
            refusing(400, "container app is not valid for pod web-1", "BadRequest"),
            BadRequestError,
            "container app is not valid for pod web-1",
        ),
        (answering(400, 'query parameter "port" is required'), BadRequestError, 'query parameter "port" is required'),
        (
            answering(404, 'unable to upgrade connection: container not found ("app")'),
            NotFoundError,
            'unable to upgrade connection: container not found ("app")',
        ),
        (refusing(500, UNREACHABLE_NODE, "InternalError"), UnavailableError, UNREACHABLE_NODE),
        (refusing(401, "Unauthorized", "Unauthorized"), UnauthorizedError, "does not accept the kubeconfig's token"),
        (answering(503, "<html>", type_="text/html"), UnavailableError, "an HTML page"),
    ],
)
async def test_a_refusal_of_this_request_is_the_error_of_any_request(
    tmp_path: Path, answer: Answer, kind: type[KdashError], expected: str
) -> None:
    error = await failure(tmp_path, answer)
    assert type(error) is kind
    assert expected in error.message


async def test_who_may_only_create_learns_why_kubectl_works(tmp_path: Path) -> None:
    text = 'pods "web-1" is forbidden: User "eve" cannot get resource "pods/exec" in API group ""'
    error = await failure(tmp_path, refusing(403, text))
    assert "kubectl auth can-i get pods --subresource=exec -n shop" in error.hint
    assert "kdash needs the verbs get and create" in error.hint


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_an_upgrade_is_not_redirected(tmp_path: Path, code: int) -> None:
    async with serving(version) as other:
        error = await failure(tmp_path, answering(code, Location=f"{other.url}/login"))
        assert type(error) is ConnectionFailedError
        assert f"redirects the write to {other.url}/login" in error.message
        assert other.requests == []


async def test_an_upgrade_that_is_not_answered_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k9py.kube.container_stream.HANDSHAKE_SECONDS", 0.01)

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    assert type(await failure(tmp_path, silent)) is UnresponsiveError


async def test_credentials_are_renewed_after_a_401_and_the_command_is_sent_again(tmp_path: Path) -> None:
    token, accept = tmp_path / "token", talking(sending(SUCCESS))
    token.write_text("old")

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer old":
            token.write_text("new")
            return status(401, "Unauthorized", "Unauthorized")
        return await accept(request)

    async with commands(tmp_path, answer, tokenFile=str(token)) as (connection, server):
        async with connection.open_exec(WEB, ["ls"]) as stream:
            assert await stream.end() == CommandEnd(0)
        assert server.tokens == ["Bearer old", "Bearer new"]


TRUSTED = {"certificate-authority-data": encoded("ca.crt")}
ALICE = {
    "client-certificate-data": encoded("alice.crt"),
    "client-key-data": encoded("alice.key"),
    "as": "bob",
    "as-groups": ["ops"],
}


@pytest.mark.parametrize("scheme", ["", "http", "socks5"])
async def test_an_upgrade_uses_the_tls_proxy_and_impersonation_of_every_request(tmp_path: Path, scheme: str) -> None:
    async with running(talking(sending(b"\x01hello", SUCCESS))) as servers:
        cluster: dict[str, Any] = TRUSTED | {
            "server": f"https://127.0.0.1:{servers.tls_port}",
            "tls-server-name": "kube.test",
        }
        if scheme:
            cluster |= {
                "server": f"https://nowhere.test:{servers.tls_port}",
                "proxy-url": f"{scheme}://me:pw@127.0.0.1:{servers.proxy_port}",
            }
        path = kubeconfig(tmp_path, cluster=cluster, user=ALICE)
        connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path))
        try:
            async with connection.open_exec(WEB, ["ls"]) as stream:
                assert [data async for _, data in stream.output()] == [b"hello"]
        finally:
            await connection.aclose()
    (seen,) = servers.seen
    assert (seen.client, seen.sni) == ("alice", "kube.test")
    assert dict(seen.headers) == {"impersonate-user": "bob", "impersonate-group": "ops"}
    assert seen.proxy.startswith({"": "", "http": "connect nowhere.test:", "socks5": "socks5 nowhere.test:"}[scheme])
    assert bool(seen.proxy) == bool(scheme)


class PingTime(SystemClock):
    """A clock on which only `tick` lets a sleeper go."""

    def __init__(self) -> None:
        self._ticks: asyncio.Queue[None] = asyncio.Queue()
        self._sleeping = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self._sleeping.set()
        await self._ticks.get()

    async def tick(self) -> None:
        """Let the sleeper go when it sleeps; it takes what arrives meanwhile."""
        async with asyncio.timeout(5):
            await self._sleeping.wait()
        self._sleeping.clear()
        self._ticks.put_nowait(None)
        for _ in range(20):
            await asyncio.sleep(0)


class Deaf:
    """A talk that receives but never answers a ping, and counts them."""

    def __init__(self) -> None:
        self.pings = 0
        self.received = 0
        self.ended = asyncio.Event()

    async def __call__(self, socket: web.WebSocketResponse) -> None:
        while (message := await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
            self.pings += message.type is WSMsgType.PING
            self.received += message.type is WSMsgType.BINARY


async def test_a_server_that_answers_no_ping_is_lost(tmp_path: Path) -> None:
    clock, server = PingTime(), Deaf()
    async with (
        commands(tmp_path, talking(server, autoping=False), clock=clock) as (connection, _),
        connection.open_exec(WEB, ["sleep", "1000"], stdin=True) as stream,
    ):
        await stream.send(b"typed")
        ending = asyncio.create_task(stream.end())
        for _ in range(UNANSWERED_PINGS):
            await clock.tick()
        assert not ending.done()
        await clock.tick()
        with pytest.raises(UnresponsiveError, match=r"The stream was lost: the server .* silent for 65 s") as caught:
            await ending
        assert "Nobody knows whether the command still runs" in caught.value.hint
    assert server.pings == UNANSWERED_PINGS


async def ticked(tmp_path: Path, talk: Talk, ticks: int, *, autoping: bool, sent: bytes = b"") -> ContainerStream:
    """Tick while a stream is open and its end is awaited; fail when it ends."""
    clock = PingTime()
    async with (
        commands(tmp_path, talking(talk, autoping=autoping), clock=clock) as (connection, _),
        connection.open_exec(WEB, ["sleep", "1000"], stdin=True) as stream,
    ):
        await stream.send(sent)
        ending = asyncio.create_task(stream.end())
        for _ in range(ticks):
            await clock.tick()
            assert not ending.done()
        ending.cancel()
        return stream


async def test_a_server_that_answers_pings_may_be_silent_for_ever(tmp_path: Path) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.receive()  # answers pings meanwhile
        await socket.receive()

    await ticked(tmp_path, talk, 4 * UNANSWERED_PINGS, autoping=True, sent=b"x")


async def test_a_ping_behind_input_that_the_command_does_not_read_proves_nothing(tmp_path: Path) -> None:
    await ticked(tmp_path, Deaf(), 4 * UNANSWERED_PINGS, autoping=False, sent=bytes(1 << 17))


async def test_a_server_is_not_lost_while_its_output_is_not_read(tmp_path: Path) -> None:
    clock = PingTime()

    async def talk(socket: web.WebSocketResponse) -> None:
        for _ in range(200):
            await socket.send_bytes(b"\x01" + bytes(1 << 15))
        await socket.send_bytes(SUCCESS)

    async with (
        commands(tmp_path, talking(talk, autoping=False), clock=clock) as (connection, _),
        connection.open_exec(WEB, ["cat"]) as stream,
    ):
        for _ in range(4 * UNANSWERED_PINGS):
            await clock.tick()
        total = 0
        async for _, data in stream.output():
            total += len(data)
        assert total == 200 << 15


async def test_pings_of_the_server_are_answered(tmp_path: Path) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.ping(b"are you there")
        answer = await socket.receive()
        assert (answer.type, answer.data) == (WSMsgType.PONG, b"are you there")
        await socket.send_bytes(b"\x03" + json.dumps({"status": "Success"}).encode())

    async with (
        commands(tmp_path, talking(talk, autoping=False)) as (connection, _),
        connection.open_exec(WEB, ["cat"]) as stream,
    ):
        assert await stream.end() == CommandEnd(0)
