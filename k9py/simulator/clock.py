"""The simulator's clocks: one protocol, a real clock, and one that tests advance.

Invariant: everything in the simulator waits on its `SimulationClock`, on the simulator's own event loop.
A `ManualClock` advances only by `advance`: it wakes sleepers one at a time, in order of their due time, and lets the
loop become idle after each, so that a test sees the same order every time.
"""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_MAX_IDLE_SPINS = 10_000  # a task that reschedules itself forever must not block `advance`


def timestamp(moment: datetime) -> str:
    """Format a time as in object metadata: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(moment: datetime) -> str:
    """Format a time as a `metav1.MicroTime`: RFC 3339, UTC, six decimals."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_timestamp(text: str) -> datetime:
    """Parse an RFC 3339 timestamp with any number of decimals.

    Raises:
        ValueError: the text is not a timestamp.
    """
    moment = datetime.fromisoformat(_trim_nanoseconds(text))
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.astimezone(UTC)


def _trim_nanoseconds(text: str) -> str:
    """Drop decimals beyond microseconds, which `datetime` cannot hold."""
    whole, dot, fraction = text.partition(".")
    if not dot:
        return text
    digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
    return f"{whole}.{digits[:6].ljust(6, '0')}{fraction[len(digits) :]}"


class SimulationClock(Protocol):
    """The time source of the simulator."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since the clock was created; never decreases."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for a number of seconds of this clock (0 or less: yield once)."""
        ...


class RealClock:
    """The system clock, optionally faster: with `speed=10`, ten simulated seconds pass in one."""

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be above 0")
        self._speed = speed
        self._start = datetime.now(UTC)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._origin) * self._speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)


class StandingClock(RealClock):
    """The clock of a recording: the time of day stands still, waits (of watches, bookmarks) are real."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at


class ManualClock:
    """A clock that stands still until it is advanced.

    It belongs to one event loop; other threads advance it through `Simulator.advance`.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 15, 12, 0, 0, tzinfo=UTC)
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wakened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wakened))
        await wakened

    async def advance(self, seconds: float) -> None:
        """Advance by a number of seconds and wake every sleeper that is due, in order."""
        await self._move_to(self._elapsed + seconds)

    async def advance_to(self, moment: datetime) -> None:
        """Advance to a time (one in the past only lets the loop become idle)."""
        await self._move_to((moment - self._start).total_seconds())

    async def _move_to(self, target: float) -> None:
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, wakened = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not wakened.done():
                wakened.set_result(None)
                await settle()
        self._elapsed = max(self._elapsed, target)
        await settle()


async def settle() -> None:
    """Yield until no other task of this loop is ready to run (network input aside)."""
    # asyncio's loop keeps ready callbacks in `_ready`. If it is empty when this coroutine resumes, every other task
    # waits for time or the network. For a loop without that attribute, yield a fixed number of times.
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    if ready is None:
        for _ in range(100):
            await asyncio.sleep(0)
        return
    for _ in range(_MAX_IDLE_SPINS):
        await asyncio.sleep(0)
        if not ready:
            return
