"""Show that something failed, why, and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button

from k9py.actions.action import ActionScope
from k9py.actions.keys import key_display
from k9py.api.errors import ApiError, KdashError
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class MessageDialog(Dialog[bool]):
    """A message with a hint. Returns True when the offer was accepted, None when the dialog was closed.

    Args:
        title: what was tried.
        message: what happened, one sentence.
        hint: what to do about it; may be "".
        offer: key, as it is written on the screen, and label of a way out.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS)
    HINT = "Enter close"

    def __init__(
        self,
        title: str,
        message: str,
        hint: str = "",
        *,
        tone: Tone = Tone.FAIL,
        offer: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.offer = offer
        self.message = message
        self.hint = hint
        self._tone = tone

    @classmethod
    def of_error(cls, title: str, error: KdashError) -> MessageDialog:
        """Return the dialog that shows an error."""
        message = error.message
        if isinstance(error, ApiError) and error.code and str(error.code) not in message:
            message = f"{message} ({error.code})"
        return cls(title, message, error.hint)

    def compose_body(self) -> ComposeResult:
        lines = [self.toned((f"{self._tone.symbol} ", self._tone), (self.message, Tone.PLAIN))]
        yield self.paragraph(*lines, id="message")
        if self.hint:
            yield self.paragraph(self.toned((self.hint, Tone.MUTED)), id="hint")
        with Horizontal(classes="buttons"):
            yield Button("Close", compact=True, id="close")
            if self.offer is not None:
                key, label = self.offer
                yield Button(f"{label} ({key})" if key else label, compact=True, id="confirm")

    def on_mount(self) -> None:
        self.set_initial_focus(self.query_one("#close", Button))
        if self.offer is not None:
            keys = f"{{dialog.confirm}} Enter {self.offer[1].lower()} · Enter close"
            self.query_one(".box").border_subtitle = f" {self.with_keys(keys)} "

    def on_key(self, event: events.Key) -> None:
        """Accept the offer by its key."""
        if self.offer is not None and self.offer[0] in (event.character, key_display(event.key)):
            event.stop()
            self.dismiss(True)

    @on(Button.Pressed)
    def _close(self, event: Button.Pressed) -> None:
        self.dismiss(True if event.button.id == "confirm" else None)
