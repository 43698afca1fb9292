"""Ask for a path on this machine: where a download goes, what is uploaded."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class PathDialog(Dialog[str]):
    """Returns the path as it was typed, None when it was closed.

    Args:
        title: what is asked.
        about: what is copied, printable.
        path: filled in at first.
        check: returns what a person has to know about a path, "" for nothing.
    """

    DEFAULT_CSS = """
    PathDialog > .box { width: 84; }
    """
    HINT = "Enter copy · {dialog.cancel} cancel"

    def __init__(self, title: str, about: str, path: str, check: Callable[[str], str]) -> None:
        super().__init__(title)
        self._about, self._path, self._check = about, path, check

    def compose_body(self) -> ComposeResult:
        yield self.paragraph(self.toned((self._about, Tone.ACCENT)))
        yield Input(self._path, id="path", compact=True)
        yield Static("", id="check")

    def on_mount(self) -> None:
        """Begin in the line."""
        self.set_initial_focus(self.query_one(Input))
        self._show_check(self._path)

    def _show_check(self, path: str) -> None:
        self.query_one("#check", Static).update(self.toned((self._check(path), Tone.WARN)))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._show_check(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
