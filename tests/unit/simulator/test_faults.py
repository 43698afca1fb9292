"""Injected faults, and a server that is lost and comes back."""

import asyncio

import aiohttp
import pytest

from k9py.simulator.clock import RealClock
from k9py.simulator.faults import Cut, Hang, NoBookmarks, Refuse, RequestMatch, Silence, Slow
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_namespace, add_pod
from tests.unit.simulator.scripted_logs import ScriptedLogSource, ScriptedRun

_TURNS = 10_000  # iterations of the cluster's loop; far more than any response needs
PODS = "/api/v1/namespaces/shop/pods"


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)
    simulator.call(add_pod, "a")


async def test_a_refusal_applies_a_number_of_times_to_matching_requests(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.inject(Refuse(503, "ServiceUnavailable", retry_after=2), RequestMatch("list", "pods"), times=2)
    assert (await client.get("/api/v1/namespaces")).status == 200
    replies = [await client.get(PODS) for _ in range(3)]
    assert [reply.status for reply in replies] == [503, 503, 200]
    assert replies[0].headers["Retry-After"] == "2"
    assert replies[0].body["reason"] == "ServiceUnavailable"


async def test_a_watch_line_is_cut_in_the_middle(simulator: Simulator, client: RawClient) -> None:
    simulator.inject(Cut(after_bytes=40), RequestMatch("watch"))
    async with client.stream(f"{PODS}?watch=1") as lines:
        assert await lines.raw(40) == b'{"type":"ADDED","object":{"kind":"Pod","'[:40]
        with pytest.raises(aiohttp.ClientPayloadError):
            await lines.raw()


async def test_bookmarks_are_left_out_of_a_watch_and_the_rest_comes(simulator: Simulator, client: RawClient) -> None:
    simulator.inject(NoBookmarks(), RequestMatch("watch"))
    streamed = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    async with client.stream(f"{PODS}?{streamed}") as lines:
        assert (await lines.event())["object"]["metadata"]["name"] == "a"
        simulator.call(add_pod, "b")
        assert (await lines.event())["object"]["metadata"]["name"] == "b"


async def test_a_list_is_cut_short(simulator: Simulator, client: RawClient) -> None:
    simulator.inject(Cut(after_bytes=100), RequestMatch("list"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get(PODS)
    assert (await client.get(PODS)).status == 200


async def test_a_slow_page_comes_after_its_delay(simulator: Simulator, client: RawClient) -> None:
    simulator.inject(Slow(5), RequestMatch("list"))
    asked = asyncio.ensure_future(client.get(PODS))
    for _ in range(_TURNS):
        if asked.done():
            break
        await asyncio.to_thread(simulator.advance, 1)
    assert (await asked).status == 200
    assert simulator.clock.monotonic() >= 5


async def test_a_hanging_request_is_ended(simulator: Simulator, client: RawClient) -> None:
    simulator.inject(Hang(), RequestMatch(containing="/pods"))
    asked = asyncio.ensure_future(client.get(PODS))
    await client.get("/api/v1/namespaces")
    assert not asked.done()
    for _ in range(_TURNS):
        if asked.done():
            break
        await asyncio.to_thread(simulator.clear_faults)
    assert (await asked).status == 200


async def test_a_stream_goes_silent_and_stays_open(simulator: Simulator, client: RawClient) -> None:
    simulator.inject(Silence(after_bytes=10), RequestMatch("watch"))
    async with client.stream(f"{PODS}?watch=1") as lines:
        assert await lines.raw(10) == b'{"type":"A'
        simulator.call(add_pod, "b")
        await client.get(PODS)
        assert lines.is_idle()


async def test_a_lost_server_drops_its_watches_and_comes_back_with_its_state(
    simulator: Simulator, client: RawClient
) -> None:
    url = simulator.url
    async with client.stream(f"{PODS}?watch=1") as lines:
        await lines.event()
        await asyncio.to_thread(simulator.stop_listening)
        with pytest.raises(aiohttp.ClientError):
            await lines.raw()
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get(PODS)
    simulator.call(add_pod, "meanwhile")
    await asyncio.to_thread(simulator.listen_again)
    assert simulator.url == url
    names = [item["metadata"]["name"] for item in (await client.get(PODS)).body["items"]]
    assert names == ["a", "meanwhile"]


async def test_requests_are_remembered(simulator: Simulator, client: RawClient) -> None:
    await client.get(f"{PODS}?limit=1")
    await client.get("/nowhere")
    assert [(seen.method, seen.path, seen.code, seen.verb) for seen in simulator.requests] == [
        ("GET", f"{PODS}?limit=1", 200, "list"),
        ("GET", "/nowhere", 404, "get"),
    ]


def test_an_error_on_the_clusters_thread_is_raised_in_the_caller(simulator: Simulator) -> None:
    with pytest.raises(ZeroDivisionError):
        simulator.call(lambda _: 1 // 0)


def test_only_a_manual_clock_is_moved() -> None:
    with Simulator(clock=RealClock()) as running, pytest.raises(TypeError, match="ManualClock"):
        running.advance(1)


def test_a_stopped_cluster_answers_no_calls_and_stops_twice() -> None:
    running = Simulator().start()
    running.stop()
    running.stop()
    with pytest.raises(RuntimeError):
        running.call(lambda _: None)


# -- logs that are being read ------------------------------------------------------------------------------------


@pytest.fixture
def script(simulator: Simulator) -> ScriptedRun:
    """The log of `a`: one line so far."""

    def fill(state: SimulatorState) -> ScriptedRun:
        run = ScriptedRun("one")
        state.log_source = ScriptedLogSource(run, ScriptedRun())
        return run

    return simulator.call(fill)


async def test_a_log_that_is_being_read_is_cut_and_the_next_one_is_not(
    simulator: Simulator, client: RawClient, script: ScriptedRun
) -> None:
    async with client.stream(f"{PODS}/a/log?follow=true") as lines:
        assert await lines.text() == "one"
        assert simulator.open_logs() == 1
        assert simulator.break_logs() == 1
        with pytest.raises(aiohttp.ClientError):
            await lines.raw()
    async with client.stream(f"{PODS}/a/log?follow=true") as lines:
        assert await lines.text() == "one"


async def test_a_log_that_is_being_read_hangs_half_open_and_neither_line_nor_end_arrives(
    simulator: Simulator, client: RawClient, script: ScriptedRun
) -> None:
    async with client.stream(f"{PODS}/a/log?follow=true") as lines:
        assert await lines.text() == "one"
        assert simulator.break_logs(silently=True) == 1
        simulator.call(lambda _: script.write("two"))
        simulator.call(lambda _: script.end())
        await client.get(PODS)
        assert lines.is_idle()
        assert simulator.open_logs() == simulator.break_logs() == 0
        simulator.clear_faults()
        with pytest.raises(aiohttp.ClientError):
            await lines.raw()


async def test_only_matching_logs_are_broken(simulator: Simulator, client: RawClient, script: ScriptedRun) -> None:
    simulator.call(add_pod, "b")
    async with client.stream(f"{PODS}/a/log?follow=true") as a, client.stream(f"{PODS}/b/log?follow=true") as b:
        assert await a.text() == await b.text() == "one"
        assert simulator.break_logs(where=RequestMatch(containing="/pods/a/log")) == 1
        with pytest.raises(aiohttp.ClientError):
            await a.raw()
        simulator.call(lambda _: script.write("two"))
        assert await b.text() == "two"
