"""A log over real HTTP whose connections end inside a line or with an error from the node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from k9py.logs.follow.container_stream import ContainerStream
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.source import LogTarget
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.kube.connections import connected
from tests.unit.logs.follow.scripted_source import Collected, SteppingClock

LOG = LogTarget("shop", "web-1", "app", "uid-1")
STAMP = "2026-11-30T07:00:{:02}.000000000Z "
TOO_MANY = "failed to create fsnotify watcher: too many open files"


def stamped(*texts: str, first: int = 0) -> str:
    """Return whole lines, a second apart."""
    return "".join(f"{STAMP.format(first + number)}{text}\n" for number, text in enumerate(texts))


Case = tuple[list[str], list[str], list[str]]
"""The bytes of each connection, and the lines and markers that result."""

INSIDE: Case = (
    [f"{stamped('first')}{STAMP.format(1)}sec", stamped("first", "second", "third")],
    ["first", "second", "third"],
    [],
)
LONG: Case = (
    [f"{stamped('first')}{STAMP.format(1)}{'x' * 20_000}", stamped("first", "x" * 40_000, "third")],
    ["first", "x" * 40_000, "third"],
    [],
)
NODE: Case = (
    [stamped(*[f"line {number}" for number in range(1, 2 * count + 1)]) + TOO_MANY for count in (1, 2, 3)],
    [f"line {number}" for number in range(1, 7)],
    [f"node error: {TOO_MANY}"],
)


@pytest.mark.parametrize(("bodies", "texts", "remarks"), [INSIDE, LONG, NODE], ids=["inside a line", "long", "node"])
async def test_a_log_is_whole_whatever_its_connections_end_with(
    tmp_path: Path, bodies: Sequence[str], texts: Sequence[str], remarks: Sequence[str]
) -> None:
    """Each connection except the last ends without error, which stays open."""
    left, all_read = list(bodies), asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.query.get("previous"):
            why = {"kind": "Status", "status": "Failure", "code": 400, "message": "previous terminated container"}
            return web.json_response(why, status=400)
        response = web.StreamResponse()
        await response.prepare(request)
        if left:
            await response.write(left.pop(0).encode())
        else:
            all_read.set()
            await asyncio.Event().wait()
        return response

    async with connected(tmp_path, answer) as (connection, _):
        clock, sink = SteppingClock(), Collected()
        tail = ContainerStream(connection, LOG, clock, sink, StreamSlots(clock, 60), TimeSlicer(clock.monotonic))
        running = asyncio.create_task(tail.run())
        await asyncio.wait_for(all_read.wait(), 30)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [line.text for line in sink.lines if not line.marker] == texts
    assert [line.text for line in sink.lines if line.marker] == remarks
