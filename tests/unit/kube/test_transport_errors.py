"""Failures below HTTP: the message says what happened, the hint what to do."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import aiohttp
import aiohttp.web
import pytest
from aiohttp.client_reqrep import ConnectionKey

from k9py.api.errors import ConnectionFailedError
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.kube.transport_errors import error_from_exception, translate_errors
from tests.unit.kube.kubeconfigs import environ, kubeconfig
from tests.unit.kube.servers import serving, status

SERVER = "https://api.shop.test:6443"
KEY = ConnectionKey("api.shop.test", 6443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "unknown")),
            "The name api.shop.test cannot be resolved",
        ),
        (
            aiohttp.ClientConnectorError(KEY, socket.gaierror(-2, "unknown")),
            "The name api.shop.test cannot be resolved",
        ),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "refused")), "refused the connection"),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.EHOSTUNREACH, "No route to host")), "No route to host"),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ETIMEDOUT, "timed out")), "did not answer in time"),
        (aiohttp.ConnectionTimeoutError("x"), "did not accept a connection in time"),
        (aiohttp.SocketTimeoutError("x"), "was silent for 7 s"),
        (TimeoutError(), "did not answer in time"),
        (aiohttp.ServerDisconnectedError(), "was cut off"),
        (aiohttp.ClientPayloadError("x"), "was cut off"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "was cut off"),
        (aiohttp.ClientConnectionError("Connection closed"), "was cut off"),
        (aiohttp.InvalidURL("x"), "is not a URL"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(failure: Exception, expected: str) -> None:
    error = error_from_exception(failure, SERVER, idle_timeout=7)
    assert expected in error.message
    assert error.hint


def test_a_read_just_after_the_socket_was_closed_is_a_cut_stream() -> None:
    with pytest.raises(ConnectionFailedError, match="cut off"), translate_errors(SERVER):
        raise RuntimeError("Connection closed.")


def test_a_bug_in_kdash_is_not_reported_as_a_network_failure() -> None:
    with pytest.raises(RuntimeError, match="dictionary changed"), translate_errors(SERVER):
        raise RuntimeError("dictionary changed size during iteration")


async def failing(tmp_path: Path, **cluster: object) -> ConnectionFailedError:
    connection = await connect(ConnectOptions(str(kubeconfig(tmp_path, cluster=cluster))), environ=environ(tmp_path))
    with pytest.raises(ConnectionFailedError) as caught:
        await connection.server_version()
    await connection.aclose()
    return caught.value


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


async def test_a_refused_connection_names_server_and_demo(tmp_path: Path) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    error = await failing(tmp_path, server=server)
    assert error.message == f"The server {server} refused the connection"
    assert "kdash --demo" in error.hint


async def test_a_proxy_that_is_down_differs_from_a_server_that_is_down(tmp_path: Path) -> None:
    proxy = {"proxy-url": f"http://127.0.0.1:{free_port()}"}
    error = await failing(tmp_path, server="https://kube.test", **proxy)
    assert "The proxy for https://kube.test cannot be reached" in error.message


async def test_a_proxy_that_refuses_says_its_code(tmp_path: Path) -> None:
    async def refuse(_: aiohttp.web.BaseRequest) -> aiohttp.web.StreamResponse:
        return status(407, "no")

    async with serving(refuse) as proxy:
        error = await failing(tmp_path, server="https://kube.test", **{"proxy-url": proxy.url})
    assert "407" in error.message
