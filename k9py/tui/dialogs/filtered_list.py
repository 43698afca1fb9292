"""A dialog with a list that typing narrows: the base of those that choose one item and of those that check several.

Invariant: the input keeps the focus; the list is moved by keys of the dialog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from k9py.tui.dialogs.dialog import Dialog

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class ChoiceItem:
    """One item of the list: `value` is returned, `label` and the muted `detail` are shown and searched."""

    value: str
    label: str
    detail: str = ""


class FilteredListDialog(Dialog[ResultT]):
    """A list narrowed by typing.

    Args:
        title: What is chosen.
        choices: All items, in order.
        current: Value of the item under the cursor at first.
    """

    def __init__(self, title: str, choices: Sequence[ChoiceItem], *, current: str | None = None) -> None:
        super().__init__(title)
        self.choices = tuple(choices)
        self.current = current
        self._shown: tuple[ChoiceItem, ...] = self.choices

    def make_input(self) -> Input:
        """Return the input."""
        return Input(placeholder="name", id="typed", compact=True)

    def line_of(self, choice: ChoiceItem) -> Text:
        """Return the line of an item."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        yield self.make_input()
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
        listing.add_options([Option(self.line_of(choice)) for choice in self._shown])
        if not self._shown:
            listing.add_option(Option(Text("nothing matches"), disabled=True))
        at = next((i for i, choice in enumerate(self._shown) if choice.value == self.current), 0)
        listing.highlighted = at if self._shown else None

    @property
    def highlighted(self) -> ChoiceItem | None:
        """The item under the cursor, None when there is none."""
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def action_move(self, lines: int) -> None:
        """Move the cursor of the list; the input keeps the focus."""
        listing = self.query_one(OptionList)
        if self._shown:
            listing.highlighted = max(0, min(len(self._shown) - 1, (listing.highlighted or 0) + lines))

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)
