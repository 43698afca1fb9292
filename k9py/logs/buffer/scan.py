"""Searches a log buffer, or what a filter shows of it, in slices: which lines match.

Invariant: every kept line before `next_number` (with a filter: every line it has shown except those in its watch list)
was checked, and `matches` contains exactly those that matched. Markers never match.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from k9py.logs.buffer.buffer import LogBuffer
from k9py.logs.buffer.line_filter import SLICE_CHARACTERS, SLICE_LINES, LineFilter, LineMatcher
from k9py.logs.buffer.line_numbers import LineNumbers


class LineScan:
    """Finds the lines a query matches.

    Args:
        query: what to search for.
        among: search only what this filter shows, which must be advanced first. None: all lines.
    """

    def __init__(self, query: LineMatcher, among: LineFilter | None = None) -> None:
        self.query = query
        self.matches = LineNumbers()
        self.next_number = 0
        self._shown = None if among is None else among.watch()
        self._shown_index = 0

    def is_done(self, buffer: LogBuffer) -> bool:
        """Return whether every line was checked."""
        if self._shown is not None:
            return self._shown_index >= len(self._shown)
        return self.next_number >= buffer.end

    def advance(self, buffer: LogBuffer, should_pause: Callable[[], bool]) -> bool:
        """Check new lines until done or paused; return whether every line was checked."""
        self.matches.forget_dropped(buffer)
        if self._shown is not None:
            return self._advance_among(self._shown, buffer, should_pause)
        matches, add, can_be_slow = self.query.matches, self.matches.add, self.query.can_be_slow
        while self.next_number < buffer.end:
            room = SLICE_CHARACTERS
            for number, line in buffer.slice_from(self.next_number, SLICE_LINES):
                self.next_number = number + 1
                if not line.marker and matches(line):
                    add(number)
                room -= len(line.text)
                if room < 0:
                    break
                if can_be_slow and should_pause():
                    return self.next_number >= buffer.end
            if should_pause():
                break
        return self.next_number >= buffer.end

    def _advance_among(self, shown: array[int], buffer: LogBuffer, should_pause: Callable[[], bool]) -> bool:
        while self._shown_index < len(shown):
            room, end = SLICE_CHARACTERS, min(len(shown), self._shown_index + SLICE_LINES)
            while self._shown_index < end and room >= 0:
                number = shown[self._shown_index]
                self._shown_index += 1
                line = buffer.line(number)
                if line is not None and not line.marker:
                    room -= len(line.text)
                    if self.query.matches(line):
                        self.matches.add(number)
                    if self.query.can_be_slow:
                        break
            if should_pause():
                break
        if self._shown_index >= len(shown):
            del shown[:]
            self._shown_index = 0
            return True
        return False
