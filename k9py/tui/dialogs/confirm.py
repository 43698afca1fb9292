"""Confirm a write: the object, where it is, what changes, and the warnings. Cancel has the focus.

Invariant: the buttons are always visible; what does not fit above them scrolls, with the focus on a button too.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.question import Question, dry_run_text, question_lines
from k9py.tui.keys import key_names
from k9py.tui.widgets.text_view import TextView
from k9py.views.values import Tone

ROWS_AROUND: Final = 10
"""Rows of the box that do not scroll: frame, place, dry-run result, buttons, and blanks between."""


class ConfirmDialog(Dialog[bool]):
    """Returns True when the button was pressed, False for Cancel, None for one step back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS, "diff.switch", ActionScope.QUESTION)
    DEFAULT_CSS = """
    ConfirmDialog > .box { width: 84; overflow-y: hidden; }
    ConfirmDialog.-template > .box { width: 116; }
    ConfirmDialog TextView { height: 1; background: $surface; margin: 0 0 1 0; }
    """
    HINT = "{dialog.confirm} Enter confirm · {dialog.cancel} back"

    def __init__(self, question: Question) -> None:
        super().__init__(f"{question.verb} {question.object}?")
        self.question = question
        self.as_yaml = False
        self.body = TextView(id="body")
        self.body.can_focus = False
        self.set_class(self._is_wide, "-template")

    @property
    def _is_wide(self) -> bool:
        return self.question.template is not None or any(item.diff for item in self.question.items)

    def compose_body(self) -> ComposeResult:
        question = self.question
        yield self.paragraph(self.toned(("in ", Tone.MUTED), (question.place, Tone.ACCENT)), id="place")
        yield self.body
        if question.typed_confirmation:
            yield self.paragraph(self.toned(("type ", Tone.MUTED), (question.typed_confirmation, Tone.ACCENT)))
            yield Input(id="typed", compact=True)
        text, tone = self.checked()
        yield self.paragraph(self.toned((f"{tone.symbol} ", tone), (text, Tone.MUTED)), id="checked")
        with Horizontal(classes="buttons"):
            yield from self.buttons()

    def checked(self) -> tuple[str, Tone]:
        """Return the result of the dry run, and its tone."""
        return dry_run_text(self.question)

    def buttons(self) -> ComposeResult:
        """Yield the buttons."""
        yield Button("Cancel", compact=True, id="cancel")
        disabled = bool(self.question.typed_confirmation)
        yield Button(self.question.verb, compact=True, id="confirm", variant="primary", disabled=disabled)

    def confirm_keys(self) -> list[str]:
        """Return the hints of the keys that answer."""
        return [f"{{dialog.confirm}} Enter {self.question.verb.lower()}", "{dialog.cancel} back"]

    def on_mount(self) -> None:
        """Focus Cancel, or what has to be typed."""
        typed = self.question.typed_confirmation
        self.set_initial_focus(self.query_one("#typed", Input) if typed else self.query_one("#cancel", Button))
        self.fill()

    def on_resize(self, event: events.Resize) -> None:
        """Fold to the new width."""
        self.fill(event.size.width, event.size.height)

    def fill(self, width: int = 0, height: int = 0) -> None:
        """Show the question, folded to the size of the screen."""
        width, height = width or self.app.size.width, height or self.app.size.height
        wide = 116 if self._is_wide else 84
        room = min(width, wide) - 7  # frame, padding, and the cell of the scroll mark
        lines = question_lines(self.question, as_yaml=self.as_yaml, width=room, key_of=key_names(self))
        around = ROWS_AROUND + (4 if self.question.typed_confirmation else 0)
        shown = max(1, min(len(lines), height - around))
        self.body.styles.height = shown
        self.body.display = bool(lines)
        self.body.set_lines(lines)
        keys = self.confirm_keys()
        keys[:0] = self.extra_keys()
        if len(lines) > shown:
            keys.insert(0, "{question.up}{question.down} scroll")
        if self.question.semantic:
            keys.insert(0, "{diff.switch} summary" if self.as_yaml else "{diff.switch} YAML")
        self.query_one(".box").border_subtitle = f" {self.with_keys(' · '.join(keys))} "

    def extra_keys(self) -> list[str]:
        """Return the hints of more keys."""
        return []

    # -- keys ---------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow switching only where there is a diff."""
        if action == "switch":
            return bool(self.question.semantic)
        return super().check_action(action, parameters)

    def action_switch(self) -> None:
        """Switch between the summary of the changes and the YAML diff."""
        self.as_yaml = not self.as_yaml
        self.fill()
        self.body.scroll_to_line(0)

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll the question by lines."""
        self.body.action_scroll_lines(lines)

    def action_scroll_pages(self, pages: float) -> None:
        """Scroll the question by pages."""
        self.body.action_scroll_pages(pages)

    def action_edge(self, bottom: int) -> None:
        """Go to the first or last line of the question."""
        self.body.action_edge(bottom)

    def why_not(self) -> str:
        return f"type {self.question.typed_confirmation} first" if not self._is_typed() else ""

    def _is_typed(self) -> bool:
        typed = self.question.typed_confirmation
        return not typed or self.query_one("#typed", Input).value.strip() == typed

    @on(Input.Changed, "#typed")
    def _typed(self) -> None:
        self.query_one("#confirm", Button).disabled = not self._is_typed()

    @on(Input.Submitted, "#typed")
    def _submitted(self) -> None:
        if self._is_typed():
            self.dismiss(True)
        else:
            self.warn(self.why_not())

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(False)
