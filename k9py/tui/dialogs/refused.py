"""Show the objects of a batch that were refused, each with its reason, and below them what passed its dry run.

Invariant: it confirms nothing; the button besides Close, if there is one, starts another operation, which asks itself.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Button

from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.question import Question
from k9py.views.values import Tone


class RefusedDialog(ConfirmDialog):
    """Returns True when the way out was chosen.

    Args:
        question: the refusals and the rest, as items.
        text: how many were refused.
        offer: label of a way out, "" when there is none.
    """

    def __init__(self, question: Question, text: str, offer: str = "") -> None:
        super().__init__(question)
        self._text = text
        self._offer = offer
        self.heading = f"{question.verb}: {text}"

    def checked(self) -> tuple[str, Tone]:
        return f"{self._text}; nothing was written", Tone.FAIL

    def buttons(self) -> ComposeResult:
        yield Button("Close", compact=True, id="cancel")
        if self._offer:
            yield Button(self._offer, compact=True, id="confirm")

    def confirm_keys(self) -> list[str]:
        return [f"{{dialog.confirm}} Enter {self._offer.lower()}"] * bool(self._offer) + ["{dialog.cancel} close"]
