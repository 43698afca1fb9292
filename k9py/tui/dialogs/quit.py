"""Ask before quitting: the key that leaves a screen is no exit on the home screen, and Enter alone stays."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class QuitDialog(Dialog[bool]):
    """Returns True to quit."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS)
    DEFAULT_CSS = "QuitDialog > .box { width: 52; }"
    HINT = "{dialog.confirm} Enter quit · {dialog.cancel} cancel"

    def __init__(self) -> None:
        super().__init__("Quit kdash?")

    def compose_body(self) -> ComposeResult:
        yield self.paragraph(self.toned((self.with_keys("{app.quit} or :q quits immediately."), Tone.MUTED)))
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="stay")
            yield Button("Quit", compact=True, id="confirm")

    def on_mount(self) -> None:
        self.set_initial_focus(self.query_one("#stay", Button))

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")
