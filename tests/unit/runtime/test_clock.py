"""The clock of the machine: aware UTC for people, a monotonic one for waits."""

from __future__ import annotations

from datetime import timedelta

from k9py.runtime.clock import Clock, SystemClock


def test_the_wall_clock_is_aware_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)


async def test_the_monotonic_clock_never_goes_back() -> None:
    clock: Clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0)
    assert clock.monotonic() >= before
