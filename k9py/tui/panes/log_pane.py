"""The log pane: search, filter, highlights, going to a time, copying and saving, on top of `LogStreamPane`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.go_to_time import GoToTimeDialog
from k9py.tui.logs.copying import copy_selection
from k9py.tui.logs.highlighting import parse_highlights
from k9py.tui.logs.saving import ask_to_save
from k9py.tui.logs.typed_time import parse_time
from k9py.tui.panes.log_stream_pane import LogSettings, LogStreamPane
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.log_view.view import LogView
from k9py.tui.workers import start_worker


class LogPane(LogStreamPane):
    """A pane with the log of an object, and its keys."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LOG_PANE)

    def __init__(
        self,
        settings: LogSettings,
        *,
        options: LineViewOptions,
        number: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(settings, options=options, number=number, id=id, classes=classes)
        self.search_bar = FilterBar("/", placeholder="regular expression", id="search-bar")
        self.filter_bar = FilterBar(
            "&", placeholder="words, level>=warn, pod=x, .status>=500, !word hides", id="line-bar"
        )
        self.highlight_bar = FilterBar("H", placeholder="words and /regular expressions/", id="highlight-bar")

    def compose(self) -> ComposeResult:
        yield self.view
        yield from self._bars

    @property
    def _bars(self) -> tuple[FilterBar, ...]:
        """In the order in which Esc clears them."""
        return (self.search_bar, self.filter_bar, self.highlight_bar)

    # -- search, filter, highlights -----------------------------------------------------------------------------------

    def apply_input(self, bar: FilterBar, text: str) -> None:
        """Search, filter or highlight as the text is typed."""
        if bar is self.search_bar:
            self.view.search(text)
        elif bar is self.highlight_bar:
            highlights = parse_highlights(text)
            self.view.set_highlights(highlights.patterns)
            bar.set_hint(highlights.problem)
        else:
            self.view.set_filter(text)

    def step_back(self) -> bool:
        """Fold lines, end the search, the filter or the highlights, or clear the marks; False when there is none."""
        if self.view.fold_all():
            return True
        bar = next((bar for bar in self._bars if bar.text), None)
        if bar is not None:
            bar.clear()
        return bar is not None or self.view.clear_marks()

    @property
    def queries(self) -> tuple[str, ...]:
        """The texts of search, filter and highlights, as typed."""
        return tuple(bar.text for bar in self._bars)

    def set_queries(self, queries: Sequence[str]) -> None:
        """Search, filter and highlight as another pane does, by its `queries`."""
        for bar, text in zip(self._bars, queries, strict=False):
            if text != bar.text:
                bar.set_text(text)

    def action_search(self) -> None:
        """Type what to search for."""
        self.search_bar.open()

    def action_filter_lines(self) -> None:
        """Type which lines to show."""
        self.filter_bar.open()

    def action_highlight(self) -> None:
        """Type what to highlight."""
        self.highlight_bar.open()

    # -- going to a time ----------------------------------------------------------------------------------------------

    def on_log_view_time_requested(self, event: LogView.TimeRequested) -> None:
        """Ask for a time, and go to the first line from then on."""
        event.stop()

        def go(moment: datetime | None) -> None:
            if moment is not None:
                self.view.go_to_time(moment)

        zone = "UTC" if self.view.zone is UTC else "local"
        self.app.push_screen(GoToTimeDialog(self._parse_time, zone), go)

    def is_typed_time(self, text: str) -> bool:
        """Return whether a text is a time to go to."""
        return self._parse_time(text) is not None

    def go_to_typed_time(self, text: str) -> bool:
        """Go to a time as a person typed it; return False when the text is no time."""
        moment = self._parse_time(text)
        if moment is not None:
            self.view.go_to_time(moment)
        return moment is not None

    def _parse_time(self, text: str) -> datetime | None:
        return parse_time(text, self._clock.now(), self.view.zone)

    # -- copying and saving -------------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Copy the marked lines, or the one under the cursor, through the terminal."""
        start_worker(self, partial(copy_selection, self.view, self._settings.clipboard), group="copy", exclusive=True)

    def action_save(self) -> None:
        """Ask what to save, and save it."""
        if self.subject is None:
            return
        save = partial(
            ask_to_save,
            self.view,
            self.subject,
            context=self._context_name,
            directory=self._settings.log_directory,
            now=self._clock.now(),
        )
        start_worker(self, save, group="save")
