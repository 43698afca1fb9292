"""The output of a credential plugin that renews a sign-in while the dashboard is live.

Invariant: it reacts to no key except the one that cancels the plugin, so that no typing is lost in it. It is hidden
without output, and while connecting: then the connection pane shows the output.
"""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.widgets import Static

from k9py.kube.sign_in import SignIn
from k9py.tui.keys import key_names
from k9py.tui.theme import palette_for
from k9py.views.values import Tone

ROWS: Final = 6
"""Rows of the plugin's output that are shown, wrapped: the code may be at the end of a long line."""


class SignInBar(Static):
    """Lines under the header, as many as are needed."""

    DEFAULT_CSS = """
    SignInBar { height: auto; max-height: 8; width: 1fr; padding: 0 1; background: $surface; display: none; }
    SignInBar.-on { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._shown: tuple[str, tuple[str, ...]] | None = None

    def show(self, sign_in: SignIn | None) -> None:
        """Show the plugin's output; None hides the bar."""
        shown = (
            None if sign_in is None else (sign_in.plugin, sign_in.latest(rows=ROWS, columns=self.app.size.width - 2))
        )
        if shown == self._shown:
            return
        self._shown = shown
        self.set_class(shown is not None, "-on")
        if shown is None:
            return
        palette = palette_for(self.app)
        plugin, lines = shown
        text = Text()
        text.append(f"{Tone.WARN.symbol} sign in with {plugin}  ", palette.tone(Tone.WARN))
        text.append(key_names(self)("app.cancel_sign_in"), palette.tone(Tone.ACCENT))
        text.append(" cancels", palette.muted)
        for line in lines:
            text.append(f"\n{line}", "bold")
        self.update(text)
