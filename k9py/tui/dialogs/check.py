"""Choose several items of a list: the columns of a table, the namespaces that are shown.

Invariant: the order of the answer is that of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from k9py.tui.dialogs.choose import ChoiceItem
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class NamePartInput(Input):
    """An input for a part of a name. No name has a blank: Space is left to the list."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class CheckDialog(Dialog[tuple[str, ...]]):
    """A checklist, narrowed by typing. Returns the values of the checked items.

    Args:
        title: What is chosen.
        choices: All items, in order.
        checked: Values of the items checked at first.
        current: Value of the item under the cursor at first.
        or_current: Without a check, the item under the cursor is the answer.
        free: A typed text that is not in the list can be chosen too (for names we may not list).
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LIST, ActionScope.SOURCES)
    HINT = "{sources.check} check · Enter apply · {sources.uncheck_all} uncheck all · {dialog.cancel} cancel"

    def __init__(
        self,
        title: str,
        choices: Sequence[ChoiceItem],
        *,
        checked: Collection[str] = (),
        current: str | None = None,
        or_current: bool = False,
        free: bool = False,
    ) -> None:
        super().__init__(title)
        self.choices = tuple(choices)
        self.checked = set(checked)
        self.current = current
        self._or_current = or_current
        self._free = free
        self._shown: tuple[ChoiceItem, ...] = self.choices

    def compose_body(self) -> ComposeResult:
        yield NamePartInput(placeholder="type to filter", id="typed", compact=True)
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
        is_checked = choice.value in self.checked
        mark = ("[✓] ", Tone.ACCENT) if is_checked else ("[ ] ", Tone.MUTED)
        return self.toned(mark, (choice.label, Tone.PLAIN), (f"  {choice.detail}", Tone.MUTED))

    def action_move(self, lines: int) -> None:
        """Move the cursor of the list; the input keeps the focus."""
        listing = self.query_one(OptionList)
        if self._shown:
            listing.highlighted = max(0, min(len(self._shown) - 1, (listing.highlighted or 0) + lines))

    def action_tick(self) -> None:
        """Check the item under the cursor, or uncheck it."""
        listing = self.query_one(OptionList)
        at = listing.highlighted
        if at is not None and at < len(self._shown):
            self.checked ^= {self._shown[at].value}
            listing.replace_option_prompt_at_index(at, self._line(self._shown[at]))

    def action_untick_all(self) -> None:
        """Uncheck every item."""
        self.checked.clear()
        listing = self.query_one(OptionList)
        for at, choice in enumerate(self._shown):
            listing.replace_option_prompt_at_index(at, self._line(choice))

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _apply(self, event: Input.Submitted) -> None:
        checked = tuple(choice.value for choice in self.choices if choice.value in self.checked)
        at = self.query_one(OptionList).highlighted
        if checked or not self._or_current:
            self.dismiss(checked)
        elif at is not None and self._shown:
            self.dismiss((self._shown[at].value,))
        elif self._free and event.value.strip():
            self.dismiss((printable(event.value.strip()),))

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self.query_one(OptionList).highlighted = event.option_index
        self.action_tick()
