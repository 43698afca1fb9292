"""Durations and ages as the API server prints them in tables.

Pure. Follows apimachinery's `duration.HumanDuration`.
"""

from datetime import datetime
from typing import Any

from k9py.simulator.clock import parse_timestamp

UNKNOWN = "<unknown>"


def human_duration(seconds: float) -> str:
    """Format a duration with about two units: `45s`, `3m12s`, `17m`, `5h3m`, `26h`, `3d4h`, `80d`, `2y30d`."""
    whole = int(seconds)
    if seconds < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 120:
        return f"{whole}s"
    minutes = whole // 60
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 365 * 2:
        return f"{days}d"
    years = days // 365
    if days < 365 * 8:
        return f"{years}y{days % 365}d" if days % 365 else f"{years}y"
    return f"{years}y"


def since(moment: Any, now: datetime) -> str:
    """Format the time since an RFC 3339 timestamp; `<unknown>` if missing."""
    if not moment:
        return UNKNOWN
    return human_duration((now - parse_timestamp(moment)).total_seconds())


def age(obj: dict[str, Any], now: datetime) -> str:
    return since(obj["metadata"].get("creationTimestamp"), now)
