"""The frame of a pane: a title that says what is shown, how many, and behind what it is narrowed.

Invariant: what came from a cluster is printable in titles, and never markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from k9py.api.text import printable
from k9py.tui.theme import palette_for
from k9py.views.values import Tone


class Pane(Vertical):
    """A bordered container with one thing in it that takes the focus.

    Args:
        heading: the first word of the title.
        number: the digit that leads here, 0 for none.
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
        """The title or the corner says something else."""

        pane: Pane

    def __init__(self, heading: str, *, number: int = 0, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.heading = heading
        self.number = number
        self.note = ""
        """What the title says after the heading: a count, the narrowing."""
        self.subtitle = ""
        """What the lower right of the frame says."""

    @property
    def main(self) -> Widget:
        """The widget that takes the focus."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show the title from the start."""
        self.set_note("")

    def set_note(self, note: str, *, narrowing: str = "") -> None:
        """Say in the title what is shown: `note` muted (a count), `narrowing` so that it is not overlooked."""
        palette = palette_for(self.app)
        self.note = " · ".join(part for part in (note, narrowing) if part)
        title = Text(" ")
        if self.number:
            title.append(f"{self.number} ", palette.muted)
        title.append(self.heading)
        if note:
            title.append(f" · {printable(note)}", palette.muted)
        if narrowing:
            title.append(f" · {printable(narrowing)}", palette.tone(Tone.ACCENT))
        title.append(" ")
        self.border_title = title
        self.post_message(self.Retitled(self))

    def set_subtitle(self, text: str) -> None:
        """Say something at the lower right of the frame: keys that matter here, a filter, a state."""
        self.subtitle = text
        self.border_subtitle = Text(f" {printable(text)} ") if text else None
        self.post_message(self.Retitled(self))
