"""What stands in place of the panes while there is no cluster to show: connecting, or why not and what to do."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Center, Middle
from textual.widgets import Static

from k9py.objects.errors import KdashError
from k9py.objects.text import printable
from k9py.tables.values import Tone
from k9py.tui.theme import palette_for

_KEYS = (("Enter", "try again now"), ("c", "choose another context"), ("Ctrl+C", "quit"))


class ConnectionPane(Middle):
    """A message in the middle of the screen."""

    DEFAULT_CSS = """
    ConnectionPane { width: 1fr; height: 1fr; }
    ConnectionPane Static { width: auto; max-width: 90%; height: auto; padding: 1 3; }
    """

    _shown: Text | None = None

    def compose(self) -> ComposeResult:
        with Center():
            yield Static("", id="connection-message", markup=False)

    def show_connecting(self, context: str) -> None:
        """Say that the connection is being made."""
        palette = palette_for(self.app)
        name = printable(context) if context else "the current context"
        self._show(Text.assemble((f"{Tone.BUSY.symbol} ", palette.tone(Tone.BUSY)), f"connecting to {name}…"))

    def show_error(self, error: KdashError, *, again: str) -> None:
        """Say why there is nothing to show; `again` tells when it is tried again."""
        palette = palette_for(self.app)
        text = Text()
        text.append(f"{Tone.FAIL.symbol} ", palette.tone(Tone.FAIL))
        text.append(printable(error.message), "bold")
        if error.hint:
            text.append(f"\n\n{printable(error.hint)}")
        if again:
            text.append(f"\n\n{again}", palette.muted)
        text.append("\n\n")
        for key, word in _KEYS:
            text.append(key, palette.tone(Tone.ACCENT))
            text.append(f" {word}   ", palette.muted)
        self._show(text)

    def _show(self, text: Text) -> None:
        if text == self._shown:
            return
        self._shown = text
        self.query_one("#connection-message", Static).update(text)
