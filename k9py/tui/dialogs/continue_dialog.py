"""The frame of a dialog after which another one confirms: it ends with Cancel and Continue.

Invariant: it returns what was chosen, None after Cancel; nothing is confirmed in it.
"""

from __future__ import annotations

from typing import Generic

from textual import on
from textual.widgets import Button, Input

from k9py.tui.dialogs.dialog import Dialog, ResultT


class ContinueDialog(Dialog[ResultT], Generic[ResultT]):
    """Base of the dialogs with a button `#confirm` that continues; Enter in an input continues too."""

    def submit(self) -> None:
        """Dismiss with what was chosen, or show why it is not possible."""
        raise NotImplementedError

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.submit()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        if event.button.id == "confirm":
            self.submit()
        else:
            self.dismiss(None)
