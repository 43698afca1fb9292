"""How a log line looks: prefix, time and text as styled pieces; wrapping into rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from k9py.logs.line import LogLine
from k9py.objects.search_pattern import hit_spans

MAX_PREFIX_CELLS: Final = 28
MIN_PREFIX_CELLS: Final = 12
"""Bounds of the room for sources; between them it is a quarter of the line at most."""
TIME_CELLS: Final = 12
"""Cells of "12:34:56.789"."""


@dataclass(frozen=True, slots=True)
class LogLayout:
    """What all lines of a view have in common.

    Args:
        prefix: Cells for the source's label, 0: none.
        times: Show the time of each line.
        wrap: Break long lines instead of cutting them.
        left: Cells scrolled sideways (not when wrapping).
        width: Cells of a line.
        zone: Time zone of the times shown.
    """

    prefix: int
    times: bool
    wrap: bool
    left: int
    width: int
    zone: tzinfo

    @property
    def lead(self) -> int:
        """Cells before the text."""
        return (self.prefix + 1 if self.prefix else 0) + (TIME_CELLS + 1 if self.times else 0)

    @property
    def room(self) -> int:
        """Cells for the text."""
        return max(1, self.width - self.lead)


def wrapped(text: str, room: int) -> list[str]:
    """Break a text into rows of at most `room` cells; at least one row, blanks at the end left out."""
    text = text.rstrip()
    if not text:
        return [""]
    if text.isascii():
        return [text[at : at + room] for at in range(0, len(text), room)]
    return chop_cells(text, room) or [""]


def time_text(line: LogLine, zone: tzinfo) -> str:
    """Return the time of a line in `TIME_CELLS` cells; blanks when it is unknown."""
    if line.at is None:
        return " " * TIME_CELLS
    local = line.at.astimezone(zone)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def fit_label(label: str, cells: int) -> str:
    """Return a source's label in exactly that many cells; the end is kept, where pods of one owner differ."""
    length = cell_len(label)
    if length <= cells:
        return label + " " * (cells - length)
    if not label.isascii():
        return set_cell_size(label, cells)
    return "…" + label[length - cells + 1 :]


@dataclass(frozen=True, slots=True)
class LineStyles:
    """The styles of the parts of a line."""

    source: Style
    time: Style
    text: Style
    hit: Style
    base: Style


def draw_output(
    line: LogLine, label: str, layout: LogLayout, row: int, styles: LineStyles, pattern: re.Pattern[str] | None
) -> Strip:
    """Return one row of what a container wrote: source and time before the first row, blanks before the others."""
    lead: list[Segment] = []
    if row > 0:
        lead.append(Segment(" " * layout.lead, styles.base))
    else:
        if layout.prefix:
            lead += [Segment(fit_label(label, layout.prefix), styles.source), Segment(" ", styles.base)]
        if layout.times:
            lead += [Segment(time_text(line, layout.zone), styles.time), Segment(" ", styles.base)]
    text = rows_of(line, layout)[row]
    body = exact(highlighted(text, styles.text, pattern, styles.hit), layout.room, styles.base, left=layout.left)
    return exact([*lead, *body], layout.width, styles.base)


def marker_text(line: LogLine) -> str:
    """Return the words of a notice or gap."""
    return f"── {line.target.pod}: {line.text} " if line.target.pod else f"── {line.text} "


def rows_of(line: LogLine, layout: LogLayout) -> list[str]:
    """Return the text of a line in the rows it takes: one, unless it is wrapped."""
    if not line.marker:
        return wrapped(line.text, layout.room) if layout.wrap else [line.text[: layout.left + layout.room * 2]]
    return wrapped(marker_text(line), layout.width) if layout.wrap else [marker_text(line)]


def draw_marker(line: LogLine, layout: LogLayout, row: int, style: Style, base: Style) -> Strip:
    """Return one row of a notice or gap: its words, and a rule to the end of the line."""
    rows = rows_of(line, layout)
    rule = " " + "─" * max(0, layout.width - cell_len(rows[row].rstrip()) - 1) if row == len(rows) - 1 else ""
    return exact([Segment(rows[row].rstrip() + rule, style)], layout.width, base, left=layout.left)


def highlighted(text: str, style: Style, pattern: re.Pattern[str] | None, hit: Style) -> list[Segment]:
    """Return a text with the hits of a pattern in another style."""
    segments: list[Segment] = []
    at = 0
    for start, end in hit_spans(pattern, text):
        if start > at:
            segments.append(Segment(text[at:start], style))
        segments.append(Segment(text[start:end], hit))
        at = end
    if at < len(text):
        segments.append(Segment(text[at:], style))
    return segments


def exact(segments: Sequence[Segment], width: int, fill: Style, *, left: int = 0) -> Strip:
    """Return the segments as a strip of exactly `width` cells, `left` cells cut off at the start."""
    return Strip(segments).crop_extend(left, left + width, fill)
