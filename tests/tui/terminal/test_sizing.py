"""Resize events of different sizes that are on their way at once come to rest at the app's own size."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Static

from k9py.tui.terminal.diffing_app import DiffingApp

ENOUGH = 2000
"""Turns of the event loop after which nothing is left to do."""


class Between(Message):
    """Keeps two Resize events from being merged in the queue."""


class Host(DiffingApp[None]):
    def compose(self) -> ComposeResult:
        yield Static("one")


def resize(width: int, height: int) -> events.Resize:
    return events.Resize(Size(width, height), Size(width, height))


@pytest.mark.parametrize("sizes", [[(80, 25), (100, 30)], [(100, 30), (80, 25)], [(60, 10), (61, 10), (62, 10)]])
async def test_resize_events_of_several_sizes_do_not_echo_for_ever(sizes: list[tuple[int, int]]) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        layouts: list[Size] = []
        screen = app.screen
        lay_out = screen._refresh_layout

        def count(size: Size | None = None, scroll: bool = False) -> None:
            layouts.append(size or screen.outer_size)
            lay_out(size, scroll)

        screen._refresh_layout = count  # type: ignore[method-assign]
        app.post_message(resize(100, 30))
        await pilot.pause()
        for width, height in sizes:
            screen.post_message(resize(width, height))
            screen.post_message(Between())
        for _ in range(ENOUGH):
            await asyncio.sleep(0)
        assert app.size == Size(100, 30)
        assert screen.size == Size(100, 30)
        assert set(layouts[1:]) == {Size(100, 30)}
        assert len(layouts) < 20
