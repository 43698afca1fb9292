"""The log view on a screen: follow, hold, search, filter, wrap, redraw."""

from __future__ import annotations

from datetime import UTC, timedelta

from k9py.logs.buffer.buffer import size_of
from k9py.logs.line import WHOLE_STREAM, LogLine, Marker
from k9py.logs.source import LogTarget
from k9py.tui.widgets.log_view import LogView
from k9py.views.values import Tone
from tests.tui.widgets.hosts import NOW, HostApp, screen_text

PODS = (LogTarget("shop", "pod-0", "app", "u0"), LogTarget("shop", "pod-1", "app", "u1"))
SIZE = size_of(LogLine(PODS[0], NOW, "line 0000"))
P = LogTarget("shop", "p", "app", "u")


def output(text: str, target: LogTarget = P) -> LogLine:
    return LogLine(target, NOW, text)


def marker(text: str, kind: Marker = "gap") -> LogLine:
    return LogLine(WHOLE_STREAM, None, text, kind)


def lines(first: int, count: int, text: str = "line") -> list[LogLine]:
    """Return lines numbered on, of two pods in turn, a second apart."""
    return [
        LogLine(PODS[number % 2], NOW + timedelta(seconds=number), f"{text} {number:04}")
        for number in range(first, first + count)
    ]


def host(filled: int = 0, *, capacity: int = 1 << 20) -> HostApp[LogView]:
    def make() -> LogView:
        view = LogView(capacity=capacity, zone=UTC, now=lambda: NOW, empty_text="waiting for the first line…")
        if filled:
            view.extend(lines(0, filled))
        return view

    return HostApp(make)


def follows(app: HostApp[LogView]) -> bool:
    return app.widget.following


async def test_following_shows_the_newest_lines_at_the_bottom() -> None:
    app = host(100)
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        assert screen_text(app.widget) == [f" pod-{n % 2} line {n:04}" for n in range(95, 100)]
        app.widget.extend(lines(100, 1))
        app.widget.flush()
        await pilot.pause()
        assert screen_text(app.widget)[-1].endswith("line 0100")


async def test_scrolling_up_holds_the_view_while_the_ring_drops_its_lines() -> None:
    app = host(100, capacity=100 * SIZE)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("up", "up")
        held = screen_text(app.widget)[:-1]
        assert held[0].endswith("line 0094")
        assert held[-2:] == ["▎pod-1 line 0097", " pod-0 line 0098"]
        for start in range(100, 1100, 100):
            app.widget.extend(lines(start, 100))
            app.widget.flush()
        await pilot.pause()
        assert screen_text(app.widget)[:-1] == held
        assert "holding, 1,000 new lines below" in screen_text(app.widget)[-1]
        assert follows(app) is False
        await pilot.press("up", "up", "up", "up")
        assert screen_text(app.widget)[0] == "▎pod-1 line 0093"
        await pilot.press("end")
        assert follows(app) is True
        assert screen_text(app.widget)[-1].endswith("line 1099")


async def test_a_held_view_is_not_redrawn_but_for_its_status_line_and_mark() -> None:
    app = host(100)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("up", "up")
        await pilot.pause()
        before = app.widget.paint_count.lines
        app.widget.extend(lines(100, 1))
        app.widget.flush()
        assert app.widget.paint_count.lines <= before + 1


async def test_nothing_is_redrawn_when_nothing_came() -> None:
    app = host(100)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.widget.flush()
        before = (app.widget.paint_count.lines, app.widget.paint_count.cells)
        app.widget.flush()
        assert (app.widget.paint_count.lines, app.widget.paint_count.cells) == before


async def test_scrolling_down_past_the_end_follows_again() -> None:
    app = host(100)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("pageup")
        assert follows(app) is False
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert follows(app) is True
        assert screen_text(app.widget)[-1].endswith("line 0099")


async def test_search_goes_to_the_last_hit_and_on_from_there() -> None:
    app = host(100)
    async with app.run_test(size=(60, 8)) as pilot:
        app.widget.search("00[25]0")
        await pilot.pause()
        assert app.widget.state.search_hits == 2
        assert app.widget.state.search_at == 2
        assert any(line.endswith("line 0050") for line in screen_text(app.widget))
        await pilot.press("N")
        assert any(line.endswith("line 0020") for line in screen_text(app.widget))
        assert "match 1/2" in screen_text(app.widget)[-1]
        await pilot.press("n")
        assert any(line.endswith("line 0050") for line in screen_text(app.widget))
        app.widget.search("")
        assert app.widget.state.search_hits is None


