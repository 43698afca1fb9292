"""The clock: an argument of everything that measures or waits, so that tests drive time instead of waiting for it.

Invariant: `now` is aware UTC and only displayed; waits and measurements use `monotonic` and `sleep`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Final, Protocol


class Clock(Protocol):
    """Returns the time and waits."""

    def now(self) -> datetime:
        """Return the wall clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment; never goes back, and counts the time the machine is suspended."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...


# The clocks of Linux and macOS that count suspended time; the monotonic clock of Windows does so by itself.
_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RecordedClock(SystemClock):
    """The clock of a recording: `now` stands still at the time of the recording, waits are those of this machine."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at
