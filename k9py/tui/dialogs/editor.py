"""The built-in editor of YAML, for where no editor is chosen or none can run."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static, TextArea

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class EditorDialog(Dialog[str]):
    """Returns the text when it was saved, None when the editor was closed; `text` is then what was typed.

    A text that was changed is closed by the second press of the key that cancels: the first one says what happens.

    Args:
        title: what is edited.
        text: the first text.
        line: where the cursor begins, from 1; 0: below the comments at the top.
        notice: shown below the text.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.EDITOR)
    DEFAULT_CSS = """
    EditorDialog > .box { width: 100%; height: 100%; max-height: 100%; padding: 0; }
    EditorDialog TextArea { height: 1fr; border: none; padding: 0; }
    EditorDialog #notice { height: auto; padding: 0 1; display: none; }
    EditorDialog #notice.-shown { display: block; }
    """
    HINT = "{editor.save} save · {editor.cancel} cancel"

    def __init__(self, title: str, text: str, *, line: int = 0, notice: str = "") -> None:
        super().__init__(title)
        self._line, self._notice, self._opened = line, notice, text
        self._is_warned = False
        self.area = TextArea(
            text, show_line_numbers=True, tab_behavior="indent", soft_wrap=False, compact=True, id="text"
        )

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self.area.text

    def compose_body(self) -> ComposeResult:
        yield self.area
        yield Static(id="notice", markup=False)

    def on_mount(self) -> None:
        """Put the cursor where the problem is, or below the comments at the top."""
        lines = self.text.splitlines()
        first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        self.area.move_cursor((self._line - 1 if self._line else first, 0), center=True)
        self.set_initial_focus(self.area)
        self._show_notice(self._notice)

    def _show_notice(self, text: str) -> None:
        line = self.query_one("#notice", Static)
        line.update(self.toned((text, Tone.WARN)))
        line.set_class(bool(text), "-shown")

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Warn again before a text is closed that was changed since."""
        if self._is_warned:
            self._is_warned = False
            self._show_notice(self._notice)

    def action_edge(self, bottom: int) -> None:
        """Move the cursor to the beginning or the end of the text."""
        self.area.move_cursor(self.area.document.end if bottom else (0, 0))

    def action_cancel(self) -> None:
        """Close without saving; a changed text only when the key is pressed again."""
        if self.text == self._opened or self._is_warned:
            self.dismiss(None)
            return
        self._is_warned = True
        self._show_notice(
            self.with_keys(
                "not saved: {editor.save} saves · {editor.cancel} again closes, and keeps your text in a file"
            )
        )

    def action_save(self) -> None:
        """Close with the text."""
        self.dismiss(self.text)
