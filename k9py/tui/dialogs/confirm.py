"""The last look before a write: the object, where it is, what changes, what will fight it. Cancel has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button

from k9py.actions.change import ChangeWarning, Gravity
from k9py.rollouts.template_diff import DiffLine
from k9py.tables.values import Tone
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.difference import difference_lines
from k9py.tui.widgets.text_view import TextView


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked to confirm.

    Args:
        verb: on the button, such as "Scale".
        object: kind and name.
        place: namespace and context in words.
        before_after: (field, value now, value then).
        warnings: what to know before, loudest first.
        diff: the pod template now and then; empty when that is not what changes.
        checked: what the server's dry-run said.
    """

    verb: str
    object: str
    place: str
    before_after: Sequence[tuple[str, str, str]] = ()
    warnings: Sequence[ChangeWarning] = ()
    diff: Sequence[DiffLine] = ()
    checked: str = ""


_TONES = {Gravity.DANGER: Tone.FAIL, Gravity.CAUTION: Tone.WARN, Gravity.NOTE: Tone.MUTED}


class ConfirmDialog(Dialog[bool]):
    """Ask whether to do it; returns True only when the button was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "cancel", "Cancel"),
        ("left,shift+tab", "app.focus_previous", "Other button"),
        ("right,tab", "app.focus_next", "Other button"),
    ]
    DEFAULT_CSS = """
    ConfirmDialog > .box { width: 84; }
    ConfirmDialog.diff > .box { width: 110; }
    ConfirmDialog #scrolled { height: auto; max-height: 16; margin: 0 0 1 0; }
    ConfirmDialog TextView { height: 14; background: $surface; margin: 0 0 1 0; }
    """
    SUBTITLE = "Tab: the other button · Esc cancels"

    def __init__(self, question: Question) -> None:
        super().__init__(f"{question.verb} {question.object}?")
        self.question = question
        self.set_class(bool(question.diff), "diff")

    def compose_body(self) -> ComposeResult:
        question = self.question
        yield self.part(self.toned(("in ", Tone.MUTED), (question.place, Tone.ACCENT)), id="place")
        if question.before_after:
            width = max(len(field) for field, _, _ in question.before_after)
            yield self.part(*[self._change(width, *row) for row in question.before_after], id="changes")
        if question.diff:
            view = TextView(id="diff")
            view.set_lines(difference_lines(question.diff))
            view.styles.height = min(len(question.diff), 14)
            yield view
        if question.warnings:
            with VerticalScroll(id="warnings", classes="part", can_focus=False):
                yield self.part(*self._warnings())
        if question.checked:
            yield self.part(self.toned((f"{Tone.OK.symbol} ", Tone.OK), (question.checked, Tone.MUTED)), id="checked")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button(question.verb, compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    def _change(self, width: int, field: str, before: str, after: str) -> Text:
        return self.toned(
            (f"{field:<{width}}  ", Tone.MUTED), (before, Tone.PLAIN), (" → ", Tone.MUTED), (after, Tone.ACCENT)
        )

    def _warnings(self) -> list[Text]:
        lines: list[Text] = []
        for warning in self.question.warnings:
            tone = _TONES[warning.gravity]
            symbol = tone.symbol if tone.symbol.strip() else "·"
            lines.append(self.toned((f"{symbol} ", tone), (warning.message, Tone.PLAIN)))
        return lines

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
