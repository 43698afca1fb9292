"""Factories for lines of containers of two revisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.logs.templates.counts import PatternCounts

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEW = LogTarget("shop", "web-new-1", "web", "u1", "containerd://n1", "new", "n1")
OLD = LogTarget("shop", "web-old-1", "web", "u2", "containerd://o1", "old", "n2")


def at(seconds: float) -> datetime:
    """Return a time, in seconds from `BEGIN`."""
    return BEGIN + timedelta(seconds=seconds)


def line(target: LogTarget, seconds: float, text: str) -> LogLine:
    """Return a line written this many seconds after `BEGIN`."""
    return LogLine(target, at(seconds), text)


def steady(target: LogTarget, text: str, *, every: float, minutes: float, start: float = 0.0) -> list[LogLine]:
    """Return a line every `seconds` seconds for `minutes` minutes; "{}" in it becomes its number."""
    return [
        line(target, start + number * every, text.replace("{}", str(number)))
        for number in range(int(minutes * 60 / every))
    ]


def never() -> bool:
    """Never pause."""
    return False


def counted(lines: Iterable[LogLine], *, established: bool = True) -> PatternCounts:
    """Return counts of these lines.

    Args:
        established: the containers are known to have started an hour before.
    """
    counts = PatternCounts()
    if established:
        counts.set_start_times({NEW.container_id: at(-3600), OLD.container_id: at(-3600)})
    counts.add(0, list(lines), never)
    return counts
