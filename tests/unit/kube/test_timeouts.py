"""Watches of servers that hold the connection and send nothing, or an endless line: every wait and size is bounded.

The limits are made tiny; the tests prove that they exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientTimeout, web

from k9py.api.errors import ConnectionFailedError, UnresponsiveError
from k9py.api.kinds import DEPLOYMENT, POD
from k9py.kube import lister_watcher, request, transport
from k9py.kube.lines import EventLines, LineBudget
from tests.unit.kube.connections import connected
from tests.unit.kube.servers import Answer

SOON = 0.05
"""Seconds: longer than a loopback response takes, and short enough to wait for."""


async def never(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def headers_and(*pieces: bytes, again: bytes = b"") -> Answer:
    """Answer with headers and these pieces; then nothing, or (`again`) the same bytes without end."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        while again:
            await response.write(again)
            await asyncio.sleep(SOON / 10)
        await asyncio.Event().wait()
        return response

    return answer


async def watched(tmp_path: Path, answer: Answer, idle_timeout: Callable[[], float] = lambda: SOON) -> list[bytes]:
    """Watch until it fails; return the lines, the last of which is the failure's message."""
    lines: list[bytes] = []
    async with connected(tmp_path, answer) as (connection, _):
        watch = connection.lister_watcher(POD).watch(
            resource_version="7", send_initial_events=False, timeout_seconds=60, idle_timeout=idle_timeout
        )
        try:
            async with watch as batches:
                async for batch in batches:
                    lines += batch
        except UnresponsiveError as error:
            lines.append(error.message.encode())
    return lines


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_watch_that_is_not_answered_is_ended_long_before_its_own_timeout(
    tmp_path: Path, streamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert request.STREAMED_LIST_HEADER_TIMEOUT < request.HEADER_TIMEOUT <= 20
    monkeypatch.setattr(lister_watcher, "STREAMED_LIST_HEADER_TIMEOUT" if streamed else "HEADER_TIMEOUT", SOON)
    async with connected(tmp_path, never) as (connection, _):
        watch = connection.lister_watcher(POD).watch(
            resource_version="", send_initial_events=streamed, timeout_seconds=60
        )
        with pytest.raises(UnresponsiveError, match="did not answer within"):
            async with watch:
                pass


async def test_a_list_and_a_probe_have_their_limits() -> None:
    assert request.PAGE_TIMEOUT.sock_read is not None
    assert request.PAGE_TIMEOUT.sock_read <= 20
    assert request.PROBE_TIMEOUT.total is not None
    assert request.PROBE_TIMEOUT.total <= 10


async def test_a_probe_without_response_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lister_watcher, "PROBE_TIMEOUT", ClientTimeout(total=SOON))
    async with connected(tmp_path, never) as (connection, _):
        with pytest.raises(UnresponsiveError):
            await connection.lister_watcher(POD).probe()


async def test_a_probe_asks_for_any_one_object_and_no_version(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"metadata": {"resourceVersion": "5"}, "items": []})

    async with connected(tmp_path, answer) as (connection, server):
        body = await connection.lister_watcher(POD, "shop", label_selector="a=b").probe()
        assert b'"5"' in body
        assert dict(server.requests[0].query) == {"limit": "1"}


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        pytest.param(headers_and(), [], id="headers alone"),
        pytest.param(headers_and(b'{"a":1}\n'), [b'{"a":1}'], id="a line, then nothing"),
        pytest.param(headers_and(b'{"a":1}\n', b'{"b"'), [b'{"a":1}'], id="half a line, then nothing"),
        pytest.param(headers_and(again=b"\n"), [], id="blank lines are no sign of life"),
        pytest.param(headers_and(again=b"x"), [], id="a line that never ends is none"),
    ],
)
async def test_a_watch_without_data_is_silent(tmp_path: Path, answer: Answer, lines: list[bytes]) -> None:
    *whole, failure = await watched(tmp_path, answer)
    assert whole == lines
    assert b"was silent for 0.05 s" in failure


async def test_how_long_it_may_be_silent_is_asked_before_each_wait(tmp_path: Path) -> None:
    limits = iter([30.0, SOON])
    lines = await watched(tmp_path, headers_and(b'{"a":1}\n'), lambda: next(limits))
    assert b"was silent for 0.05 s" in lines[-1]
    assert next(limits, None) is None


async def test_data_that_arrived_while_this_process_was_stopped_is_read_before_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # After Ctrl+Z and fg the timer is due together with what has been in the socket for long.
    reads = 0

    async def readany() -> bytes:
        nonlocal reads
        reads += 1
        if reads == 1:
            await asyncio.Event().wait()
        return b"line"

    monkeypatch.setattr(lister_watcher, "TIMER_DELAY", -1.0)  # every timer counts as late
    response: Any = SimpleNamespace(content=SimpleNamespace(readany=readany))
    watch = lister_watcher.HttpListerWatcher(cast("transport.Transport", None), "/api/v1/pods", "pods", "")
    assert await watch._chunk(response, asyncio.get_running_loop().time(), SOON) == b"line"


# Bounds in bytes


async def test_a_line_without_end_names_the_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k9py.kube.lines.MAX_EVENT", 100_000)
    async with connected(tmp_path, headers_and(again=b"x" * 10_000)) as (connection, _):
        watch = connection.lister_watcher(DEPLOYMENT).watch(
            resource_version="7", send_initial_events=False, timeout_seconds=60
        )
        async with watch as batches:
            with pytest.raises(ConnectionFailedError, match=r"an endless line in response to: watch deployments\.apps"):
                await anext(batches)
        assert connection._transport.line_budget.held == 0


async def test_an_answer_without_end_is_bounded_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 100_000)
    async with connected(tmp_path, headers_and(again=b"x" * 10_000)) as (connection, _):
        with pytest.raises(ConnectionFailedError, match=r"list pods .* is too long"):
            await connection.lister_watcher(POD).list_page(limit=500)


def test_incomplete_lines_stay_within_the_budget_and_the_longest_is_dropped() -> None:
    budget = LineBudget(1000)
    watches = [EventLines(budget) for _ in range(15)]
    for _ in range(100):
        for at, lines in enumerate(watches):
            lines.feed(b"x" * (10 if at else 30))
            assert budget.held <= 1000
    assert watches[0].is_overlong
    assert sum(lines.length for lines in watches) == budget.held


def test_a_healthy_watch_keeps_its_incomplete_line_when_another_exhausts_the_budget() -> None:
    budget = LineBudget(1000)
    healthy, endless = EventLines(budget), EventLines(budget)
    healthy.feed(b'{"half"')
    while not endless.is_overlong:
        endless.feed(b"x" * 100)
    assert healthy.feed(b":1}\n") == [b'{"half":1}']
    assert not healthy.is_overlong


def test_a_watch_releases_its_budget_when_it_ends() -> None:
    budget = LineBudget(1000)
    with EventLines(budget) as lines:
        lines.feed(b"x" * 600)
        assert budget.held == 600
    assert budget.held == 0
    with EventLines(budget) as lines:
        lines.feed(b"x" * 600)
        assert lines.feed(b"\nrest") == [b"x" * 600]
        assert budget.held == len(b"rest")
