"""What stands before the text of a line: when it was written and by whom; how wide these columns are.

Invariant: while the view is held the columns keep their width, whatever comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from rich.cells import cell_len

from k9py.logs.line import LogLine
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.source import LogTarget
from k9py.tui.widgets.log_view.layout import MAX_PREFIX_CELLS, MIN_PREFIX_CELLS
from k9py.tui.widgets.log_view.sources import SourceColors
from k9py.tui.widgets.log_view.times import Times, is_of_another_day, time_cells, time_text


class LineColumns:
    """The columns of time and source.

    Args:
        colors: how many colours there are for sources.
        zone: of local times; None: the machine's.
        now: the time that ages and "today" are told by.
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
        """Name sources in another way."""
        self.label_of = label_of
        known, self._labels, self._widest = self._labels, {}, 0
        self.widen(known)

    def forget(self) -> None:
        """Forget the sources seen; their colours stay."""
        self._labels.clear()
        self._widest = 0

    def widen(self, targets: Iterable[LogTarget]) -> None:
        """Make room for the labels of these sources."""
        for target in targets:
            if target not in self._labels:
                self._widest = max(self._widest, cell_len(self.label(target)))

    def label(self, target: LogTarget) -> str:
        """Return the label of a source, harmless."""
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
        """Show dates if one of the lines in sight is not of today."""
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
