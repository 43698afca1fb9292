"""A log source that follows a script a target, and time that passes only by waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from k9py.logs.source import LogTarget
from k9py.objects.errors import KdashError

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ScriptOver(Exception):  # noqa: N818  it is an end, not an error
    """The script has no more answers."""


class SteppingClock:
    """Waiting takes no time; `waits` are the seconds asked for."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Stream:
    """Lines, then an orderly end, an error, or silence until cancelled."""

    lines: Sequence[bytes] = ()
    then: Literal["closed", "open"] | KdashError = "closed"


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    pod: str
    tail: int | None = None
    since: datetime | None = None
    previous: bool = False
    follow: bool = True


class ScriptedLogs:
    """A `LogSource` that answers each pod from its own script."""

    def __init__(self, scripts: dict[str, list[Stream | KdashError]]) -> None:
        self.asked: list[Asked] = []
        self.open_streams = 0
        self.most_open = 0
        self._scripts = scripts

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
        self.asked.append(Asked(target.pod, tail_lines, since_time, previous, follow))
        return self._opened(target)

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
            yield self._lines(answer)
        finally:
            self.open_streams -= 1

    async def _lines(self, stream: Stream) -> AsyncIterator[list[bytes]]:
        if stream.lines:
            yield list(stream.lines)
        if isinstance(stream.then, KdashError):
            raise stream.then
        if stream.then == "open":
            await asyncio.Event().wait()


def line(second: float, text: str) -> bytes:
    """A line as the kubelet writes it: nine digits of fraction, UTC."""
    at = START + timedelta(seconds=second)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}000Z {text}".encode()


def target(pod: str = "checkout-1", container: str = "app") -> LogTarget:
    return LogTarget("shop", pod, container, f"uid-{pod}")
