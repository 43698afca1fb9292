"""Ages and durations as text, as kubectl prints them. `now` is always an argument."""

from __future__ import annotations

from datetime import datetime


def age(since: datetime | None, now: datetime) -> str:
    """Return the time since then in kubectl's short form, "?" when it is unknown.

    Seconds below 2 minutes, minutes below 3 hours, hours below 2 days, days below 2 years. This is coarser than
    kubectl, which adds a second unit, so that a screen full of ages changes once a minute and not once a second.
    """
    if since is None:
        return "?"
    return duration((now - since).total_seconds())


def duration(seconds: float) -> str:
    """Return a duration in the same short form; a negative one counts as zero."""
    total = max(0, int(seconds))
    if total < 120:
        return f"{total}s"
    minutes = total // 60
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 730:
        return f"{days}d"
    return f"{days // 365}y"


def human_duration(seconds: float) -> str:
    """Return a duration as kubectl prints ages, with a second unit where it is short: `3m20s`, `5h20m`, `3d5h`.

    A negative one counts as zero. Source: apimachinery/pkg/util/duration, `HumanDuration`.
    """
    total = max(0, int(seconds))
    if total < 120:
        return f"{total}s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if minutes < 10:
        return _two_units(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two_units(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two_units(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 2920:
        return _two_units(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two_units(first: int, unit: str, second: int, smaller: str) -> str:
    return f"{first}{unit}{second}{smaller}" if second else f"{first}{unit}"


def rfc3339(at: datetime | None) -> str | None:
    """Return a time as the API writes it: `2026-11-30T12:00:00Z`; None if unknown."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def parse_rfc3339(value: object) -> datetime | None:
    """Return the time that a JSON value holds; None if it is not a string with a time and a zone."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
