"""Looking through a log buffer, or through what a filter shows of it, in slices: which lines match.

Invariant: every kept line before `next_number` (with a filter: every line it has shown but those in its watch list)
has been looked at, and `matches` holds exactly those that matched. Markers are never found.
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
        query: What is looked for.
        among: Look only at what this filter shows; it must be advanced first. None: at all lines.
    """

    def __init__(self, query: LineMatcher, among: LineFilter | None = None) -> None:
        self.query = query
        self.matches = LineNumbers()
        self.next_number = 0
        self._shown = None if among is None else among.watch()
        self._shown_at = 0

    def is_done(self, buffer: LogBuffer) -> bool:
        """Say whether every line has been looked at."""
        if self._shown is not None:
            return self._shown_at >= len(self._shown)
        return self.next_number >= buffer.end

    def advance(self, buffer: LogBuffer, should_pause: Callable[[], bool]) -> bool:
        """Look at lines not yet seen until done or told to pause; True when every line has been seen."""
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
        while self._shown_at < len(shown):
            room, end = SLICE_CHARACTERS, min(len(shown), self._shown_at + SLICE_LINES)
            while self._shown_at < end and room >= 0:
                number = shown[self._shown_at]
                self._shown_at += 1
                line = buffer.line(number)
                if line is not None and not line.marker:
                    room -= len(line.text)
                    if self.query.matches(line):
                        self.matches.add(number)
                    if self.query.can_be_slow:
                        break
            if should_pause():
                break
        if self._shown_at >= len(shown):
            del shown[:]
            self._shown_at = 0
            return True
        return False
