"""Parse a time as a person types it to go to in a log. Pure; other notations go into `parse_time`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

EXAMPLES: Final = "14:05, 14:05:30, 5m (ago) or 2026-11-30T14:05:00Z"

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,]\d{1,9})?)?(Z?)", re.I)
_AGO: Final = re.compile(r"-?(?=\d)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s)?(?: ago)?", re.I)


def parse_time(text: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return the time a text means, None when it is not a time.

    A time of day is the latest one in the past: at ten past midnight, 23:50 is yesterday's.

    Args:
        now: aware.
        zone: of times without one; None: the machine's.
    """
    text = text.strip()
    if clock := _CLOCK.fullmatch(text):
        here = now.astimezone(UTC if clock[4] else zone)
        at = here.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
        return at if at <= here else at - timedelta(days=1)
    if text and (ago := _AGO.fullmatch(text)):
        days, hours, minutes, seconds = (int(part or 0) for part in ago.groups())
        try:
            return now - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            return None
    if len(text) < 16 or text[4:5] not in ("-", "/"):
        return None
    try:
        at = datetime.fromisoformat(text.replace("/", "-").replace(",", "."))
    except ValueError:
        return None
    try:
        return at if at.tzinfo is not None else at.replace(tzinfo=zone) if zone else at.astimezone()
    except (OverflowError, ValueError, OSError):
        return None
