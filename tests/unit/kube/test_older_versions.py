"""A server that lacks the preferred version of a type is read in the version that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from k9py.api.errors import ForbiddenError, MissingApiError, NotFoundError
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, DynamicKind, TableKind
from k9py.api.resource_type import ResourceType
from tests.unit.kube.connections import connected
from tests.unit.kube.servers import Answer

WIDGETS = ResourceType("example.com", "v2", "widgets", "Widget", ref_group="example.com")
AUTOSCALERS = "/apis/autoscaling/{}/namespaces/shop/horizontalpodautoscalers"


def serving(versions: dict[str, list[str]], *, discovery: int = 200) -> Answer:
    """Serve empty lists of autoscalers and widgets in some versions, preferred ones first."""
    plurals = {
        "autoscaling": ("horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        "example.com": ("widgets", "Widget"),
    }

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path in ("/api", "/apis"):
            items = [
                {
                    "metadata": {"name": group},
                    "versions": [
                        {
                            "version": version,
                            "resources": [
                                {
                                    "resource": plurals[group][0],
                                    "responseKind": {"kind": plurals[group][1]},
                                    "scope": "Namespaced",
                                }
                            ],
                        }
                        for version in of_group
                    ],
                }
                for group, of_group in versions.items()
                if request.path == "/apis"
            ]
            return web.json_response({"kind": "APIGroupDiscoveryList", "items": items}, status=discovery)
        _, _, group, version, *_ = request.path.split("/")
        if version not in versions.get(group, ()):
            return web.Response(text="404 page not found\n", status=404)
        if request.query.get("watch"):
            return web.Response(body=b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n')
        return web.json_response({"metadata": {"name": "web", "resourceVersion": "7"}, "items": []})

    return answer


def paths(requests: list[web.BaseRequest]) -> list[str]:
    return [request.path for request in requests if request.path.startswith("/apis/")]


async def test_the_first_list_changes_to_the_version_that_is_served(tmp_path: Path) -> None:
    async with connected(tmp_path, serving({"autoscaling": ["v1"]})) as (connection, server):
        lister = connection.lister_watcher(HORIZONTAL_POD_AUTOSCALER, "shop")
        await lister.list_page(limit=1)
        await lister.probe()
        async with lister.watch(resource_version="7", send_initial_events=False, timeout_seconds=5) as stream:
            async for _ in stream:
                pass
        v1, v2 = AUTOSCALERS.format("v1"), AUTOSCALERS.format("v2")
        assert paths(server.requests) == [v2, v1, v1, v1]
        await connection.lister_watcher(HORIZONTAL_POD_AUTOSCALER, "shop").list_page(limit=1)
        assert paths(server.requests)[4:] == [v1], "what was discovered is used at once"


async def test_a_streaming_list_changes_too(tmp_path: Path) -> None:
    async with connected(tmp_path, serving({"autoscaling": ["v1"]})) as (connection, server):
        lister = connection.lister_watcher(HORIZONTAL_POD_AUTOSCALER, "shop")
        async with lister.watch(resource_version="", send_initial_events=True, timeout_seconds=5) as stream:
            assert [line async for lines in stream for line in lines]
        assert paths(server.requests)[-1] == AUTOSCALERS.format("v1")


@pytest.mark.parametrize("versions", [[], ["v2beta1"]])
async def test_what_is_served_in_no_version_that_can_be_decoded_is_missing(tmp_path: Path, versions: list[str]) -> None:
    async with connected(tmp_path, serving({"autoscaling": versions, "example.com": ["v1"]})) as (connection, server):
        lister = connection.lister_watcher(HORIZONTAL_POD_AUTOSCALER, "shop")
        for _ in range(3):
            with pytest.raises(MissingApiError):
                await lister.list_page(limit=1)
        assert [request.path for request in server.requests].count("/apis") == 1


async def test_any_version_of_a_type_without_a_struct_will_do(tmp_path: Path) -> None:
    async with connected(tmp_path, serving({"example.com": ["v1", "v1alpha1"]})) as (connection, server):
        for kind in (TableKind(WIDGETS), DynamicKind(WIDGETS)):
            await connection.lister_watcher(kind, "shop").list_page(limit=1)
        assert paths(server.requests)[-1] == "/apis/example.com/v1/namespaces/shop/widgets"


async def test_the_preferred_version_is_requested_without_discovery(tmp_path: Path) -> None:
    async with connected(tmp_path, serving({"autoscaling": ["v2", "v1"]})) as (connection, server):
        await connection.lister_watcher(HORIZONTAL_POD_AUTOSCALER, "shop").list_page(limit=1)
        assert [request.path for request in server.requests] == [AUTOSCALERS.format("v2")]


async def test_where_discovery_is_forbidden_the_api_is_missing(tmp_path: Path) -> None:
    async with connected(tmp_path, serving({"autoscaling": ["v1"]}, discovery=403)) as (connection, _):
        with pytest.raises(NotFoundError):
            await connection.lister_watcher(HORIZONTAL_POD_AUTOSCALER, "shop").list_page(limit=1)
        with pytest.raises(ForbiddenError):
            await connection.discover()


async def test_an_object_is_read_in_the_version_that_is_served(tmp_path: Path) -> None:
    async with connected(tmp_path, serving({"autoscaling": ["v1"]})) as (connection, server):
        ref = HORIZONTAL_POD_AUTOSCALER.key("shop", "web")
        got: dict[str, Any] = await connection.get(ref)
        assert got["metadata"]["name"] == "web"
        assert paths(server.requests) == [AUTOSCALERS.format("v2") + "/web", AUTOSCALERS.format("v1") + "/web"]
