"""A connection over plain HTTP to a tiny server: its requests, their results, and the errors."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from k9py.api.errors import (
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    NotFoundError,
)
from k9py.api.kinds import NODE, POD
from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.logs.source import LogSource, LogTarget
from k9py.operations.patcher import Patcher, Reader
from tests.unit.kube.connections import connected
from tests.unit.kube.kubeconfigs import environ, kubeconfig, write
from tests.unit.kube.servers import Answer, requiring, serving, status, version

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
LOG = LogTarget("shop", "checkout-1", "app")


def streaming(*pieces: bytes, end_in_order: bool = True) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if not end_in_order:
            assert request.transport is not None
            request.transport.close()
        return response

    return answer


async def consume(batches: AsyncIterator[list[bytes]], lines: list[bytes]) -> None:
    async for batch in batches:
        lines += batch


def pages(*names: str, expire_at: str = "") -> Answer:
    """A list with one item per page, whose continue tokens are page numbers."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "limit" not in request.query:
            return web.json_response({"items": [{"metadata": {"name": name}} for name in names], "metadata": {}})
        number = int(request.query.get("continue", "0"))
        if expire_at and request.query.get("continue") == expire_at:
            return status(410, "The provided continue parameter is too old", "Expired")
        rest = {"continue": str(number + 1)} if number + 1 < len(names) else {}
        return web.json_response({"items": [{"metadata": {"name": names[number]}}], "metadata": rest})

    return answer


async def test_a_connection_implements_the_protocols_of_other_packages(tmp_path: Path) -> None:
    async with connected(tmp_path, version) as (connection, server):
        needed: tuple[LogSource, Patcher, Reader] = (connection, connection, connection)
        assert len(needed) == 3
        assert connection.info.context == connection.info.cluster == connection.info.user == "shop"
        assert (connection.info.server, connection.info.namespace) == (server.url, "shop")


async def test_every_request_carries_the_token_and_our_user_agent(tmp_path: Path) -> None:
    async with connected(tmp_path, requiring("Bearer abc"), {"token": "abc"}) as (connection, server):
        assert await connection.server_version() == "v1.36.2"
        assert server.requests[0].headers["User-Agent"].startswith("kdash/")


async def test_impersonated_groups_are_all_sent(tmp_path: Path) -> None:
    user = {"token": "abc", "as": "bob", "as-groups": ["one", "two"]}
    async with connected(tmp_path, version, user) as (connection, server):
        await connection.server_version()
        assert server.requests[0].headers.getall("Impersonate-Group") == ["one", "two"]


async def test_a_netrc_entry_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password wrong")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with connected(tmp_path, requiring("Bearer abc"), {"token": "abc"}) as (connection, _):
        assert await connection.server_version() == "v1.36.2"


async def test_list_reads_every_page(tmp_path: Path) -> None:
    async with connected(tmp_path, pages("a", "b", "c")) as (connection, server):
        items = await connection.list("Pod", "shop", label_selector="app=x")
        assert [item["metadata"]["name"] for item in items] == ["a", "b", "c"]
        assert all(request.query["labelSelector"] == "app=x" for request in server.requests)


async def test_a_list_that_expires_between_two_pages_is_read_again_without_pages(tmp_path: Path) -> None:
    async with connected(tmp_path, pages("a", "b", "c", expire_at="1")) as (connection, _):
        assert len(await connection.list("Pod", "shop")) == 3


@pytest.mark.parametrize(("most", "read", "left_out"), [(100, 3, 0), (2, 2, None)])
async def test_owners_are_read_page_by_page_as_metadata(
    tmp_path: Path, most: int, read: int, left_out: int | None
) -> None:
    async with connected(tmp_path, pages("a", "b", "c")) as (connection, server):
        owners = await connection.list_owners(POD.resource_type, "shop", most=most)
        assert (len(owners.objects), owners.left_out) == (read, left_out)
        assert len(server.requests) == read
        assert {request.query["limit"] for request in server.requests} == {str(most)}
        assert "PartialObjectMetadataList" in server.requests[0].headers["Accept"]


async def test_a_page_is_requested_as_the_informer_asks_and_may_be_compressed(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=gzip.compress(b'{"items":[]}'), headers={"Content-Encoding": "gzip"})

    async with connected(tmp_path, answer) as (connection, server):
        lister = connection.lister_watcher(POD, "shop", label_selector="a=b", field_selector="spec.nodeName=n")
        assert await lister.list_page(limit=500, resource_version="0") == b'{"items":[]}'
        assert await lister.list_page(limit=500, continue_token="t=", resource_version="0") == b'{"items":[]}'
        chosen = {"labelSelector": "a=b", "fieldSelector": "spec.nodeName=n", "limit": "500"}
        assert server.requests[0].path == "/api/v1/namespaces/shop/pods"
        assert "gzip" in server.requests[0].headers["Accept-Encoding"]
        assert dict(server.requests[0].query) == chosen | {"resourceVersion": "0"}
        assert dict(server.requests[1].query) == chosen | {"continue": "t="}


