"""When a CronJob runs next, as its controller computes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.schedule import next_run


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def printed(schedule: str, zone: str | None, after: str, anchor: str | None = None) -> str | None:
    run = next_run(schedule, zone, at(after), anchor=None if anchor is None else at(anchor))
    return None if run is None else run.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-11-30T12:00:30", "2026-11-30 12:01"),
        ("*/5 * * * *", "2026-11-30T12:04:59", "2026-11-30 12:05"),
        ("*/5 * * * *", "2026-11-30T12:05:00", "2026-11-30 12:10"),
        ("15-45/15 3 * * *", "2026-11-30T03:15:00", "2026-11-30 03:30"),
        ("5/20 * * * *", "2026-11-30T12:06:00", "2026-11-30 12:25"),
        ("0 9-17 * * mon-fri", "2026-11-28T10:00:00", "2026-11-30 09:00"),
        ("0 0 1 JAN,Jul *", "2026-11-30T12:00:00", "2027-01-01 00:00"),
        ("0 0 ? * 0", "2026-11-30T12:00:00", "2026-12-06 00:00"),
        ("0 0 13 * 5", "2026-11-30T12:00:00", "2026-12-04 00:00"),  # the 13th or a Friday
        ("0 0 */2 * 1", "2026-11-30T12:00:00", "2026-12-01 00:00"),  # "*/2" restricts, so either is enough
        ("0 0 29 2 *", "2026-11-30T12:00:00", "2028-02-29 00:00"),
        ("@hourly", "2026-11-30T12:00:00", "2026-11-30 13:00"),
        ("@daily", "2026-11-30T12:00:00", "2026-12-01 00:00"),
        ("@weekly", "2026-11-30T12:00:00", "2026-12-06 00:00"),
        ("@monthly", "2026-11-30T12:00:00", "2026-12-01 00:00"),
        ("@yearly", "2026-11-30T12:00:00", "2027-01-01 00:00"),
        ("TZ=Asia/Tokyo 0 9 * * *", "2026-11-30T12:00:00", "2026-12-01 00:00"),
        ("CRON_TZ=Asia/Tokyo 0 9 * * *", "2026-11-30T12:00:00", "2026-12-01 00:00"),
    ],
)
def test_a_schedule_runs_next_at(schedule: str, after: str, expected: str) -> None:
    assert printed(schedule, None, after) == expected


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "expected"),
    [
        ("0 3 * * *", "Europe/Berlin", "2026-11-30T12:00:00", "2026-12-01 02:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-07-01T12:00:00", "2026-07-02 01:00"),
        ("0 3 * * *", "Asia/Kolkata", "2026-11-30T12:00:00", "2026-11-30 21:30"),
        # 29 March 2026: 02:00 to 03:00 is skipped, and what would run then does not.
        ("30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00", "2026-03-30 00:30"),
        ("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00", "2026-03-29 01:00"),
        # 25 October 2026: 02:00 to 03:00 comes twice, and what runs then runs twice.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T23:00:00", "2026-10-25 00:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00", "2026-10-25 01:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00", "2026-10-26 01:30"),
        ("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00", "2026-10-25 01:00"),
    ],
)
def test_a_schedule_follows_the_clocks_of_its_zone(schedule: str, zone: str, after: str, expected: str) -> None:
    assert printed(schedule, zone, after) == expected


def test_a_run_is_given_in_its_zone() -> None:
    run = next_run("0 3 * * *", "Europe/Berlin", at("2026-11-30T12:00:00"))
    assert run is not None
    assert run.strftime("%H:%M") == "03:00"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("@every 1h30m", "2026-11-30 13:10"),
        ("@every 5m", "2026-11-30 12:05"),
        ("@every 0.5s", "2026-11-30 12:00"),
    ],
)
def test_an_interval_counts_from_the_last_run(schedule: str, expected: str) -> None:
    assert printed(schedule, None, "2026-11-30T12:00:00", "2026-11-30T10:10:00") == expected


@pytest.mark.parametrize(
    ("schedule", "zone"),
    [
        ("", None),
        ("60 * * * *", None),
        ("* * * *", None),
        ("0 * * * * *", None),
        ("a b c d e", None),
        ("0 0 31 2 *", None),
        ("@never", None),
        ("@every", None),
        ("@every -5m", None),
        ("* * * * *", "Mars/Olympus"),
        ("* * * * *", "../etc/passwd"),
        ("* * * * *", "Europe"),
        ("TZ=nowhere * * * * *", None),
    ],
)
def test_what_cannot_be_read_has_no_next_run(schedule: str, zone: str | None) -> None:
    assert next_run(schedule, zone, at("2026-11-30T12:00:00"), anchor=at("2026-11-30T10:00:00")) is None


_FIELD = st.sampled_from(
    ["*", "0", "5", "*/7", "1-4", "2,3", "x", "99", "5/3", "?", "", "MON", "1-", "-", "/", "L", "#"]
)


@given(st.lists(_FIELD, min_size=1, max_size=6).map(" ".join) | st.text(max_size=20))
def test_no_schedule_raises(schedule: str) -> None:
    after = at("2026-11-30T12:00:00")
    run = next_run(schedule, "Europe/Berlin", after, anchor=after)
    assert run is None or run > after
