"""The conditions of an object above the events about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from textual.app import ComposeResult

from k9py.api.events import Event
from k9py.api.meta import Condition
from k9py.runtime.clock import Clock
from k9py.tui.panes.row_sources import ColumnSet
from k9py.tui.panes.summary_lines import condition_lines
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.views import events as event_table

_COLUMNS = ColumnSet.of(event_table.COLUMNS, without=frozenset({"from"}))


class EventsPane(TablePane):
    """Conditions and events of one object."""

    DEFAULT_CSS = """
    EventsPane #conditions { max-height: 5; padding: 0 1; }
    """

    def __init__(self, *, clock: Clock, options: LineViewOptions, number: int) -> None:
        super().__init__(
            "Events and conditions", _COLUMNS.columns, clock=clock, options=options, number=number, id="events"
        )
        self.conditions = TonedLines(id="conditions")

    def compose(self) -> ComposeResult:
        yield self.conditions
        yield from super().compose()

    def show_conditions(self, conditions: Iterable[Condition] | None, now: datetime) -> None:
        """Show the conditions."""
        self.conditions.show(condition_lines(conditions, now))

    def show_events(self, events: Iterable[Event], now: datetime) -> None:
        """Show the events, newest first."""
        self.set_rows([_COLUMNS.select(event_table.row(event, now)) for event in events])
        self.set_empty_text("no events in the last hour")
