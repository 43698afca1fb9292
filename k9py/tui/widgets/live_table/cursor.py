"""The cursor of a table: on the first row until the user moves it, then on a key that follows its object.

Invariant: the cursor is on an object that the view shows, or on none when the view is empty. Until it `is_pinned` it
stays on the first row, whatever sorts there. From then on it goes to another object only by `move`, or with a cause;
`lost` is then the object it was on.
"""

from __future__ import annotations

from enum import Enum

from k9py.api.meta import ObjectRef
from k9py.tui.widgets.live_table.live_rows import LiveRows
from k9py.tui.widgets.live_table.order import SortKey
from k9py.tui.widgets.live_table.row_filter import RowFilter


class HighlightCause(Enum):
    """Why the cursor is on another object than before."""

    MOVED = "moved"
    """The user, or the owner by `select_key`, moved it."""
    LOADED = "loaded"
    """The cursor is not pinned, and another object is first now."""
    VANISHED = "vanished"
    """The object it was on is gone."""
    FILTERED = "filtered"
    """The filter hides the object it was on."""


class Cursor:
    """Where the cursor is."""

    def __init__(self) -> None:
        self.key: ObjectRef | None = None
        self.index = 0
        self.is_pinned = False
        """True once the user moved it: it follows its object."""
        self.lost: ObjectRef | None = None
        """The pinned object that went away; None once the cursor is moved."""
        self._place: SortKey | None = None
        self._order: object = None
        self._filter: RowFilter | None = None

    def pin(self) -> None:
        """Keep the cursor on the object it is on."""
        self.is_pinned = self.key is not None
        self.lost = None

    def unpin(self) -> None:
        """Put the cursor on the first row, and keep it there until it is moved."""
        self.is_pinned = False
        self.lost = None

    def move(self, index: int, rows: LiveRows) -> None:
        """Go to the object shown at an index, which must exist."""
        self._set(index, rows)
        self.pin()

    def follow(self, rows: LiveRows) -> HighlightCause:
        """Find the object in the current view, or the neighbour below when it is not shown any more.

        A changed filter that hides the object unpins the cursor, so that it goes to the first match.

        Returns:
            The cause, for the case that the key is another one now.
        """
        view, previous = rows.view, self.key
        index = None if previous is None else view.index_of(previous)
        cause = HighlightCause.LOADED
        if index is None and previous is not None:
            cause = HighlightCause.FILTERED if previous in rows.model else HighlightCause.VANISHED
            if cause is HighlightCause.FILTERED and rows.filter is not self._filter:
                self.unpin()
            elif self.is_pinned:
                self.lost = previous
        if not len(view):
            self.key = self._place = None
            self.index, self.is_pinned = 0, False
            return cause
        if not self.is_pinned:
            index = 0
        elif index is None:
            index = min(self.index, len(view) - 1)
            if self._place is not None and self._order == rows.order:
                index = view.index_near(self._place)
        self._set(index, rows)
        return cause

    def _set(self, index: int, rows: LiveRows) -> None:
        self.index = index
        self.key = rows.view.row_at(index).key
        self._place = rows.view.place_of(self.key)
        self._order = rows.order
        if not rows.building:  # while building, the view is still that of the filter before
            self._filter = rows.filter
