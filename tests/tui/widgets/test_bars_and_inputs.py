"""Bars, the filter line and the number input."""

from __future__ import annotations

import pytest
from textual import on
from textual.app import ComposeResult
from textual.message import Message

from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.number_input import NumberInput
from k9py.tui.widgets.segment_bar import BarSegment, SegmentBar, choose_segments
from k9py.views.values import Tone
from tests.tui.widgets.hosts import HostApp

HEADER = (
    BarSegment("production-eu-west-1", label="context", shrink=True, priority=0),
    BarSegment("shop", label="namespace", priority=0),
    BarSegment("2 failing", Tone.FAIL, priority=0),
    BarSegment("live", Tone.OK, priority=1),
    BarSegment("14 services", priority=3),
    BarSegment("kdash", Tone.MUTED, priority=5, right=True),
)


def bar_text(bar: SegmentBar) -> str:
    return bar.render_line(0).text


@pytest.mark.parametrize("room", [45, 50, 60, 70, 80, 100, 140])
def test_a_bar_never_takes_more_than_its_room_while_something_can_go(room: int) -> None:
    chosen = choose_segments(HEADER, room)
    assert sum(cells for _, cells in chosen) + 2 * (len(chosen) - 1) <= room
    assert {segment.text for segment, _ in chosen} >= {"production-eu-west-1", "shop", "2 failing"}


def test_the_least_important_goes_before_anything_is_cut() -> None:
    chosen = choose_segments(HEADER, 70)
    assert [segment.text for segment, _ in chosen] == ["production-eu-west-1", "shop", "2 failing", "live"]
    assert chosen[0][1] == HEADER[0].cells


async def test_a_bar_shows_symbols_of_bad_tones_and_no_markup_or_escapes() -> None:
    app = HostApp(lambda: SegmentBar(HEADER))
    async with app.run_test(size=(120, 3)) as pilot:
        await pilot.pause()
        assert "✗ 2 failing" in bar_text(app.widget)
        assert bar_text(app.widget).rstrip().endswith("kdash")
        app.widget.set_segments([BarSegment("[b]a\x1b[31mb[/b]\n", priority=0)])
        await pilot.pause()
        assert bar_text(app.widget).strip() == "[b]ab[/b]"


def typed(field: NumberInput) -> int | None:
    return field.number


class InputApp(ThemedApp[None]):
    """An app with a filter bar and a number input; keeps what they say."""

    def __init__(self) -> None:
        super().__init__(monochrome=False)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield FilterBar(placeholder="text, !text to leave out")
        yield NumberInput(3, maximum=20)

    @on(FilterBar.Changed)
    @on(FilterBar.Submitted)
    @on(FilterBar.Cancelled)
    @on(NumberInput.Edited)
    @on(NumberInput.Chosen)
    def keep(self, message: Message) -> None:
        self.said.append(message)


async def test_a_filter_says_each_change_keeps_its_text_on_enter_and_drops_it_on_escape() -> None:
    app = InputApp()
    async with app.run_test(size=(80, 10)) as pilot:
        bar = app.query_one(FilterBar)
        assert not bar.display
        bar.open()
        await pilot.press("w", "e", "enter")
        assert [message.text for message in app.said if isinstance(message, FilterBar.Changed)] == ["w", "we"]
        assert [message.text for message in app.said if isinstance(message, FilterBar.Submitted)] == ["we"]
        assert (bar.is_open, bar.display, bar.text) == (False, True, "we")
        bar.open()
        await pilot.press("escape")
        await pilot.pause()
        assert (bar.is_open, bar.display, bar.text) == (False, False, "")
        assert isinstance(app.said[-1], FilterBar.Cancelled | FilterBar.Changed)
        assert any(isinstance(message, FilterBar.Cancelled) for message in app.said)


async def test_a_number_is_typed_or_counted_within_its_bounds() -> None:
    app = InputApp()
    async with app.run_test(size=(80, 10)) as pilot:
        number = app.query_one(NumberInput)
        number.focus()
        await pilot.press("up", "up", "down", "enter")
        assert [message.number for message in app.said if isinstance(message, NumberInput.Chosen)] == [4]
        await pilot.press("pageup", "pageup")
        assert typed(number) == 20
        await pilot.press("backspace", "backspace", "enter")
        assert typed(number) is None
        assert [message.number for message in app.said if isinstance(message, NumberInput.Chosen)] == [4]
        await pilot.press("9", "9", "enter")
        assert typed(number) is None
        assert [message.number for message in app.said if isinstance(message, NumberInput.Chosen)] == [4]
        await pilot.press("down")
        assert typed(number) == 0
