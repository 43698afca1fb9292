"""A log source with one script per target, and a clock that advances only by waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Literal

from k9py.api.errors import BadRequestError, KdashError
from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ScriptOver(Exception):  # noqa: N818  it is an end, not an error
    """The script has no more answers."""


class SteppingClock:
    """Waiting takes no real time; `waits` are the requested seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.on_sleep: Callable[[], None] | None = None

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        if self.on_sleep is not None:
            self.on_sleep()
        await asyncio.sleep(0)


class DrivenClock:
    """Time passes only by `advance`, which wakes the sleepers that are due one after the other."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        entry = (self.seconds + seconds, self._count, woken)
        heappush(self._sleepers, entry)
        await woken

    async def advance(self, seconds: float) -> None:
        end = self.seconds + seconds
        await settled()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, woken = heappop(self._sleepers)
            self.seconds = max(self.seconds, at)
            if not woken.done():
                woken.set_result(None)
                await settled()
        self.seconds = end
        await settled()


async def settled(passes: int = 20) -> None:
    """Let the loop run until every task waits."""
    for _ in range(passes):
        await asyncio.sleep(0)


class Collected:
    """A sink that accepts everything and never blocks."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.is_open = False
        self.closed = 0

    def open(self, *, holds_others: bool, is_followed: bool = True, settle_seconds: float = 1.0) -> None:
        self.is_open = True

    def add(self, lines: Sequence[LogLine]) -> None:
        self.lines.extend(lines)

    async def wait_for_room(self) -> None:
        pass

    def room_for(self, lines: Sequence[bytes]) -> int:
        return len(lines)

    def close(self) -> None:
        self.is_open = False
        self.closed += 1


@dataclass(frozen=True)
class Stream:
    """Lines, then an orderly end, an error, silence until cancelled, or what `feed` gives."""

    lines: Sequence[bytes] = ()
    then: Literal["closed", "open", "fed"] | KdashError = "closed"


@dataclass(frozen=True)
class Asked:
    """A received request."""

    pod: str
    tail: int | None = None
    since: datetime | None = None
    previous: bool = False
    follow: bool = True
    seconds: int | None = None
    size: int | None = None


class ScriptedLogs:
    """A `LogSource` that answers each pod from its own script; `on_open` runs before the n-th answer.

    Pods that are not among `formers` have no former run when their logs are first read.
    """

    def __init__(self, scripts: dict[str, list[Stream | KdashError]]) -> None:
        self.asked: list[Asked] = []
        self.open_streams = 0
        self.most_open = 0
        self.on_open: dict[int, Callable[[], None]] = {}
        self.formers: set[str] = set()
        self._scripts = scripts
        self._fed: dict[str, asyncio.Queue[list[bytes]]] = {}

    def add(self, pod: str, script: list[Stream | KdashError]) -> None:
        self._scripts[pod] = script

    def feed(self, pod: str, lines: list[bytes]) -> None:
        self._fed.setdefault(pod, asyncio.Queue()).put_nowait(lines)

    def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        if previous and since_seconds is not None and target.pod not in self.formers:
            return self._former(BadRequestError("previous terminated container not found", code=400))
        self.asked.append(Asked(target.pod, tail_lines, since_time, previous, follow, since_seconds, limit_bytes))
        if deed := self.on_open.get(len(self.asked) - 1):
            deed()
        return self._opened(target)

    @asynccontextmanager
    async def _former(self, refusal: KdashError | None) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if refusal is not None:
            raise refusal
        yield self._lines("", Stream())

    @asynccontextmanager
    async def _opened(self, target: LogTarget) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        script = self._scripts.get(target.pod, [])
        if not script:
            raise ScriptOver
        answer = script.pop(0)
        if isinstance(answer, KdashError):
            raise answer
        self.open_streams += 1
        self.most_open = max(self.most_open, self.open_streams)
        try:
            yield self._lines(target.pod, answer)
        finally:
            self.open_streams -= 1

    async def _lines(self, pod: str, stream: Stream) -> AsyncIterator[list[bytes]]:
        if stream.lines:
            yield list(stream.lines)
        if isinstance(stream.then, KdashError):
            raise stream.then
        while stream.then == "fed":
            yield await self._fed.setdefault(pod, asyncio.Queue()).get()
        if stream.then == "open":
            await asyncio.Event().wait()


def line(second: float, text: str) -> bytes:
    """A line as the kubelet writes it: nine digits of fraction, UTC."""
    at = START + timedelta(seconds=second)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}000Z {text}".encode()


def target(pod: str = "checkout-1", container: str = "app", container_id: str = "", node: str = "") -> LogTarget:
    return LogTarget("shop", pod, container, f"uid-{pod}", container_id, node=node)
