"""One line of a log view, and the stable colour of each source.

Invariant: a `LogLine` in a view's buffer has printable text only (`cleaned`), so drawing and searching need not look
again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Final
from zlib import crc32

import msgspec

from k9py.tables.values import Tone
from k9py.tui.widgets.printable_line import printable_line

MAX_LINE_CHARACTERS: Final = 32_768
"""Characters of one log line kept for the screen; the rest is cut off and said so."""


class LineKind(Enum):
    """What a line is: something a container wrote, or something we say about the stream."""

    OUTPUT = "output"
    NOTICE = "notice"
    """A pod joined, a container ended, ...: news about a source."""
    GAP = "gap"
    """Lines may be missing here; the text says which and why."""


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line to show. A struct that the garbage collector does not follow: tens of thousands are kept.

    Args:
        text: What was written, without line end; any characters.
        source: Stable identity of where it came from (a pod and container); chooses the colour.
        label: Short name of the source, shown as prefix.
        time: Aware time of writing, None when unknown.
        tone: Of the text, as when a level was recognised.
        kind: Notices and gaps are always shown, whatever the filter.
    """

    text: str
    source: str = ""
    label: str = ""
    time: datetime | None = None
    tone: Tone = Tone.PLAIN
    kind: LineKind = LineKind.OUTPUT


def cleaned(line: LogLine) -> LogLine:
    """Return the line with printable text of bounded length; the same object when there is nothing to change."""
    text, label = line.text, line.label
    if len(text) <= MAX_LINE_CHARACTERS and text.isprintable() and label.isprintable():
        return line
    if len(text) > MAX_LINE_CHARACTERS:
        cut = len(text) - MAX_LINE_CHARACTERS
        text = f"{text[:MAX_LINE_CHARACTERS]} … {cut:,} more characters"
    return msgspec.structs.replace(line, text=printable_line(text), label=printable_line(label))


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
