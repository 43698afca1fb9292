"""The log widget: what can be asked of it, and its keys.

The owner gives lines and asks for a search or filter (from its own input line), and shows the state this posts. How it
looks is in `body`. To add a key: a binding in `keys` and its action here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message

from k9py.actions.action import ActionScope
from k9py.api.search_pattern import compile_search
from k9py.logs.buffer.buffer import LogBuffer
from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.tui.bindings import bindings
from k9py.tui.keys import key_names
from k9py.tui.widgets.log_view.body import EmptyText
from k9py.tui.widgets.log_view.columns import TIMES
from k9py.tui.widgets.log_view.jumps import LogJumps
from k9py.tui.widgets.log_view.painting import Highlight
from k9py.tui.widgets.log_view.state import LogState
from k9py.views.values import Tone

SIDEWAYS_CELLS: Final = 16
_target_of = attrgetter("target")
_place_of = attrgetter("container_key")


class LogView(LogJumps):
    """A log of many sources. Add lines with `extend`, as often as you like; nothing is drawn before the next flush."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.LOG_VIEW)

    @dataclass
    class StateChanged(Message):
        """The state has changed; at most one a flush."""

        view: LogView
        state: LogState

        @property
        def control(self) -> LogView:
            return self.view

    @dataclass
    class TimeRequested(Message):
        """The key to go to a time was pressed: the owner asks for one and calls `go_to_time`."""

        view: LogView

        @property
        def control(self) -> LogView:
            return self.view

    def action_go_to_time(self) -> None:
        """Ask the owner for a time to go to."""
        self.post_own_message(self.TimeRequested(self))

    def state_changed(self, state: LogState) -> None:
        self.post_own_message(self.StateChanged(self, state))

    # -- lines --------------------------------------------------------------------------------------------------------

    @property
    def label_of(self) -> Callable[[LogTarget], str]:
        """Returns the label of a source, shown before its lines. Set it (again) to change the labels."""
        return self._columns.label_of

    @label_of.setter
    def label_of(self, label_of: Callable[[LogTarget], str]) -> None:
        self._columns.relabel(label_of)
        self._lay_out_again()

    def register_sources(self, targets: Iterable[LogTarget]) -> None:
        """Assign colours to these sources by name, whichever writes first."""
        for target in sorted(targets, key=_place_of):
            self._columns.color(target)

    def extend(self, lines: Iterable[LogLine]) -> int:
        """Add lines at the end, in the order to be shown; return the number of the first of them.

        Give many at once: the cost is per call as well as per line.
        """
        batch = lines if isinstance(lines, list) else list(lines)
        first = self._buffer.end
        self._columns.widen(set(map(_target_of, batch)))
        self._buffer.extend(batch)
        self.schedule_flush()
        return first

    def clear(self) -> None:
        """Forget every line (another subject is shown) and follow again; colours, toggles and filter stay."""
        self._window.follow()
        self._buffer.clear()
        self._finder.clear()
        self._open.clear()
        self._marks.clear()
        self._columns.forget()
        self._dropped = 0
        self._search_from, self._jump_wanted = None, False
        self.left = 0
        self._lay_out_again()

    def set_empty_text(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Set the text of an empty log: "waiting for the first line…", "no pods", "forbidden: …"."""
        self._empty = EmptyText(text, tone)
        self.schedule_flush()

    @property
    def buffer(self) -> LogBuffer:
        """The buffered lines, for reading."""
        return self._buffer

    @property
    def state(self) -> LogState:
        """The state as last posted."""
        return self._state

    # -- selected lines ----------------------------------------------------------------------------------------------

    @property
    def cursor_line(self) -> LogLine | None:
        """The line the cursor is on; None while following."""
        number = self.cursor_number
        return None if number is None else self._buffer.line(number)

    def selected_lines(self) -> Iterator[LogLine]:
        """Yield the shown lines that are selected, for copying; lines may be added meanwhile.

        From the first mark to the last; with one mark from it to the cursor (following: to the newest line); without
        marks the cursor's line (following: the newest).
        """
        first, end = self._chosen_numbers()
        return (line for _, line in self._finder.items_between(first, end))

    @property
    def selected_count(self) -> int:
        """Number of selected lines."""
        first, end = self._chosen_numbers()
        return self._finder.index_of(end) - self._finder.index_of(first)

    def _chosen_numbers(self) -> tuple[int, int]:
        """Return the number of the first selected line and the one after the last."""
        here = self.cursor_number if not self.following else self._window.newest_number
        numbers = sorted(self._kept(self._marks))
        if here is not None and len(numbers) < 2:
            numbers = sorted([*numbers, here])
        return (numbers[0], numbers[-1] + 1) if numbers else (self._buffer.end, self._buffer.end)

    def shown_lines(self) -> Iterator[LogLine]:
        """Yield all lines that match the filter and are not hidden, markers too; lines may be added meanwhile."""
        return (line for _, line in self._finder.items_between(self._buffer.first, self._buffer.end))

    @property
    def hidden(self) -> HideRules:
        """The hidden containers and levels."""
        return self._finder.hidden

    def clear_marks(self) -> bool:
        """Unmark all lines; False when none is marked."""
        had = bool(self._marks)
        self._marks.clear()
        self.flush_if_mounted()
        return had

    def fold_all(self) -> bool:
        """Fold every unfolded line; False when none of them is visible."""
        had = any(map(self._window.shows, self._open))
        if self._open:
            self._open.clear()
            self._lay_out_again()
            self.flush_if_mounted()
        return had

    # -- search and filter --------------------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Highlight matches (see `logs.buffer.query`) and go to the last one at or above the cursor; "" ends it.

        While the text is typed, the search starts again from where the cursor was at first.
        """
        if self._search_from is None or self._finder.search_query is None:
            self._search_from = self.cursor_number
        self._finder.set_search(text)
        self._jump_wanted = self._finder.search_query is not None
        if not self._jump_wanted:
            self._search_from = None
        self._set_highlights()
        self.flush_if_mounted()

    def set_filter(self, text: str) -> None:
        """Show only matching lines (see `logs.buffer.query`), context and markers; "" shows all again."""
        self._finder.set_filter(text)
        self._set_highlights()
        self.flush_if_mounted()

    def set_hidden(self, hidden: HideRules) -> None:
        """Hide containers and levels."""
        self._finder.set_hidden(hidden)
        self.flush_if_mounted()

    def set_highlights(self, patterns: Sequence[str]) -> None:
        """Highlight the matches of these patterns, each in its own colour, in addition to search and filter."""
        self._extra = tuple(patterns)
        self._set_highlights()
        self.flush_if_mounted()

    def _set_highlights(self) -> None:
        finder = self._finder
        wanted = [(compile_search(text), index + 1) for index, text in enumerate(self._extra)]
        wanted.append((finder.filter_query.pattern if finder.filter_query else None, 0))
        wanted.append((finder.search_query.pattern if finder.search_query else None, -1))
        self._painter.set_highlights([Highlight(pattern, style) for pattern, style in wanted if pattern is not None])
        self._version += 1

    def validate_context(self, context: int) -> int:
        """Keep it within its bounds."""
        self._finder.set_context(context)
        return self._finder.context

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self.disabled_reason(action) else super().check_action(action, parameters)

    def disabled_reason(self, action: str) -> str:
        """Return why an action is not possible now, "" when it is."""
        if action in ("search_next", "search_previous") and self._finder.search is None:
            return key_names(self).fill("no search yet · {log.search} searches")
        if action == "more_context" and self._finder.filter_query is None:
            return key_names(self).fill("no filter: all lines are shown · {log.filter} filters")
        return ""

    def action_more_context(self, lines: int) -> None:
        """Show more or fewer lines around each match of the filter."""
        self.context += lines

    def action_search_next(self) -> None:
        """Go to the next match, towards the newest line; while following there is none."""
        if self._finder.search is not None:
            here = self.cursor_number
            number = self._finder.search.matches.following(self._buffer.end if here is None else here)
            self._go_to_hit(number, "last match · {log.previous} goes back")

    def action_search_previous(self) -> None:
        """Go to the previous match, towards the oldest line."""
        if self._finder.search is not None:
            here = self.cursor_number
            number = self._finder.search.matches.preceding(self._buffer.end if here is None else here)
            self._go_to_hit(number, "first match · {log.next} goes forward")

    def _go_to_hit(self, number: int | None, otherwise: str) -> None:
        self._search_from = None
        if number is None:
            search = self._finder.search
            self._notify(otherwise if search is not None and len(search.matches) else "no match")
            return
        self._window.go_to(number, middle=True)
        self.flush()

    def jump(self) -> None:
        """Go to the match of the search that was just typed."""
        self._jump_wanted = False
        search = self._finder.search
        if search is not None:
            at = self._buffer.end if self._search_from is None else self._search_from + 1
            number = search.matches.preceding(at)
            if number is None and self._search_from is not None:
                number = search.matches.following(self._search_from)
            if number is not None:
                self._window.go_to(number, middle=True)

    # -- position -----------------------------------------------------------------------------------------------------

    def go_to(self, number: int) -> bool:
        """Pause with the cursor on a line; False when the line was dropped.

        For a line that is filtered out or hidden, the cursor goes to the next one that is shown: see `cursor_number`.
        """
        if self._buffer.line(number) is None:
            return False
        self._window.go_to(number, middle=True)
        self.flush_if_mounted()
        return True

    def action_move_cursor(self, lines: int) -> None:
        """Move the cursor: up pauses, down past the newest line follows."""
        self._moved(lambda: self._window.move_cursor(lines))

    def action_move_pages(self, pages: float) -> None:
        """Move view and cursor by pages."""
        self._moved(lambda: self._window.move_pages(pages))

    def action_oldest(self) -> None:
        """Go to the oldest buffered line."""
        self._moved(self._window.go_to_oldest)

    def action_follow(self) -> None:
        """Go to the newest line and follow."""
        self._moved(self._window.follow)

    def action_toggle_hold(self) -> None:
        """Pause the view, or follow again."""
        self._moved(self._window.hold if self._window.following else self._window.follow)

    def _moved(self, move: Callable[[], None]) -> None:
        self._search_from, self._jump_wanted = None, False
        move()
        self.flush()

    def wheel(self, lines: int) -> None:
        self._moved(lambda: self._window.scroll(lines))

    def action_sideways(self, direction: int) -> None:
        """Scroll long lines sideways."""
        if not self.wrap:
            self.left = max(0, self.left + direction * SIDEWAYS_CELLS)
            self.flush()

    def action_mark(self) -> None:
        """Mark the cursor's line (following: the newest), or unmark it."""
        number = self._window.newest_number if self.following else self.cursor_number
        if number is not None:
            self._marks ^= {number}
            self.flush()

    def action_unfold(self) -> None:
        """Unfold the cursor's line (following: the newest, which pauses the view), or fold it."""
        number = self._window.newest_number if self.following else self.cursor_number
        if number is not None:
            self._open ^= {number}
            self._lay_out_again()
            self._window.go_to(number)
            self.flush()

    def action_times(self) -> None:
        """Show times in the next format."""
        self.times = TIMES[(TIMES.index(self.times) + 1) % len(TIMES)]
