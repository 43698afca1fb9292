"""Choose one item of a list by moving or typing: namespaces and contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import BindingType
from textual.widgets import Input, OptionList

from k9py.actions.action import ActionScope
from k9py.api.text import printable
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.filtered_list import ChoiceItem, FilteredListDialog
from k9py.views.values import Tone


class ChooseDialog(FilteredListDialog[str]):
    """A list narrowed by typing; returns the value of the chosen item.

    Args:
        title: What is chosen.
        choices: All items, in order.
        current: The value in use, marked and under the cursor at first.
        free: A typed text that is not in the list can be chosen too (for names we may not list).
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LIST)
    HINT = "type to filter · Enter choose · {dialog.cancel} cancel"

    def __init__(
        self, title: str, choices: Sequence[ChoiceItem], *, current: str | None = None, free: bool = False
    ) -> None:
        super().__init__(title, choices, current=current)
        self.free = free

    def line_of(self, choice: ChoiceItem) -> Text:
        mark = "● " if choice.value == self.current else "  "
        return self.toned((mark, Tone.ACCENT), (choice.label, Tone.PLAIN), (f"  {choice.detail}", Tone.MUTED))

    @on(Input.Submitted)
    def _choose_typed(self, event: Input.Submitted) -> None:
        if self.highlighted is not None:
            self.dismiss(self.highlighted.value)
        elif self.free and event.value.strip():
            self.dismiss(printable(event.value.strip()))

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].value)
