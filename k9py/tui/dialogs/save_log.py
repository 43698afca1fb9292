"""Ask which lines of a log to save, and show where."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from k9py.actions.action import ActionScope
from k9py.api.plural import count_noun
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone

Extent = Literal["shown", "buffered"]
_EXTENTS: Final[tuple[Extent, ...]] = ("shown", "buffered")


class SaveLogDialog(Dialog[Extent]):
    """Returns what to save.

    Args:
        shown, buffered: lines of each.
        path: of the file, as far as it is known now.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.CHOICES, "dialog.close")
    HINT = "{choices.down}{choices.up} choose · Enter save · {dialog.cancel} cancel"

    def __init__(self, shown: int, buffered: int, path: str) -> None:
        super().__init__("Save log")
        self._lines: dict[Extent, int] = {"shown": shown, "buffered": buffered}
        self._path = path

    def compose_body(self) -> ComposeResult:
        labels: dict[Extent, str] = {"shown": "Shown lines", "buffered": "All buffered lines"}
        options = [
            Option(self.toned((f"{labels[extent]}  {count_noun(self._lines[extent], 'line')}", Tone.PLAIN)))
            for extent in _EXTENTS
        ]
        yield OptionList(*options, id="extents", markup=False, compact=True)
        yield self.paragraph(self.toned(("to ", Tone.MUTED), (self._path, Tone.ACCENT)))

    def on_mount(self) -> None:
        self.set_initial_focus(self.query_one(OptionList))

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        listing = self.query_one(OptionList)
        listing.highlighted = max(0, min(len(_EXTENTS) - 1, (listing.highlighted or 0) + lines))

    @on(OptionList.OptionSelected)
    def _save(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(_EXTENTS[event.option_index])
