"""The columns before the text of a line: when it was written and by which container.

Invariant: while the view is paused the columns keep their width, whatever lines are added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal
from zlib import crc32

from rich.cells import cell_len

from k9py.api.times import age
from k9py.logs.line import LogLine
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.source import LogTarget
from k9py.tui.widgets.log_view.layout import MAX_PREFIX_CELLS, MIN_PREFIX_CELLS

Times = Literal["none", "local", "utc", "relative"]
"""utc and local: the time of day, with the date where a line in sight is not of today. relative: how long ago."""

TIMES: Final[tuple[Times, ...]] = ("none", "local", "utc", "relative")
"""In the order of the key that switches them."""

_DATE_CELLS: Final = 11
_CELLS: Final[dict[Times, int]] = {"none": 0, "local": 12, "utc": 13, "relative": 5}


class LineColumns:
    """The columns of time and source.

    Args:
        colors: returns the number of colours for sources.
        zone: of local times; None: the machine's.
        now: the time that ages and "today" count from.
    """

    def __init__(self, colors: Callable[[], int], zone: tzinfo | None, now: Callable[[], datetime]) -> None:
        self.zone = zone
        self.now = now
        self._colors = SourceColors(colors)
        self.label_of: Callable[[LogTarget], str] = lambda target: target.pod
        self._labels: dict[LogTarget, str] = {}
        self._widest = 0
        self._prefix_cells = 0
        self._dated = False

    def relabel(self, label_of: Callable[[LogTarget], str]) -> None:
        """Change the labels of sources."""
        self.label_of = label_of
        known, self._labels, self._widest = self._labels, {}, 0
        self.widen(known)

    def forget(self) -> None:
        """Forget the sources seen, except their colours."""
        self._labels.clear()
        self._widest = 0

    def widen(self, targets: Iterable[LogTarget]) -> None:
        """Make room for the labels of these sources."""
        for target in targets:
            if target not in self._labels:
                self._widest = max(self._widest, cell_len(self.label(target)))

    def label(self, target: LogTarget) -> str:
        """Return the label of a source, printable."""
        label = self._labels.get(target)
        if label is None:
            label = self._labels[target] = plain_text(self.label_of(target)) if target.pod else ""
        return label

    def color(self, target: LogTarget) -> int:
        """Return the index of a source's colour."""
        return self._colors.index(f"{target.pod}/{target.container}")

    def prefix_cells(self, width: int, *, following: bool) -> int:
        """Return the cells for labels on lines of that width."""
        if following:
            self._prefix_cells = min(self._widest, MAX_PREFIX_CELLS)
        return min(self._prefix_cells, max(MIN_PREFIX_CELLS, width // 4))

    def date(self, lines: Iterable[LogLine], times: Times) -> None:
        """Show dates if one of these lines is not of today."""
        now = self.now()
        self._dated = any(
            line.timestamp is not None and is_of_another_day(line.timestamp, times, self.zone, now) for line in lines
        )

    def time_cells(self, times: Times) -> int:
        """Return the cells for times."""
        return time_cells(times, dated=self._dated)

    def time(self, line: LogLine, times: Times) -> str:
        """Return a line's time in that many cells."""
        return time_text(line.timestamp, times, dated=self._dated, zone=self.zone, now=self.now())


class SourceColors:
    """Gives each source an index into the palette, chosen by its name; when that is taken, the next free one.

    A source keeps its colour for the life of the view, and usually between two runs of kdash.
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


def time_cells(times: Times, *, dated: bool) -> int:
    """Return the cells of the column."""
    return _CELLS[times] + (_DATE_CELLS if dated and times in ("local", "utc") else 0)


def is_of_another_day(at: datetime, times: Times, zone: tzinfo | None, now: datetime) -> bool:
    """Return True when a line's date has to be shown."""
    return times in ("local", "utc") and _shown(at, times, zone).date() != _shown(now, times, zone).date()


def time_text(at: datetime | None, times: Times, *, dated: bool, zone: tzinfo | None, now: datetime) -> str:
    """Return a line's time in exactly `time_cells` cells; blanks when it has none.

    Args:
        zone: for local times; None: the machine's.
    """
    cells = time_cells(times, dated=dated)
    if at is None or times == "none":
        return " " * cells
    if times == "relative":
        return age(_aware(at), now).rjust(cells)
    shown = _shown(at, times, zone)
    date = f"{shown.year:04}-{shown:%m-%d} " if dated else ""  # %Y has no zeros before the year 1000
    return f"{date}{shown:%H:%M:%S}.{shown.microsecond // 1000:03d}{'Z' if times == 'utc' else ''}"


def _shown(at: datetime, times: Times, zone: tzinfo | None) -> datetime:
    """Return a time in the zone it is shown in; unchanged where that year does not exist."""
    try:
        return _aware(at).astimezone(UTC if times == "utc" else zone)
    except (OverflowError, ValueError, OSError):
        return at


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
