"""What a table says to the screen around it; available as `LiveTable.Highlighted` and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from k9py.api.meta import ObjectKey
from k9py.tui.widgets.live_table.cursor import HighlightCause
from k9py.views.values import Row

if TYPE_CHECKING:
    from k9py.tui.widgets.live_table.table import LiveTable


@dataclass
class Highlighted(Message, namespace="live_table"):
    """The cursor is on another object (or on none: `key` None). `previous` is the object it was on."""

    table: LiveTable
    key: ObjectKey | None
    row: Row | None
    previous: ObjectKey | None
    cause: HighlightCause

    @property
    def control(self) -> LiveTable:
        return self.table


@dataclass
class Selected(Message, namespace="live_table"):
    """Enter was pressed on an object."""

    table: LiveTable
    key: ObjectKey
    row: Row

    @property
    def control(self) -> LiveTable:
        return self.table


@dataclass
class Counted(Message, namespace="live_table"):
    """The number of rows shown, or of rows there are, has changed; for titles. At most one a flush."""

    table: LiveTable
    shown: int
    total: int

    @property
    def control(self) -> LiveTable:
        return self.table
