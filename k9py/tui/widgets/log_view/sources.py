"""The stable colour of each source of a log view."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32


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
