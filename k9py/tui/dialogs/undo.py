"""Choose the revision to go back to: a list with who made each, and what would change, by meaning or as YAML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from msgspec import structs
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from k9py.objects.errors import KdashError
from k9py.objects.meta import ObjectKey
from k9py.rollouts.authors import Author
from k9py.rollouts.revisions import Revision
from k9py.rollouts.undo_target import UndoTarget
from k9py.tables import revisions as revision_table
from k9py.tables.values import Cell, Column, Row, Tone
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.difference import difference_text
from k9py.tui.widgets.live_table.messages import Highlighted, Selected
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.text_view import TextView
from k9py.tui.work import start

Templates = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The pod template now, and the one of a revision."""
LoadTemplates = Callable[[Revision], Awaitable[Templates]]
"""Returns the templates an undo to that revision leads from and to. Raises KdashError."""
CONTEXT_LINES: Final = 4

_MARK = Column("mark", "", min_width=9, max_width=9)
"""Which revision runs now, which one is suggested."""


class UndoDialog(Dialog[Revision]):
    """Returns the chosen revision.

    Args:
        name: kind and name of the object.
        place: namespace and context in words.
        revisions: newest first, the current one included.
        suggested: the revision under the cursor at first, and why.
        chosen: the one under it instead, when the person came a step back.
        load: reads the template of a revision beside the one in force.
        authors: who made which revision, by its name.
        now: for ages.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "cancel", "Cancel"),
        Binding("v", "switch", "By meaning or YAML"),
    ]
    DEFAULT_CSS = """
    UndoDialog > .box { width: 130; height: 90%; max-height: 34; padding: 1 2 0 2; }
    UndoDialog LiveTable { height: 11; max-height: 40%; background: $surface; margin: 0 0 1 0; }
    UndoDialog #then { height: 1; color: $text-muted; }
    UndoDialog TextView { height: 1fr; background: $surface; margin: 0 0 1 0; }
    """
    SUBTITLE = "↑↓ choose · Enter continues · Esc cancels · v YAML · ⇧Tab reads"

    def __init__(
        self,
        name: str,
        place: str,
        revisions: Sequence[Revision],
        *,
        suggested: UndoTarget | None,
        chosen: Revision | None = None,
        load: LoadTemplates,
        now: Callable[[], datetime],
        authors: Mapping[str, Author] | None = None,
    ) -> None:
        super().__init__(f"Undo {name}")
        self.revisions = tuple(revisions)
        self._place = place
        self._suggested = suggested
        self._chosen = chosen
        self._load = load
        self._authors = authors or {}
        self.is_yaml = False
        self._by_key = {one.key: one for one in self.revisions}
        self.table = LiveTable((*revision_table.COLUMNS, _MARK), now=now, id="revisions")
        self._now = now
        self.difference = TextView(id="difference")
        self._read: dict[ObjectKey, Templates] = {}

    def compose_body(self) -> ComposeResult:
        yield self.part(self.toned(("in ", Tone.MUTED), (self._place, Tone.ACCENT)))
        yield self.table
        yield Static("", id="then", markup=False)
        yield self.difference
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Continue", compact=True, id="confirm")

    def on_mount(self) -> None:
        now = self._now()
        self.table.replace_all([self._row(one, now) for one in self.revisions])
        self.table.styles.height = min(len(self.revisions) + 1, 11)
        self.table.flush()
        at = self._chosen or (None if self._suggested is None else self._suggested.revision)
        if at is not None:
            self.table.select_key(at.key)
        self.begin_at(self.table)

    def _row(self, revision: Revision, now: datetime) -> Row:
        row = revision_table.row(revision, now, author=self._authors.get(revision.name))
        mark = "now" if revision.is_current else ""
        if self._suggested is not None and revision.key == self._suggested.revision.key:
            mark = "suggested"
        return structs.replace(row, cells=(*row.cells, Cell(mark, Tone.ACCENT)))

    @property
    def chosen(self) -> Revision | None:
        """The revision under the cursor."""
        key = self.table.cursor_key
        return None if key is None else self._by_key.get(key)

    @on(Highlighted)
    def _look(self, event: Highlighted) -> None:
        event.stop()
        revision = self.chosen
        if revision is not None:
            start(self, partial(self._show, revision), group="difference", exclusive=True)

    async def _show(self, revision: Revision) -> None:
        self.query_one("#confirm", Button).disabled = revision.is_current
        words = self.query_one("#then", Static)
        if revision.is_current:
            words.update(self.toned((f"revision {revision.number} is what runs now", Tone.MUTED)), layout=False)
            self.difference.set_lines(())
            return
        why = ""
        if self._suggested is not None and revision.key == self._suggested.revision.key:
            why = f" · suggested: {self._suggested.why}"
        words.update(
            self.toned((f"what going back to revision {revision.number} changes", Tone.ACCENT), (why, Tone.MUTED)),
            layout=False,
        )
        templates = self._read.get(revision.key)
        if templates is None:
            try:
                templates = self._read[revision.key] = await self._load(revision)
            except KdashError as error:
                self.difference.set_text(f"{error.message}\n{error.hint}", Tone.FAIL)
                return
        present, then = templates
        size, as_yaml = self.difference.size, self.is_yaml
        self.difference.set_lines(difference_text(present, then, as_yaml=as_yaml, context=CONTEXT_LINES, size=size))
        self.difference.scroll_to_line(0)

    def action_switch(self) -> None:
        """Show the difference as YAML, or by meaning again."""
        self.is_yaml = not self.is_yaml
        revision = self.chosen
        if revision is not None:
            start(self, partial(self._show, revision), group="difference", exclusive=True)

    @on(Selected)
    def _take(self, event: Selected) -> None:
        event.stop()
        self._go_on()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        if event.button.id == "confirm":
            self._go_on()
        else:
            self.dismiss(None)

    def _go_on(self) -> None:
        revision = self.chosen
        if revision is None or revision.is_current:
            self.app.bell()
            return
        self.dismiss(revision)
