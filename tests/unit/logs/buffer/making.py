"""Lines for the tests of the buffer."""

from __future__ import annotations

from datetime import UTC, datetime

from k9py.logs.buffer.buffer import LogBuffer, size_of
from k9py.logs.line import WHOLE_STREAM, LogLine, Marker
from k9py.logs.source import LogTarget

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WEB = LogTarget("shop", "web-1", "app", "u1")
API = LogTarget("shop", "api-1", "app", "u2")


def line(text: str, target: LogTarget = WEB) -> LogLine:
    """Return a container's line."""
    return LogLine(target, NOW, text)


def marker(text: str, kind: Marker = "gap", target: LogTarget = WHOLE_STREAM) -> LogLine:
    """Return a marker."""
    return LogLine(target, None, text, kind)


def lines(first: int, count: int) -> list[LogLine]:
    """Return lines with consecutive numbers, all of one size."""
    return [line(f"line {number:05}") for number in range(first, first + count)]


SIZE = size_of(lines(0, 1)[0])
"""Bytes of each of `lines`."""


def texts(buffer: LogBuffer) -> list[str]:
    """Return the text of every line kept."""
    return [entry.text for _, entry in buffer.slice_from(buffer.first, len(buffer))]
