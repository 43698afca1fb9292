"""A connection whose credentials are refused, renewed, or come from a plugin."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from aiohttp import web

from k9py.api.errors import (
    ConfigError,
    UnauthorizedError,
)
from k9py.api.meta import ObjectRef
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.logs.source import LogTarget
from k9py.runtime.clock import SystemClock
from tests.unit.kube.connections import connected
from tests.unit.kube.kubeconfigs import encoded, environ, kubeconfig, plugin_user
from tests.unit.kube.servers import requiring, serving, status, tls_server, version

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
LOG = LogTarget("shop", "checkout-1", "app")


async def test_after_a_401_the_rotated_token_file_is_read_and_the_request_repeated(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer old":
            token.write_text("new")
            return status(401, "Unauthorized", "Unauthorized")
        return await version(request)

    async with connected(tmp_path, answer, {"tokenFile": str(token)}) as (connection, server):
        assert await connection.server_version() == "v1.36.2"
        assert server.tokens == ["Bearer old", "Bearer new"]


async def test_after_a_401_a_token_newly_written_into_the_kubeconfig_is_used(tmp_path: Path) -> None:
    async with connected(tmp_path, requiring("Bearer new"), {"token": "old"}) as (connection, server):
        kubeconfig(tmp_path, cluster={"server": server.url}, user={"token": "new"})
        assert await connection.server_version() == "v1.36.2"


async def test_a_new_token_never_goes_to_the_old_server(tmp_path: Path) -> None:
    async with connected(tmp_path, requiring("Bearer new"), {"token": "old"}) as (connection, server):
        kubeconfig(tmp_path, cluster={"server": "http://127.0.0.1:1"}, user={"token": "new"})
        with pytest.raises(UnauthorizedError):
            await connection.server_version()
        assert set(server.tokens) == {"Bearer old"}


async def test_a_second_401_is_an_error_that_names_the_credentials(tmp_path: Path) -> None:
    async with connected(tmp_path, requiring(), {"token": "abc"}) as (connection, server):
        with pytest.raises(UnauthorizedError, match="does not accept the kubeconfig's token"):
            await connection.server_version()
        assert len(server.requests) == 1


class LeapingClock(SystemClock):
    """A clock on which each reading is long after the last one."""

    def __init__(self) -> None:
        self._seconds = iter(range(0, 100_000, 1000))

    def monotonic(self) -> float:
        return next(self._seconds)


async def test_an_exec_plugins_token_is_used_and_renewed_after_a_401(tmp_path: Path) -> None:
    script = tmp_path / "plugin.py"
    script.write_text(
        "import json, pathlib\n"
        f"runs = pathlib.Path({str(tmp_path / 'runs')!r})\n"
        "runs.write_text((runs.read_text() if runs.exists() else '') + 'x')\n"
        "status = {'token': f'token-{len(runs.read_text())}'}\n"
        "answer = {'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential', 'status': status}\n"
        "print(json.dumps(answer))\n"
    )
    user = plugin_user(sys.executable, [str(script)])
    async with serving(requiring("Bearer token-2"), tls=tls_server()) as server:
        cluster = {"server": server.url, "certificate-authority-data": encoded("ca.crt")}
        path = kubeconfig(tmp_path, cluster=cluster, user=user)
        connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path), clock=LeapingClock())
        assert await connection.server_version() == "v1.36.2"
        assert server.tokens == ["Bearer token-1", "Bearer token-2"]
        await connection.aclose()


async def test_a_failing_plugin_is_an_error_of_connect(tmp_path: Path) -> None:
    user = plugin_user(sys.executable, ["-c", "raise SystemExit('sign in first')"])
    path = kubeconfig(tmp_path, cluster={"server": "https://127.0.0.1:1"}, user=user)
    with pytest.raises(ConfigError, match="sign in first"):
        await connect(ConnectOptions(str(path)), environ=environ(tmp_path))
