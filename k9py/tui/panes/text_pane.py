"""A pane with read-only text and a search bar."""

from __future__ import annotations

from textual.app import ComposeResult

from k9py.tui.panes.pane import FilterablePane
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.text_view import TextView


class TextPane(FilterablePane):
    """A pane with a `TextView`."""

    def __init__(
        self,
        heading: str,
        *,
        options: LineViewOptions,
        number: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(heading, number=number, id=id, classes=classes)
        self.text = TextView(options=options)
        self.search_bar = FilterBar("find", placeholder="text or regular expression")

    def compose(self) -> ComposeResult:
        yield self.text
        yield self.search_bar

    @property
    def main(self) -> TextView:
        return self.text

    def apply_input(self, bar: FilterBar, text: str) -> None:
        self.text.search(text)

    def on_text_view_searched(self, event: TextView.Searched) -> None:
        """Show how many lines match."""
        event.stop()
        self.search_bar.set_hint(f"{event.at} of {event.hits}" if event.text else "")
