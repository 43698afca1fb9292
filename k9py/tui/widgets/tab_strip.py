"""The tabs of a small screen: one tab a pane, then the notes of the active pane's title.

Invariant: the strip shows and reports; the screen decides which pane is active.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from k9py.api.text import printable
from k9py.tui.theme import palette_for

LEAST_NOTE: Final = 12
"""The shortest cut note; with less room it is left out."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: its label, and whether its pane is the active one."""

    label: str
    active: bool


class TabStrip(Static):
    """One line of tabs that can be clicked."""

    DEFAULT_CSS = """
    TabStrip { height: 1; width: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    @dataclass
    class Chosen(Message):
        """A tab was clicked; `index` counts from 0."""

        strip: TabStrip
        index: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._ends: tuple[int, ...] = ()

    def show(self, tabs: Sequence[Tab], notes: Iterable[str] = ()) -> None:
        """Show these tabs, followed by the notes that fit."""
        palette = palette_for(self.app)
        line = Text(no_wrap=True, overflow="ellipsis")
        ends = []
        for tab in tabs:
            line.append(f" {printable(tab.label)} ", palette.cursor_focused if tab.active else palette.muted)
            line.append(" ")
            ends.append(line.cell_len)
        for note in notes:
            if not note:
                continue
            text = Text(f" {printable(note)} ", palette.muted)
            room = self.content_size.width - line.cell_len if self.content_size.width else text.cell_len
            if text.cell_len > room:
                if room >= LEAST_NOTE:
                    text.truncate(room, overflow="ellipsis")
                    line.append_text(text)
                break
            line.append_text(text)
        self._ends = tuple(ends)
        self.update(line, layout=False)

    def on_click(self, event: events.Click) -> None:
        """Report the clicked tab."""
        x = event.get_content_offset_capture(self).x
        for index, end in enumerate(self._ends):
            if x < end:
                self.post_message(self.Chosen(self, index))
                return
