"""The log view's keys, what they choose and change; and its marks, groups, colours and dates on the screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.style import Style

from k9py.logs.keeping.buffer import size_of
from k9py.logs.keeping.hidden import Hidden
from k9py.logs.line import ALL, LogLine
from k9py.logs.records.level import Level
from k9py.logs.source import LogTarget
from k9py.tui.widgets.log_view import LogView
from k9py.tui.widgets.log_view.keys import LOG_KEYS
from tests.tui.widgets.hosts import NOW, HostApp, screen_text

WEB = LogTarget("shop", "web", "app", "u1")
API = LogTarget("shop", "api", "app", "u2")
RECORD = json.dumps({"level": "error", "msg": "payment failed", "order": {"id": 17}, "trace": "a\nb"})


def wrote(text: str, target: LogTarget = WEB, at: datetime | None = NOW, *, late: bool = False) -> LogLine:
    return LogLine(target, at, text, late=late)


def numbered(count: int, first: int = 0) -> list[LogLine]:
    return [wrote(f"line {number:03}") for number in range(first, first + count)]


def app_with(
    lines: list[LogLine], *, capacity: int = 1 << 20, now: datetime = NOW, monochrome: bool = False
) -> HostApp[LogView]:
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


def test_each_key_has_a_name_of_its_own_and_says_what_it_does() -> None:
    names = [binding.id for binding in LOG_KEYS]
    assert len(set(names)) == len(names)
    assert all(name is not None and name.startswith("log.") for name in names)
    assert all(binding.tooltip for binding in LOG_KEYS)


# -- cursor -----------------------------------------------------------------------------------------------------------


async def test_up_holds_with_the_cursor_above_the_newest_and_down_past_it_follows() -> None:
    app = app_with(numbered(20))
    async with app.run_test(size=(60, 6)) as pilot:
        assert cursor(app) is None
        assert app.widget.cursor_line is None
        await pilot.press("k")
        assert cursor(app) == 18
        assert rows(app)[-2] == "▎web line 018"
        assert app.widget.cursor_line == numbered(20)[18]
        await pilot.press("j")
        assert cursor(app) == 19
        assert not app.widget.following
        await pilot.press("down")
        assert app.widget.following
        assert cursor(app) is None
        assert rows(app)[-1] == " web line 019"


async def test_pages_take_the_cursor_along() -> None:
    app = app_with(numbered(40))
    async with app.run_test(size=(60, 11)) as pilot:
        await pilot.press("pageup")
        first = cursor(app)
        assert first is not None
        await pilot.press("pageup")
        assert cursor(app) == first - 9
        await pilot.press("pageup", "pageup", "pageup", "pageup")
        assert cursor(app) == 0
        await pilot.press("pagedown")
        assert cursor(app) == 9
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert app.widget.following


async def test_home_and_end_go_to_the_oldest_and_the_newest() -> None:
    app = app_with(numbered(40))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("g")
        assert rows(app)[0] == "▎web line 000"
        await pilot.press("G")
        assert app.widget.following
        await pilot.press("home", "up")
        assert cursor(app) == 0
        await pilot.press("end")
        assert rows(app)[-1] == " web line 039"


async def test_space_holds_what_is_in_sight_and_follows_again() -> None:
    app = app_with(numbered(40))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.pause()
        before = rows(app)
        await pilot.press("space")
        assert rows(app)[:4] == before[:4]
        assert cursor(app) == 38
        app.widget.extend(numbered(10, 40))
        app.widget.flush()
        assert rows(app)[:4] == before[:4]
        assert "10 new below" in rows(app)[-1]
        await pilot.press("space")
        assert app.widget.following


async def test_the_wheel_scrolls_and_keeps_the_cursor_in_sight() -> None:
    app = app_with(numbered(40))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("space")
        app.widget.wheel(-3)
        assert rows(app)[0] == " web line 031"
        assert cursor(app) == 35
        for _ in range(4):
            app.widget.wheel(3)
        assert app.widget.following


async def test_a_line_taller_than_the_page_is_scrolled_row_by_row() -> None:
    app = app_with([wrote("first"), wrote("x" * 300), wrote("last")])
    async with app.run_test(size=(30, 5)) as pilot:
        await pilot.press("w", "g", "down")
        assert cursor(app) == 1
        for _ in range(8):
            await pilot.press("down")
            assert cursor(app) == 1
        await pilot.press("down", "down")
        assert cursor(app) == 2


async def test_a_jump_holds_at_the_line_or_says_that_it_is_gone() -> None:
    size = size_of(numbered(1)[0])
    app = app_with(numbered(100), capacity=50 * size)
    async with app.run_test(size=(60, 7)) as pilot:
        assert app.widget.go_to(70)
        await pilot.pause()
        assert not app.widget.following
        assert "▎web line 070" in rows(app)
        assert not app.widget.go_to(3)
        assert cursor(app) == 70
        app.widget.set_filter("line 09")
        app.widget.go_to(72)
        assert cursor(app) == 90


async def test_what_was_let_go_is_said_above_the_oldest_line_and_the_top_row_stays() -> None:
    size = size_of(numbered(1)[0])
    app = app_with(numbered(100), capacity=50 * size)
    async with app.run_test(size=(60, 7)) as pilot:
        await pilot.press("g")
        first = app.widget.buffer.first
        assert rows(app)[0] == f" ── {first} older lines let go ──"
        assert rows(app)[1] == f"▎web line {first:03}"
        held = rows(app)[:-1]
        for start in range(100, 500, 100):
            app.widget.extend(numbered(100, start))
            app.widget.flush()
        assert rows(app)[:-1] == held
        assert app.widget.buffer.bytes <= app.widget.buffer.capacity


# -- marks ------------------------------------------------------------------------------------------------------------


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


async def test_what_is_chosen_is_the_newest_the_cursors_line_or_from_mark_to_mark() -> None:
    app = app_with(numbered(20))
    async with app.run_test(size=(60, 12)) as pilot:
        assert texts(app.widget.chosen_lines()) == ["line 019"]
        await pilot.press("up", "up")
        assert texts(app.widget.chosen_lines()) == ["line 017"]
        await pilot.press("m", "up", "up")
        assert "▌web line 017" in rows(app)
        assert texts(app.widget.chosen_lines()) == ["line 015", "line 016", "line 017"]
        await pilot.press("m", "up", "up", "up")
        assert texts(app.widget.chosen_lines()) == ["line 015", "line 016", "line 017"]
        assert app.widget.state.marked == 2
        assert "2 marked" in rows(app)[-1]
        await pilot.press("down", "down", "down", "m", "end")
        assert texts(app.widget.chosen_lines()) == ["line 017", "line 018", "line 019"]
        app.widget.clear_marks()
        await pilot.press("m")
        assert "▌web line 019" in rows(app)


async def test_only_what_is_shown_is_chosen_and_listed() -> None:
    app = app_with([wrote("a 1"), wrote("b"), LogLine(ALL, None, "lines may be missing", "gap"), wrote("a 2")])
    async with app.run_test(size=(60, 12)) as pilot:
        app.widget.set_filter("a")
        await pilot.press("g", "m", "down", "down", "m")
        assert texts(app.widget.chosen_lines()) == ["a 1", "lines may be missing", "a 2"]
        assert texts(list(app.widget.shown_lines())) == ["a 1", "lines may be missing", "a 2"]


async def test_marks_of_lines_let_go_are_forgotten() -> None:
    size = size_of(numbered(1)[0])
    app = app_with(numbered(20), capacity=50 * size)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("m")
        assert app.widget.state.marked == 1
        app.widget.extend(numbered(100, 20))
        app.widget.flush()
        assert app.widget.state.marked == 0
        assert texts(app.widget.chosen_lines()) == ["line 119"]


async def test_a_line_as_text_is_what_the_screen_says() -> None:
    app = app_with([wrote("\x1b[31mred\x1b[0m\x07")])
    async with app.run_test(size=(60, 4)) as pilot:
        line = app.widget.chosen_lines()[0]
        assert app.widget.line_text(line) == "web red\ufffd"
        await pilot.press("t")
        assert app.widget.line_text(line) == "12:00:00.000 web red\ufffd"
        assert rows(app)[0].strip() == app.widget.line_text(line)
        await pilot.press("z")
        assert app.widget.line_text(line) == "12:00:00.000 red\ufffd"
        assert app.widget.line_text(LogLine(WEB, None, "restarted", "start")) == "── web: restarted"


# -- how lines look ---------------------------------------------------------------------------------------------------


async def test_enter_unfolds_a_record_and_folds_it_again() -> None:
    app = app_with([wrote(RECORD), wrote("last")])
    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.press("up")
        assert rows(app)[0].startswith("▎web ERROR payment failed  order.id=17")
        await pilot.press("enter")
        shown = [row[1:].removeprefix("web").strip() for row in rows(app)]
        assert shown[0] == "ERROR payment failed"
        assert shown[1:6] == ["order:", "id: 17", "trace:", "a", "b"]
        assert all(row[0] == "▎" for row in rows(app)[:6])
        assert rows(app)[6] == " web last"
        await pilot.press("down", "up", "enter")
        assert rows(app)[1] == " web last"


async def test_enter_shows_all_of_a_line_that_is_cut() -> None:
    app = app_with([wrote("abc " * 30)])
    async with app.run_test(size=(31, 12)) as pilot:
        assert rows(app)[0].endswith("…")
        await pilot.press("enter")
        assert "".join(row[5:] for row in rows(app)[:-1]).replace(" ", "") == "abc" * 30
        assert not app.widget.following


async def test_a_record_is_told_in_parts_or_as_it_was_written() -> None:
    app = app_with([wrote(RECORD)])
    async with app.run_test(size=(120, 4)) as pilot:
        await pilot.pause()
        assert style_of(app, 0, "ERROR").bold
        await pilot.press("J")
        assert rows(app)[0] == f" web {RECORD}"
        await pilot.press("J")
        assert rows(app)[0].startswith(" web ERROR payment failed")


async def test_colours_of_containers_are_kept_or_dropped_and_never_hide_words() -> None:
    app = app_with([wrote("\x1b[32mgreen\x1b[0m plain \x1b[30;40mhidden\x1b[0m")])
    async with app.run_test(size=(60, 4)) as pilot:
        await pilot.pause()
        assert style_of(app, 0, "green").color != style_of(app, 0, "plain").color
        hidden = style_of(app, 0, "hidden")
        assert hidden.color != hidden.bgcolor
        await pilot.press("C")
        assert rows(app) == [" web green plain hidden"]
        assert len({segment.style for segment in list(app.widget.render_line(0))[3:-1]}) == 1
        await pilot.press("C")
        assert style_of(app, 0, "green").color != style_of(app, 0, "plain").color


async def test_late_lines_say_so() -> None:
    app = app_with([wrote("in time"), wrote("behind", late=True)])
    async with app.run_test(size=(60, 4)) as pilot:
        await pilot.pause()
        assert rows(app) == [" web in time", " web late behind"]


@pytest.mark.parametrize(
    ("level", "same_as_plain"), [("INFO", True), ("WARN", False), ("ERROR", False), ("DEBUG", False)]
)
async def test_a_level_shows_in_the_line(level: str, same_as_plain: bool) -> None:
    app = app_with([wrote("just words"), wrote(f"{level} something")])
    async with app.run_test(size=(60, 4)) as pilot:
        await pilot.pause()
        plain, other = style_of(app, 0, "words"), style_of(app, 1, "something")
        assert (plain == other) is same_as_plain


async def test_times_have_a_date_only_where_a_line_in_sight_is_of_another_day() -> None:
    app = app_with([wrote("old", at=NOW - timedelta(days=2)), *numbered(20)])
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("t", "t")
        assert rows(app)[-1] == " 12:00:00.000Z web line 019"
        await pilot.press("g")
        assert rows(app)[0] == "▎2025-12-30 12:00:00.000Z web old"
        await pilot.press("end")
        assert rows(app)[-1] == " 12:00:00.000Z web line 019"


async def test_how_long_ago_is_told_in_short() -> None:
    app = app_with([wrote("a"), wrote("no time", at=None)], now=NOW + timedelta(minutes=5))
    async with app.run_test(size=(60, 6)) as pilot:
        app.widget.times = "relative"
        await pilot.pause()
        assert rows(app) == ["    5m web a", "       web no time"]


async def test_markers_are_rules_with_words() -> None:
    app = app_with([LogLine(WEB, None, "restarted\x1b]0;x\x07", "start"), LogLine(ALL, None, "3 lines dropped", "gap")])
    async with app.run_test(size=(30, 4)) as pilot:
        await pilot.pause()
        assert rows(app) == [" ── web: restarted ──────────", " ── 3 lines dropped ─────────"]


# -- search and filter ------------------------------------------------------------------------------------------------


async def test_next_and_previous_hit_go_from_the_cursor() -> None:
    app = app_with(numbered(100))
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("n")
        assert app.widget.following
        app.widget.search("0$")
        assert cursor(app) == 90
        await pilot.press("N", "N")
        assert cursor(app) == 70
        assert app.widget.state.search_at == 8
        await pilot.press("n")
        assert cursor(app) == 80
        await pilot.press("down", "down", "n")
        assert cursor(app) == 90


async def test_typing_a_search_on_goes_on_from_where_it_began() -> None:
    app = app_with(numbered(100))
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("up")
        app.widget.search("line 01")
        assert cursor(app) == 19
        app.widget.search("line 0")
        assert cursor(app) == 98
        app.widget.search("nothing")
        assert app.widget.state.search_hits == 0
        await pilot.press("n")
        assert cursor(app) == 98


async def test_a_search_with_hits_only_below_goes_there() -> None:
    app = app_with(numbered(100))
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("g")
        app.widget.search("050")
        await pilot.pause()
        assert cursor(app) == 50


async def test_search_and_filter_stand_beside_each_other_in_their_own_colours() -> None:
    app = app_with([wrote("GET /cart 200"), wrote("GET /pay 200"), wrote("PUT /cart 500")])
    async with app.run_test(size=(60, 8)) as pilot:
        app.widget.set_filter("cart")
        app.widget.search("GET")
        app.widget.set_highlights(["[0-9]+", "PUT"])
        await pilot.pause()
        assert [row[1:] for row in rows(app)[:2]] == ["web GET /cart 200", "web PUT /cart 500"]
        assert app.widget.state.search_hits == 1
        backgrounds = [style_of(app, y, word).bgcolor for y, word in ((0, "GET"), (0, "cart"), (0, "200"), (1, "PUT"))]
        assert len(set(backgrounds)) == 4


async def test_context_is_dim_in_groups_and_asked_for_by_keys() -> None:
    lines = [wrote(text) for text in ("x1", "hit", "x2", "x3", "x4", "x5", "hit", "x6")]
    app = app_with(lines)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("plus")
        assert app.widget.context == 0
        app.widget.set_filter("hit")
        await pilot.press("plus")
        assert [row[1:].strip("┄") for row in rows(app)] == [
            "web x1",
            "web hit",
            "web x2",
            "",
            "web x5",
            "web hit",
            "web x6",
        ]
        assert style_of(app, 0, "x1") != style_of(app, 1, "hit")
        await pilot.press("plus", "plus")
        assert len(rows(app)) == 8
        await pilot.press("minus", "minus", "minus", "minus")
        assert rows(app) == [" web hit", " web hit"]
        assert app.widget.state.context == 0


async def test_hidden_containers_and_levels_are_left_out_and_counted() -> None:
    app = app_with([wrote("INFO a"), wrote("ERROR b"), wrote("c", API)])
    async with app.run_test(size=(40, 6)) as pilot:
        app.widget.set_hidden(Hidden(frozenset([API.place]), frozenset([Level.INFO])))
        await pilot.pause()
        assert rows(app) == [" web ERROR b"]
        assert app.widget.state.hidden == 2
        app.widget.set_hidden(Hidden())
        assert len(rows(app)) == 3


async def test_what_of_a_filter_is_not_understood_is_said() -> None:
    app = app_with(numbered(3))
    async with app.run_test(size=(120, 6)) as pilot:
        app.widget.set_filter("level=loud")
        await pilot.pause()
        assert app.widget.state.filter_problem
        assert app.widget.state.filter_problem in rows(app)[-1]


async def test_sources_are_named_anew_when_told_to() -> None:
    app = app_with(numbered(3))
    async with app.run_test(size=(60, 6)) as pilot:
        app.widget.label_of = lambda target: f"{target.pod}/{target.container}"
        app.widget.flush()
        await pilot.pause()
        assert rows(app)[0] == " web/app line 000"


async def test_a_search_over_many_lines_is_done_in_turns_and_ends() -> None:
    app = app_with([wrote(f"request {number} of many") for number in range(30_000)], capacity=64 << 20)
    async with app.run_test(size=(60, 6)) as pilot:
        app.widget.search("request 123 of")
        while app.widget.state.scanning or cursor(app) is None:
            await pilot.pause()
        assert cursor(app) == 123
        assert app.widget.state.search_hits == 1
