"""Redirects: never for a write, never to another server, and not without end."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from k9py.api.errors import ConnectionFailedError
from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from tests.unit.kube.connections import connected
from tests.unit.kube.servers import Answer, serving, version

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
TOKEN = {"token": "s3cr3t"}
CODES = [301, 302, 303, 307, 308]


def to(location: str, code: int = 302) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=code, headers={"Location": location} if location else {})

    return answer


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("verb", ["patch", "delete", "evict"])
async def test_a_write_is_never_sent_anywhere_else(tmp_path: Path, code: int, verb: str) -> None:
    key = CHECKOUT if verb == "patch" else ObjectRef("Pod", "shop", "checkout-1")
    request = WriteRequest(key, {"spec": {"replicas": 3}}, verb=verb)  # type: ignore[arg-type]
    async with serving(version) as other:
        for location in (f"{other.url}/elsewhere", "/elsewhere"):
            async with connected(tmp_path, to(location, code), TOKEN) as (connection, server):
                with pytest.raises(ConnectionFailedError, match=r"redirects the write to .*/elsewhere") as caught:
                    await connection.send(request, dry_run=False)
                assert len(server.requests) == 1
                assert caught.value.hint
    assert other.requests == []


@pytest.mark.parametrize("code", CODES)
async def test_credentials_do_not_follow_a_redirect_to_another_server(tmp_path: Path, code: int) -> None:
    async with (
        serving(version) as other,
        connected(tmp_path, to(f"{other.url}/version", code), TOKEN) as (connection, _),
    ):
        with pytest.raises(
            ConnectionFailedError, match="kdash does not send your credentials to another server"
        ) as caught:
            await connection.server_version()
    assert other.url in caught.value.message
    assert other.requests == []


async def test_another_scheme_on_the_same_host_is_another_server(tmp_path: Path) -> None:
    async with connected(tmp_path, to("https://127.0.0.1/version"), TOKEN) as (connection, server):
        with pytest.raises(ConnectionFailedError, match="does not send your credentials to another server"):
            await connection.server_version()
        assert len(server.requests) == 1


async def test_a_read_follows_a_redirect_on_the_same_server(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/version":
            return web.Response(status=307, headers={"Location": "/moved/version?a=b"})
        return await version(request)

    async with connected(tmp_path, answer, TOKEN) as (connection, server):
        assert await connection.server_version() == "v1.36.2"
        assert server.requests[-1].path_qs == "/moved/version?a=b"
        assert server.tokens == ["Bearer s3cr3t"] * 2


async def test_a_redirect_loop_is_an_error_with_the_reason(tmp_path: Path) -> None:
    async with connected(tmp_path, to("/version")) as (connection, server):
        with pytest.raises(ConnectionFailedError, match=r"redirects in a loop: 5 times, last to .*/version"):
            await connection.server_version()
        assert len(server.requests) == 6


@pytest.mark.parametrize("location", ["", "http://[::1"])
async def test_a_redirect_without_location_is_an_error(tmp_path: Path, location: str) -> None:
    async with connected(tmp_path, to(location)) as (connection, _):
        with pytest.raises(ConnectionFailedError, match=r"answered 302, a redirect without a location"):
            await connection.server_version()
