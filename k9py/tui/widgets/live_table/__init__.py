"""A table of live objects: rows by key, sorted and filtered, drawn for the visible window alone."""

from k9py.tui.widgets.live_table.cursor import HighlightCause
from k9py.tui.widgets.live_table.order import Order
from k9py.tui.widgets.live_table.table import LiveTable

__all__ = ["HighlightCause", "LiveTable", "Order"]
