"""Ask before leaving: q at home is a way back, not an exit."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button

from k9py.tables.values import Tone
from k9py.tui.dialogs.dialog import Dialog


class QuitDialog(Dialog[bool]):
    """Returns True to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "cancel", "Stay"),
        ("left,shift+tab", "app.focus_previous", "Other button"),
        ("right,tab", "app.focus_next", "Other button"),
    ]
    DEFAULT_CSS = "QuitDialog > .box { width: 52; }"
    SUBTITLE = "Esc stays"

    def __init__(self) -> None:
        super().__init__("Leave kdash?")

    def compose_body(self) -> ComposeResult:
        yield self.part(self.toned(("Ctrl+C or :q leave without asking.", Tone.MUTED)))
        with Horizontal(classes="buttons"):
            yield Button("Stay", compact=True, id="stay")
            yield Button("Leave", compact=True, id="leave")

    def on_mount(self) -> None:
        self.query_one("#leave", Button).focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "leave")