async def test_new_lines_are_searched_and_filtered_as_they_come() -> None:
    app = host(100)
    async with app.run_test(size=(60, 8)) as pilot:
        app.widget.set_filter("007")
        assert [line[-4:] for line in screen_text(app.widget)] == [f"{number:04}" for number in range(72, 80)]
        assert app.widget.state.shown == 11
        app.widget.extend([marker("a gap"), *lines(100, 20), output("code 007", PODS[0])])
        app.widget.flush()
        await pilot.pause()
        assert app.widget.state.shown == 13
        assert screen_text(app.widget)[-1] == " pod-0 code 007"
        assert "a gap" in screen_text(app.widget)[-2]
        app.widget.set_filter("")
        assert app.widget.state.shown == 122


async def test_long_lines_are_cut_wrapped_or_scrolled() -> None:
    app = host()
    async with app.run_test(size=(31, 6)) as pilot:
        app.widget.extend([output("abcdefghij" * 5)])
        app.widget.flush()
        await pilot.pause()
        assert screen_text(app.widget)[0] == " p " + ("abcdefghij" * 3)[:26] + "…"
        await pilot.press("w")
        assert screen_text(app.widget)[:2] == [" p " + ("abcdefghij" * 3)[:27], "   " + ("abcdefghij" * 5)[27:]]
        await pilot.press("w", "right")
        assert screen_text(app.widget)[0] == " p " + ("abcdefghij" * 5)[16:42] + "…"
        await pilot.press("right")
        assert screen_text(app.widget)[0] == " p " + ("abcdefghij" * 5)[32:]


async def test_a_gap_is_told_in_full_when_wrapped_and_can_be_scrolled_to_otherwise() -> None:
    app = host()
    async with app.run_test(size=(31, 6)) as pilot:
        app.widget.extend([marker("lines between 12:00:03 and 12:00:07 may be missing")])
        await pilot.press("w")
        assert screen_text(app.widget)[0].startswith(" ── lines between 12:00:03")
        assert "may be missing" in screen_text(app.widget)[1]
        await pilot.press("w", "right")
        assert "12:00:07" in screen_text(app.widget)[0]


async def test_a_wrapped_view_is_scrolled_by_rows() -> None:
    app = host()
    async with app.run_test(size=(31, 4)) as pilot:
        app.widget.extend([output(f"{n}" * 80) for n in range(5)])
        await pilot.press("w")
        assert screen_text(app.widget)[-1] == "   " + "4" * 26
        await pilot.press("up", "up", "up")
        first = screen_text(app.widget)[0]
        app.widget.extend(lines(0, 5))
        app.widget.flush()
        await pilot.pause()
        assert screen_text(app.widget)[0] == first


async def test_times_and_sources_can_be_shown_and_hidden() -> None:
    app = host(1)
    async with app.run_test(size=(60, 3)) as pilot:
        await pilot.press("t")
        assert screen_text(app.widget)[0] == " 12:00:00.000 pod-0 line 0000"
        await pilot.press("z")
        assert screen_text(app.widget)[0] == " 12:00:00.000 line 0000"
        await pilot.press("t")
        assert screen_text(app.widget)[0] == " 12:00:00.000Z line 0000"
        await pilot.press("t")
        assert screen_text(app.widget)[0] == "    0s line 0000"
        await pilot.press("t")
        assert screen_text(app.widget)[0] == " line 0000"


async def test_each_source_has_its_own_colour_and_tones_their_style() -> None:
    app = host(2)
    async with app.run_test(size=(60, 4)) as pilot:
        app.widget.extend([output("ERROR boom", PODS[0])])
        app.widget.flush()
        await pilot.pause()
        first, second, third = (list(app.widget.render_line(y)) for y in range(3))
        assert first[1].style != second[1].style
        assert first[1].style == third[1].style
        assert third[3].style == app.widget.on_base(app.widget.palette.tone(Tone.FAIL))


async def test_an_empty_log_says_why_and_clearing_follows_again() -> None:
    app = host(100)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("up")
        app.widget.clear()
        app.widget.flush()
        await pilot.pause()
        assert "waiting for the first line…" in screen_text(app.widget)[1]
        assert follows(app) is True


async def test_what_stands_in_an_empty_log_is_folded_and_never_cut() -> None:
    app = host()
    why = "no lines: The API server answered 500 to: get pod log: Get https://10.0.0.7:10250: i/o timeout"
    async with app.run_test(size=(40, 8)) as pilot:
        app.widget.set_empty_text(why, Tone.WARN)
        app.widget.flush()
        await pilot.pause()
        shown = [line.strip() for line in screen_text(app.widget)]
        assert shown[0] == ""
        assert " ".join(filter(None, shown)) == f"▲ {why}"
        assert max(map(len, shown)) <= 36


async def test_the_state_is_said_when_it_changes_and_not_otherwise() -> None:
    app = host(100)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.pause()
        app.messages.clear()
        app.widget.flush()
        await pilot.press("up")
        await pilot.pause()
        followings = [
            message.state.following
            for message in app.said(LogView.StateChanged)
            if isinstance(message, LogView.StateChanged)
        ]
        assert followings == [False]
