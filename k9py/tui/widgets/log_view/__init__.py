"""A bounded log: lines of many sources in one stream, followed or paused, searched and filtered."""

from k9py.tui.widgets.log_view.state import LogState
from k9py.tui.widgets.log_view.view import LogView

__all__ = ["LogState", "LogView"]
