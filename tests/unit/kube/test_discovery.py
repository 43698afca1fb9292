"""Discovery over HTTP: which requests it sends to which server, partial failures, and who shares a result."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from k9py.api.errors import ForbiddenError, KdashError, NotFoundError, UnavailableError
from k9py.api.meta import ObjectRef
from k9py.kube.discovery import MISS_SECONDS, Discovery
from tests.unit.kube.connections import connected
from tests.unit.kube.servers import Answer

WIDGETS = {"name": "widgets", "singularName": "widget", "namespaced": True, "kind": "Widget", "verbs": ["list", "get"]}
PODS = {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["list", "watch"]}
OLD_SERVER: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {"name": name, "versions": [{"groupVersion": f"{name}/v1", "version": "v1"}]}
            for name in ("example.com", "metrics.k8s.io", "secret.example.com")
        ],
    },
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [PODS]},
    "/apis/example.com/v1": {"kind": "APIResourceList", "groupVersion": "example.com/v1", "resources": [WIDGETS]},
    "/apis/metrics.k8s.io/v1": 503,
    "/apis/secret.example.com/v1": 403,
}
AGGREGATED: dict[str, Any] = {
    "/api": {"kind": "APIGroupDiscoveryList", "items": []},
    "/apis": {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "example.com"},
                "versions": [
                    {
                        "version": "v1",
                        "resources": [
                            {"resource": "widgets", "responseKind": {"kind": "Widget"}, "scope": "Namespaced"}
                        ],
                    }
                ],
            }
        ],
    },
    "/apis/example.com/v1/namespaces/shop/widgets/w": {"kind": "Widget", "metadata": {"name": "w"}},
}


def serving(documents: dict[str, Any]) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        document = documents.get(request.path, 404)
        if isinstance(document, int):
            return web.json_response({"kind": "Status", "code": document}, status=document)
        return web.json_response(document)

    return answer


async def test_an_aggregating_server_is_asked_twice(tmp_path: Path) -> None:
    async with connected(tmp_path, serving(AGGREGATED)) as (connection, server):
        found = await connection.discover()
        assert sorted(request.path for request in server.requests) == ["/api", "/apis"]
        assert "as=APIGroupDiscoveryList" in server.requests[0].headers["Accept"]
        assert found.types.find("widgets") is connection.resource_types.find("widget")


async def test_an_older_server_is_asked_for_each_group_version(tmp_path: Path) -> None:
    async with connected(tmp_path, serving(OLD_SERVER)) as (connection, server):
        found = await connection.discover()
        assert sorted(request.path for request in server.requests) == sorted(OLD_SERVER)
        assert found.types.find("widgets") is not None
        assert {name: type(error) for name, error in found.errors.items()} == {
            "metrics.k8s.io/v1": UnavailableError,
            "secret.example.com/v1": ForbiddenError,
        }


@pytest.mark.parametrize("path", ["/api", "/apis"])
async def test_one_half_that_fails_is_an_error_and_the_other_half_counts(tmp_path: Path, path: str) -> None:
    async with connected(tmp_path, serving({**AGGREGATED, path: 503})) as (connection, _):
        found = await connection.discover()
        assert set(found.errors) == {path}
        assert found.types.find("pods") is not None


async def test_a_server_that_answers_neither_is_an_error_and_nothing_is_forgotten(tmp_path: Path) -> None:
    documents = dict(AGGREGATED)
    async with connected(tmp_path, serving(documents)) as (connection, _):
        await connection.discover()
        documents.update({"/api": 403, "/apis": 403})
        with pytest.raises(ForbiddenError):
            await connection.discover()
        assert connection.resource_types.find("widgets") is not None


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"kind":"APIGroupDiscoveryList","items":3}'])
async def test_what_is_no_discovery_document_is_an_error(tmp_path: Path, body: bytes) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    async with connected(tmp_path, answer) as (connection, _):
        with pytest.raises(KdashError):
            await connection.discover()


async def test_the_reference_of_a_type_that_is_not_known_is_discovered(tmp_path: Path) -> None:
    async with connected(tmp_path, serving(AGGREGATED)) as (connection, server):
        widget = ObjectRef("Widget", "shop", "w", "example.com")
        assert (await connection.get(widget))["metadata"]["name"] == "w"
        await connection.get(widget)
        assert [request.path for request in server.requests].count("/apis") == 1
        with pytest.raises(NotFoundError, match='no resource type "wigdets"') as raised:
            await connection.find_type("wigdets")
        assert "widgets" in raised.value.hint
        assert [request.path for request in server.requests].count("/apis") == 1, "it was discovered just now"


async def test_unknown_names_lead_to_a_discovery_at_most_every_ten_seconds(tmp_path: Path) -> None:
    seconds = 0.0
    async with connected(tmp_path, serving(AGGREGATED)) as (connection, server):
        discovery = Discovery(connection._transport, lambda: seconds)
        await discovery.refresh_after_miss()
        await discovery.refresh_after_miss()
        assert len(server.requests) == 2
        seconds = MISS_SECONDS
        await discovery.refresh_after_miss()
        assert len(server.requests) == 4


async def test_who_comes_during_a_discovery_does_not_start_another(tmp_path: Path) -> None:
    async with connected(tmp_path, serving(AGGREGATED)) as (connection, server):
        results = await asyncio.gather(*(connection.find_type("widgets") for _ in range(5)))
        assert {found.plural for found in results} == {"widgets"}
        assert len(server.requests) == 2


async def test_lists_and_access_reviews_take_any_type(tmp_path: Path) -> None:
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    listed = {"items": [{"metadata": {"name": "w"}}], "metadata": {}}
    documents = {**AGGREGATED, "/apis/example.com/v1/namespaces/shop/widgets": listed}
    documents[review] = {"status": {"allowed": True}}
    async with connected(tmp_path, serving(documents)) as (connection, server):
        widgets = await connection.find_type("widgets")
        items = await connection.list(widgets, "shop", label_selector="app=x", field_selector="metadata.name=w")
        assert [item["metadata"]["name"] for item in items] == ["w"]
        query = server.requests[-1].query
        assert (query["labelSelector"], query["fieldSelector"]) == ("app=x", "metadata.name=w")
        assert await connection.can_i("delete", widgets, "shop")
        attributes = json.loads(server.bodies[-1])["spec"]["resourceAttributes"]
        assert attributes == {"verb": "delete", "group": "example.com", "resource": "widgets", "namespace": "shop"}
