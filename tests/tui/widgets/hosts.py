"""Small apps that hold one widget, and rows to fill it with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from k9py.api.meta import ObjectRef
from k9py.api.times import age
from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.line_view import LineView
from k9py.tui.widgets.live_table import LiveTable
from k9py.tui.widgets.log_view import LogView
from k9py.views.values import Cell, Column, Row, Tone

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WidgetT = TypeVar("WidgetT", bound=Widget)

COLUMNS = (
    Column("name", "NAME", min_width=10, grow=True, max_width=40),
    Column("ready", "READY", align_right=True, min_width=5, sort_key="R"),
    Column("state", "STATE", min_width=8, max_width=30, priority=1),
    Column("image", "IMAGE", max_width=20, priority=3),
    Column("age", "AGE", align_right=True, priority=2, sort_key="A", live=lambda row, now: age(row.since, now)),
)


def key(name: str, namespace: str = "shop") -> ObjectRef:
    """Return the key of a Deployment."""
    return ObjectRef("Deployment", namespace, name)


def row(
    name: str,
    *,
    ready: int = 3,
    state: str = "complete",
    image: str = "v1",
    tone: Tone = Tone.OK,
    rank: int = 0,
    age_minutes: int = 5,
) -> Row:
    """Return the row of a Deployment that is well unless told otherwise."""
    cells = (Cell(name), Cell(f"{ready}/3", tone, sort=ready), Cell(state, tone), Cell(image), Cell(""))
    return Row(key(name), cells, tone, rank, NOW - timedelta(minutes=age_minutes))


def rows(count: int) -> list[Row]:
    """Return rows named web-000, web-001, ..."""
    return [row(f"web-{number:03}", ready=number % 4) for number in range(count)]


class HostApp(ThemedApp[None], Generic[WidgetT]):
    """An app around one focused widget; keeps every message that reaches it."""

    def __init__(
        self, make: Callable[[], WidgetT], *, monochrome: bool = False, theme: str = "dark", css: str = ""
    ) -> None:
        super().__init__(monochrome=monochrome, theme=theme)
        self.make = make
        self.messages: list[Message] = []
        self.widget: WidgetT

    def compose(self) -> ComposeResult:
        self.widget = self.make()
        yield self.widget

    def on_mount(self) -> None:
        if self.widget.can_focus:
            self.widget.focus()

    @on(LiveTable.Highlighted)
    @on(LiveTable.Selected)
    @on(LiveTable.CountsChanged)
    @on(LogView.StateChanged)
    def keep(self, message: Message) -> None:
        """Keep what a widget said."""
        self.messages.append(message)

    def said(self, kind: type[Message]) -> list[Message]:
        """Return the messages of a kind, oldest first."""
        return [message for message in self.messages if isinstance(message, kind)]


def screen_text(view: LineView) -> list[str]:
    """Return what a view shows, line by line, without the scroll mark."""
    return [view.render_line(y).text[:-1].rstrip() for y in range(view.size.height)]
