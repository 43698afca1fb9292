"""Custom resources: the exchanges of `tests/data/custom_resources.json`, which a real API server 1.36 answered.

The exchanges are one story, replayed in order: definitions that are refused, one that is created, its objects in every
representation, and its end. Compared without uids, times, resourceVersions and managedFields; causes in any order,
because the real order is random. The tests below it are about watches and several definitions.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import CONFIGMAPS, HORIZONTALPODAUTOSCALERS, NAMESPACES
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import TABLE, Object, RawClient, RawResponse
from tests.unit.simulator.objects import add_namespace
from tests.unit.simulator.recordings import comparable

_STORY: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "custom_resources.json").read_text())
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_DEFINITION: Object = next(step["body"] for step in _STORY if step["title"] == "definition: create")
_NAME: str = _DEFINITION["metadata"]["name"]
_WIDGETS = "/apis/shop.example.com/v1/namespaces/shop/widgets"
_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


async def test_the_story_is_answered_as_by_the_real_server(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_namespace)
    different = []
    for step in _STORY:
        given = await client.send(
            step["method"], step["path"], step["body"], content_type=step["contentType"], accept=step["accept"]
        )
        if (given.status, comparable(given.body)) != (step["status"], comparable(step["response"])):
            different.append((step["title"], given.status, comparable(given.body), comparable(step["response"])))
    assert different == []


# -- watches ---------------------------------------------------------------------------------------------------------


async def _define(simulator: Simulator, client: RawClient, definition: Object = _DEFINITION) -> RawResponse:
    simulator.call(lambda state: state.storage.get(NAMESPACES, None, "shop") or add_namespace(state))
    return await client.send("POST", _DEFINITIONS, definition)


def _widget(name: str, size: int = 3) -> Object:
    return {
        "apiVersion": "shop.example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"size": size},
    }


async def test_deleting_a_definition_ends_the_watches_of_its_objects_after_their_deletion(
    simulator: Simulator, client: RawClient
) -> None:
    await _define(simulator, client)
    created = await client.send("POST", _WIDGETS, _widget("a"))
    version = created.body["metadata"]["resourceVersion"]
    async with (
        client.stream(f"{_WIDGETS}?watch=1&resourceVersion={version}", accept=TABLE) as rows,
        client.stream(f"{_WIDGETS}?watch=1&resourceVersion={version}") as objects,
        client.stream(f"{_DEFINITIONS}?watch=1&resourceVersion={version}") as definitions,
    ):
        await client.send("DELETE", f"{_DEFINITIONS}/{_NAME}")
        (row,) = await rows.remaining()
        (deleted,) = await objects.remaining()
        types = [(await definitions.event())["type"] for _ in range(3)]
    assert json.loads(row)["type"] == json.loads(deleted)["type"] == "DELETED"
    assert json.loads(row)["object"]["rows"][0]["cells"][:2] == ["a", 3]
    assert types == ["MODIFIED", "MODIFIED", "DELETED"]
    assert (await client.get(_WIDGETS)).status == 404


async def test_a_finalizer_of_an_object_keeps_its_definition(simulator: Simulator, client: RawClient) -> None:
    await _define(simulator, client)
    held = _widget("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await client.send("POST", _WIDGETS, held)
    await client.send("POST", _WIDGETS, _widget("free"))
    await client.send("DELETE", f"{_DEFINITIONS}/{_NAME}")
    definition = (await client.get(f"{_DEFINITIONS}/{_NAME}")).body
    assert definition["status"]["conditions"][-1]["reason"] == "InstanceDeletionInProgress"
    (left,) = (await client.get(_WIDGETS)).body["items"]
    assert (left["metadata"]["name"], "deletionTimestamp" in left["metadata"]) == ("held", True)
    refused = await client.send("POST", _WIDGETS, _widget("new"))
    assert refused.status == 403
    assert "create not allowed while custom resource definition is terminating" in refused.body["message"]
    await client.patch(f"{_WIDGETS}/held", {"metadata": {"finalizers": None}})
    assert (await client.get(_WIDGETS)).status == 404
    assert (await client.get(f"{_DEFINITIONS}/{_NAME}")).status == 404


async def test_changing_a_definition_ends_its_watches_and_expires_their_revisions(
    simulator: Simulator, client: RawClient
) -> None:
    await _define(simulator, client)
    version = (await client.send("POST", _WIDGETS, _widget("a"))).body["metadata"]["resourceVersion"]
    async with client.stream(f"{_WIDGETS}?watch=1&resourceVersion={version}") as watch:
        changed = await client.patch(f"{_DEFINITIONS}/{_NAME}", {"spec": {"names": {"shortNames": ["wd", "wdg"]}}})
        assert changed.body["metadata"]["generation"] == 2
        assert await watch.remaining() == []
    async with client.stream(f"{_WIDGETS}?watch=1&resourceVersion={version}") as watch:
        error = (await watch.event())["object"]
        assert (error["code"], error["reason"]) == (410, "Expired")
    (listed,) = (await client.get("/apis/shop.example.com/v1")).body["resources"][:1]
    assert listed["shortNames"] == ["wd", "wdg"]
    assert [item["metadata"]["name"] for item in (await client.get(_WIDGETS)).body["items"]] == ["a"]


async def test_a_label_on_a_definition_leaves_its_watches_open(simulator: Simulator, client: RawClient) -> None:
    await _define(simulator, client)
    version = simulator.call(lambda state: str(state.storage.revision))
    async with client.stream(f"{_WIDGETS}?watch=1&resourceVersion={version}") as watch:
        await client.patch(f"{_DEFINITIONS}/{_NAME}", {"metadata": {"labels": {"team": "a"}}})
        await client.send("POST", _WIDGETS, _widget("b"))
        assert (await watch.event())["object"]["metadata"]["name"] == "b"


async def test_a_watch_as_table_sends_the_columns_once(simulator: Simulator, client: RawClient) -> None:
    await _define(simulator, client)
    await client.send("POST", _WIDGETS, _widget("a"))
    await client.send("POST", _WIDGETS, _widget("b"))
    query = "watch=1&allowWatchBookmarks=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan&includeObject=None"
    async with client.stream(f"{_WIDGETS}?{query}", accept=TABLE) as watch:
        first, second, mark = [await watch.event() for _ in range(3)]
    assert [column["name"] for column in first["object"]["columnDefinitions"]][:3] == ["Name", "Size", "Ready"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"] == [{"cells": ["b", 3, *[None] * 2, "silver", *[None] * 4, "0s"], "object": None}]
    (empty,) = mark["object"]["rows"]
    assert empty["cells"] == ["", *[None] * 9]
    assert empty["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_page_of_a_table_has_the_columns_and_a_continue_token(simulator: Simulator, client: RawClient) -> None:
    await _define(simulator, client)
    for name in ("a", "b", "c"):
        await client.send("POST", _WIDGETS, _widget(name))
    first = (await client.get(f"{_WIDGETS}?limit=2", accept=TABLE)).body
    assert first["metadata"]["remainingItemCount"] == 1
    token = first["metadata"]["continue"]
    second = (await client.get(f"{_WIDGETS}?limit=2&continue={token}", accept=TABLE)).body
    assert [row["cells"][0] for row in first["rows"] + second["rows"]] == ["a", "b", "c"]
    assert second["columnDefinitions"] == first["columnDefinitions"]


# -- several definitions, several clusters ---------------------------------------------------------------------------


async def test_names_of_another_type_of_the_group_are_not_accepted(simulator: Simulator, client: RawClient) -> None:
    await _define(simulator, client)
    names = {"plural": "gadgets", "kind": "Gadget", "shortNames": ["wd"]}
    spec = {**_DEFINITION["spec"], "names": names}
    clashing = {**_DEFINITION, "metadata": {"name": "gadgets.shop.example.com"}, "spec": spec}
    await _define(simulator, client, clashing)
    stored = (await client.get(f"{_DEFINITIONS}/gadgets.shop.example.com")).body
    conditions = {c["type"]: (c["status"], c["reason"], c["message"]) for c in stored["status"]["conditions"]}
    assert conditions == {
        "NamesAccepted": ("False", "ShortNamesConflict", '"wd" is already in use'),
        "Established": ("False", "NotAccepted", "not all names are accepted"),
    }
    assert (await client.get("/apis/shop.example.com/v1/gadgets")).status == 404


async def test_a_core_kind_of_another_group_is_a_type_of_its_own(simulator: Simulator, client: RawClient) -> None:
    names = {"plural": "services", "kind": "Service", "shortNames": ["ksvc"]}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _ANYTHING}}
    spec = {"group": "serving.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "services.serving.example.com"},
        "spec": spec,
    }
    assert (await _define(simulator, client, body)).status == 201
    path = "/apis/serving.example.com/v1/namespaces/shop/services"
    service = {"apiVersion": "serving.example.com/v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"a": 1}}
    created = await client.send("POST", path, service)
    assert (created.status, created.body["spec"]) == (201, {"a": 1})
    assert (await client.get("/api/v1/namespaces/shop/services")).body["items"] == []
    (row,) = (await client.get(path, accept=TABLE)).body["rows"]
    assert row["cells"] == ["web", "0s"]


async def test_an_object_with_a_custom_owner_is_deleted_with_it() -> None:
    with Simulator("shop", clock=ManualClock()) as running:
        async with aiohttp.ClientSession() as session:
            admin = RawClient(session, running.url, running.token())
            await _define(running, admin)
            owner = (await admin.send("POST", _WIDGETS, _widget("a"))).body["metadata"]
            reference = {"apiVersion": "shop.example.com/v1", "kind": "Widget", "name": "a", "uid": owner["uid"]}
            owned = {"metadata": {"name": "owned", "ownerReferences": [reference]}, "data": {}}
            path = "/api/v1/namespaces/shop/configmaps"
            assert (await admin.send("POST", path, owned)).status == 201
            await admin.send("DELETE", f"{_WIDGETS}/a")
            await asyncio.to_thread(
                running.wait_until, lambda state: state.storage.get(CONFIGMAPS, "shop", "owned") is None
            )


async def test_types_belong_to_one_server(simulator: Simulator, client: RawClient) -> None:
    await _define(simulator, client)
    with Simulator(clock=ManualClock()) as other:
        assert other.call(lambda state: state.storage.resources.of_kind("shop.example.com/v1", "Widget")) is None
    assert simulator.call(lambda state: state.storage.resources.of_kind("shop.example.com/v1", "Widget")) is not None


async def test_a_server_without_a_version_serves_the_other_one(simulator: Simulator, client: RawClient) -> None:
    simulator.call(lambda state: add_namespace(state) and None)
    simulator.call(lambda state: state.storage.resources.remove(HORIZONTALPODAUTOSCALERS))
    path = "/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers"
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    spec = {"scaleTargetRef": reference, "maxReplicas": 5, "targetCPUUtilizationPercentage": 70}
    created = await client.send("POST", path, {"metadata": {"name": "checkout"}, "spec": spec})
    assert created.body["spec"] == {**spec, "minReplicas": 1}
    assert (await client.get("/apis/autoscaling/v2/horizontalpodautoscalers")).status == 404
    (row,) = (await client.get(path, accept=TABLE)).body["rows"]
    assert row["cells"] == ["checkout", "Deployment/checkout", "cpu: <unknown>/70%", "1", 5, 0, "0s"]
