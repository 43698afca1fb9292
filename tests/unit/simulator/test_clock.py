"""The manual clock: sleepers wake in order, and only when it is advanced."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from k9py.simulator.clock import ManualClock, parse_timestamp, timestamp

START = datetime(2026, 1, 15, 12, tzinfo=UTC)


async def test_sleepers_wake_in_the_order_they_fall_due() -> None:
    clock, woken = ManualClock(START), []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("late", 30))
        group.create_task(sleep("early", 10))
        await clock.advance(20)
        assert woken == [("early", 10)]
        await clock.advance(20)
    assert woken == [("early", 10), ("late", 30)]
    assert clock.now() == START + timedelta(seconds=40)


async def test_what_a_sleeper_starts_within_the_step_still_happens() -> None:
    clock, times = ManualClock(START), []

    async def tick() -> None:
        for _ in range(3):
            await clock.sleep(2)
            times.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        group.create_task(tick())
        await clock.advance(7)
    assert times == [2, 4, 6]


async def test_a_cancelled_sleeper_is_passed_over() -> None:
    clock = ManualClock(START)
    sleeper = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    sleeper.cancel()
    await clock.advance_to(START + timedelta(seconds=9))
    assert sleeper.cancelled()
    assert clock.monotonic() == 9


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T12:00:00Z", START),
        ("2026-01-15T12:00:00.123456789Z", START + timedelta(microseconds=123456)),
        ("2026-01-15T12:00:00.5Z", START + timedelta(microseconds=500000)),
        ("2026-01-15T14:00:00+02:00", START),
    ],
)
def test_timestamps_are_read_with_any_number_of_decimals(text: str, moment: datetime) -> None:
    assert parse_timestamp(text) == moment


def test_a_timestamp_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse_timestamp("2026-01-15T12:00:00")


def test_timestamps_are_written_in_whole_seconds() -> None:
    assert timestamp(START + timedelta(microseconds=999)) == "2026-01-15T12:00:00Z"
