"""How lines look, are unfolded, found and left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.logs.parsing.level import Level
from k9py.tui.widgets.log_view.columns import TIMES, Times, is_of_another_day, time_cells, time_text
from tests.tui.widgets.hosts import NOW
from tests.tui.widgets.log_host import (
    API,
    RECORD,
    WEB,
    app_with,
    cursor,
    follows,
    numbered,
    rows,
    style_of,
    wrote,
)

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
        assert not follows(app)


async def test_a_record_is_told_in_parts_or_as_it_was_written() -> None:
    app = app_with([wrote(RECORD)])
    async with app.run_test(size=(120, 4)) as pilot:
        await pilot.pause()
        assert style_of(app, 0, "ERROR").bold
        await pilot.press("R")
        assert rows(app)[0] == f" web {RECORD}"
        await pilot.press("R")
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
    app = app_with(
        [LogLine(WEB, None, "restarted\x1b]0;x\x07", "start"), LogLine(WHOLE_STREAM, None, "3 lines dropped", "gap")]
    )
    async with app.run_test(size=(30, 4)) as pilot:
        await pilot.pause()
        assert rows(app) == [" ── web: restarted ──────────", " ── 3 lines dropped ─────────"]


# -- search and filter ------------------------------------------------------------------------------------------------


async def test_next_and_previous_hit_go_from_the_cursor() -> None:
    app = app_with(numbered(100))
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("n")
        assert follows(app)
        app.widget.search("0$")
        assert cursor(app) == 90
        await pilot.press("N", "N")
        assert cursor(app) == 70
        assert app.widget.state.search_at == 8
        await pilot.press("n")
        assert cursor(app) == 80
        await pilot.press("down", "down", "n")
        assert cursor(app) == 90


@pytest.mark.parametrize(
    ("text", "keys", "at", "message"),
    [
        ("0$", ("n",), 90, "last match · N goes back"),
        ("0$", ("end", "n"), None, "last match · N goes back"),
        ("0$", ("home", "N"), 0, "first match · n goes forward"),
        ("absent", ("n",), None, "no match"),
        ("absent", ("N",), None, "no match"),
    ],
)
async def test_past_the_last_hit_it_stays_and_says_so(
    text: str, keys: tuple[str, ...], at: int | None, message: str
) -> None:
    app = app_with(numbered(100))
    async with app.run_test(size=(60, 8)) as pilot:
        app.widget.search(text)
        await pilot.press(*keys)
        await pilot.pause()
        assert cursor(app) == at
        assert [str(notification.message) for notification in app._notifications] == [message]


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
        app.widget.set_hidden(HideRules(frozenset([API.container_key]), frozenset([Level.INFO])))
        await pilot.pause()
        assert rows(app) == [" web ERROR b"]
        assert app.widget.state.hidden == 2
        app.widget.set_hidden(HideRules())
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


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)), UTC])
@pytest.mark.parametrize("year", [datetime.min, datetime.max])  # noqa: DTZ901
async def test_a_line_of_any_time_can_be_shown_in_all_ways(year: datetime, zone: tzinfo) -> None:
    at = year.replace(tzinfo=zone)
    app = app_with([wrote("early", at=at), wrote('{"time":"2026-01-01T00:00:00.5Z","msg":"m"}', at=at)])
    async with app.run_test(size=(70, 6)) as pilot:
        for times in TIMES:
            assert app.widget.times == times
            assert "early" in rows(app)[0]
            await pilot.press("t")


@given(st.datetimes(timezones=st.none() | st.timezones()), st.sampled_from(TIMES), st.booleans(), st.timezones())
def test_every_time_takes_the_cells_of_its_column(at: datetime, times: Times, dated: bool, zone: tzinfo) -> None:
    is_of_another_day(at, times, zone, NOW)
    text = time_text(at, times, dated=dated, zone=zone, now=NOW)
    assert len(text) == time_cells(times, dated=dated)


async def test_a_pattern_too_slow_for_a_line_is_said_and_the_other_lines_are_shown_and_marked() -> None:
    app = app_with([wrote("aaa"), wrote("a" * 2000 + "b"), wrote("other")])
    async with app.run_test(size=(120, 6)) as pilot:
        await pilot.pause()
        unmarked = style_of(app, 0, "aaa")
        app.widget.set_filter("(a|aa)+$")
        await pilot.pause()
        assert rows(app)[0] == " web aaa"
        assert "timed out on 1 line, counted as no match" in rows(app)[-1]
        assert style_of(app, 0, "aaa") != unmarked
        app.widget.set_filter("")
        app.widget.search("(a|aa)+$")
        await pilot.pause()
        assert app.widget.state.search_hits == 1
        assert "timed out on 1 line" in app.widget.state.search_problem
