"""Lists: consistent pages, representations, sizes and revisions."""

import asyncio
from typing import Any

import pytest

from k9py.simulator.registry.resources import EVENTS, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import METADATA, METADATA_LIST, TABLE, RawClient
from tests.unit.simulator.objects import add_namespace, add_pod, pod, running_status

PATH = "/api/v1/namespaces/shop/pods"


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        for name in "abcde":
            add_pod(state, name)

    simulator.call(fill)


def _names(body: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


async def test_items_carry_no_kind_of_their_own(client: RawClient) -> None:
    body = (await client.get(PATH)).body
    assert (body["kind"], body["apiVersion"]) == ("PodList", "v1")
    assert next(iter(body["items"][0])) == "metadata"


async def test_pages_hold_so_many_and_count_the_remaining(client: RawClient) -> None:
    first = (await client.get(f"{PATH}?limit=2")).body
    second = (await client.get(f"{PATH}?limit=2&continue={first['metadata']['continue']}")).body
    third = (await client.get(f"{PATH}?limit=2&continue={second['metadata']['continue']}")).body
    assert [_names(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [page["metadata"].get("remainingItemCount") for page in (first, second, third)] == [3, 1, None]
    assert "continue" not in third["metadata"]


async def test_pages_across_namespaces(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_namespace, "a-first")
    simulator.call(add_pod, "z", namespace="a-first")
    first = (await client.get("/api/v1/pods?limit=1")).body
    second = (await client.get(f"/api/v1/pods?limit=2&continue={first['metadata']['continue']}")).body
    assert (_names(first), _names(second)) == (["z"], ["a", "b"])


async def test_all_pages_show_the_moment_of_the_first(simulator: Simulator, client: RawClient) -> None:
    first = (await client.get(f"{PATH}?limit=2")).body

    def change(state: SimulatorState) -> None:
        add_pod(state, "cc")
        state.storage.remove(PODS, "shop", "d")
        pod = state.storage.get(PODS, "shop", "e")
        assert pod is not None
        state.storage.update(PODS, {**pod, "status": {"phase": "Failed"}}, status_only=True)

    simulator.call(change)
    rest = (await client.get(f"{PATH}?continue={first['metadata']['continue']}")).body
    assert _names(rest) == ["c", "d", "e"]
    assert rest["items"][2]["status"]["phase"] == "Running"
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_a_page_of_a_moment_that_is_compacted_is_expired(simulator: Simulator, client: RawClient) -> None:
    first = (await client.get(f"{PATH}?limit=2")).body
    simulator.call(add_pod, "f")
    simulator.call(lambda state: state.storage.compact())
    reply = await client.get(f"{PATH}?limit=2&continue={first['metadata']['continue']}")
    assert (reply.status, reply.body["reason"]) == (410, "Expired")


async def test_pages_of_a_selection_do_not_count_what_remains(client: RawClient) -> None:
    first = (await client.get(f"{PATH}?limit=2&labelSelector=app%3Dcheckout")).body
    assert _names(first) == ["a", "b"]
    assert "remainingItemCount" not in first["metadata"]


async def test_limit_is_ignored_with_revision_zero(client: RawClient) -> None:
    body = (await client.get(f"{PATH}?limit=2&resourceVersion=0")).body
    assert _names(body) == ["a", "b", "c", "d", "e"]


async def test_a_future_revision_is_refused(client: RawClient) -> None:
    reply = await client.get(f"{PATH}?resourceVersion=999999&resourceVersionMatch=NotOlderThan")
    assert (reply.status, reply.body["reason"]) == (504, "Timeout")
    assert reply.headers["Retry-After"] == "1"


async def test_metadata_alone(client: RawClient) -> None:
    body = (await client.get(PATH, accept=METADATA_LIST)).body
    assert body["kind"] == "PartialObjectMetadataList"
    assert set(body["items"][0]) == {"kind", "apiVersion", "metadata"}


@pytest.mark.parametrize(
    ("include", "kind"), [("Object", "Pod"), ("Metadata", "PartialObjectMetadata"), ("None", None)]
)
async def test_rows_carry_what_was_asked(client: RawClient, include: str, kind: str | None) -> None:
    body = (await client.get(f"{PATH}?includeObject={include}", accept=TABLE)).body
    assert (body["rows"][0]["object"] or {}).get("kind") == kind


async def test_only_protobuf_is_not_acceptable(client: RawClient) -> None:
    reply = await client.get(PATH, accept="application/vnd.kubernetes.protobuf")
    assert (reply.status, reply.body["reason"]) == (406, "NotAcceptable")


async def test_events_are_shown_in_the_shape_of_the_api_they_are_asked_through(
    simulator: Simulator, client: RawClient
) -> None:
    event = {
        "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "name": "a"},
        "message": "Back-off",
        "source": {"component": "kubelet"},
        "count": 2,
    }
    simulator.call(lambda state: state.storage.create(EVENTS, event))
    new = (await client.get("/apis/events.k8s.io/v1/namespaces/shop/events/e")).body
    assert (new["apiVersion"], new["regarding"]["name"], new["note"]) == ("events.k8s.io/v1", "a", "Back-off")
    assert new["deprecatedCount"] == 2
    old = (await client.get("/api/v1/namespaces/shop/events/e")).body
    assert (old["apiVersion"], old["involvedObject"]["name"]) == ("v1", "a")
    listed = (await client.get("/apis/events.k8s.io/v1/events")).body
    assert listed["items"][0]["regarding"]["name"] == "a"


async def test_a_large_list_arrives_whole_compressed_and_in_order(simulator: Simulator, client: RawClient) -> None:
    def fill(state: SimulatorState) -> None:
        status = running_status()
        for count in range(5000):
            state.storage.create(PODS, {**pod(f"many-{count:05d}"), "status": status})

    simulator.call(fill)
    reply = await client.get("/api/v1/pods")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(reply.body["items"]) == 5005
    assert _names(reply.body) == sorted(_names(reply.body))


async def test_writes_go_on_while_a_large_list_is_sent(simulator: Simulator, client: RawClient) -> None:
    def fill(state: SimulatorState) -> None:
        for count in range(3000):
            state.storage.create(PODS, pod(f"many-{count:05d}"))

    simulator.call(fill)
    listing = asyncio.ensure_future(client.get("/api/v1/pods"))
    for count in range(0, 3000, 100):
        await asyncio.to_thread(
            simulator.call, lambda state, name: state.storage.remove(PODS, "shop", name), f"many-{count:05d}"
        )
    body = (await listing).body
    # It is a snapshot: the objects at its revision, each once.
    names = _names(body)
    assert len(names) == len(set(names))
    gone = 3005 - len(names)
    removed = [f"many-{count:05d}" for count in range(0, 3000, 100)][:gone]
    assert not set(removed) & set(names)


async def test_metadata_of_a_list_and_of_one_object_are_asked_for_differently(client: RawClient) -> None:
    single = (await client.get("/api/v1/namespaces/default", accept=METADATA)).body
    assert (single["kind"], single["metadata"]["name"]) == ("PartialObjectMetadata", "default")
    for path, accept, why in (
        (
            "/api/v1/namespaces/default",
            METADATA_LIST,
            "PartialObjectMetadataList, but the requested object is not a list",
        ),
        ("/apis/apps/v1/deployments", METADATA, "PartialObjectMetadata, but the requested object is a list"),
    ):
        refused = await client.get(path, accept=accept)
        assert (refused.status, refused.body["reason"]) == (406, "NotAcceptable")
        assert why in refused.body["message"]
    ended = await client.get("/api/v1/namespaces?watch=1", accept=METADATA_LIST)
    assert (ended.status, ended.body) == (200, "")
