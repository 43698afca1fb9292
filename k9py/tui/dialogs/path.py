"""Ask for a path on this machine: where a download goes, what is uploaded.

Invariant: what changes a container, an upload, is confirmed with a button; Enter in the line goes to it.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class PathDialog(Dialog[str]):
    """Returns the path as it was typed, None when it was closed.

    Args:
        title: what is asked.
        about: what is copied, printable.
        path: filled in at first.
        check: returns what a person has to know about a path, "" for nothing.
        confirms: text of the button, of what changes a container; "": Enter in the line answers.
    """

    DEFAULT_CSS = """
    PathDialog > .box { width: 84; }
    """
    HINT = "Enter copy · {dialog.cancel} cancel"

    def __init__(self, title: str, about: str, path: str, check: Callable[[str], str], *, confirms: str = "") -> None:
        super().__init__(title)
        self._about, self._path, self._check, self._confirms = about, path, check, confirms

    def compose_body(self) -> ComposeResult:
        yield self.paragraph(self.toned((self._about, Tone.ACCENT)))
        yield Input(self._path, id="path", compact=True)
        yield Static("", id="check")
        if self._confirms:
            with Horizontal(classes="buttons"):
                yield Button("Cancel", compact=True, id="cancel")
                yield Button(self._confirms, compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Begin in the line."""
        self.set_initial_focus(self.query_one(Input))
        self._show_check(self._path)
        if self._confirms:
            keys = f"{{dialog.confirm}} Enter {self._confirms.lower()} · {{dialog.cancel}} cancel"
            self.query_one(".box").border_subtitle = f" {self.with_keys(keys)} "

    def why_not(self) -> str:
        return "" if self.query_one(Input).value.strip() else "type a path first"

    def _show_check(self, path: str) -> None:
        for button in self.query("#confirm").results(Button):
            button.disabled = not path.strip()
        self.query_one("#check", Static).update(self.toned((self._check(path), Tone.WARN)))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._show_check(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self._confirms:
            self.action_to_confirm()
        elif event.value.strip():
            self.dismiss(event.value.strip())

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self.query_one(Input).value.strip() if event.button.id == "confirm" else None)
