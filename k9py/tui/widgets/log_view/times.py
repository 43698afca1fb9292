"""When a line was written, in one of three ways, in a column whose width all lines share."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final, Literal

from k9py.api.times import age

Times = Literal["none", "local", "utc", "relative"]
"""utc and local: the time of day, with the date where a line in sight is not of today. relative: how long ago."""

TIMES: Final[tuple[Times, ...]] = ("none", "local", "utc", "relative")
"""In the order the key goes round."""

_DATE_CELLS: Final = 11
_CELLS: Final[dict[Times, int]] = {"none": 0, "local": 12, "utc": 13, "relative": 5}


def time_cells(times: Times, *, dated: bool) -> int:
    """Return the cells of the column."""
    return _CELLS[times] + (_DATE_CELLS if dated and times in ("local", "utc") else 0)


def is_of_another_day(at: datetime, times: Times, zone: tzinfo | None, now: datetime) -> bool:
    """Say whether a line's date has to be shown."""
    return times in ("local", "utc") and _shown(at, times, zone).date() != _shown(now, times, zone).date()


def time_text(at: datetime | None, times: Times, *, dated: bool, zone: tzinfo | None, now: datetime) -> str:
    """Return a line's time in exactly `time_cells` cells; blanks when it is unknown.

    Args:
        zone: for local times; None: the machine's.
    """
    cells = time_cells(times, dated=dated)
    if at is None or times == "none":
        return " " * cells
    if times == "relative":
        return age(_aware(at), now).rjust(cells)
    shown = _shown(at, times, zone)
    date = f"{shown.year:04}-{shown:%m-%d} " if dated else ""  # %Y has no zeros before the year 1000
    return f"{date}{shown:%H:%M:%S}.{shown.microsecond // 1000:03d}{'Z' if times == 'utc' else ''}"


def _shown(at: datetime, times: Times, zone: tzinfo | None) -> datetime:
    """Return a time in the zone it is shown in; where there is no such year, as it stands."""
    try:
        return _aware(at).astimezone(UTC if times == "utc" else zone)
    except (OverflowError, ValueError, OSError):
        return at


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
