"""Where a log view stands in its buffer: followed at the end or held at a line, in rows when long lines wrap.

Owns: following or held, the line on top, the filter. Invariants: followed, `rows` ends with the newest row; held, the
top row stays the same row whatever is added or dropped, until `scroll` or `hold_at` moves it (only when the page
below it no longer fills is more shown above it).
"""

from __future__ import annotations

from k9py.logs.keeping.buffer import LogBuffer
from k9py.logs.keeping.scan import LineScan
from k9py.tui.widgets.log_view.drawing import LogLayout, rows_of

RowPlace = tuple[int, int]
"""A screen row: the number of its line, and which row of that line, 0 for its first."""


class LogWindow:
    """The rows of a buffer that are on the screen.

    Args:
        buffer: The lines.
        layout: How they are laid out; set anew when that changes.
    """

    def __init__(self, buffer: LogBuffer, layout: LogLayout) -> None:
        self.buffer = buffer
        self.layout = layout
        self.filter: LineScan | None = None
        """Only the lines this found are shown; None: all."""
        self.following = True
        self.rows: list[RowPlace] = []
        self._top: RowPlace = (0, 0)
        self._hold_end = 0

    # -- items: the lines that can be shown, oldest first -------------------------------------------------------------

    @property
    def item_count(self) -> int:
        """Lines that can be shown."""
        return len(self.buffer) if self.filter is None else len(self.filter.matches.numbers)

    def number_of(self, index: int) -> int:
        """Return the number of the line at an index among the items."""
        return self.buffer.number_at(index) if self.filter is None else self.filter.matches.numbers[index]

    def index_of(self, number: int) -> int:
        """Return the index of the item with that number, or of the first after it."""
        if self.filter is None:
            return self.buffer.index_of(number)
        return self.filter.matches.position(number - 1)

    @property
    def new_below(self) -> int:
        """Items that came since the view was held; 0 when following."""
        if self.following:
            return 0
        if self.filter is None:
            return self.buffer.end - self._hold_end
        return self.item_count - self.filter.matches.position(self._hold_end - 1)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def row_count_of(self, number: int) -> int:
        """Return how many rows a line takes."""
        if not self.layout.wrap:
            return 1
        line = self.buffer.line(number)
        return 1 if line is None else len(rows_of(line, self.layout))

    def last_rows(self, count: int) -> list[RowPlace]:
        """Return the newest rows, at most that many."""
        found: list[RowPlace] = []
        index = self.item_count - 1
        while index >= 0 and len(found) < count:
            number = self.number_of(index)
            found += [(number, row) for row in range(self.row_count_of(number) - 1, -1, -1)]
            index -= 1
        return found[:count][::-1]

    def rows_from(self, top: RowPlace, count: int) -> list[RowPlace]:
        """Return rows from that one on, at most that many."""
        found: list[RowPlace] = []
        number, row = top
        index, total = self.index_of(number), self.item_count
        while index < total and len(found) < count:
            shown = self.number_of(index)
            first = min(row, self.row_count_of(shown) - 1) if shown == number else 0
            found += [(shown, at) for at in range(first, self.row_count_of(shown))]
            index += 1
        return found[:count]

    def choose(self, page: int) -> None:
        """Choose the rows for a screen of `page` rows."""
        last = self.last_rows(page)
        if self.following:
            self.rows = last
            return
        self.rows = self.rows_from(self._top, page)
        if len(self.rows) < len(last):
            self.rows = last

    # -- moving -------------------------------------------------------------------------------------------------------

    @property
    def top_number(self) -> int:
        """Number of the line on top."""
        return self.rows[0][0] if self.rows else self.buffer.first

    @property
    def bottom_number(self) -> int:
        """Number of the line at the bottom."""
        return self.rows[-1][0] if self.rows else self.buffer.end

    def shows(self, number: int) -> bool:
        """Say whether any row of a line is on the screen."""
        return any(shown == number for shown, _ in self.rows)

    def hold_at(self, top: RowPlace) -> None:
        """Hold the view with that row on top; its lines stay whatever the buffer drops."""
        if self.following:
            self.buffer.hold()
            self._hold_end = self.buffer.end
            self.following = False
        self._top = top

    def follow(self) -> None:
        """Go back to the newest line."""
        self.following = True
        self.buffer.release()

    def scroll(self, rows: int, page: int) -> None:
        """Move by rows: upwards holds the view, downwards past the end follows."""
        if not self.rows:
            return
        number, row = self.rows[0]
        index = self.index_of(number)
        if rows > 0 and (self.following or self.rows == self.last_rows(page)):
            self.follow()
            return
        while rows < 0 and (index > 0 or row > 0):
            if row > 0:
                row -= 1
            else:
                index -= 1
                row = self.row_count_of(self.number_of(index)) - 1
            rows += 1
        while rows > 0 and index < self.item_count - 1:
            if row + 1 < self.row_count_of(self.number_of(index)):
                row += 1
            else:
                index, row = index + 1, 0
            rows -= 1
        top = (self.number_of(index), row)
        if top != self.rows[0]:
            self.hold_at(top)
