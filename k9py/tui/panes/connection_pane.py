"""What stands in place of the panes while there is no cluster to show: connecting, or why not and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Center, Middle
from textual.widgets import Static

from k9py.api.errors import KdashError
from k9py.api.text import printable
from k9py.kube.sign_in import SignIn
from k9py.tui.palettes import Palette
from k9py.tui.theme import palette_for
from k9py.views.values import Tone

_KEYS = (("Enter", "try again now"), ("c", "choose another context"), ("Ctrl+C", "quit"))
_WHILE_SIGNING_IN = (("Esc", "cancel the sign-in"), ("Ctrl+C", "quit"))
_ROWS_BESIDE = 12
"""Rows of the screen and of the message that are not the plugin's words."""
_PADDING = 8


class ConnectionPane(Middle):
    """A message in the middle of the screen."""

    DEFAULT_CSS = """
    ConnectionPane { width: 1fr; height: 1fr; }
    ConnectionPane Static { width: auto; max-width: 90%; height: auto; padding: 1 3; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._message = Static("", id="connection-message", markup=False)
        self._shown: Text | None = None

    def compose(self) -> ComposeResult:
        with Center():
            yield self._message

    def show_connecting(self, context: str, sign_in: SignIn | None = None) -> None:
        """Say that the connection is being made, and what a credential plugin says meanwhile."""
        palette = palette_for(self.app)
        name = printable(context) if context else "the current context"
        text = Text.assemble((f"{Tone.BUSY.symbol} ", palette.tone(Tone.BUSY)), f"connecting to {name}…")
        if sign_in is not None:
            text.append(f"\n\nThe credential plugin {sign_in.plugin} says:\n")
            width, height = self.app.size
            for line in sign_in.latest(rows=height - _ROWS_BESIDE, columns=width * 9 // 10 - _PADDING):
                text.append(f"\n{line}", "bold")
            text.append("\n\n")
            _keys(text, _WHILE_SIGNING_IN, palette)
        self._show(text)

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
        _keys(text, _KEYS, palette)
        self._show(text)

    def _show(self, text: Text) -> None:
        if text == self._shown:
            return
        self._shown = text
        self._message.update(text)


def _keys(text: Text, keys: Sequence[tuple[str, str]], palette: Palette) -> None:
    for key, word in keys:
        text.append(key, palette.tone(Tone.ACCENT))
        text.append(f" {word}   ", palette.muted)
