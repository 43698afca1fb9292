"""The built-in editor of YAML, for where no editor is chosen or none can run."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import TextArea

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog


class EditorDialog(Dialog[str]):
    """Returns the text when it was saved, None when the editor was closed; `text` is then what was typed.

    Args:
        title: what is edited.
        text: the first text.
        line: where the cursor begins, from 1; 0: below the comments at the top.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.EDITOR)
    DEFAULT_CSS = """
    EditorDialog > .box { width: 100%; height: 100%; max-height: 100%; padding: 0; }
    EditorDialog TextArea { height: 1fr; border: none; padding: 0; }
    """
    HINT = "{editor.save} save · {editor.cancel} cancel"

    def __init__(self, title: str, text: str, *, line: int = 0) -> None:
        super().__init__(title)
        self._line = line
        self.area = TextArea(
            text, show_line_numbers=True, tab_behavior="indent", soft_wrap=False, compact=True, id="text"
        )

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self.area.text

    def compose_body(self) -> ComposeResult:
        yield self.area

    def on_mount(self) -> None:
        """Put the cursor where the problem is, or below the comments at the top."""
        lines = self.text.splitlines()
        first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        self.area.move_cursor((self._line - 1 if self._line else first, 0), center=True)
        self.set_initial_focus(self.area)

    def action_save(self) -> None:
        """Close with the text."""
        self.dismiss(self.text)
