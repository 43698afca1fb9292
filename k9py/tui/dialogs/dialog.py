"""The frame of every dialog: a titled box in the middle, Esc steps back, cluster text is never markup.

Invariants: a dialog only asks: it changes nothing and returns one value, None when it was left. The keys mean the same
in all of them: what has the focus first is safe, so Enter alone confirms nothing; Tab goes to the button that confirms
(`#confirm`) from wherever the focus is, and back; Enter presses it. A dialog without such a button is a list or a line
to choose from: there Enter chooses, before Tab and after it.

To add a dialog: subclass with the type of its result, `compose_body`, `begin_at` what is safe, and `dismiss(value)`
where the answer is known.
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
from k9py.tui.theme import palette_for
from k9py.tui.widgets.toned_text import TextLine
from k9py.views.values import Tone

ResultT = TypeVar("ResultT")

CELLS_AROUND: Final = 7
"""Cells of a box beside its text: frame, padding and scrollbar."""
LEAST_HEIGHT: Final = 24
"""Lines of a screen from which on there is room to fold what stands above the question."""


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
    """

    SUBTITLE: ClassVar[str] = "Esc cancels"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.heading = printable(title)
        self._begin: Widget | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            yield from self.compose_body()
        box.border_title = Text(f" {self.heading} ")
        box.border_subtitle = f" {self.SUBTITLE} "

    def compose_body(self) -> ComposeResult:
        """Yield what is inside the box."""
        raise NotImplementedError

    def set_initial_focus(self, widget: Widget) -> None:
        """Give the focus to what is safe to have it; Tab comes back here."""
        self._begin = widget
        widget.focus()

    def why_not(self) -> str:
        """Return why the button that confirms cannot be pressed now."""
        return ""

    def action_to_confirm(self) -> None:
        """Go to the button that confirms; from there back to where the dialog began."""
        button = next(iter(self.query("#confirm").results(Button)), None)
        if button is None:
            return
        if button.disabled:
            self.app.notify(self.why_not() or "there is nothing to confirm yet", severity="warning", markup=False)
        elif self.focused is button and self._begin is not None:
            self._begin.focus()
        else:
            button.focus()

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def toned(self, *parts: tuple[str, Tone]) -> Text:
        """Return a line of text in the colours of its tones; made printable."""
        palette = palette_for(self.app)
        line = Text()
        for text, tone in parts:
            line.append(printable(text), palette.tone(tone))
        return line

    def text_width(self, width: int) -> int:
        """Return the cells a line may take in a box of that width; 0 on a short screen, where lines are cut instead."""
        size = self.app.size
        return min(size.width, width) - CELLS_AROUND if size.height >= LEAST_HEIGHT else 0

    def place_paragraph(self, place: str, lines: Sequence[TextLine]) -> Static:
        """Return where the object is, and the lines below it."""
        shown = [self.toned(*((span.text, span.tone) for span in line)) for line in lines]
        return self.paragraph(self.toned(("in ", Tone.MUTED), (place, Tone.ACCENT)), *shown, id="place")

    def paragraph(self, *lines: Text, id: str | None = None) -> Static:  # noqa: A002
        """Return a paragraph of the dialog."""
        return Static(Text("\n").join(lines), markup=False, classes="part", id=id)
