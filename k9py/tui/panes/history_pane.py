"""The revisions of a workload with their authors, and the one marked for a diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import structs

from k9py.api.meta import ObjectRef
from k9py.rollouts.authors import Author
from k9py.rollouts.revision_outcome import RevisionOutcomes
from k9py.rollouts.revisions import Revision
from k9py.runtime.clock import Clock
from k9py.tui.keys import key_names
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.views import revisions as revision_table
from k9py.views.values import Cell, Column, Tone

MARK: Final = Column("mark", "", min_width=4, max_width=64)
"""Which revision runs now, which one is marked for a diff, which one was rolled back from and why."""


class HistoryPane(TablePane):
    """Revisions, newest first."""

    def __init__(self, *, clock: Clock, options: LineViewOptions, number: int) -> None:
        columns = (revision_table.COLUMNS[0], MARK, *revision_table.COLUMNS[1:])
        super().__init__("Revisions", columns, clock=clock, options=options, number=number, id="revisions")
        self.revisions: tuple[Revision, ...] = ()
        self.base: ObjectRef | None = None
        """The revision marked for a diff."""
        self._authors: Mapping[str, Author] | None = None
        self._pasts: RevisionOutcomes = {}

    def show_revisions(
        self,
        revisions: Sequence[Revision],
        authors: Mapping[str, Author] | None,
        now: datetime,
        pasts: RevisionOutcomes | None = None,
    ) -> None:
        """Show these revisions.

        Args:
            authors: of the revisions, by name; None: not read yet.
            pasts: what became of the revisions, by uid; None keeps what was given before.
        """
        self.revisions, self._authors = tuple(revisions), authors
        self._pasts = self._pasts if pasts is None else pasts
        if self.base not in {revision.key for revision in revisions}:
            self.base = None
        rows = []
        for revision in revisions:
            author = (authors or {}).get(revision.name)
            row = revision_table.row(revision, now, author=author, is_read=authors is not None)
            mark = "marked" if revision.key == self.base else "now" if revision.is_current else ""
            first, *others = row.cells
            tone = Tone.ACCENT
            if not mark and revision.uid in self._pasts:
                mark, tone = self._pasts[revision.uid].text(now), Tone.WARN
            rows.append(structs.replace(row, cells=(first, Cell(mark, tone), *others)))
        self.set_rows(rows)
        self._show_keys()

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show the keys that work on the revision under the cursor."""
        self._show_keys()

    def _show_keys(self) -> None:
        selected = self.selected
        is_current = selected is not None and selected.is_current
        is_base = selected is not None and selected.key == self.base
        other = "marked" if self.base is not None else "previous" if is_current else "now"
        keys = [f"{{workload.diff}} diff to {other}", f"{{revision.mark}} {'unmark' if is_base else 'mark'}"]
        if not is_current:
            keys.append("{table.select} roll back to it")
        self.set_subtitle(key_names(self).fill(" · ".join(keys)))

    @property
    def selected(self) -> Revision | None:
        """The revision under the cursor."""
        return self.revision_of(self.table.cursor_key)

    @property
    def marked(self) -> Revision | None:
        """The revision marked for a diff, None when there is none."""
        return self.revision_of(self.base)

    def revision_of(self, key: ObjectRef | None) -> Revision | None:
        """Return the revision with that key."""
        return next((revision for revision in self.revisions if revision.key == key), None)

    def mark(self, now: datetime) -> None:
        """Mark the revision under the cursor, or unmark it."""
        key = self.table.cursor_key
        self.table.pin_cursor()
        self.base = None if key == self.base else key
        self.show_revisions(self.revisions, self._authors, now)
