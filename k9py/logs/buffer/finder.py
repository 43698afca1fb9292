"""Which lines of a buffer are shown and which match a search: filter, hidden containers and levels, context, search.

Owns the present `LineFilter` and `LineScan` of one buffer. The lines that can be shown are its items, oldest first,
identified by number (which stays) and by index (which changes). Invariant: search hits are always items. Long work is
done in slices by `advance`, which the owner calls until it returns True. A new filter replaces the current one only
when it has checked every line, so that items do not flicker in the meantime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from k9py.logs.buffer.buffer import LogBuffer
from k9py.logs.buffer.hide_rules import NOTHING_HIDDEN, HideRules
from k9py.logs.buffer.line_filter import MAX_CONTEXT, LineFilter
from k9py.logs.buffer.query import LogQuery, parse_query
from k9py.logs.buffer.scan import LineScan
from k9py.logs.line import LogLine


class Finder:
    """Filters and searches a buffer."""

    def __init__(self, buffer: LogBuffer) -> None:
        self.buffer = buffer
        self.filter_query: LogQuery | None = None
        self.search_query: LogQuery | None = None
        self.hidden = NOTHING_HIDDEN
        self.context = 0
        self.begin_number = 0
        """Lines below this number are kept but not shown."""
        self.filter: LineFilter | None = None
        """None: every line of the buffer is shown."""
        self.search: LineScan | None = None
        self.filter_generation = 0
        """Grows whenever another filter has replaced the one before."""
        self._next_filter: LineFilter | None = None

    # -- settings -----------------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only lines that match, and markers; "" shows all."""
        self.filter_query = parse_query(text)
        self._restart_filter()

    def set_hidden(self, hidden: HideRules) -> None:
        """Hide containers and levels."""
        if hidden != self.hidden:
            self.hidden = hidden
            self._restart_filter()

    def set_begin_number(self, number: int) -> None:
        """Show no line before that number; 0 shows all."""
        if number != self.begin_number:
            self.begin_number = number
            self._restart_filter()

    def set_context(self, lines: int) -> None:
        """Show that many lines of the same container before and after each match of the filter."""
        lines = min(max(0, lines), MAX_CONTEXT)
        if lines != self.context:
            self.context = lines
            if self.filter_query is not None:
                self._restart_filter()

    def set_search(self, text: str) -> None:
        """Search for lines that match; "" ends the search."""
        self.search_query = parse_query(text)
        self._restart_search()

    def clear(self) -> None:
        """Forget all results: the buffer was cleared."""
        self.begin_number = 0
        self._restart_filter()
        self._use_filter(self._next_filter)

    def _restart_filter(self) -> None:
        self._next_filter = None
        if self.filter_query is not None:
            self.filter_query = self.filter_query.with_fresh_counts()
        if self.filter_query is not None or self.hidden or self.begin_number:
            self._next_filter = LineFilter(self.filter_query, self.hidden, self.context, self.begin_number)
        else:
            self._use_filter(None)

    def _use_filter(self, line_filter: LineFilter | None) -> None:
        self.filter, self._next_filter = line_filter, None
        self.filter_generation += 1
        self._restart_search()

    def _restart_search(self) -> None:
        if self.filter is not None:
            self.filter.unwatch()
        self.search = None
        if self.search_query is not None:
            self.search_query = self.search_query.with_fresh_counts()
            self.search = LineScan(self.search_query, self.filter)

    # -- work ---------------------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """True while there are lines to check."""
        end = self.buffer.end
        is_filtering = self.filter is not None and self.filter.next_number < end
        return (
            is_filtering
            or self._next_filter is not None
            or (self.search is not None and not self.search.is_done(self.buffer))
        )

    def advance(self, should_pause: Callable[[], bool]) -> bool:
        """Check lines until done or paused; return whether every line was checked."""
        if self.filter is not None and not self.filter.advance(self.buffer, should_pause):
            if self.search is not None:
                self.search.matches.forget_dropped(self.buffer)
            return False
        if self._next_filter is not None:
            if not self._next_filter.advance(self.buffer, should_pause):
                return False
            self._use_filter(self._next_filter)
        return self.search is None or self.search.advance(self.buffer, should_pause)

    # -- items --------------------------------------------------------------------------------------------------------

    @property
    def item_count(self) -> int:
        """Lines that can be shown."""
        return len(self.buffer) if self.filter is None else len(self.filter.shown)

    def number_of(self, index: int) -> int:
        """Return the number of the item at an index."""
        return self.buffer.number_at(index) if self.filter is None else self.filter.shown.values[index]

    def index_of(self, number: int) -> int:
        """Return the index of the item with that number, or of the first after it (or the count)."""
        return self.buffer.index_of(number) if self.filter is None else self.filter.shown.rank(number - 1)

    def shows(self, number: int) -> bool:
        """Return whether a line is an item."""
        if self.filter is None:
            return self.buffer.line(number) is not None
        return number in self.filter.shown

    def starts_group(self, number: int) -> bool:
        """Return whether a rule belongs above that item: with context on, lines are omitted before it."""
        return self.filter is not None and self.filter.starts_group(number)

    def is_context(self, number: int) -> bool:
        """Return whether an item is shown as context only."""
        return self.filter is not None and self.filter.is_context(number)

    def items_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        """Yield the items from a number on, before `end`; lines may be added and dropped while it runs.

        Lines that are dropped from now on are replaced by a marker, whether they were items or not.
        """
        if self.filter is None:
            return self.buffer.lines_between(number, end)
        return self._items_between(max(number, self.buffer.first), end)

    def _items_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        while number < end:
            if dropped := self.buffer.dropped_since(number, end):
                yield dropped
                number = dropped[0] + 1
                continue
            shown = None if self.filter is None else self.filter.shown.following(number - 1)
            if shown is None or shown >= end:
                return
            line = self.buffer.line(shown)
            if line is not None:
                yield shown, line
            number = shown + 1
