"""The frame of a pane: its title says what is shown, how much of it, and what it is narrowed to.

Invariant: text from a cluster is printable in titles, and never markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from k9py.api.text import printable
from k9py.tui.theme import palette_for
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.views.values import Tone


class Pane(Vertical):
    """A bordered container with one widget that takes the focus.

    Args:
        heading: the first word of the title.
        number: the digit that leads to the pane, 0 for none.
    """

    DEFAULT_CSS = """
    Pane {
        border: round $border-blurred; padding: 0; width: 1fr; height: 1fr;
        border-title-color: $text-muted; border-subtitle-color: $text-muted;
    }
    Pane > LineView { height: 1fr; }
    Pane:focus-within { border: round $border; border-title-color: $foreground; border-title-style: bold; }
    """

    @dataclass
    class Retitled(Message):
        """The title or the subtitle has changed."""

        pane: Pane

    def __init__(self, heading: str, *, number: int = 0, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.heading = heading
        self.number = number
        self.note = ""
        """The title after the heading: a count, the narrowing."""
        self.count = ""
        """The number of rows, for the tab; "" without rows."""
        self.tab_note = ""
        """The note without the count."""
        self.subtitle = ""
        """The text at the lower right of the frame."""

    counts_in_tab: ClassVar[bool] = False
    """Its tab shows the number of rows while another pane is shown, too."""

    @property
    def title_key(self) -> str:
        """The key that leads to the pane, shown before its heading; "" for none."""
        return str(self.number) if self.number else ""

    @property
    def main(self) -> Widget:
        """The widget that takes the focus."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show the title."""
        self.set_note("")

    def set_note(self, note: str, *, narrowing: str = "", count: str = "") -> None:
        """Set the title after the heading.

        Args:
            note: muted.
            narrowing: why not everything is shown; in the accent colour, so that nobody overlooks it.
            count: of the rows, before the note.
        """
        palette = palette_for(self.app)
        self.count, self.tab_note = count, " · ".join(part for part in (note, narrowing) if part)
        note = " · ".join(part for part in (count, note) if part)
        self.note = " · ".join(part for part in (note, narrowing) if part)
        title = Text(" ")
        if self.title_key:
            title.append(f"{self.title_key} ", palette.muted)
        title.append(self.heading)
        if note:
            title.append(f" · {printable(note)}", palette.muted)
        if narrowing:
            title.append(f" · {printable(narrowing)}", palette.tone(Tone.ACCENT))
        title.append(" ")
        self.border_title = title
        self.post_message(self.Retitled(self))

    def set_subtitle(self, text: str) -> None:
        """Set the text at the lower right of the frame: keys that matter here, a filter, a state."""
        self.subtitle = text
        self.border_subtitle = Text(f" {printable(text)} ") if text else None
        self.post_message(self.Retitled(self))


class FilterablePane(Pane):
    """A pane with a bar to type into: the text goes to the main widget, which gets the focus back afterwards.

    To add one: subclass, yield a `FilterBar` next to `main`, and apply the text in `apply_input`.
    """

    def apply_input(self, bar: FilterBar, text: str) -> None:
        """Filter by, or search for, the text typed so far."""
        raise NotImplementedError

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Apply what is typed."""
        event.stop()
        self.apply_input(event.bar, event.text)

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Give the focus back."""
        event.stop()
        self.main.focus()

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Give the focus back."""
        event.stop()
        self.main.focus()
