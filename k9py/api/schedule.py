"""When a CronJob runs next: its schedule in its time zone, as the CronJob controller computes it.

The fields of a schedule are parsed by cronsim, on wall clock times without a zone; what happens when clocks change is
decided here, because the controller's library (robfig/cron) differs from other crons: times that are skipped do not
run, times that come twice run twice. cronsim is imported when the first schedule is read.

Invariant: a schedule that cannot be read has no next run (None), it never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from typing import Final

_MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ZONE_PREFIX: Final = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)", re.DOTALL)
_EVERY: Final = re.compile(r"@every\s+((?:\d+(?:\.\d+)?(?:h|m|s|ms|us|µs|ns))+)")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_CHANGE: Final = timedelta(hours=3)
"""Longer than clocks are ever put forward or back."""
_TRIES: Final = 1000
"""Times that are read before a schedule counts as one that never runs again."""


def next_run(schedule: str, zone: str | None, after: datetime, *, anchor: datetime | None = None) -> datetime | None:
    """Return the next run after a time (aware), in the schedule's time zone; None if there is none or it is not known.

    Args:
        schedule: Five fields, a macro such as `@hourly`, or `@every 5m`; may begin with `TZ=…`.
        zone: Name of the time zone; None: that of the controller, for which UTC is assumed.
        anchor: For `@every`: the last run, or when the CronJob was created.
    """
    prefixed = _ZONE_PREFIX.fullmatch(schedule.strip())
    if prefixed is not None:
        zone, schedule = prefixed[1], prefixed[2]
    tz = time_zone(zone)
    if tz is None:
        return None
    schedule = schedule.strip()
    if schedule.startswith("@every"):
        interval = _interval(schedule)
        return None if interval is None or anchor is None else _next_interval(anchor, interval, after).astimezone(tz)
    fields = _MACROS.get(schedule, schedule)
    if len(fields.split()) != 5:
        return None
    # A schedule has minutes: the same result for all calls within one.
    return _next_in_zone(fields, tz, after.astimezone(UTC).replace(second=0, microsecond=0))


@lru_cache(maxsize=128)
def time_zone(name: str | None) -> tzinfo | None:
    """Return a time zone, UTC for None or ""; None if this machine does not know it."""
    if not name:
        return UTC
    from zoneinfo import ZoneInfo  # only where a zone is named: it takes 10 ms

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, not a name, a directory
        return None


@lru_cache(maxsize=2048)
def _next_in_zone(fields: str, tz: tzinfo, after: datetime) -> datetime | None:
    now = after.astimezone(tz)
    wall = now.replace(tzinfo=None, fold=0)
    best: datetime | None = None
    for moment in _walls(fields, wall - _CHANGE if _changes_near(now) else wall):
        if best is not None and moment - best.replace(tzinfo=None) > _CHANGE:
            break
        runs = [run for run in _instants(moment, tz) if run > after]
        best = min([*runs, *([] if best is None else [best])], default=None, key=_utc)
        if best is not None and not _changes_near(moment.replace(tzinfo=tz)):
            break
    return best


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _changes_near(at: datetime) -> bool:
    """Return whether clocks are changed within three hours of a time."""
    utc = _utc(at)
    return (utc - _CHANGE).astimezone(at.tzinfo).utcoffset() != (utc + _CHANGE).astimezone(at.tzinfo).utcoffset()


def _instants(moment: datetime, tz: tzinfo) -> Iterator[datetime]:
    """Yield the times at which clocks show a wall clock time: none if it is skipped, two if it comes twice."""
    first, second = moment.replace(tzinfo=tz), moment.replace(tzinfo=tz, fold=1)
    if _utc(first).astimezone(tz).replace(tzinfo=None, fold=0) == moment:
        yield first
        if first.utcoffset() != second.utcoffset():
            yield second


def _walls(fields: str, after: datetime) -> Iterator[datetime]:
    """Yield the wall clock times of a schedule after one; nothing if it cannot be read."""
    from cronsim import CronSim, CronSimError

    minute, hour, day, month, weekday = fields.replace("?", "*").split()
    try:
        times = CronSim(f"{minute} {hour} {day} {month} {weekday}", after)
    except (CronSimError, ValueError, AssertionError):
        return
    # Days and weekdays must both match if one of them is "*". Unlike in other crons, "*/2" is not.
    times.day_and = "*" in (day, weekday)
    yield from islice(times, _TRIES)


def _interval(schedule: str) -> timedelta | None:
    """Return the interval of `@every 1h30m`, whole seconds and at least one (robfig/cron's `Every`)."""
    parsed = _EVERY.fullmatch(schedule)
    if parsed is None:
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(parsed[1]))
    try:
        return timedelta(seconds=max(1, int(seconds)))
    except OverflowError:
        return None


def _next_interval(anchor: datetime, interval: timedelta, after: datetime) -> datetime:
    if anchor > after:
        return anchor + interval
    return anchor + ((after - anchor) // interval + 1) * interval
