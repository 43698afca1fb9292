"""Choose the revision to roll back to: a list with the author of each, and the diff, as a summary or as YAML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from msgspec import structs
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.rollouts.authors import Author
from k9py.rollouts.revision_outcome import RevisionOutcome
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.undo_target import UndoTarget, previous_revision, revision_label, with_same_number
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.continue_dialog import ContinueDialog
from k9py.tui.dialogs.difference import template_diff_lines
from k9py.tui.dialogs.question import CurrentStatus, status_lines
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.text_view import TextView
from k9py.tui.workers import start_worker
from k9py.views import revisions as revision_table
from k9py.views.values import Cell, Column, Row, Tone

Templates = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The pod template now, and the one of a revision."""
LoadTemplates = Callable[[Revision], Awaitable[Templates]]
"""Returns the templates before and after an undo to that revision. Raises KdashError."""
CONTEXT_LINES: Final = 4
WIDTH: Final = 150
LOW: Final = 30
"""On a screen with fewer lines the dialog takes all of them."""

_MARK = Column("mark", "", min_width=9, max_width=34)
"""Which revision runs now, which one is suggested, which one was rolled back from and why (in full below the list)."""


class UndoDialog(ContinueDialog[Revision]):
    """Returns the chosen revision.

    Args:
        name: kind and name of the object.
        place: namespace and context, as text.
        revisions: newest first, the current one included.
        suggested: the revision under the cursor at first, and why; None: the cursor is on the current one.
        status: the workload's current status.
        pasts: what became of each revision, by its uid.
        chosen: the revision under the cursor instead, when the user came back from the next dialog.
        load: reads the template of a revision and the current one.
        authors: of the revisions, by their names.
        now: the time that all ages refer to, so that they agree.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("dialog.close", "diff.switch")
    DEFAULT_CSS = f"""
    UndoDialog > .box {{ width: {WIDTH}; height: 90%; max-height: 34; padding: 1 2 0 2; }}
    UndoDialog LiveTable {{ height: 11; max-height: 40%; background: $surface; margin: 0 0 1 0; }}
    UndoDialog #then {{ height: auto; max-height: 2; color: $text-muted; }}
    UndoDialog TextView {{ height: 1fr; background: $surface; margin: 0 0 1 0; }}
    UndoDialog.-low > .box {{ height: 100%; padding: 0 2; }}
    UndoDialog.-low TextView, UndoDialog.-low .buttons {{ margin: 0; }}
    """
    HINT = (
        "{table.up}{table.down} choose · Enter continue · {dialog.cancel} cancel · {diff.switch} YAML "
        "· {dialog.walk} diff"
    )

    def __init__(
        self,
        name: str,
        place: str,
        revisions: Sequence[Revision],
        *,
        suggested: UndoTarget | None,
        chosen: Revision | None = None,
        load: LoadTemplates,
        now: datetime,
        authors: Mapping[str, Author] | None = None,
        status: CurrentStatus | None = None,
        pasts: Mapping[str, RevisionOutcome] | None = None,
    ) -> None:
        super().__init__(f"Roll back {name}")
        self.revisions = tuple(revisions)
        self._place = place
        self._suggested = suggested
        self._chosen = chosen
        self._load = load
        self._authors = authors or {}
        self._status = status
        self._pasts = pasts or {}
        self.is_yaml = False
        self._by_key = {revision.key: revision for revision in self.revisions}
        self.table = LiveTable(
            (revision_table.COLUMNS[0], _MARK, *revision_table.COLUMNS[1:]), now=lambda: now, id="revisions"
        )
        self._now = now
        self.difference = TextView(id="difference")
        self._read: dict[ObjectRef, Templates] = {}

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, status_lines(self._status, self.text_width(WIDTH)))
        yield self.table
        yield Static("", id="then", markup=False)
        yield self.difference
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Continue", compact=True, id="confirm")

    def on_mount(self) -> None:
        self.table.replace_all([self._row(revision, self._now) for revision in self.revisions])
        is_low = self.app.size.height < LOW
        self.set_class(is_low, "-low")  # the diff decides: it gets the lines
        self.table.styles.height = min(len(self.revisions) + 1, 4 if is_low else 11, max(4, self.app.size.height // 4))
        self.table.flush()
        suggested = None if self._suggested is None else self._suggested.revision
        at = self._chosen or suggested or current_revision(self.revisions)
        if at is not None:
            self.table.select_key(at.key)
        self.set_initial_focus(self.table)

    def _row(self, revision: Revision, now: datetime) -> Row:
        row = revision_table.row(revision, now, author=self._authors.get(revision.name))
        mark, tone = self._mark(revision, now)
        first, *others = row.cells
        return structs.replace(row, cells=(first, Cell(mark, tone), *others))

    def _mark(self, revision: Revision, now: datetime) -> tuple[str, Tone]:
        """Return the mark next to the revision's number, and its tone."""
        if revision.is_current:
            return "now", Tone.ACCENT
        if not revision.number:
            return "no revision number", Tone.WARN
        alike = with_same_number(self.revisions, revision)
        if len(alike) > 1:
            return f"also {', '.join(printable(other.name) for other in alike if other is not revision)}", Tone.WARN
        if self._suggested is not None and revision.key == self._suggested.revision.key:
            return "suggested", Tone.ACCENT
        past = self._pasts.get(revision.uid, RevisionOutcome())
        return past.text(now), Tone.WARN

    @property
    def selected(self) -> Revision | None:
        """The revision under the cursor."""
        key = self.table.cursor_key
        return None if key is None else self._by_key.get(key)

    @on(LiveTable.Highlighted)
    def _show_highlighted(self, event: LiveTable.Highlighted) -> None:
        event.stop()
        revision = self.selected
        if revision is not None:
            start_worker(self, partial(self._show, revision), group="difference", exclusive=True)

    async def _show(self, revision: Revision) -> None:
        self.query_one("#confirm", Button).disabled = bool(self.why_not())
        heading = self.query_one("#then", Static)
        if revision.is_current:
            await self._show_current(revision, heading)
            return
        why = ""
        if self._suggested is not None and revision.key == self._suggested.revision.key:
            why = f" · suggested: {self._suggested.reason}"
        elif outcome := self._pasts.get(revision.uid, RevisionOutcome()).text(self._now):
            why = f" · {outcome}"
        heading.update(
            self.toned(
                (f"What rolling back to revision {self._label(revision)} changes", Tone.ACCENT), (why, Tone.MUTED)
            )
        )
        await self._show_difference(revision)

    async def _show_current(self, revision: Revision, heading: Static) -> None:
        """Show what the current revision changed: it is what an undo reverts."""
        before = previous_revision(self.revisions)
        what = "" if before is None else f" · its changes since revision {self._label(before)}"
        heading.update(self.toned((self.why_not(), Tone.MUTED), (what, Tone.ACCENT)))
        if before is None:
            self.difference.set_lines(())
        else:
            await self._show_difference(before, is_back=False)

    async def _show_difference(self, revision: Revision, *, is_back: bool = True) -> None:
        templates = self._read.get(revision.key)
        if templates is None:
            try:
                templates = self._read[revision.key] = await self._load(revision)
            except KdashError as error:
                self.difference.set_text(f"{error.message}\n{error.hint}", Tone.FAIL)
                return
        old, new = templates if is_back else reversed(templates)
        size, as_yaml = self.difference.size, self.is_yaml
        self.difference.set_lines(template_diff_lines(old, new, as_yaml=as_yaml, context=CONTEXT_LINES, size=size))
        self.difference.scroll_to_line(0)

    def on_resize(self) -> None:
        """Fold the diff to the new width."""
        revision = self.selected
        if revision is not None:
            self.call_after_refresh(
                start_worker, self, partial(self._show, revision), group="difference", exclusive=True
            )

    def action_switch(self) -> None:
        """Switch between the summary of the changes and the YAML diff."""
        self.is_yaml = not self.is_yaml
        revision = self.selected
        if revision is not None:
            start_worker(self, partial(self._show, revision), group="difference", exclusive=True)

    @on(LiveTable.Selected)
    def _selected(self, event: LiveTable.Selected) -> None:
        event.stop()
        self.submit()

    def submit(self) -> None:
        revision = self.selected
        why = self.why_not()
        if revision is None or why:
            self.warn(why)
            return
        self.dismiss(revision)

    def why_not(self) -> str:
        """Return why the revision under the cursor cannot be rolled back to, "" when it can."""
        revision = self.selected
        if revision is None:
            return "no revision"
        if revision.is_current:
            return self.with_keys(
                f"revision {self._label(revision)} runs now: choose another one with {{table.up}}{{table.down}}"
            )
        return "" if revision.number else f"{printable(revision.name)} has no revision number: choose another one"

    def _label(self, revision: Revision) -> str:
        return revision_label(self.revisions, revision)
