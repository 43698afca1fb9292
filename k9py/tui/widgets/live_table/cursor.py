"""The cursor of a table: a key that follows its object through every change of the view.

Invariant: the cursor is on an object the view shows, or on none when it shows none; it changes to another object only
by `move` or with a cause that says why.
"""

from __future__ import annotations

from enum import Enum

from k9py.objects.meta import ObjectKey
from k9py.tui.widgets.live_table.live_rows import LiveRows
from k9py.tui.widgets.live_table.order import SortKey


class HighlightCause(Enum):
    """Why the cursor is on another object than before."""

    MOVED = "moved"
    """The person, or the owner by `select_key`, moved it."""
    LOADED = "loaded"
    """Rows came into an empty table, or are still coming in for the first time."""
    VANISHED = "vanished"
    """The object it was on is gone."""
    FILTERED = "filtered"
    """The object it was on is there, but the filter hides it."""


class Cursor:
    """Where the cursor is.

    `settled` False keeps it on the first row: the first list is still coming in. `settle` ends that with the first
    look at a view that has it whole.
    """

    def __init__(self) -> None:
        self.key: ObjectKey | None = None
        self.index = 0
        self.settled = False
        self._settling = False
        self._place: SortKey | None = None
        self._order: object = None

    def settle(self) -> None:
        """The list is complete: once it can be seen whole the cursor is put on top, and from then on it follows."""
        self._settling = not self.settled

    def unsettle(self) -> None:
        """Another first list is coming in."""
        self.settled = self._settling = False

    def move(self, index: int, rows: LiveRows) -> None:
        """Go to the object shown at an index, which must exist."""
        self.settled = True
        self._set(index, rows)

    def follow(self, rows: LiveRows) -> HighlightCause:
        """Find the object again in the present view, or its neighbour below when it is not shown any more.

        Returns:
            The cause, should the key be another one now.
        """
        view, previous = rows.view, self.key
        index = None if previous is None else view.index_of(previous)
        cause = HighlightCause.LOADED
        if index is None and previous is not None:
            cause = HighlightCause.FILTERED if previous in rows.model else HighlightCause.VANISHED
        if not len(view):
            self.key = self._place = None
            self.index = 0
            return cause
        if not self.settled:
            index, cause = 0, HighlightCause.LOADED
        elif index is None:
            index = min(self.index, len(view) - 1)
            if self._place is not None and self._order == rows.order:
                index = view.index_near(self._place)
        self._set(index, rows)
        if self._settling and not rows.building:
            self.settled, self._settling = True, False
        return cause

    def _set(self, index: int, rows: LiveRows) -> None:
        self.index = index
        self.key = rows.view.row_at(index).key
        self._place = rows.view.place_of(self.key)
        self._order = rows.order
