"""Choose which columns of a table are shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from k9py.tui.dialogs.check import CheckDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.views.values import Column


class ColumnsDialog(CheckDialog):
    """A checklist of columns. Returns the ids of the wanted ones.

    Args:
        columns: All columns, in order.
        wanted: Ids of those that are wanted now.
    """

    def __init__(self, columns: Sequence[Column], wanted: Collection[str]) -> None:
        items = [ChoiceItem(column.id, column.title, "wide" if column.wide else "") for column in columns]
        super().__init__("Columns", items, checked=wanted)
