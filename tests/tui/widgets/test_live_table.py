"""The table on a screen: cursor, redraw, filter, order, sizes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from k9py.api.meta import ObjectRef
from k9py.tui.widgets.live_table import HighlightCause, LiveTable
from k9py.tui.widgets.live_table.fitting import fit_columns
from k9py.tui.widgets.live_table.order import Order
from k9py.views.values import Cell, Column, Row, Tone
from tests.tui.widgets.hosts import COLUMNS, NOW, HostApp, key, row, rows, screen_text


def host(filled: int = 0, *, monochrome: bool = False) -> HostApp[LiveTable]:
    """Return an app with a table of that many rows."""

    def make() -> LiveTable:
        table = LiveTable(COLUMNS, now=lambda: NOW, empty_text="no deployments in shop")
        if filled:
            table.replace_all(rows(filled))
        return table

    return HostApp(make, monochrome=monochrome)


def highlights(app: HostApp[LiveTable]) -> list[tuple[str | None, HighlightCause]]:
    return [
        (message.key.name if message.key else None, message.cause)
        for message in app.said(LiveTable.Highlighted)
        if isinstance(message, LiveTable.Highlighted)
    ]


async def test_rows_are_drawn_with_symbol_cells_and_age() -> None:
    app = host()
    async with app.run_test(size=(80, 6)) as pilot:
        app.widget.upsert(row("web", state="stuck: image", tone=Tone.FAIL, ready=0, image="v7"))
        app.widget.flush()
        await pilot.pause()
        header, first, *_ = screen_text(app.widget)
        assert header.split() == ["↑", "NAME", "READY", "STATE", "IMAGE", "AGE"]
        assert first.split() == ["▌✗", "web", "0/3", "stuck:", "image", "v7", "5m"]


async def test_the_cursor_follows_its_object_and_keeps_its_screen_line() -> None:
    app = host(40)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press(*["down"] * 15)
        table = app.widget
        assert table.cursor_key == key("web-015")
        line = table.cursor_screen_line
        for name in ("aaa", "aab", "web-0155"):
            table.upsert(row(name))
        table.remove_row(key("web-001"))
        table.remove_row(key("web-003"))
        table.flush()
        assert (table.cursor_key, table.cursor_screen_line) == (key("web-015"), line)
        table.upsert(replace(row("web-015"), rank=-1))
        table.flush()
        assert table.cursor_key == key("web-015")
        assert table.shown_rows[0].key == key("web-015")
        table.set_order(Order("name", reverse=True))
        assert table.cursor_key == key("web-015")
        assert "web-015" in screen_text(table)[table.cursor_screen_line]


async def test_at_the_top_what_starts_failing_comes_into_sight_above_the_cursor() -> None:
    app = host(40)
    async with app.run_test(size=(80, 12)):
        table = app.widget
        table.select_key(key("web-000"))
        table.upsert(row("web-030", tone=Tone.FAIL, rank=-1))
        table.flush()
        assert (table.cursor_key, table.cursor_screen_line) == (key("web-000"), 2)
        assert "web-030" in screen_text(table)[1]


async def test_when_the_selected_object_vanishes_the_neighbour_below_is_highlighted_and_said() -> None:
    app = host(5)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("down", "down")
        app.messages.clear()
        app.widget.remove_row(key("web-002"))
        app.widget.upsert(row("aaa"))
        app.widget.flush()
        await pilot.pause()
        assert app.widget.cursor_key == key("web-003")
        assert highlights(app) == [("web-003", HighlightCause.VANISHED)]


async def test_when_the_last_row_vanishes_the_cursor_goes_up_and_then_nowhere() -> None:
    app = host(2)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("end")
        app.messages.clear()
        for name in ("web-001", "web-000"):
            app.widget.remove_row(key(name))
            app.widget.flush()
        await pilot.pause()
        assert highlights(app) == [("web-000", HighlightCause.VANISHED), (None, HighlightCause.VANISHED)]
        assert app.widget.cursor_row is None
        assert "no deployments in shop" in screen_text(app.widget)[2]


async def test_what_stands_in_an_empty_table_is_folded_and_never_cut() -> None:
    app = host()
    why = "no pod yet: admission webhook policy.example.com refuses every pod of this revision"
    async with app.run_test(size=(40, 8)) as pilot:
        app.widget.set_empty_text(why, Tone.WARN)
        app.widget.flush()
        await pilot.pause()
        shown = [line.strip() for line in screen_text(app.widget)[1:]]
        assert " ".join(filter(None, shown)) == f"▲ {why}"


@pytest.mark.parametrize("load", ["row by row", "as a whole list"])
async def test_until_it_is_moved_the_cursor_stays_on_the_first_row_whatever_sorts_there(load: str) -> None:
    app = host()
    async with app.run_test(size=(80, 12)) as pilot:
        table = app.widget
        if load == "row by row":
            for name in ("m", "a", "z"):
                table.upsert(row(name))
                table.flush()
        else:
            table.replace_all([row(name) for name in ("m", "a", "z")])
            table.flush()
        assert table.cursor_key == key("a")
        for name, rank in (("web", -1), ("api", -2)):
            table.upsert(row(name, tone=Tone.FAIL, rank=rank))
            table.flush()
            assert (table.cursor_key, table.cursor_screen_line) == (key(name), 1)
        table.upsert(row("api"))
        table.flush()
        assert table.cursor_key == key("web")
        assert not table.is_cursor_pinned
        await pilot.pause()
        assert {cause for _, cause in highlights(app)} == {HighlightCause.LOADED}


async def _press(pilot: Pilot[None], table: LiveTable, what: str) -> None:
    await pilot.press(what)


async def _click(pilot: Pilot[None], table: LiveTable, what: str) -> None:
    await pilot.click(table, offset=(3, 1))


async def _wheel(pilot: Pilot[None], table: LiveTable, what: str) -> None:
    table.wheel(-1)


async def _select(pilot: Pilot[None], table: LiveTable, what: str) -> None:
    table.select_key(key("web-000"))


@pytest.mark.parametrize(
    ("move", "what"),
    [
        *[(_press, name) for name in ("up", "k", "home", "g", "pageup", "enter")],
        (_click, ""),
        (_wheel, ""),
        (_select, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
async def test_once_it_is_moved_the_cursor_follows_its_object(
    move: Callable[[Pilot[None], LiveTable, str], Awaitable[None]], what: str
) -> None:
    app = host(5)
    async with app.run_test(size=(80, 12)) as pilot:
        table = app.widget
        await move(pilot, table, what)
        assert table.is_cursor_pinned
        table.upsert(row("api", tone=Tone.FAIL, rank=-1))
        table.flush()
        assert table.cursor_key == key("web-000")


async def test_neither_scrolling_sideways_nor_sorting_nor_a_click_on_the_header_moves_the_cursor() -> None:
    app = host(5)
    async with app.run_test(size=(80, 12)) as pilot:
        table = app.widget
        await pilot.press("right", "left", "o", "minus")
        await pilot.click(table, offset=(3, 0))
        assert not table.is_cursor_pinned
        assert table.cursor_key == table.shown_rows[0].key


async def test_a_whole_new_list_leaves_a_moved_cursor_on_its_object_and_another_source_does_not() -> None:
    app = host(5)
    async with app.run_test(size=(80, 12)) as pilot:
        table = app.widget
        await pilot.press("down")
        table.replace_all([row("api", tone=Tone.FAIL, rank=-1), *rows(5)])
        table.flush()
        assert table.cursor_key == key("web-001")
        table.reset()
        table.replace_all([row("api", tone=Tone.FAIL, rank=-1), *rows(5)])
        table.flush()
        assert table.cursor_key == key("api")


async def test_a_chosen_object_that_vanishes_is_named_until_the_cursor_is_moved() -> None:
    app = host(5)

    def lost() -> str:
        gone = app.widget.lost_key
        return "" if gone is None else gone.name

    async with app.run_test(size=(80, 12)) as pilot:
        table = app.widget
        table.remove_row(key("web-000"))
        table.flush()
        assert lost() == "", "nobody had chosen it"
        await pilot.press("down")
        table.remove_row(key("web-002"))
        table.flush()
        assert lost() == "web-002"
        assert table.cursor_key == key("web-003")
        await pilot.press("down")
        assert lost() == ""


async def test_a_filter_that_is_typed_puts_the_cursor_on_the_first_match() -> None:
    app = host(20)
    async with app.run_test(size=(80, 12)) as pilot:
        table = app.widget
        await pilot.press("end")
        table.set_filter("web-00")
        table.flush()
        assert (table.cursor_key, table.is_cursor_pinned, table.lost_key) == (key("web-000"), False, None)
        table.pin_cursor()
        table.set_filter("")
        table.upsert(row("api", tone=Tone.FAIL, rank=-1))
        table.flush()
        assert table.cursor_key == key("web-000")


async def test_a_filter_that_hides_the_selected_object_says_so() -> None:
    app = host(20)
    async with app.run_test(size=(80, 12)) as pilot:
        app.messages.clear()
        app.widget.set_filter("web-01")
        await pilot.pause()
        assert app.widget.row_count == 10
        assert highlights(app) == [("web-010", HighlightCause.FILTERED)]
        app.widget.set_filter("!web-01")
        assert (app.widget.row_count, app.widget.total_count) == (10, 20)


async def test_nothing_is_redrawn_when_nothing_changed() -> None:
    app = host(40)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        table = app.widget
        table.flush()
        lines, cells = table.paint_count.lines, table.paint_count.cells
        for new_row in rows(40):
            table.upsert(new_row)
        table.flush()
        table.upsert(row("web-039", state="paused"))
        table.flush()
        assert (table.paint_count.lines, table.paint_count.cells) == (lines, cells)


async def test_a_changed_cell_redraws_that_cell_alone() -> None:
    app = host(40)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        table = app.widget
        lines, cells = table.paint_count.lines, table.paint_count.cells
        table.upsert(row("web-002", ready=1, state="complete"))
        table.flush()
        await pilot.pause()
        assert (table.paint_count.lines - lines, table.paint_count.cells - cells) == (0, 1)
        assert "1/3" in screen_text(table)[3]


async def test_moving_the_cursor_redraws_two_lines() -> None:
    app = host(40)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        before = app.widget.paint_count.lines
        await pilot.press("down")
        assert app.widget.paint_count.lines == before + 2


async def test_many_changes_cost_one_flush() -> None:
    app = host(10)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        table = app.widget
        before = table.paint_count.flushes
        for ready in range(500):
            table.upsert(row("web-001", ready=ready))
        assert table.paint_count.flushes == before
        table.flush()
        assert table.paint_count.flushes == before + 1


async def test_a_link_that_is_behind_is_not_drawn_to() -> None:
    app = host(3)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        table = app.widget
        before = table.paint_count.flushes
        table.can_paint = lambda: False
        table.upsert(row("web-001", ready=0))
        table._flush_on_tick()
        assert table.paint_count.flushes == before
        table.can_paint = lambda: True
        table._flush_on_tick()
        assert "0/3" in screen_text(table)[2]


async def test_narrow_screens_lose_the_least_important_columns_and_sideways_brings_them_back() -> None:
    app = host(5)
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        assert screen_text(app.widget)[0].split() == ["↑", "NAME", "READY", "STATE", "IMAGE", "AGE"]
        await pilot.resize_terminal(36, 24)
        await pilot.pause()
        assert screen_text(app.widget)[0].split() == ["↑", "NAME", "READY", "STATE"]
        assert all(len(line) <= 36 for line in screen_text(app.widget))
        await pilot.press("right")
        await pilot.pause()
        assert "AGE" in screen_text(app.widget)[0]
        await pilot.press("left", "left")
        assert screen_text(app.widget)[0].split() == ["↑", "NAME", "READY", "STATE"]


async def test_resizing_keeps_the_cursor_in_sight() -> None:
    app = host(100)
    async with app.run_test(size=(250, 60)) as pilot:
        await pilot.press(*["down"] * 50)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert 1 <= app.widget.cursor_screen_line < 24
        assert "web-050" in screen_text(app.widget)[app.widget.cursor_screen_line]


async def test_sort_keys_go_round_the_columns_and_reverse() -> None:
    app = host(5)
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.press("o", "o")
        assert app.widget.order == Order("ready")
        assert "READY ↑" in screen_text(app.widget)[0]
        await pilot.press("minus")
        assert [row.cells[1].sort for row in app.widget.shown_rows] == [3, 2, 1, 0, 0]
        await pilot.press("o", "o", "o", "o")
        assert app.widget.order == Order()


async def test_a_column_whose_biggest_value_matters_begins_with_it() -> None:
    restarts = Column("restarts", "RESTARTS", align_right=True, sort_key="T", descending_first=True)
    cells = {"a": Cell("2", sort=2), "b": Cell("–"), "c": Cell("12", sort=12), "d": Cell("0", sort=0)}
    table = LiveTable((COLUMNS[0], restarts), now=lambda: NOW)
    table.replace_all([Row(key(name), (Cell(name), cell)) for name, cell in cells.items()])
    app = HostApp(lambda: table)
    async with app.run_test(size=(80, 8)) as pilot:
        orders = []
        for _ in range(3):
            await pilot.press("T")
            orders.append("".join(shown.key.name for shown in table.shown_rows))
        assert orders == ["cadb", "dacb", "abcd"]


async def test_enter_selects_the_object_under_the_cursor() -> None:
    app = host(5)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("down", "enter")
        messages = app.said(LiveTable.Selected)
        assert [message.key for message in messages if isinstance(message, LiveTable.Selected)] == [key("web-001")]


async def test_hostile_names_reach_the_screen_harmless() -> None:
    app = host()
    async with app.run_test(size=(80, 6)) as pilot:
        evil = Row(key("x"), (Cell("a\x1b[31mb\x07\u202e[bold]"), Cell("1"), Cell("日本語"), Cell(""), Cell("")))
        app.widget.upsert(evil)
        app.widget.flush()
        await pilot.pause()
        line = screen_text(app.widget)[1]
        assert line.isprintable()
        assert "[bold]" in line
        assert app.widget.render_line(1).cell_length == 80


async def test_big_lists_are_built_in_slices_and_end_complete() -> None:
    app = host()
    async with app.run_test(size=(80, 12)) as pilot:
        app.widget.clock = iter(range(10**9)).__next__  # every look at the clock says: time to pause
        app.widget.replace_all(rows(3000))
        app.widget.flush()
        assert (app.widget.is_building, app.widget.row_count) == (True, 0)
        await pilot.app.workers.wait_for_complete()
        assert (app.widget.is_building, app.widget.row_count) == (False, 3000)


async def test_typing_a_filter_into_a_big_table_waits_for_a_pause() -> None:
    app = host(6000)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.app.workers.wait_for_complete()
        app.widget.flush()
        await pilot.app.workers.wait_for_complete()
        app.widget.set_filter("web-00")
        assert app.widget.filter_text == ""
        app.widget.set_filter("web-001", immediately=True)
        await pilot.app.workers.wait_for_complete()
        assert app.widget.filter_text == "web-001"
        assert app.widget.row_count == 1


async def test_other_columns_can_come_with_a_whole_new_list() -> None:
    app = host(5)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("o")
        pod = ObjectRef("Pod", "shop", "web-1")
        app.widget.replace_all([Row(pod, (Cell("web-1"), Cell("10")))], [Column("pod", "POD"), Column("n", "RESTARTS")])
        app.widget.flush()
        await pilot.pause()
        assert screen_text(app.widget)[0].split() == ["↑", "POD", "RESTARTS"]
        assert app.widget.cursor_key == pod


async def test_counts_are_said_once_a_flush() -> None:
    app = host(20)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        app.messages.clear()
        app.widget.set_filter("web-00")
        await pilot.pause()
        messages = [
            (message.shown, message.total)
            for message in app.said(LiveTable.CountsChanged)
            if isinstance(message, LiveTable.CountsChanged)
        ]
        assert messages == [(10, 20)]


@pytest.mark.parametrize("monochrome", [False, True])
async def test_the_cursor_line_shows_with_and_without_focus(monochrome: bool) -> None:
    app = host(3, monochrome=monochrome)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        table = app.widget
        focused, plain = list(table.render_line(1)), list(table.render_line(2))
        app.screen.set_focus(None)
        await pilot.pause()
        blurred = list(table.render_line(1))
        styles = [str(line[1].style) for line in (focused, plain, blurred)]
        assert len(set(styles)) == 3


@pytest.mark.parametrize("room", [10, 20, 36, 60, 77, 117, 250])
def test_columns_never_take_more_room_than_there_is_unless_only_essential_ones_are_left(room: int) -> None:
    fit = fit_columns(COLUMNS, [30, 3, 24, 12, 4], room)
    essential = {slot.index for slot in fit.slots} == {0, 1}
    assert fit.width <= room or essential
    assert {0, 1} <= {slot.index for slot in fit.slots}
