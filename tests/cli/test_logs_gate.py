"""The gate before the logs: closed, it takes nothing from the network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from k9py.cli.logs.gate import LINES, Gate
from k9py.logs.source import LogTarget

WEB = LogTarget("shop", "web-1", "app")


class Counted:
    """A source of batches that are counted as they are taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.is_closed = False
        self.was_asked = asyncio.Event()
        self.asked: dict[str, Any] = {}

    @asynccontextmanager
    async def open_log(self, target: LogTarget, **asked: Any) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        self.asked = asked
        try:
            yield self._batches()
        finally:
            self.is_closed = True

    async def _batches(self) -> AsyncIterator[list[bytes]]:
        while True:
            self.taken += 1
            self.was_asked.set()
            yield [b"%d" % self.taken]


async def test_a_closed_gate_holds_one_batch_and_takes_no_more() -> None:
    source = Counted()
    gate = Gate(source, limited=False)
    async with gate.open_log(WEB, follow=True, tail_lines=5) as batches:
        assert await anext(batches) == [b"1"]
        gate.close()
        waits = asyncio.ensure_future(anext(batches))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waits.done()
        assert source.taken == 2
        gate.open()
        assert await waits == [b"2"]
    assert source.is_closed
    assert (source.asked["follow"], source.asked["tail_lines"], source.asked["since_time"]) == (True, 5, None)


async def test_a_limited_gate_closes_before_the_stream_would_have_to_drop() -> None:
    source = Counted()
    gate = Gate(source, limited=True)
    async with gate.open_log(WEB, follow=True) as batches:
        for _ in range(2):
            for _ in range(LINES):
                await anext(batches)
            waits = asyncio.ensure_future(anext(batches))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waits.done()
            gate.open()
            await waits
            gate.open()


async def test_who_waits_at_the_gate_can_be_given_up() -> None:
    source = Counted()
    gate = Gate(source, limited=False)
    gate.close()

    async def read() -> None:
        async with gate.open_log(WEB, follow=True) as batches:
            await anext(batches)

    task = asyncio.ensure_future(read())
    await source.was_asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert source.is_closed
