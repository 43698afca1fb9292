"""Watches: events, their order, and when a stream ends."""

import asyncio
from typing import Any

import pytest

from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import CONFIGMAPS, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import METADATA, TABLE, RawClient
from tests.unit.simulator.objects import add_namespace, add_pod
from tests.unit.simulator.recordings import exchanges

PATH = "/api/v1/namespaces/shop/pods?watch=1"


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_namespace(state, "office")
        add_pod(state, "a")
        add_pod(state, "b", labels={"app": "other"})
        add_pod(state, "elsewhere", namespace="office")

    simulator.call(fill)


def _revision(simulator: Simulator) -> int:
    revision: int = simulator.call(lambda state: state.storage.revision)
    return revision


def _label(state: SimulatorState, name: str, **labels: str) -> None:
    pod_ = state.storage.get(PODS, "shop", name)
    assert pod_ is not None
    state.storage.update(PODS, {**pod_, "metadata": {**pod_["metadata"], "labels": labels}})


def _told(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_without_a_revision_what_is_there_comes_first(simulator: Simulator, client: RawClient) -> None:
    async with client.stream(PATH) as lines:
        assert [_told(await lines.event()) for _ in range(2)] == [("ADDED", "a"), ("ADDED", "b")]
        simulator.call(add_pod, "c", running=False)
        assert _told(await lines.event()) == ("ADDED", "c")


async def test_from_a_revision_only_what_came_after_it(simulator: Simulator, client: RawClient) -> None:
    since = _revision(simulator)
    simulator.call(add_pod, "c", running=False)
    simulator.call(add_pod, "far", namespace="office")
    simulator.call(lambda state: state.storage.remove(PODS, "shop", "a"))
    async with client.stream(f"{PATH}&resourceVersion={since}") as lines:
        assert _told(await lines.event()) == ("ADDED", "c")
        gone = await lines.event()
        assert _told(gone) == ("DELETED", "a")
        assert gone["object"]["metadata"]["resourceVersion"] == str(_revision(simulator))


async def test_events_carry_kind_and_version_of_the_object(simulator: Simulator, client: RawClient) -> None:
    async with client.stream(PATH) as lines:
        event = await lines.event()
        assert (event["object"]["kind"], event["object"]["apiVersion"]) == ("Pod", "v1")
        assert event["object"] == simulator.call(lambda state: state.storage.get(PODS, "shop", "a"))


async def test_an_object_that_leaves_the_selection_is_reported_as_deleted(
    simulator: Simulator, client: RawClient
) -> None:
    since = _revision(simulator)
    async with client.stream(f"{PATH}&resourceVersion={since}&labelSelector=app%3Dcheckout") as lines:
        simulator.call(_label, "b", app="checkout")
        assert _told(await lines.event()) == ("ADDED", "b")
        simulator.call(_label, "b", app="checkout", more="x")
        assert _told(await lines.event()) == ("MODIFIED", "b")
        simulator.call(_label, "b", app="other")
        left = await lines.event()
        assert _told(left) == ("DELETED", "b")
        assert left["object"]["metadata"]["labels"] == {"app": "checkout", "more": "x"}
        assert left["object"]["metadata"]["resourceVersion"] == str(_revision(simulator))


async def test_one_object_can_be_watched_by_field(simulator: Simulator, client: RawClient) -> None:
    async with client.stream(f"{PATH}&fieldSelector=metadata.name%3Db") as lines:
        assert _told(await lines.event()) == ("ADDED", "b")
        simulator.call(_label, "a", changed="yes")
        simulator.call(_label, "b", changed="yes")
        assert _told(await lines.event()) == ("MODIFIED", "b")


async def test_initial_events_end_with_a_marked_bookmark(simulator: Simulator, client: RawClient) -> None:
    path = PATH.replace("pods", "configmaps")
    simulator.call(
        lambda state: state.storage.create(CONFIGMAPS, {"metadata": {"name": "settings", "namespace": "shop"}})
    )
    asked = "&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    async with client.stream(path + asked) as lines:
        assert _told(await lines.event()) == ("ADDED", "settings")
        bookmark = await lines.event()
        recorded = exchanges("watch-list")[1]["response"]["body"][-1]
        recorded["object"]["metadata"]["resourceVersion"] = str(_revision(simulator))
        assert bookmark == recorded
        simulator.call(
            lambda state: state.storage.create(CONFIGMAPS, {"metadata": {"name": "later", "namespace": "shop"}})
        )
        assert _told(await lines.event()) == ("ADDED", "later")


async def test_bookmarks_come_each_minute_and_at_the_end(simulator: Simulator, client: RawClient) -> None:
    since = _revision(simulator)
    asked = f"&resourceVersion={since}&allowWatchBookmarks=true&timeoutSeconds=90"
    async with client.stream(PATH + asked) as lines:
        await asyncio.to_thread(simulator.wait_for_request, RequestMatch("watch"))
        simulator.call(lambda state: state.storage.create(CONFIGMAPS, {"metadata": {"name": "x", "namespace": "shop"}}))
        await asyncio.to_thread(simulator.advance, 60)
        bookmark = await lines.event()
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["metadata"] == {"resourceVersion": str(_revision(simulator))}
        await asyncio.to_thread(simulator.advance, 30)
        assert (await lines.event())["type"] == "BOOKMARK"
        assert await lines.remaining() == []


async def test_without_leave_no_bookmarks(simulator: Simulator, client: RawClient) -> None:
    async with client.stream(f"{PATH}&resourceVersion={_revision(simulator)}&timeoutSeconds=90") as lines:
        await asyncio.to_thread(simulator.wait_for_request, RequestMatch("watch"))
        await asyncio.to_thread(simulator.advance, 90)
        assert await lines.remaining() == []


async def test_a_revision_that_is_compacted_is_reported_as_expired_in_the_stream(
    simulator: Simulator, client: RawClient
) -> None:
    since = _revision(simulator)
    simulator.call(add_pod, "c")
    simulator.call(lambda state: state.storage.compact())
    async with client.stream(f"{PATH}&resourceVersion={since}") as lines:
        event = await lines.event()
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert await lines.remaining() == []


async def test_a_table_watch_sends_rows_and_names_its_columns_once(simulator: Simulator, client: RawClient) -> None:
    async with client.stream(PATH, accept=TABLE) as lines:
        first, second = (await lines.event())["object"], (await lines.event())["object"]
        assert first["kind"] == "Table"
        assert [column["name"] for column in first["columnDefinitions"]][:3] == ["Name", "Ready", "Status"]
        assert second["columnDefinitions"] is None
        assert second["rows"][0]["cells"][:3] == ["b", "1/1", "Running"]


async def test_a_metadata_watch_sends_metadata_alone(client: RawClient) -> None:
    async with client.stream(PATH, accept=METADATA) as lines:
        event = await lines.event()
        assert set(event["object"]) == {"kind", "apiVersion", "metadata"}
        assert event["object"]["kind"] == "PartialObjectMetadata"


async def test_a_watch_releases_everything_when_its_client_disconnects(simulator: Simulator, client: RawClient) -> None:
    def listeners(state: SimulatorState) -> int:
        return state.storage.listeners(PODS)

    async with client.stream(f"{PATH}&resourceVersion={_revision(simulator)}") as lines:
        simulator.call(add_pod, "c")
        assert _told(await lines.event()) == ("ADDED", "c")
        assert simulator.call(listeners) == 1

    # The end of a connection is not a write to wait for: let the cluster's loop run.
    for _ in range(10_000):
        if not simulator.call(listeners):
            break
        await asyncio.sleep(0)
    assert simulator.call(listeners) == 0


async def test_many_changes_arrive_whole_and_in_order(simulator: Simulator, client: RawClient) -> None:
    since = _revision(simulator)

    def write(state: SimulatorState) -> None:
        for count in range(500):
            _label(state, "a", count=str(count))

    async with client.stream(f"{PATH}&resourceVersion={since}") as lines:
        simulator.call(write)
        seen = [(await lines.event())["object"]["metadata"]["labels"]["count"] for _ in range(500)]
    assert seen == [str(count) for count in range(500)]