async def test_a_kind_without_namespaces_is_listed_for_the_cluster(tmp_path: Path) -> None:
    async with connected(tmp_path, pages("n")) as (connection, server):
        await connection.lister_watcher(NODE, "shop").list_page(limit=1)
        assert server.requests[0].path == "/api/v1/nodes"


async def test_a_watch_yields_whole_lines_of_any_length_and_ends_without_error(tmp_path: Path) -> None:
    long = b'{"x":"' + b"x" * 5_000_000 + b'"}'
    async with connected(tmp_path, streaming(b'{"a":1}\n{"b"', b":2}\n", long, b"\n")) as (connection, server):
        watch = connection.lister_watcher(POD).watch(
            resource_version="7", send_initial_events=True, timeout_seconds=290
        )
        async with watch as batches:
            lines = [line async for batch in batches for line in batch]
        assert lines == [b'{"a":1}', b'{"b":2}', long]
        assert dict(server.requests[0].query) == {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "290",
            "resourceVersion": "7",
            "sendInitialEvents": "true",
            "resourceVersionMatch": "NotOlderThan",
        }


@pytest.mark.parametrize("end_in_order", [True, False])
async def test_a_watch_cut_inside_a_line_fails_after_the_whole_ones(tmp_path: Path, end_in_order: bool) -> None:
    answer = streaming(b'{"a":1}\n{"b"', end_in_order=end_in_order)
    lines: list[bytes] = []
    async with connected(tmp_path, answer) as (connection, _):
        watch = connection.lister_watcher(POD).watch(resource_version="", send_initial_events=False, timeout_seconds=9)
        async with watch as batches:
            with pytest.raises(ConnectionFailedError, match="was cut off"):
                await consume(batches, lines)
    assert b'{"b"' not in lines


async def test_a_watch_that_is_left_closes_its_socket(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"a":1}\n')
        try:
            await asyncio.Event().wait()
        finally:
            left.set()  # cancelled, because the client has gone
        return response

    async with connected(tmp_path, answer) as (connection, _):
        watch = connection.lister_watcher(POD).watch(resource_version="", send_initial_events=False, timeout_seconds=9)
        async with watch as batches:
            assert await anext(aiter(batches)) == [b'{"a":1}']
        await left.wait()


async def test_a_closed_connection_ends_its_streams_and_refuses_requests(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"line\n")
        await asyncio.Event().wait()
        return response

    async with connected(tmp_path, answer) as (connection, _):
        async with connection.open_log(LOG, follow=True) as batches:
            lines = aiter(batches)
            assert await anext(lines) == [b"line"]
            await connection.aclose()
            with pytest.raises(ConnectionFailedError):
                await anext(lines)
        with pytest.raises(ConnectionFailedError, match="was closed"):
            await connection.server_version()


async def test_a_log_is_requested_and_split_into_bounded_lines(tmp_path: Path) -> None:
    since = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
    async with connected(tmp_path, streaming(b"one\n\ntw", b"o\n" + b"x" * 70_000, b"\nlast")) as (connection, server):
        async with connection.open_log(LOG, follow=True, tail_lines=5, since_time=since, previous=True) as batches:
            lines = [line async for batch in batches for line in batch]
        assert lines[:3] == [b"one", b"", b"two"]
        assert lines[3] == b"x" * 65536 + " … [4464 more bytes cut]".encode()
        assert lines[4:] == [b"last"]
        assert server.requests[0].path == "/api/v1/namespaces/shop/pods/checkout-1/log"
        assert dict(server.requests[0].query) == {
            "container": "app",
            "timestamps": "true",
            "follow": "true",
            "previous": "true",
            "tailLines": "5",
            "sinceTime": "2026-11-22T12:00:00.250000Z",
        }


async def test_a_patch_is_sent_as_json_of_its_type_with_our_field_manager(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"kind": "Scale"})

    async with connected(tmp_path, answer) as (connection, server):
        patch = [{"op": "replace", "path": "/spec/replicas", "value": 3}]
        request = WriteRequest(CHECKOUT, patch, patch_type="json", subresource="scale")
        assert await connection.send(request, dry_run=True) == {"kind": "Scale"}
        asked = server.requests[0]
        assert (asked.method, asked.path) == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/checkout/scale")
        assert asked.headers["Content-Type"] == "application/json-patch+json"
        assert dict(asked.query) == {"dryRun": "All", "fieldManager": "kdash"}
        assert json.loads(server.bodies[0]) == patch


async def test_a_delete_sends_its_preconditions(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"kind": "Status"})

    async with connected(tmp_path, answer) as (connection, server):
        key = ObjectRef("Pod", "shop", "checkout-1")
        await connection.send(WriteRequest(key, {"preconditions": {"uid": "u"}}, verb="delete"), dry_run=False)
        assert server.requests[0].method == "DELETE"
        assert dict(server.requests[0].query) == {}
        assert json.loads(server.bodies[0])["preconditions"] == {"uid": "u"}


