"""One line of a log view, and the stable colour of each source.

Invariant: a `LogLine` in a view's buffer has printable text only (`cleaned`), so drawing and searching need not look
again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

import msgspec

from k9py.logs.line import LogLine
from k9py.tui.widgets.printable_line import printable_line

MAX_LINE_CHARACTERS: Final = 32_768
"""Characters of one log line kept for the screen; the rest is cut off and said so."""


def cleaned(line: LogLine) -> LogLine:
    """Return the line with printable text of bounded length; the same object when there is nothing to change."""
    text = line.text
    if len(text) <= MAX_LINE_CHARACTERS and text.isprintable():
        return line
    if len(text) > MAX_LINE_CHARACTERS:
        cut = len(text) - MAX_LINE_CHARACTERS
        text = f"{text[:MAX_LINE_CHARACTERS]} … {cut:,} more characters"
    return msgspec.structs.replace(line, text=printable_line(text))


class SourceColors:
    """Gives each source an index into the palette: its own by its name, the next free one when that is taken.

    A source keeps its colour for the life of the view, and mostly between two runs.
    """

    def __init__(self, colors: Callable[[], int]) -> None:
        self._colors = colors
        self._index: dict[str, int] = {}

    def index(self, source: str) -> int:
        """Return the palette index of a source."""
        known = self._index.get(source)
        if known is None:
            known = self._index[source] = self._choose(source)
        return known

    def _choose(self, source: str) -> int:
        count = max(1, self._colors())
        start = crc32(source.encode("utf-8", "surrogatepass")) % count
        uses = [0] * count
        for index in self._index.values():
            uses[index % count] += 1
        return min(range(count), key=lambda offset: (uses[(start + offset) % count], offset)) + start
