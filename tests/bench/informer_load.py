"""Cost of the informer: `python -m tests.bench.informer_load [PODS] [object|table|json]`.

Lists N pods in pages of 500, then receives N changes, then relists all after a 410. Printed for each: CPU per object
as a multiple of `json.loads` for the same bytes on the same machine, the longest event loop block, and the memory per
pod. Compare the ratios; the figures contain the machine's noise. The second argument says how the pods are decoded:
into their struct, as rows of a Table, or with their metadata alone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Final

from k9py.api.errors import ExpiredError
from k9py.api.kinds import POD, DynamicKind, Kind, TableKind
from k9py.api.meta import KubeObject
from k9py.cluster.indexes import LABEL, pod_labels
from k9py.informer.reflector import Reflector
from k9py.runtime.clock import SystemClock
from tests.bench.pods import pods

CHUNK = 25
"""Lines per batch: about one read of a socket."""


FORMS: Final[dict[str, Kind[Any]]] = {
    "object": POD,
    "table": TableKind(POD.resource_type),
    "json": DynamicKind(POD.resource_type),
}


class Generated:
    """An in-memory `ListerWatcher`: pages, then a burst, then 410, then pages of the changed pods."""

    def __init__(self, first: Sequence[bytes], then: Sequence[bytes], *, is_table: bool = False) -> None:
        self._lists = [_pages(first, 500_000, is_table=is_table), _pages(then, 6_000_000, is_table=is_table)]
        form = (
            b'{"type":"MODIFIED","object":{"metadata":{},"rows":[%s]}}'
            if is_table
            else b'{"type":"MODIFIED","object":%s}'
        )
        self._burst = [form % pod for pod in then]
        self.listed = [asyncio.Event(), asyncio.Event()]
        self.go = asyncio.Event()
        self.expire = asyncio.Event()
        self._watches = 0

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        await asyncio.sleep(0)
        return self._lists[min(self._watches, 1)][int(continue_token or 0)]

    async def probe(self) -> bytes:
        return b'{"metadata":{},"items":[]}'

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        return self._watch()

    @asynccontextmanager
    async def _watch(self) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        self._watches += 1
        self.listed[self._watches - 1].set()
        yield self._lines()

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        await self.go.wait()
        self.go.clear()
        for at in range(0, len(self._burst), CHUNK):
            yield self._burst[at : at + CHUNK]
        await self.expire.wait()
        raise ExpiredError("too old", code=410)


class HoldMeter:
    """Measures the longest time between two iterations of the event loop, in CPU seconds of this thread."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest = max(self.longest, now - last)
            last = now

    async def stop(self) -> float:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        return self.longest


class NoWaiting(SystemClock):
    """The system clock without the wait after a 410."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def _rows(objects: Sequence[bytes]) -> list[bytes]:
    """Return pods as the rows of a Table."""
    rows = []
    for line in objects:
        pod = json.loads(line)
        cells = [pod["metadata"]["name"], "1/1", "Running", "0", "3d", "10.0.0.1", "node-1", None, None]
        rows.append(json.dumps({"cells": cells, "object": {"metadata": pod["metadata"]}}).encode())
    return rows


def _pages(objects: Sequence[bytes], version: int, *, is_table: bool) -> list[bytes]:
    pages: list[bytes] = []
    for at in range(0, len(objects), 500):
        token = str(len(pages) + 1) if at + 500 < len(objects) else ""
        field = b'"columnDefinitions":[{"name":"Name"}],"rows"' if is_table else b'"items"'
        head = b'{"kind":"PodList","metadata":{"resourceVersion":"%d","continue":"%s"},' + field + b":["
        pages.append(head % (version, token.encode()) + b",".join(objects[at : at + 500]) + b"]}")
    return pages


def _informer(server: Generated, kind: Kind[Any]) -> Reflector[Any]:
    indexes = {LABEL: pod_labels} if kind is POD else {}
    return Reflector(kind, server, NoWaiting(), indexes=indexes, streaming_list=False)


def _json_cost(objects: Sequence[bytes]) -> float:
    sample = objects[:2_000]
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        for line in sample:
            json.loads(line)
        best = min(best, time.process_time() - began)
    return best / len(sample)


def _say(what: str, cpu: float, count: int, unit: float, hold: float) -> None:
    seconds = cpu / count
    print(
        f"{what:28} {seconds * 1e6:7.1f} µs an object   {seconds / unit:5.2f} x json.loads   hold {hold * 1e3:5.1f} ms"
    )


def _version(informer: Reflector[Any], pod: KubeObject) -> str:
    held = informer.store.get(pod.key)
    return _version_of(held) if held is not None else ""


def _version_of(pod: KubeObject) -> str:
    return pod.metadata.resource_version


async def _measure(count: int, kind: Kind[Any]) -> None:
    first, then = list(pods(count)), list(pods(count, version=1_000_000))
    is_table = isinstance(kind, TableKind)
    if is_table:
        first, then = _rows(first), _rows(then)
    unit = _json_cost(first)
    print(f"{count} pods of {sum(map(len, first)) // count} bytes; json.loads {unit * 1e6:.1f} µs each")
    server = Generated(first, then, is_table=is_table)
    informer = _informer(server, kind)
    gc.collect()

    hold, began = HoldMeter(), time.process_time()
    running = asyncio.create_task(informer.run())
    await server.listed[0].wait()
    _say("list, decoded and stored", time.process_time() - began, count, unit, await hold.stop())

    last = kind.decode(then[-1])
    reached = asyncio.Event()
    informer.store.subscribe(lambda _: reached.set() if _version(informer, last) == _version_of(last) else None)
    hold, began = HoldMeter(), time.process_time()
    server.go.set()
    await reached.wait()
    _say("burst of changes", time.process_time() - began, count, unit, await hold.stop())

    hold, began = HoldMeter(), time.process_time()
    server.expire.set()
    await server.listed[1].wait()
    _say("the same list again", time.process_time() - began, count, unit, await hold.stop())

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def _memory(count: int, kind: Kind[Any]) -> None:
    is_table = isinstance(kind, TableKind)
    objects = _rows(list(pods(count))) if is_table else list(pods(count))
    server = Generated(objects, [], is_table=is_table)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    plain = [kind.decode(line) for line in objects]
    decoded = tracemalloc.get_traced_memory()[0] - before
    del plain
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    informer = _informer(server, kind)
    running = asyncio.create_task(informer.run())
    await server.listed[0].wait()
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    print(
        f"kept per pod: decoded plainly {decoded // count} bytes; in the store, with its indexes, {kept // count} bytes"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    kind = FORMS[sys.argv[2] if len(sys.argv) > 2 else "object"]
    asyncio.run(_measure(count, kind))
    asyncio.run(_memory(min(count, 5_000), kind))


if __name__ == "__main__":
    main()
