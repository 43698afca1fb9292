"""A log view in an app of its own, and lines to fill it with."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from rich.style import Style

from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.tui.widgets.log_view import LogView
from tests.tui.widgets.hosts import NOW, HostApp, screen_text

WEB = LogTarget("shop", "web", "app", "u1")
API = LogTarget("shop", "api", "app", "u2")
RECORD = json.dumps({"level": "error", "msg": "payment failed", "order": {"id": 17}, "trace": "a\nb"})


def wrote(text: str, target: LogTarget = WEB, at: datetime | None = NOW, *, late: bool = False) -> LogLine:
    """Return what a container wrote."""
    return LogLine(target, at, text, late=late)


def numbered(count: int, first: int = 0) -> list[LogLine]:
    """Return lines numbered on."""
    return [wrote(f"line {number:03}") for number in range(first, first + count)]


def app_with(
    lines: list[LogLine], *, capacity: int = 1 << 20, now: datetime = NOW, monochrome: bool = False
) -> HostApp[LogView]:
    """Return an app around a view that has these lines."""

    def make() -> LogView:
        view = LogView(capacity=capacity, zone=UTC, now=lambda: now)
        view.extend(lines)
        return view

    return HostApp(make, monochrome=monochrome)


def rows(app: HostApp[LogView]) -> list[str]:
    """Return what the view shows, without sources' blanks at the end and without empty rows."""
    return [text for text in screen_text(app.widget) if text]


def cursor(app: HostApp[LogView]) -> int | None:
    """Return the number of the line the cursor is on."""
    return app.widget.cursor_number


def style_of(app: HostApp[LogView], y: int, text: str) -> Style:
    """Return the style of the segment that holds a text on a row."""
    for segment in app.widget.render_line(y):
        if text in segment.text:
            assert segment.style is not None
            return segment.style
    raise AssertionError(f"{text!r} is not in one segment of row {y}")


def follows(app: HostApp[LogView]) -> bool:
    """Say whether the view follows."""
    return app.widget.following


def texts(lines: list[LogLine]) -> list[str]:
    """Return the text of each line."""
    return [line.text for line in lines]
