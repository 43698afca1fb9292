"""The position of a log view among the lines that can be shown: following the end, or paused with a cursor.

Owns: following or paused, the top row, the cursor. Invariants: following, `rows` ends with the newest row and there is
no cursor; paused, the top row stays whatever is added or dropped, until the user moves (only when the page below it is
no longer full are rows above it shown), and the cursor is on a shown line while there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from k9py.logs.buffer.finder import Finder

RowPlace = tuple[int, int]
"""A screen row: the number of its line, and the row of that line: 0 for its first, -1 for the rule above a group."""

HEAD: Final = -1
"""The number of the row above the oldest line that shows how many lines were dropped."""
RULE: Final = -1


class LogWindow:
    """The rows that are on the screen.

    Args:
        finder: The lines that can be shown.
        row_count: Returns the number of rows of a line, at least 1.
        page: Returns how many rows fit on the screen now.
    """

    def __init__(self, finder: Finder, row_count: Callable[[int], int], page: Callable[[], int]) -> None:
        self._finder = finder
        self._row_count = row_count
        self._page = page
        self.following = True
        self.rows: list[RowPlace] = []
        self._top: RowPlace = (HEAD, 0)
        self._cursor = 0
        self._hold_end = 0

    # -- position -----------------------------------------------------------------------------------------------------

    @property
    def cursor_number(self) -> int | None:
        """Number of the line the cursor is on; None while following, or when there is no line."""
        count = self._finder.item_count
        if self.following or not count:
            return None
        return self._finder.number_of(min(self._finder.index_of(self._cursor), count - 1))

    @property
    def newest_number(self) -> int | None:
        """Number of the newest line that can be shown."""
        count = self._finder.item_count
        return self._finder.number_of(count - 1) if count else None

    @property
    def top_index(self) -> int:
        """Index of the line on top."""
        return max(0, self._index(self.rows[0][0])) if self.rows else 0

    @property
    def new_below(self) -> int:
        """Lines that came since the view was paused and are below the screen; 0 when following."""
        if self.following:
            return 0
        seen = max(self._hold_end, self.rows[-1][0] + 1 if self.rows else 0)
        if self._finder.filter is None:
            return self._finder.buffer.end - seen
        return self._finder.item_count - self._finder.index_of(seen)

    def shows(self, number: int) -> bool:
        """Return True when any row of a line is on the screen."""
        return any(shown == number for shown, _ in self.rows)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _first_index(self) -> int:
        return -1 if self._finder.buffer.dropped_before_first else 0

    def _index(self, number: int) -> int:
        if number == HEAD:
            return self._first_index()
        return self._finder.index_of(number)

    def _number(self, index: int) -> int:
        return HEAD if index < 0 else self._finder.number_of(index)

    def _rows_at(self, index: int) -> range:
        """Return the rows of the item at an index."""
        if index < 0:
            return range(1)
        number = self._finder.number_of(index)
        return range(RULE if index > 0 and self._finder.starts_group(number) else 0, self._row_count(number))

    def last_rows(self, count: int) -> list[RowPlace]:
        """Return the newest rows, at most that many."""
        places: list[RowPlace] = []
        index, first = self._finder.item_count - 1, self._first_index()
        if index < 0:
            return []
        while index >= first and len(places) < count:
            number = self._number(index)
            places += [(number, row) for row in reversed(self._rows_at(index))]
            index -= 1
        return places[:count][::-1]

    def rows_from(self, top: RowPlace, count: int) -> list[RowPlace]:
        """Return rows from that one on, at most that many."""
        places: list[RowPlace] = []
        number, row = top
        index, total = self._index(number), self._finder.item_count
        if not total:
            return []
        while index < total and len(places) < count:
            shown, rows = self._number(index), self._rows_at(index)
            first = min(max(row, rows.start), rows.stop - 1) if shown == number else rows.start
            places += [(shown, at) for at in range(first, rows.stop)]
            index += 1
        return places[:count]

    def choose(self) -> None:
        """Choose the rows for the screen."""
        page = self._page()
        if self.following:
            self.rows = self.last_rows(page)
            return
        self.rows = self.rows_from(self._top, page)
        if len(self.rows) < page:
            self.rows = self.last_rows(page)

    def _moved(self, place: RowPlace, by: int) -> RowPlace:
        """Return the row `by` rows below (negative: above) another, or the last or first one."""
        number, row = place
        first, last = self._first_index(), self._finder.item_count - 1
        index = min(self._index(number), last)
        rows = self._rows_at(index)
        row = min(max(row, rows.start), rows.stop - 1)
        while by:
            step = max(rows.start - row, by) if by < 0 else min(rows.stop - 1 - row, by)
            row, by = row + step, by - step
            if by < 0 and index > first:
                index, by = index - 1, by + 1
                rows = self._rows_at(index)
                row = rows.stop - 1
            elif by > 0 and index < last:
                index, by = index + 1, by - 1
                rows = self._rows_at(index)
                row = rows.start
            elif by:
                break
        return (self._number(index), row)

    # -- pausing and following ----------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Go back to the newest line."""
        self.following = True
        self._finder.buffer.release()

    def hold(self) -> None:
        """Pause the view, with the cursor on the lowest visible line."""
        if self.following and self.rows:
            self._hold_at(self.rows[0])
            self.choose()
            self._cursor = self.rows[-1][0]

    def _hold_at(self, top: RowPlace) -> None:
        if self.following:
            self._hold_end = self._finder.buffer.end
            self._cursor = self.newest_number or 0
            self.following = False
        self._top = top
        self._finder.buffer.hold(top[0])

    def _settle_at(self, top: RowPlace) -> None:
        """Pause with a row on top, or with the last page where less than a page is below it."""
        self._hold_at(top)
        self.choose()
        if self.rows:
            self._top = self.rows[0]

    # -- moving -------------------------------------------------------------------------------------------------------

    def move_cursor(self, by: int) -> None:
        """Move the cursor by lines; past the newest line, follow. A line taller than the page is scrolled first."""
        if not self.rows or (self.following and by > 0):
            return
        if self.following:
            self._hold_at(self.rows[0])
        self.choose()
        number = self.cursor_number
        if number is None:
            return
        index = self._finder.index_of(number)
        rows = self._rows_at(index)
        edge = (number, rows.stop - 1) if by > 0 else (number, rows.start)
        if edge not in self.rows and self.shows(number):
            self._settle_at(self._moved(self.rows[0], by))
        elif index + by >= self._finder.item_count:
            self.follow()
        elif index + by < 0:
            self._hold_at((HEAD, 0))
        else:
            self.go_to(self._finder.number_of(index + by))

    def scroll(self, rows: int) -> None:
        """Scroll the view by rows, keep the cursor visible; down past the end, follow."""
        if not self.rows or (self.following and rows > 0):
            return
        if self.following:
            self._hold_at(self.rows[0])
        self.choose()
        if rows > 0 and self.rows == self.last_rows(self._page()):
            self.follow()
            return
        self._settle_at(self._moved(self.rows[0], rows))
        number = self.cursor_number
        if number is not None and not self.shows(number):
            self._put_cursor(0 if number < self.rows[-1][0] else len(self.rows) - 1)

    def move_pages(self, pages: float) -> None:
        """Move view and cursor by pages; at the end the cursor goes to the last line, then the view follows."""
        if not self.rows or (self.following and pages > 0):
            return
        if self.following:
            self._hold_at(self.rows[0])
        self.choose()
        number, page = self.cursor_number, self._page()
        at = next((y for y, (shown, _) in enumerate(self.rows) if shown == number), len(self.rows) - 1)
        before = self.rows
        last = self.last_rows(page)
        if pages > 0 and before == last:
            if number == self.newest_number:
                self.follow()
            else:
                self._put_cursor(len(before) - 1)
            return
        self._settle_at(self._moved(before[0], round(pages * max(2, page - 1))))
        if self.rows == before:
            self._put_cursor(0)
        else:
            self._put_cursor(at)

    def _put_cursor(self, y: int) -> None:
        """Put the cursor on the line at a row of the screen."""
        numbers = [number for number, _ in self.rows[y:] if number != HEAD]
        if numbers:
            self._cursor = numbers[0]

    def go_to_oldest(self) -> None:
        """Pause at the oldest line."""
        if self._finder.item_count:
            self._hold_at((HEAD, 0))
            self._cursor = self._finder.number_of(0)

    def go_to(self, number: int, *, middle: bool = False) -> None:
        """Pause with the cursor on a line (or on the next one that is shown), and show as much of it as fits.

        Args:
            middle: if it is not visible yet, put it in the middle of the screen.
        """
        if not self._finder.item_count:
            return
        if self.following:
            self._hold_at(self.rows[0] if self.rows else (HEAD, 0))
        self._cursor = number
        self.reveal(middle=middle)

    def reveal(self, *, middle: bool = False) -> None:
        """Scroll as little as needed to show the cursor's line."""
        self.choose()
        number = self.cursor_number
        if number is None:
            return
        self._cursor = number
        page = self._page()
        rows = self._rows_at(self._finder.index_of(number))
        first, last = (number, rows.start), (number, rows.stop - 1)
        if first in self.rows and (last in self.rows or self.rows[0] == first):
            self._hold_at(self.rows[0])
            return
        if middle and not self.shows(number):
            top = self._moved(first, -((page - 1) // 2))
        elif len(rows) >= page or (self.rows and number <= self.rows[0][0] and first not in self.rows):
            top = first
        else:
            top = self._moved(last, 1 - page)
        self._settle_at(top)
