"""Moving through a log: cursor, pages, jumps; and what is marked and chosen."""

from __future__ import annotations

from textual.binding import Binding

from k9py.actions.action import ActionScope
from k9py.config.terminal import Clipboard
from k9py.logs.buffer.buffer import size_of
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.tui.bindings import bindings
from k9py.tui.logs.copying import prepare_copy
from tests.tui.widgets.log_host import (
    WEB,
    app_with,
    cursor,
    follows,
    numbered,
    rows,
    texts,
    wrote,
)


def test_each_key_has_a_name_of_its_own_and_says_what_it_does() -> None:
    keys = [binding for binding in bindings(ActionScope.LOG_VIEW) if isinstance(binding, Binding)]
    names = [binding.id for binding in keys]
    assert len(set(names)) == len(names)
    assert all(name is not None and name.startswith("log.") for name in names)
    assert all(binding.tooltip for binding in keys)


# -- cursor -----------------------------------------------------------------------------------------------------------


async def test_up_holds_with_the_cursor_above_the_newest_and_down_past_it_follows() -> None:
    app = app_with(numbered(20))
    async with app.run_test(size=(60, 6)) as pilot:
        assert cursor(app) is None
        assert list(app.widget.selected_lines()) == numbered(20)[19:]
        await pilot.press("k")
        assert cursor(app) == 18
        assert rows(app)[-2] == "▎web line 018"
        assert app.widget.cursor_line == numbered(20)[18]
        await pilot.press("j")
        assert cursor(app) == 19
        assert not follows(app)
        await pilot.press("down")
        assert follows(app)
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
        assert follows(app)


async def test_home_and_end_go_to_the_oldest_and_the_newest() -> None:
    app = app_with(numbered(40))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("g")
        assert rows(app)[0] == "▎web line 000"
        await pilot.press("G")
        assert follows(app)
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
        assert "10 new lines below" in rows(app)[-1]
        await pilot.press("space")
        assert follows(app)


async def test_the_wheel_scrolls_and_keeps_the_cursor_in_sight() -> None:
    app = app_with(numbered(40))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("space")
        app.widget.wheel(-3)
        assert rows(app)[0] == " web line 031"
        assert cursor(app) == 35
        for _ in range(4):
            app.widget.wheel(3)
        assert follows(app)


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
        assert not follows(app)
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
        assert rows(app)[0] == f" ── {first} older lines dropped ──"
        assert rows(app)[1] == f"▎web line {first:03}"
        held = rows(app)[:-1]
        for start in range(100, 500, 100):
            app.widget.extend(numbered(100, start))
            app.widget.flush()
        assert rows(app)[:-1] == held
        assert app.widget.buffer.bytes <= app.widget.buffer.capacity


# -- marks ------------------------------------------------------------------------------------------------------------


async def test_what_is_chosen_is_the_newest_the_cursors_line_or_from_mark_to_mark() -> None:
    app = app_with(numbered(20))
    async with app.run_test(size=(60, 12)) as pilot:
        assert texts(list(app.widget.selected_lines())) == ["line 019"]
        await pilot.press("up", "up")
        assert texts(list(app.widget.selected_lines())) == ["line 017"]
        await pilot.press("m", "up", "up")
        assert "▌web line 017" in rows(app)
        assert texts(list(app.widget.selected_lines())) == ["line 015", "line 016", "line 017"]
        await pilot.press("m", "up", "up", "up")
        assert texts(list(app.widget.selected_lines())) == ["line 015", "line 016", "line 017"]
        assert app.widget.state.marked == 2
        assert "2 lines marked" in rows(app)[-1]
        await pilot.press("down", "down", "down", "m", "end")
        assert texts(list(app.widget.selected_lines())) == ["line 017", "line 018", "line 019"]
        app.widget.clear_marks()
        await pilot.press("m")
        assert "▌web line 019" in rows(app)


async def test_only_what_is_shown_is_chosen_and_listed() -> None:
    app = app_with([wrote("a 1"), wrote("b"), LogLine(WHOLE_STREAM, None, "lines may be missing", "gap"), wrote("a 2")])
    async with app.run_test(size=(60, 12)) as pilot:
        app.widget.set_filter("a")
        await pilot.press("g", "m", "down", "down", "m")
        assert app.widget.selected_count == 3
        assert texts(list(app.widget.selected_lines())) == ["a 1", "lines may be missing", "a 2"]
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
        assert texts(list(app.widget.selected_lines())) == ["line 119"]


async def test_a_copy_is_the_containers_lines_alone() -> None:
    marker = LogLine(WEB, None, "container restarted", "start")
    app = app_with([wrote('{"level":"info","msg":"a\tb"}'), marker, wrote("tab\t\x1b[31mred\x1b[0m")])
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("t", "g", "m", "end")
        copy = await prepare_copy(app.widget, Clipboard("supported", "kitty"))
        assert copy.text == '{"level":"info","msg":"a\tb"}\ntab\tred', "as written, without time, source and marker"
        assert copy.message == "copied 2 lines"


async def test_a_copy_is_whole_or_refused_with_how_many_lines_it_would_have_been() -> None:
    coloured = "\x1b[38;5;196mE\x1b[0m" * 100
    clipboard = Clipboard("supported", "kitty")
    app = app_with([wrote(coloured), *numbered(3000)], capacity=8 << 20)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("g", "m", *["down"] * 2, "m")
        copy = await prepare_copy(app.widget, clipboard)
        assert (copy.message, copy.text) == ("copied 3 lines", f"{'E' * 100}\nline 000\nline 001")
        app.widget.clear_marks()
        app.widget.extend(numbered(10_000))
        await pilot.press("g", "m", "end")
        copy = await prepare_copy(app.widget, clipboard)
        assert copy.is_refused
        assert "too much for a terminal's clipboard: 13,001 lines" in copy.message


async def test_lines_with_many_colours_are_counted_by_what_is_read_of_them() -> None:
    app = app_with([wrote("\x1b[38;5;196mE\x1b[0m" * 20)] * 2000, capacity=8 << 20)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("g", "m", "end")
        copy = await prepare_copy(app.widget, Clipboard("supported", "kitty"))
        assert copy.message == "copied 2,000 lines"
        assert copy.text.count("\n") == 1999
