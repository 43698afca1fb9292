"""Going to errors and times in a log view, the line that says where the new begins, and clearing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from textual.app import ComposeResult

from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.runtime.clock import SystemClock
from k9py.tui.logs.typed_time import parse_time
from k9py.tui.options import AppOptions
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.log_view import LogView
from tests.tui.widgets.hosts import NOW, HostApp
from tests.tui.widgets.log_host import API, app_with, cursor, numbered, rows, wrote

ERRORS = (3, 40, 41, 90)


def mixed(count: int = 100) -> list[LogLine]:
    """Return lines a second apart, some of them errors, whatever their text looks like."""
    return [
        wrote(
            f'{{"level":"error","msg":"m {number}"}}' if number in ERRORS else f"INFO no ERROR in {number}",
            API if number % 2 else WHOLE_STREAM._replace(pod="web", container="app"),
            NOW + timedelta(seconds=number - count),
        )
        for number in range(count)
    ]


async def settle(app: HostApp[LogView]) -> None:
    await app.workers.wait_for_complete()


async def pressed(app: HostApp[LogView], pilot: object, *keys: str) -> None:
    await pilot.press(*keys)  # type: ignore[attr-defined]
    await pilot.pause()  # type: ignore[attr-defined]


async def jumped(app: HostApp[LogView], pilot: object, key: str, to: int) -> None:
    await pilot.press(key)  # type: ignore[attr-defined]
    for _ in range(100):
        if cursor(app) == to:
            break
        await pilot.pause()  # type: ignore[attr-defined]
    assert cursor(app) == to


async def test_e_and_E_go_to_the_next_and_the_previous_error() -> None:  # noqa: N802
    app = app_with(mixed())
    async with app.run_test(size=(60, 12)) as pilot:
        for key, to in (("E", 90), ("E", 41), ("E", 40), ("E", 3), ("e", 40), ("e", 41), ("e", 90)):
            await jumped(app, pilot, key, to)
        assert not app.widget.following


async def test_errors_that_are_filtered_out_are_passed_by() -> None:
    app = app_with(mixed())
    async with app.run_test(size=(60, 12)) as pilot:
        app.widget.set_filter("pod=api")
        await pilot.pause()
        await jumped(app, pilot, "E", 41)
        await jumped(app, pilot, "E", 3)


async def test_where_there_is_no_further_error_it_stays_and_says_so() -> None:
    app = app_with(mixed())
    async with app.run_test(size=(60, 12)) as pilot:
        await jumped(app, pilot, "E", 90)
        await pilot.press("e")
        for _ in range(100):
            if app._notifications:
                break
            await pilot.pause()
        assert [str(notification.message) for notification in app._notifications] == ["last error · E goes back"]
        assert cursor(app) == 90


@pytest.mark.parametrize(
    ("back", "number", "message"),
    [
        (timedelta(seconds=30), 70, ""),
        (timedelta(seconds=30, milliseconds=500), 70, ""),
        (timedelta(hours=1), 0, "oldest line shown is newer than"),
        (timedelta(seconds=-1), 99, "newest line shown is older than"),
    ],
)
async def test_a_time_leads_to_the_first_line_from_then_on(back: timedelta, number: int, message: str) -> None:
    app = app_with(mixed())
    async with app.run_test(size=(60, 12)) as pilot:
        app.widget.go_to_time(NOW - back)
        await pilot.pause()
        assert cursor(app) == number
        assert [message in str(notification.message) for notification in app._notifications] == (
            [True] if message else []
        )


class FixedClock(SystemClock):
    """The time of the lines."""

    def now(self) -> datetime:
        return NOW


class PaneHost(ThemedApp[None]):
    """An app around a log pane."""

    def __init__(self) -> None:
        super().__init__(monochrome=False)
        self.pane = LogPane(AppOptions(clock=FixedClock()), options=LineViewOptions())

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.view.extend(mixed())
        self.pane.view.focus()


async def test_a_time_is_asked_for_and_what_is_none_can_be_corrected() -> None:
    app = PaneHost()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("@", "x", "enter")
        await pilot.pause()
        assert "not a time" in str(app.screen.query_one("#fault").render())
        await pilot.press("backspace", "3", "0", "s", "enter")
        await pilot.pause()
        assert app.pane.view.cursor_number == 70


async def test_a_line_is_drawn_where_the_new_begins() -> None:
    app = app_with(numbered(3))
    async with app.run_test(size=(70, 8)) as pilot:
        await pressed(app, pilot, "M")
        app.widget.extend([wrote("new")])
        app.widget.flush()
        shown = rows(app)
        assert "line 002" in shown[-3]
        assert "── from here 12:" in shown[-2]
        assert "new" in shown[-1]
        assert not app._notifications, "it can be seen"


async def test_a_line_drawn_out_of_sight_is_said_to_be_there() -> None:
    app = app_with(numbered(100))
    async with app.run_test(size=(70, 8)) as pilot:
        await pressed(app, pilot, "pageup", "M")
        assert [str(notification.message) for notification in app._notifications] == ["mark drawn · End jumps to it"]
        await pressed(app, pilot, "end")
        assert "── from here 12:" in rows(app)[-1]


async def test_clear_hides_what_was_and_shows_it_again() -> None:
    app = app_with(numbered(20))
    async with app.run_test(size=(60, 8)) as pilot:
        await pressed(app, pilot, "up", "L")
        assert app.widget.following
        assert app.widget.line_count() == 0
        app.widget.extend([wrote("new")])
        app.widget.flush()
        assert next(text for text in rows(app) if "line" in text or "new" in text).endswith("new")
        assert app.widget.state.cleared == 20
        app.widget.set_filter("line|new")
        await pilot.pause()
        assert app.widget.line_count() == 1, "a filter brings none of them back"
        app.widget.set_filter("")
        await pressed(app, pilot, "L")
        assert app.widget.line_count() == 21
        assert app.widget.state.cleared == 0
        await pressed(app, pilot, "L")
        app.widget.clear()
        app.widget.extend(numbered(2))
        app.widget.flush()
        assert app.widget.line_count() == 2, "another subject begins with all its lines"


MIDNIGHT = datetime(2026, 11, 30, 0, 10, tzinfo=UTC)
PARIS = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("00:05", UTC, datetime(2026, 11, 30, 0, 5, tzinfo=UTC)),
        ("0:05:30", UTC, datetime(2026, 11, 30, 0, 5, 30, tzinfo=UTC)),
        ("23:50", UTC, datetime(2026, 11, 29, 23, 50, tzinfo=UTC)),
        ("01:05", PARIS, datetime(2026, 11, 30, 0, 5, tzinfo=UTC)),
        ("00:05Z", PARIS, datetime(2026, 11, 30, 0, 5, tzinfo=UTC)),
        (" 5m ", UTC, MIDNIGHT - timedelta(minutes=5)),
        ("1h30m", UTC, MIDNIGHT - timedelta(minutes=90)),
        ("90s ago", UTC, MIDNIGHT - timedelta(seconds=90)),
        ("-2d", UTC, MIDNIGHT - timedelta(days=2)),
        ("2026-11-29T14:05:00Z", UTC, datetime(2026, 11, 29, 14, 5, tzinfo=UTC)),
        ("2026-11-29T14:05:00.123456789+01:00", UTC, datetime(2026, 11, 29, 13, 5, 0, 123_456, tzinfo=UTC)),
        ("2026-11-29 14:05", PARIS, datetime(2026, 11, 29, 13, 5, tzinfo=UTC)),
        *(
            (text, UTC, None)
            for text in ("", "x", "5", "24:00", "14:60", "now", "2026-11-29", "m", "9999-99-99T00:00:00Z")
        ),
    ],
)
def test_a_moment_is_read_as_it_was_typed(text: str, zone: timezone, moment: datetime | None) -> None:
    assert parse_time(text, MIDNIGHT, zone) == moment
