"""Choose what a log shows: pods, containers and levels to hide or to show alone, and other containers to read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.check import NamePartInput
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.logs.source_filter import CheckedItem, ItemGroup, SourceItem
from k9py.views.values import Tone

LEAST_ROWS: Final = 4
ROWS_AROUND: Final = 6
"""Rows of the screen that the list cannot use: the frame, the input, the space between."""

_TITLES: Final[dict[ItemGroup, str]] = {
    "pod": "Pods",
    "container": "Containers",
    "level": "Levels",
    "role": "Also read",
}


class SourcesDialog(Dialog[frozenset[CheckedItem]]):
    """A checklist, narrowed by typing. Returns the checked items.

    Args:
        items: in groups, as `source_items` returns them.
        checked: the items checked at first.
        only: checked items are shown alone, instead of hidden.
        current: the item under the cursor at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LIST, ActionScope.SOURCES)
    DEFAULT_CSS = """
    SourcesDialog > .box { width: 84; }
    SourcesDialog #sources { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    HINT = "{sources.check} toggle · Enter apply · {sources.uncheck_all} uncheck all · {dialog.cancel} cancel"

    def __init__(
        self,
        items: Sequence[SourceItem],
        ticked: Collection[CheckedItem],
        *,
        only: bool,
        current: CheckedItem | None = None,
    ) -> None:
        super().__init__("Show only" if only else "Hide")
        self.items = tuple(items)
        self.checked = set(ticked)
        self._only = only
        self._current = current
        self._rows: list[SourceItem | None] = []

    def compose_body(self) -> ComposeResult:
        yield NamePartInput(placeholder="type to filter", id="typed", compact=True)
        listing = OptionList(id="sources", markup=False, compact=True)
        listing.can_focus = False
        yield listing

    def on_mount(self) -> None:
        self._fill("")
        self.set_initial_focus(self.query_one(Input))

    def on_resize(self) -> None:
        """Make the list as tall as the screen allows."""
        self.query_one(OptionList).styles.max_height = max(LEAST_ROWS, self.size.height - ROWS_AROUND)

    def _fill(self, typed: str) -> None:
        terms = typed.lower().split()
        shown = [item for item in self.items if all(term in f"{item.label} {item.detail}".lower() for term in terms)]
        self._rows = []
        for group in _TITLES:
            members = [item for item in shown if item.group == group]
            if members:
                self._rows += [None, *members]
        listing = self.query_one(OptionList)
        listing.clear_options()
        groups = iter(dict.fromkeys(item.group for item in shown))
        listing.add_options(
            [
                Option(self._heading(next(groups)), disabled=True) if row is None else Option(self._line(row))
                for row in self._rows
            ]
        )
        at = [index for index, row in enumerate(self._rows) if row is not None]
        wanted = next((index for index in at if (row := self._rows[index]) and row.checked_item == self._current), None)
        listing.highlighted = wanted if wanted is not None else next(iter(at), None)

    def _heading(self, group: ItemGroup) -> Text:
        return self.toned((_TITLES[group], Tone.MUTED))

    def _line(self, item: SourceItem) -> Text:
        is_checked = item.checked_item in self.checked
        effect = "read" if item.group == "role" else "only" if self._only else "hidden"
        mark = "[✓] " if is_checked else "[ ] "
        state = f"  {effect}" if is_checked else ""
        return self.toned(
            (mark, Tone.ACCENT if is_checked else Tone.MUTED),
            (item.label, Tone.PLAIN),
            (state, Tone.ACCENT),
            (f"  {item.detail}" if item.detail else "", Tone.MUTED),
        )

    def action_move(self, lines: int) -> None:
        """Move the cursor of the list past headings; the input keeps the focus."""
        listing = self.query_one(OptionList)
        places = [index for index, row in enumerate(self._rows) if row is not None]
        if places:
            at = places.index(listing.highlighted) if listing.highlighted in places else 0
            listing.highlighted = places[max(0, min(len(places) - 1, at + lines))]

    def action_tick(self) -> None:
        """Check the item under the cursor, or uncheck it."""
        listing = self.query_one(OptionList)
        at = listing.highlighted
        item = self._rows[at] if at is not None else None
        if at is not None and item is not None:
            self.checked ^= {item.checked_item}
            listing.replace_option_prompt_at_index(at, self._line(item))

    def action_untick_all(self) -> None:
        """Uncheck every item."""
        listing = self.query_one(OptionList)
        self.checked.clear()
        for index, item in enumerate(self._rows):
            if item is not None:
                listing.replace_option_prompt_at_index(index, self._line(item))

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _apply(self) -> None:
        self.dismiss(frozenset(self.checked))
