"""Ask before something ends that a person would miss: open connections, downloads, operations on several objects.

Invariants: it names each job and what is lost of it, at most `MOST_JOBS` of them; Enter alone and Esc stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button

from k9py.actions.action import ActionScope
from k9py.api.plural import count_noun
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.background_jobs import JobLoss
from k9py.views.values import Tone

MOST_JOBS: Final = 5


class LossesDialog(Dialog[bool]):
    """Returns True to end the jobs.

    Args:
        title: what is to be done, as a question.
        losses: what is lost.
        verb: label of the button that confirms.
        note: a last line; `{action.id}` becomes the action's key.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS)
    DEFAULT_CSS = """
    LossesDialog > .box { width: 64; }
    LossesDialog .losses { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, title: str, losses: Sequence[JobLoss], *, verb: str, note: str = "") -> None:
        super().__init__(title)
        self.losses = tuple(losses)
        self._verb = verb
        self._note = note

    def compose_body(self) -> ComposeResult:
        if self.losses:
            paragraph = self.paragraph(*self._lines(), id="losses")
            paragraph.add_class("losses")
            yield paragraph
        if self._note:
            yield self.paragraph(self.toned((self.with_keys(self._note), Tone.MUTED)))
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="stay")
            yield Button(self._verb, compact=True, id="confirm")

    def _lines(self) -> list[Text]:
        shown = self.losses if len(self.losses) <= MOST_JOBS else self.losses[: MOST_JOBS - 1]
        lines = []
        for each in shown:
            lines.append(self.toned((f"{Tone.WARN.symbol} ", Tone.WARN), (each.job, Tone.PLAIN)))
            lines.append(self.toned((f"  {each.loss}", Tone.MUTED)))
        if more := len(self.losses) - len(shown):
            lines.append(
                self.toned((f"{Tone.WARN.symbol} ", Tone.WARN), (f"{count_noun(more, 'more job')}", Tone.PLAIN))
            )
        return lines

    def on_mount(self) -> None:
        """Focus the button that stays."""
        self.set_initial_focus(self.query_one("#stay", Button))
        self.query_one(
            ".box"
        ).border_subtitle = (
            f" {self.with_keys(f'{{dialog.confirm}} Enter {self._verb.lower()} · {{dialog.cancel}} cancel')} "
        )

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")
