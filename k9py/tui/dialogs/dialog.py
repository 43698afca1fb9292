"""The frame of every dialog: a titled box with a line of keys. Text from a cluster is never markup.

Invariants: a dialog only asks: it changes nothing and returns one value, None when it was cancelled. Keys mean the same
in all of them: the initial focus is on a safe widget, so Enter alone changes nothing in the cluster or a container; Tab
switches to the button that confirms (`#confirm`) from anywhere, and back; Enter presses it. A dialog without such a
button is a list or an input: there Enter chooses, or starts what changes nothing in the cluster. Messages never cover a
dialog: those from before are cleared when it opens, later ones are shown on the first line of the screen.

To add a dialog: subclass with the type of its result, yield its widgets in `compose_body`, `set_initial_focus` on a
safe one, and `dismiss(value)` with the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from k9py.actions.action import ActionScope
from k9py.api.text import printable
from k9py.tui.bindings import bindings
from k9py.tui.keys import key_names
from k9py.tui.theme import palette_for
from k9py.tui.tones import styled_text
from k9py.tui.widgets.toned_text import TextLine
from k9py.views.values import Tone

ResultT = TypeVar("ResultT")

CELLS_AROUND: Final = 7
"""Cells of a box that its text cannot use: frame, padding and scrollbar."""
LEAST_HEIGHT: Final = 24
"""Lines of a screen; on a shorter one, the lines above the question are cut instead of folded."""


def place_text(namespace: str, context: str) -> str:
    """Return where something is, as every dialog names it after "in ": namespace (if it has one) and context."""
    return f"{printable(namespace) or 'the whole cluster'} · context {printable(context)}"


class Dialog(ModalScreen[ResultT | None], Generic[ResultT]):
    """A box with a title and a line of keys."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DIALOG)

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 55%; }
    Dialog > .box {
        width: 72; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border: round $border; border-title-color: $foreground; border-title-style: bold;
        border-subtitle-color: $text-muted; padding: 1 2 0 2; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    Dialog .part { width: 100%; height: auto; margin: 0 0 1 0; }
    Dialog #place { text-wrap: nowrap; text-overflow: ellipsis; }
    Dialog .buttons { width: 100%; height: auto; align-horizontal: right; margin: 0 0 1 0; }
    Dialog .buttons Button { margin: 0 0 0 2; min-width: 12; }
    Dialog Input, Dialog OptionList { background: $surface; border: none; padding: 0; }
    Dialog OptionList { height: auto; max-height: 16; scrollbar-size-vertical: 1; margin: 0 0 1 0; }
    Dialog Input { height: 1; margin: 0 0 1 0; background: $panel; padding: 0 1; }
    Dialog ToastRack { dock: top; align: right top; margin: 0; }
    Dialog ToastHolder { margin: 0; }
    Dialog Toast { padding: 0 1; margin: 0; width: auto; max-width: 100%; }
    """

    HINT: ClassVar[str] = "{dialog.cancel} cancel"
    """The line of keys at the bottom of the box; `{action.id}` becomes the action's key."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.heading = printable(title)
        self._begin: Widget | None = None

    def on_mount(self) -> None:
        """Clear the messages from before: here they would look like answers to this dialog."""
        self.app.clear_notifications()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            yield from self.compose_body()
        box.border_title = Text(f" {self.heading} ")
        box.border_subtitle = f" {self.with_keys(self.HINT)} "

    def compose_body(self) -> ComposeResult:
        """Yield the widgets inside the box."""
        raise NotImplementedError

    def with_keys(self, template: str) -> str:
        """Return a text of kdash with every `{action.id}` replaced by that action's key."""
        return key_names(self).fill(template)

    def warn(self, message: str) -> None:
        """Show why a key does nothing now."""
        self.app.notify(message, severity="warning", markup=False)

    def set_initial_focus(self, widget: Widget) -> None:
        """Give the focus to a safe widget; Tab comes back to it."""
        self._begin = widget
        widget.focus()

    def why_not(self) -> str:
        """Return why nothing can be confirmed now, "" when it can."""
        return ""

    def action_to_confirm(self) -> None:
        """Switch to the button that confirms, and from there back to the initial focus."""
        button = next(iter(self.query("#confirm").results(Button)), None)
        if button is None:
            return
        if button.disabled:
            self.warn(self.why_not() or "nothing to confirm yet")
        elif self.focused is button and self._begin is not None:
            self._begin.focus()
        else:
            button.focus()

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def toned(self, *parts: tuple[str, Tone]) -> Text:
        """Return a line of toned pieces, made printable."""
        return styled_text([parts], palette_for(self.app), wrap=True)

    def text_width(self, width: int) -> int:
        """Return the cells of a line in a box of that width; 0 on a short screen, where lines are not folded."""
        size = self.app.size
        return min(size.width, width) - CELLS_AROUND if size.height >= LEAST_HEIGHT else 0

    def place_paragraph(self, place: str, lines: Sequence[TextLine]) -> Static:
        """Return the paragraph with the namespace and context of the object, and lines below."""
        shown = [self.toned(*line) for line in lines]
        return self.paragraph(self.toned(("in ", Tone.MUTED), (place, Tone.ACCENT)), *shown, id="place")

    def paragraph(self, *lines: Text, id: str | None = None) -> Static:  # noqa: A002
        """Return a paragraph of lines."""
        return Static(Text("\n").join(lines), markup=False, classes="part", id=id)
