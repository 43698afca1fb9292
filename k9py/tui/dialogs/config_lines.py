"""Show lines for the config file: kdash never writes that file itself."""

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


class ConfigLinesDialog(Dialog[None]):
    """Shows lines to paste.

    Args:
        lines: TOML.
        path: of the config file, "" when there is none.
        note: what was copied, or why nothing was.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS)
    HINT = "Enter close"

    def __init__(self, lines: str, path: str, note: str) -> None:
        super().__init__("Lines for the config file")
        self.config_lines = lines
        self._path = path
        self._note = note

    def compose_body(self) -> ComposeResult:
        if self._path:
            yield self.paragraph(self.toned(("append to ", Tone.MUTED), (self._path, Tone.ACCENT)))
        lines = [self.toned((line, Tone.PLAIN)) for line in self.config_lines.rstrip().splitlines()]
        yield self.paragraph(*lines, id="lines")
        yield self.paragraph(self.toned((self._note, Tone.MUTED)), id="note")
        with Horizontal(classes="buttons"):
            yield Button("Close", compact=True, id="close")

    def on_mount(self) -> None:
        """Focus the only button."""
        self.set_initial_focus(self.query_one("#close", Button))

    @on(Button.Pressed)
    def _close(self) -> None:
        self.dismiss(None)
