"""Choose several items of a list: the columns of a table, the namespaces that are shown.

Invariant: the order of the answer is that of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


class NamePartInput(Input):
    """An input for a part of a name. No name has a blank: Space is left to the list."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class CheckDialog(FilteredListDialog[tuple[str, ...]]):
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
        super().__init__(title, choices, current=current)
        self.checked = set(checked)
        self._or_current = or_current
        self._free = free

    def make_input(self) -> Input:
        return NamePartInput(placeholder="type to filter", id="typed", compact=True)

    def line_of(self, choice: ChoiceItem) -> Text:
        is_checked = choice.value in self.checked
        mark = ("[✓] ", Tone.ACCENT) if is_checked else ("[ ] ", Tone.MUTED)
        return self.toned(mark, (choice.label, Tone.PLAIN), (f"  {choice.detail}", Tone.MUTED))

    def action_tick(self) -> None:
        """Check the item under the cursor, or uncheck it."""
        listing = self.query_one(OptionList)
        at = listing.highlighted
        if at is not None and at < len(self._shown):
            self.checked ^= {self._shown[at].value}
            listing.replace_option_prompt_at_index(at, self.line_of(self._shown[at]))

    def action_untick_all(self) -> None:
        """Uncheck every item."""
        self.checked.clear()
        listing = self.query_one(OptionList)
        for at, choice in enumerate(self._shown):
            listing.replace_option_prompt_at_index(at, self.line_of(choice))

    @on(Input.Submitted)
    def _apply(self, event: Input.Submitted) -> None:
        checked = tuple(choice.value for choice in self.choices if choice.value in self.checked)
        if checked or not self._or_current:
            self.dismiss(checked)
        elif self.highlighted is not None:
            self.dismiss((self.highlighted.value,))
        elif self._free and event.value.strip():
            self.dismiss((printable(event.value.strip()),))

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self.query_one(OptionList).highlighted = event.option_index
        self.action_tick()
