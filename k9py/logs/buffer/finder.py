"""What of a buffer is shown and what is found in it: filter, hidden sources and levels, context and search at once.

Owns the present `LineFilter` and `LineScan` over one buffer. The lines that can be shown are its items, oldest first,
known by number (which stays) and by index (which does not). Invariant: hits are always among the items. Long work is
done in slices by `advance`, which the owner calls until it says that all is done; another filter takes the place of the
present one when it has seen every line, so that the items do not come and go meanwhile.
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
        """Lines before that number are kept and not shown."""
        self.filter: LineFilter | None = None
        """None: every line of the buffer is shown."""
        self.search: LineScan | None = None
        self.filter_generation = 0
        """Grows when another filter has taken the place of the one before."""
        self._coming: LineFilter | None = None

    # -- what is asked for --------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only lines that match, and markers; "" shows all again."""
        self.filter_query = parse_query(text)
        self._begin()

    def set_hidden(self, hidden: HideRules) -> None:
        """Leave out containers and levels."""
        if hidden != self.hidden:
            self.hidden = hidden
            self._begin()

    def set_begin_number(self, number: int) -> None:
        """Show no line before that number; 0 shows all again."""
        if number != self.begin_number:
            self.begin_number = number
            self._begin()

    def set_context(self, lines: int) -> None:
        """Show so many lines of the same container before and after each match of the filter."""
        lines = min(max(0, lines), MAX_CONTEXT)
        if lines != self.context:
            self.context = lines
            if self.filter_query is not None:
                self._begin()

    def set_search(self, text: str) -> None:
        """Look for what matches; "" ends the search."""
        self.search_query = parse_query(text)
        self._begin_search()

    def clear(self) -> None:
        """Forget what was found: the buffer was cleared."""
        self.begin_number = 0
        self._begin()
        self._take(self._coming)

    def _begin(self) -> None:
        self._coming = None
        if self.filter_query is not None:
            self.filter_query = self.filter_query.with_fresh_counts()
        if self.filter_query is not None or self.hidden or self.begin_number:
            self._coming = LineFilter(self.filter_query, self.hidden, self.context, self.begin_number)
        else:
            self._take(None)

    def _take(self, line_filter: LineFilter | None) -> None:
        self.filter, self._coming = line_filter, None
        self.filter_generation += 1
        self._begin_search()

    def _begin_search(self) -> None:
        if self.filter is not None:
            self.filter.unwatch()
        self.search = None
        if self.search_query is not None:
            self.search_query = self.search_query.with_fresh_counts()
            self.search = LineScan(self.search_query, self.filter)

    # -- work ---------------------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """True while lines have not been looked at."""
        end = self.buffer.end
        waiting = self.filter is not None and self.filter.next_number < end
        return waiting or self._coming is not None or (self.search is not None and not self.search.is_done(self.buffer))

    def advance(self, should_pause: Callable[[], bool]) -> bool:
        """Look at lines until done or told to pause; True when every line has been looked at."""
        if self.filter is not None and not self.filter.advance(self.buffer, should_pause):
            if self.search is not None:
                self.search.matches.forget_dropped(self.buffer)
            return False
        if self._coming is not None:
            if not self._coming.advance(self.buffer, should_pause):
                return False
            self._take(self._coming)
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
        """Say whether a line is an item."""
        if self.filter is None:
            return self.buffer.line(number) is not None
        return number in self.filter.shown

    def starts_group(self, number: int) -> bool:
        """Say whether a rule belongs above that item: with context on, lines were left out before it."""
        return self.filter is not None and self.filter.starts_group(number)

    def is_context(self, number: int) -> bool:
        """Say whether an item does not match itself."""
        return self.filter is not None and self.filter.is_context(number)

    def items_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        """Yield the items from a number on, before `end`; lines may be added and let go while it runs.

        Where lines are let go from now on there is a marker for them, whether they were items or not.
        """
        if self.filter is None:
            return self.buffer.lines_between(number, end)
        return self._items_between(max(number, self.buffer.first), end)

    def _items_between(self, number: int, end: int) -> Iterator[tuple[int, LogLine]]:
        while number < end:
            if gone := self.buffer.dropped_since(number, end):
                yield gone
                number = gone[0] + 1
                continue
            found = None if self.filter is None else self.filter.shown.following(number - 1)
            if found is None or found >= end:
                return
            line = self.buffer.line(found)
            if line is not None:
                yield found, line
            number = found + 1
