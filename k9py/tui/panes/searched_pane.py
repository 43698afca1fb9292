"""A pane with a bar to type into: what is typed goes to its main widget, which takes the focus back afterwards.

To add one: subclass, yield a `FilterBar` beside `main`, and say in `typed` what the text does.
"""

from __future__ import annotations

from k9py.tui.panes.pane import Pane
from k9py.tui.widgets.filter_bar import FilterBar


class FilterablePane(Pane):
    """Base of panes that are filtered or searched."""

    def typed(self, text: str) -> None:
        """Filter by, or search for, the text typed so far."""
        raise NotImplementedError

    def typed_into(self, bar: FilterBar, text: str) -> None:
        """Take what was typed into a bar; for panes that have several."""
        self.typed(text)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Follow the typing."""
        event.stop()
        self.typed_into(event.bar, event.text)

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Back to what was filtered."""
        event.stop()
        self.main.focus()

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Back to what was filtered."""
        event.stop()
        self.main.focus()
