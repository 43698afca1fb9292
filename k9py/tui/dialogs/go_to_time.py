"""The question for a time in a log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Label

from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.logs.typed_time import EXAMPLES


class GoToTimeDialog(Dialog[datetime]):
    """Returns the moment that was typed; what cannot be read is told and stays to be corrected.

    Args:
        read: returns the moment a text says, None when it says none.
        zone: in which times of day are read, in words.
    """

    SUBTITLE = "Enter goes there · Esc cancels"

    def __init__(self, read: Callable[[str], datetime | None], zone: str) -> None:
        super().__init__("Go to a time")
        self._read = read
        self._zone = zone

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder=EXAMPLES, id="moment", compact=True)
        yield Label(f"times of day are {self._zone}", id="fault", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _go(self, event: Input.Submitted) -> None:
        moment = self._read(event.value)
        if moment is None:
            self.query_one("#fault", Label).update(f"not a time: {EXAMPLES}")
            return
        self.dismiss(moment)
