"""The screen without a cluster: connecting, or why there is no connection and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Center, Middle
from textual.widgets import Static

from k9py.api.errors import KdashError
from k9py.api.text import printable
from k9py.kube.sign_in import SignIn
from k9py.tui.keys import key_names
from k9py.tui.palettes import Palette
from k9py.tui.session import Connecting, ReconnectingSession, Unreachable
from k9py.tui.theme import palette_for
from k9py.views.values import Tone

_KEYS: Final = (
    ("{connection.retry}", "retry now"),
    ("{cluster.contexts}", "choose another context"),
    ("{app.quit}", "quit"),
)
_WHILE_SIGNING_IN: Final = (("{app.back}", "cancel the sign-in"), ("{app.quit}", "quit"))
"""Keys and what they do; `{action.id}` becomes the action's key."""
_ROWS_BESIDE: Final = 12
"""Rows of the screen and of the message beside the plugin's output."""
_PADDING: Final = 8


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

    def show_session(self, session: ReconnectingSession, context: str, now: datetime) -> None:
        """Show the state of a session that has no cluster."""
        if isinstance(session.state, Connecting) or session.sign_in is not None:
            self._show_connecting(context, session.sign_in)
        elif isinstance(session.state, Unreachable):
            retry_at, retry = session.state.retry_at, ""
            if retry_at is not None:
                retry = f"retrying in {max(0, round((retry_at - now).total_seconds()))}s"
            self._show_error(session.state.error, again=retry)

    def _show_connecting(self, context: str, sign_in: SignIn | None = None) -> None:
        """Show that the connection is being made, and the output of a credential plugin."""
        palette = palette_for(self.app)
        name = printable(context) if context else "the current context"
        text = Text.assemble((f"{Tone.BUSY.symbol} ", palette.tone(Tone.BUSY)), f"connecting to {name}…")
        if sign_in is not None:
            text.append(f"\n\nOutput of the credential plugin {sign_in.plugin}:\n")
            width, height = self.app.size
            for line in sign_in.latest(rows=height - _ROWS_BESIDE, columns=width * 9 // 10 - _PADDING):
                text.append(f"\n{line}", "bold")
            text.append("\n\n")
            self._append_keys(text, _WHILE_SIGNING_IN, palette)
        self._show(text)

    def _show_error(self, error: KdashError, *, again: str) -> None:
        """Show why there is no connection.

        Args:
            again: when the next attempt is made, as text; "" for never.
        """
        palette = palette_for(self.app)
        text = Text()
        text.append(f"{Tone.FAIL.symbol} ", palette.tone(Tone.FAIL))
        text.append(printable(error.message), "bold")
        if error.hint:
            text.append(f"\n\n{printable(error.hint)}")
        if again:
            text.append(f"\n\n{again}", palette.muted)
        text.append("\n\n")
        self._append_keys(text, _KEYS, palette)
        self._show(text)

    def _show(self, text: Text) -> None:
        if text == self._shown:
            return
        self._shown = text
        self._message.update(text)

    def _append_keys(self, text: Text, keys: Sequence[tuple[str, str]], palette: Palette) -> None:
        names = key_names(self)
        for key, effect in keys:
            text.append(names.fill(key), palette.tone(Tone.ACCENT))
            text.append(f" {effect}   ", palette.muted)
