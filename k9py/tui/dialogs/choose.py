"""Choose one item of a list by moving or typing: namespaces and contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from k9py.actions.action import ActionScope
from k9py.api.text import printable
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


@dataclass(frozen=True, slots=True)
class ChoiceItem:
    """One item of the list: `value` is returned, `label` and the muted `detail` are shown and searched."""

    value: str
    label: str
    detail: str = ""


class ChooseDialog(Dialog[str]):
    """A list narrowed by typing; returns the value of the chosen item.

    Args:
        title: what is chosen.
        choices: all items, in order.
        current: the value in use, marked and under the cursor at first.
        free: a typed text that is not in the list can be chosen too (for names we may not list).
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LIST)
    HINT = "type to filter · Enter choose · {dialog.cancel} cancel"

    def __init__(
        self, title: str, choices: Sequence[ChoiceItem], *, current: str | None = None, free: bool = False
    ) -> None:
        super().__init__(title)
        self.choices = tuple(choices)
        self.current = current
        self.free = free
        self._shown: tuple[ChoiceItem, ...] = self.choices

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="name", id="typed", compact=True)
        listing = OptionList(id="choices", markup=False, compact=True)
        listing.can_focus = False
        yield listing

    def on_mount(self) -> None:
        self._fill("")
        self.set_initial_focus(self.query_one(Input))

    def _fill(self, typed: str) -> None:
        terms = typed.lower().split()
        self._shown = tuple(
            choice
            for choice in self.choices
            if all(term in f"{choice.label} {choice.detail}".lower() for term in terms)
        )
        listing = self.query_one(OptionList)
        listing.clear_options()
        listing.add_options([Option(self._line(choice)) for choice in self._shown])
        at = next((i for i, choice in enumerate(self._shown) if choice.value == self.current), 0)
        listing.highlighted = at if self._shown else None

    def _line(self, choice: ChoiceItem) -> Text:
        mark = "● " if choice.value == self.current else "  "
        return self.toned((mark, Tone.ACCENT), (choice.label, Tone.PLAIN), (f"  {choice.detail}", Tone.MUTED))

    def action_move(self, lines: int) -> None:
        """Move the cursor of the list; the input keeps the focus."""
        listing = self.query_one(OptionList)
        if self._shown:
            listing.highlighted = max(0, min(len(self._shown) - 1, (listing.highlighted or 0) + lines))

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _choose_typed(self, event: Input.Submitted) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None and self._shown:
            self.dismiss(self._shown[highlighted].value)
        elif self.free and event.value.strip():
            self.dismiss(printable(event.value.strip()))

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].value)
