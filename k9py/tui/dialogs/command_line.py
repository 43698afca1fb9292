"""The line after `:`: a command, a resource type or a name is typed, what matches is listed above it.

Invariants: Enter runs what was chosen in the list, else what was typed, and nothing that means neither: then the line
stays, with what is nearest. A beginning opens the first match only when that is marked and opens a screen; what changes
something is never run for a beginning that other names share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from k9py.actions.action import ActionScope
from k9py.api.errors import KdashError
from k9py.api.text import printable
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import CELLS_AROUND, Dialog
from k9py.tui.palette.entry import EntryKind, PaletteEntry
from k9py.tui.palette.source import merged
from k9py.tui.theme import palette_for
from k9py.tui.tones import styled_text
from k9py.tui.workers import start_worker
from k9py.views.values import Tone

MAX_NAME: Final = 40
"""Cells of the names, at most, before their details."""


class LineSource(Protocol):
    """What can be typed."""

    def entries(self, line: str) -> list[PaletteEntry]:
        """Return what matches a line, the best first, without objects."""
        ...

    async def objects(self, line: str) -> list[PaletteEntry]:
        """Return the objects that match a line, the best first."""
        ...

    def meaning(self, line: str) -> object:
        """Raise KdashError unless a line means something."""
        ...

    async def learn(self, line: str) -> None:
        """Read what may give a line a meaning that had none. Raises KdashError if it has none now either."""
        ...

    def recalled(self) -> Sequence[str]:
        """Return the lines that were run, the last one first."""
        ...

    async def prepare(self) -> bool:
        """Read what is not known yet; return whether that changed what is listed."""
        ...


class CommandLine(Dialog[PaletteEntry | str]):
    """Returns the entry that was chosen, or the line as typed.

    Args:
        source: What can be typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("list.down", "list.up", ActionScope.COMMAND_LINE)
    DEFAULT_CSS = """
    CommandLine { align: center bottom; background: $background 0%; }
    CommandLine > .box { width: 100%; padding: 0 1; border: round $border; }
    CommandLine OptionList { max-height: 14; margin: 0; }
    CommandLine Input { margin: 0; background: $surface; padding: 0; }
    CommandLine #problem { display: none; height: auto; color: $error; }
    CommandLine #problem.-shown { display: block; }
    """
    HINT = "{command.complete} complete · Enter run · {command.recall} recent · {dialog.cancel} cancel"

    def __init__(self, source: LineSource) -> None:
        super().__init__("Command")
        self._source = source
        self._entries: Sequence[PaletteEntry] = ()
        self._shown: Sequence[PaletteEntry] = ()
        self._is_chosen = False
        """Whether the highlighted entry was chosen by a key."""
        self._is_searching = False
        self._is_submitted = False
        """Enter was pressed while objects were searched."""
        self._recalled = -1

    def compose_body(self) -> ComposeResult:
        listing = OptionList(id="commands", markup=False, compact=True)
        listing.can_focus = False
        yield listing
        yield Static(id="problem", markup=False)
        yield Input(placeholder="pods shop, deploy -l app=web, checkout, ns shop, scale 3 …", id="line", compact=True)

    def on_mount(self) -> None:
        self._fill("")
        self.set_initial_focus(self.query_one(Input))
        start_worker(self, self._prepare, group="prepare")

    async def _prepare(self) -> None:
        if await self._source.prepare():
            self._fill(self.query_one(Input).value)

    # -- the list -----------------------------------------------------------------------------------------------------

    def _fill(self, line: str) -> None:
        self._is_chosen = self._is_submitted = False
        self._show_problem("")
        self._entries = self._source.entries(line)
        self._show(self._entries)
        self._is_searching = bool(line.strip())
        if self._is_searching:
            start_worker(self, self._search, group="objects", exclusive=True)

    async def _search(self) -> None:
        line = self.query_one(Input).value
        objects = await self._source.objects(line)
        self._is_searching = False
        if objects and not self._is_chosen:
            self._show(merged(self._entries, objects))
        if self._is_submitted:
            self._submit()
        else:
            self._mark_first(line)

    def _mark_first(self, line: str) -> None:
        """Mark the entry that Enter opens, if the line means nothing by itself."""
        if self._is_chosen or not self._shown or not self._shown[0].kind.is_harmless:
            return
        try:
            self._source.meaning(line)
        except KdashError:
            self.query_one(OptionList).highlighted = 0

    def _show(self, entries: Sequence[PaletteEntry]) -> None:
        self._shown = entries
        listing = self.query_one(OptionList)
        listing.clear_options()
        width = min(MAX_NAME, max((cell_len(printable(entry.text)) for entry in entries), default=0))
        listing.add_options([Option(self._row(entry, width)) for entry in entries])
        listing.highlighted = None

    def _row(self, entry: PaletteEntry, width: int) -> Text:
        palette = palette_for(self.app)
        name = styled_text([[(entry.text, Tone.ACCENT)]], palette)
        if len(name.plain) == len(entry.text):
            for position in entry.positions:
                name.stylize("underline", position, position + 1)
        name.truncate(width, overflow="ellipsis", pad=True)
        detail = entry.detail if entry.kind is not EntryKind.RECENT else "recent"
        key = f" · {entry.key}" if entry.key else ""
        row = Text.assemble(
            name, "  ", styled_text([[(detail, Tone.MUTED)]], palette), styled_text([[(key, Tone.PLAIN)]], palette)
        )
        row.truncate(max(MAX_NAME, self.app.size.width - CELLS_AROUND), overflow="ellipsis")
        return row

    def _show_problem(self, text: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(Text(text))
        problem.set_class(bool(text), "-shown")

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_move(self, lines: int) -> None:
        """Move in the list; the line takes the entry under the cursor."""
        if not self._shown:
            return
        listing = self.query_one(OptionList)
        at = listing.highlighted
        if at is None:
            at = 0 if lines > 0 else len(self._shown) - 1
        elif self._is_chosen or lines < 0:
            at = (at + lines) % len(self._shown)
        listing.highlighted = at
        self._is_chosen = True
        self._take(self._shown[at])

    def action_complete(self) -> None:
        """Complete the line to the first entry that matches; an empty line matches everything, and so nothing."""
        line = self.query_one(Input)
        if not self._shown or not line.value.strip():
            self.warn("type the beginning of a command first")
            return
        self._take(self._shown[self.query_one(OptionList).highlighted or 0])
        self._fill(line.value)

    def action_recall(self) -> None:
        """Take the line that was run before the one that is shown."""
        lines = self._source.recalled()
        if not lines:
            self.warn("nothing was run yet")
            return
        self._recalled = (self._recalled + 1) % len(lines)
        line = self.query_one(Input)
        line.value = lines[self._recalled]
        line.cursor_position = len(line.value)

    def _take(self, entry: PaletteEntry) -> None:
        line = self.query_one(Input)
        with self.prevent(Input.Changed):
            line.value = f"{entry.line} " if entry.expects_more else entry.line
        line.cursor_position = len(line.value)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        entry = self._shown[event.option_index]
        if entry.is_complete:
            self.dismiss(entry)
        else:
            self._take(entry)

    @on(Input.Submitted)
    def _submit(self) -> None:
        line = self.query_one(Input).value.strip()
        highlighted = self.query_one(OptionList).highlighted
        entry = self._shown[highlighted] if highlighted is not None else None
        if self._is_chosen and entry is not None and entry.is_complete:
            self.dismiss(entry)
            return
        if not line:
            self.dismiss(None)
            return
        try:
            self._source.meaning(line)
        except KdashError as error:
            if self._is_searching:
                self._is_submitted = True
                return
            self._mark_first(line)
            self._open_first_or_explain(error)
        else:
            self.dismiss(line)

    def _open_first_or_explain(self, error: KdashError) -> None:
        if self._shown and not self._is_chosen and self._shown[0].kind.is_harmless and self._shown[0].is_complete:
            self.dismiss(self._shown[0])
            return
        self._is_submitted = False
        self._explain(error)
        start_worker(self, self._learn, group="learn", exclusive=True)

    async def _learn(self) -> None:
        """Run the line if it has a meaning after all: a resource type may be newer than what is known."""
        line = self.query_one(Input).value.strip()
        try:
            await self._source.learn(line)
        except KdashError as error:
            if self.query_one(Input).value.strip() == line:
                self._explain(error)
            return
        if self.query_one(Input).value.strip() == line:
            self.dismiss(line)

    def _explain(self, error: KdashError) -> None:
        self._show_problem(f"{error.message}: {error.hint}" if error.hint else error.message)
