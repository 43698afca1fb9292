"""The time as this package needs it: a Protocol, so that tests drive it and no floor is imported sideways.

`informer.clock.SystemClock` fulfils it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall clock for what is shown, a monotonic one for waits (seconds)."""

    def now(self) -> datetime:
        """Return the present time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...
