"""Choose what a log shows: pods, containers, levels to leave out or show alone, and containers to read besides."""

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
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.logs.source_filter import CheckedItem, ItemGroup, SourceItem
from k9py.views.values import Tone

LEAST_ROWS: Final = 4
ROWS_AROUND: Final = 6
"""Of the screen, that are not the list's: the frame, the input, the room between."""

_TITLES: Final[dict[ItemGroup, str]] = {
    "pod": "Pods",
    "container": "Containers",
    "level": "Levels",
    "role": "Read besides",
}


class _NamePart(Input):
    """A part of a name is typed: no name has a blank, which is left to the list."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class SourcesDialog(Dialog[frozenset[CheckedItem]]):
    """A list to tick, narrowed by typing. Returns what is ticked.

    Args:
        items: in groups, as `source_items` gives them.
        ticked: what is ticked at first.
        only: what is ticked will be shown alone, instead of left out.
        current: what the cursor is on at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LIST, ActionScope.SOURCES)
    DEFAULT_CSS = """
    SourcesDialog > .box { width: 84; }
    SourcesDialog #sources { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    SUBTITLE = "Space ticks · type to narrow · Enter applies · ^R none · Esc cancels"

    def __init__(
        self,
        items: Sequence[SourceItem],
        ticked: Collection[CheckedItem],
        *,
        only: bool,
        current: CheckedItem | None = None,
    ) -> None:
        super().__init__("Show only" if only else "Leave out")
        self.items = tuple(items)
        self.checked = set(ticked)
        self._only = only
        self._current = current
        self._rows: list[SourceItem | None] = []

    def compose_body(self) -> ComposeResult:
        yield _NamePart(placeholder="a part of the name", id="typed", compact=True)
        listing = OptionList(id="sources", markup=False, compact=True)
        listing.can_focus = False
        yield listing

    def on_mount(self) -> None:
        self._fill("")
        self.set_initial_focus(self.query_one(Input))

    def on_resize(self) -> None:
        """The list is as tall as the screen allows."""
        self.query_one(OptionList).styles.max_height = max(LEAST_ROWS, self.size.height - ROWS_AROUND)

    def _fill(self, typed: str) -> None:
        terms = typed.lower().split()
        shown = [one for one in self.items if all(term in f"{one.label} {one.detail}".lower() for term in terms)]
        self._rows = []
        for group in _TITLES:
            mine = [one for one in shown if one.group == group]
            if mine:
                self._rows += [None, *mine]
        listing = self.query_one(OptionList)
        listing.clear_options()
        groups = iter(dict.fromkeys(one.group for one in shown))
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
        ticked = item.checked_item in self.checked
        word = "read" if item.group == "role" else "only" if self._only else "left out"
        mark = "[✓] " if ticked else "[ ] "
        said = f"  {word}" if ticked else ""
        return self.toned(
            (mark, Tone.ACCENT if ticked else Tone.MUTED),
            (item.label, Tone.PLAIN),
            (said, Tone.ACCENT),
            (f"  {item.detail}" if item.detail else "", Tone.MUTED),
        )

    def action_move(self, lines: int) -> None:
        """Move the cursor of the list while the typing goes on; headings are passed over."""
        listing = self.query_one(OptionList)
        places = [index for index, row in enumerate(self._rows) if row is not None]
        if places:
            at = places.index(listing.highlighted) if listing.highlighted in places else 0
            listing.highlighted = places[max(0, min(len(places) - 1, at + lines))]

    def action_tick(self) -> None:
        """Tick what is under the cursor, or take its tick away."""
        listing = self.query_one(OptionList)
        at = listing.highlighted
        item = self._rows[at] if at is not None else None
        if at is not None and item is not None:
            self.checked ^= {item.checked_item}
            listing.replace_option_prompt_at_index(at, self._line(item))

    def action_untick_all(self) -> None:
        """Take every tick away."""
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