async def test_the_dry_run_of_a_delete_is_set_where_the_server_reads_it(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"kind": "Status"})

    async with connected(tmp_path, answer) as (connection, server):
        key = ObjectRef("Pod", "shop", "checkout-1")
        for dry_run in (True, False):
            await connection.send(WriteRequest(key, {"preconditions": {"uid": "u"}}, verb="delete"), dry_run=dry_run)
        # A body takes precedence over the query: a dry run requested only in the query would delete.
        assert [json.loads(body).get("dryRun") for body in server.bodies] == [["All"], None]


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (409, "the object has been modified", ConflictError),
        (404, 'deployments.apps "checkout" not found', NotFoundError),
        (403, 'User "bob" cannot patch resource "deployments"', ForbiddenError),
    ],
)
async def test_a_refused_write_is_translated(tmp_path: Path, code: int, message: str, error: type[Exception]) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return status(code, message)

    async with connected(tmp_path, answer) as (connection, _):
        with pytest.raises(error):
            await connection.send(WriteRequest(CHECKOUT, {"spec": {}}), dry_run=False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"allowed": True}, True),
        ({"allowed": False}, False),
        ({"allowed": False, "evaluationError": "role not found"}, None),
        ({"allowed": False, "denied": True, "evaluationError": "x"}, False),
    ],
)
async def test_can_i_distinguishes_yes_no_and_unknown(
    tmp_path: Path, given: dict[str, Any], expected: bool | None
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"status": given}, status=201)

    async with connected(tmp_path, answer) as (connection, server):
        assert await connection.can_i("get", "Pod", "shop", subresource="log") is expected
        assert json.loads(server.bodies[0])["spec"]["resourceAttributes"] == {
            "verb": "get",
            "resource": "pods",
            "subresource": "log",
            "namespace": "shop",
        }


async def test_can_i_is_unknown_where_asking_is_forbidden(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return status(403, "no", "Forbidden")

    async with connected(tmp_path, answer) as (connection, _):
        assert await connection.can_i("list", "Pod", "") is None


async def test_an_error_body_that_arrives_in_pieces_is_read_completely(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=409, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for piece in (b'{"kind":"Status",', b'"message":"the object has been modified",', b'"reason":"Conflict"}'):
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    async with connected(tmp_path, answer) as (connection, _):
        with pytest.raises(ConflictError, match=r"^the object has been modified$") as caught:
            await connection.get(CHECKOUT)
        assert caught.value.reason == "Conflict"


async def test_a_web_page_is_no_api_response(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async with connected(tmp_path, answer) as (connection, _):
        with pytest.raises(ConnectionFailedError, match="answered with an HTML page"):
            await connection.get(CHECKOUT)


async def test_a_name_cannot_lead_to_another_path(tmp_path: Path) -> None:
    async with connected(tmp_path, version) as (connection, server):
        await connection.get(ObjectRef("Deployment", "a/../b", "x?dryRun=All"))
        assert server.requests[0].rel_url.raw_path == "/apis/apps/v1/namespaces/a%2F..%2Fb/deployments/x%3FdryRun=All"


async def test_bodies_are_not_logged_at_debug(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"data": {"password": "s3cr3t"}})

    with caplog.at_level(logging.DEBUG):
        async with connected(tmp_path, answer, {"token": "t0ken"}) as (connection, _):
            await connection.get(CHECKOUT)
    assert "s3cr3t" not in caplog.text
    assert "t0ken" not in caplog.text


async def test_requests_go_through_the_proxy_with_its_password(tmp_path: Path) -> None:
    async with serving(version) as proxy:
        through = proxy.url.replace("http://", "http://me:pw@")
        path = kubeconfig(tmp_path, cluster={"server": "http://kube.test:8080", "proxy-url": through})
        connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path))
        assert await connection.server_version() == "v1.36.2"
        assert proxy.requests[0].headers["Host"] == "kube.test:8080"
        assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic bWU6cHc="
        await connection.aclose()


async def test_a_second_context_connects_to_its_own_server(tmp_path: Path) -> None:
    async with serving(requiring("Bearer b")) as server:
        path = write(
            tmp_path / "config",
            {
                "clusters": [
                    {"name": "a", "cluster": {"server": "http://127.0.0.1:1"}},
                    {"name": "b", "cluster": {"server": server.url}},
                ],
                "users": [{"name": "a", "user": {"token": "a"}}, {"name": "b", "user": {"token": "b"}}],
                "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in ("a", "b")],
                "current-context": "a",
            },
        )
        connection = await connect(ConnectOptions(str(path), "b"), environ=environ(tmp_path))
        assert await connection.server_version() == "v1.36.2"
        await connection.aclose()
