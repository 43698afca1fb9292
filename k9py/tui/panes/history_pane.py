"""The revisions of a rollout with who made them, and the one that others are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import structs

from k9py.api.meta import ObjectKey
from k9py.rollouts.authors import Author
from k9py.rollouts.revision_outcome import RevisionOutcomes
from k9py.rollouts.revisions import Revision
from k9py.runtime.clock import Clock
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.views import revisions as revision_table
from k9py.views.values import Cell, Column, Tone

MARK: Final = Column("mark", "", min_width=4, max_width=64)
"""Which revision runs now, which one others are compared with, which was left by an undo and why."""


class HistoryPane(TablePane):
    """Revisions, newest first."""

    def __init__(self, *, clock: Clock, options: LineViewOptions, number: int) -> None:
        columns = (revision_table.COLUMNS[0], MARK, *revision_table.COLUMNS[1:])
        super().__init__("Revisions", columns, clock=clock, options=options, number=number, id="revisions")
        self.revisions: tuple[Revision, ...] = ()
        self.base: ObjectKey | None = None
        """The revision marked as the one to compare with."""
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
            authors: who made them, by the revision's name; None: not read yet.
            pasts: what became of them, by uid; None: as before.
        """
        self.revisions, self._authors = tuple(revisions), authors
        self._pasts = self._pasts if pasts is None else pasts
        if self.base not in {one.key for one in revisions}:
            self.base = None
        rows = []
        for one in revisions:
            row = revision_table.row(one, now, author=(authors or {}).get(one.name), is_read=authors is not None)
            mark = "compare" if one.key == self.base else "now" if one.is_current else ""
            first, *others = row.cells
            tone = Tone.ACCENT
            if not mark and one.uid in self._pasts:
                mark, tone = self._pasts[one.uid].text(now), Tone.WARN
            rows.append(structs.replace(row, cells=(first, Cell(mark, tone), *others)))
        self.set_rows(rows)
        if self.base is None:
            self.set_subtitle("D compares with now · m marks another to compare with · Enter undoes to it")
        else:
            self.set_subtitle("D compares with the marked one · m unmarks it · Enter undoes to it")

    @property
    def selected(self) -> Revision | None:
        """The revision under the cursor."""
        return self.revision_of(self.table.cursor_key)

    @property
    def marked(self) -> Revision | None:
        """The revision to compare with, None when none is marked."""
        return self.revision_of(self.base)

    def revision_of(self, key: ObjectKey | None) -> Revision | None:
        """Return the revision of that key."""
        return next((one for one in self.revisions if one.key == key), None)

    def mark(self, now: datetime) -> None:
        """Mark the revision under the cursor, or take the mark away from it."""
        key = self.table.cursor_key
        self.table.pin_cursor()
        self.base = None if key == self.base else key
        self.show_revisions(self.revisions, self._authors, now)
