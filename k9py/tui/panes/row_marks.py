"""The marked rows of a table: an action applies to all of them.

Invariant: a marked object is the one that was marked, by its uid, whatever has its name later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from k9py.api.meta import ObjectRef
from k9py.tui.panes.table_pane import TablePane


class RowMarks:
    """Marks of one pane, which shows them."""

    def __init__(self, pane: TablePane) -> None:
        self._pane = pane
        self._uids: dict[ObjectRef, str] = {}

    @property
    def uids(self) -> Mapping[ObjectRef, str]:
        """The uid that each object had when it was marked."""
        return dict(self._uids)

    def toggle(self, key: ObjectRef, uid: str) -> None:
        """Mark an object, or unmark it."""
        if self._uids.pop(key, None) is None:
            self._uids[key] = uid
        self._pane.set_marks(self._uids)

    def clear(self, keys: Collection[ObjectRef] | None = None) -> bool:
        """Unmark these, without any everything; return whether one of them was marked."""
        marked = [key for key in self._uids if keys is None or key in keys]
        for key in marked:
            del self._uids[key]
        if marked:
            self._pane.set_marks(self._uids)
        return bool(marked)

    def keep(self, exists: Collection[ObjectRef]) -> None:
        """Unmark what does not exist any more."""
        self.clear([key for key in self._uids if key not in exists])
