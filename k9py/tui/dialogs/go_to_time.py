"""Ask for a time to go to in a log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Label

from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.logs.typed_time import EXAMPLES


class GoToTimeDialog(Dialog[datetime]):
    """Returns the time that was typed; an invalid text stays in the input to be corrected.

    Args:
        parse: returns the time a text means, None when it is not a time.
        zone: name of the time zone of times without one.
    """

    HINT = "Enter jump · {dialog.cancel} cancel"

    def __init__(self, parse: Callable[[str], datetime | None], zone: str) -> None:
        super().__init__("Go to time")
        self._parse = parse
        self._zone = zone

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder=EXAMPLES, id="moment", compact=True)
        yield Label(f"time zone: {self._zone}", id="fault", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _go(self, event: Input.Submitted) -> None:
        moment = self._parse(event.value)
        if moment is None:
            self.query_one("#fault", Label).update(f"not a time: {EXAMPLES}")
            return
        self.dismiss(moment)
