"""Looking through a log buffer in slices: which lines match, kept up to date as lines come and go.

Invariant: every kept line with a number below `next_number` has been looked at, and `matches` holds exactly those that
matched, ascending.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from k9py.logs.keeping.buffer import LogBuffer, Matches

SLICE_LINES: Final = 256
"""Lines looked at between two looks at the clock."""


class LineScan:
    """Finds the lines a pattern matches.

    Args:
        pattern: Looked for in the text and the pod's name.
        with_markers: Count notices and gaps as matches: a filter never hides them.
    """

    def __init__(self, pattern: re.Pattern[str], *, with_markers: bool) -> None:
        self.pattern = pattern
        self.matches = Matches()
        self.next_number = 0
        self._with_markers = with_markers

    def advance(self, buffer: LogBuffer, should_pause: Callable[[], bool]) -> bool:
        """Look at lines not yet seen until done or told to pause; True when every line has been seen."""
        self.matches.forget_before(buffer.first)
        search, with_markers = self.pattern.search, self._with_markers
        while self.next_number < buffer.end:
            found: list[int] = []
            last = self.next_number
            for number, line in buffer.slice_from(self.next_number, SLICE_LINES):
                last = number
                if not line.marker:
                    if search(line.text) or search(line.target.pod):
                        found.append(number)
                elif with_markers:
                    found.append(number)
            self.matches.add(found)
            self.next_number = last + 1
            if should_pause():
                return self.next_number >= buffer.end
        return True
