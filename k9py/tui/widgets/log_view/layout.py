"""Lay out a log line: in one row, wrapped into several, or unfolded. Pure: text in, rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
from rich.cells import cell_len, get_character_cell_size, set_cell_size

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import LineSpan, RenderedLine, render_line, render_unfolded
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.source import LogTarget

MAX_PREFIX_CELLS: Final = 28
MIN_PREFIX_CELLS: Final = 12
"""Bounds of the width of labels; between them it is at most a quarter of the line."""
GUTTER_CELLS: Final = 1
"""For the bar of the cursor's line and of marked lines."""
LATE: Final = "late "
_JOINERS: Final = "\u200d\ufe0e\ufe0f"
_PILED: Final = 4
"""Maximum characters per cell: further combining characters are dropped."""
_SIGHT: Final = 24
"""Characters, with escape sequences, that are read for each visible cell."""


def _pod(target: LogTarget) -> str:
    return target.pod


@dataclass(frozen=True, slots=True)
class LogLayout:
    """The layout that all lines of a view share.

    Args:
        prefix: Cells for the source's label, 0: none.
        times: Cells for the time, 0: none.
        wrap: Break long lines instead of cutting them.
        left: Cells scrolled sideways (not when wrapping).
        width: Cells of a line.
        parsed: Show structured lines as records.
        colours: Keep the containers' colours.
        label_of: Names the source a marker is about.
    """

    prefix: int = 0
    times: int = 0
    wrap: bool = False
    left: int = 0
    width: int = 1
    parsed: bool = True
    colours: bool = True
    label_of: Callable[[LogTarget], str] = _pod

    @property
    def lead(self) -> int:
        """Cells before the text."""
        return GUTTER_CELLS + (self.times + 1 if self.times else 0) + (self.prefix + 1 if self.prefix else 0)

    @property
    def room(self) -> int:
        """Cells for the text."""
        return max(1, self.width - self.lead)


class TextRow(NamedTuple):
    """One row of a line: a piece of a text, in characters."""

    piece: RenderedLine
    start: int
    end: int


def rows_of(line: LogLine, layout: LogLayout, *, open_: bool = False) -> tuple[TextRow, ...]:
    """Return the rows of a line, at least one.

    Args:
        open_: unfolded: a record has one row per field, and long rows are wrapped.
    """
    if line.marker:
        piece = _unjoined(RenderedLine(marker_text(line, layout), (), Level.UNKNOWN))
        return tuple(_rows(piece, max(1, layout.width - GUTTER_CELLS), layout.wrap or open_))
    if not open_:
        piece = _unjoined(shown_line(_within_sight(line, layout), layout))
        return tuple(_rows(piece, layout.room, layout.wrap))
    pieces = render_unfolded(line.text, line.timestamp) if layout.parsed else (shown_line(line, layout),)
    return tuple(row for piece in pieces for row in _rows(_unjoined(piece), layout.room, wrap=True))


def shown_line(line: LogLine, layout: LogLayout) -> RenderedLine:
    """Return a container's line in one row; a line that came out of order starts with "late"."""
    piece = render_line(line.text, parsed=layout.parsed, colours=layout.colours, at=line.timestamp)
    if not line.late:
        return piece
    by = len(LATE)
    spans = [span._replace(start=span.start + by, end=span.end + by) for span in piece.spans]
    return RenderedLine(LATE + piece.text, (LineSpan(0, by - 1, "time"), *spans), piece.level)


def _within_sight(line: LogLine, layout: LogLayout) -> LogLine:
    """Return a line cut far beyond its visible part, where escape sequences make the rest expensive to read."""
    limit = (layout.left + layout.room) * _SIGHT
    if layout.wrap or len(line.text) <= limit or line.text.isprintable():
        return line
    return msgspec.structs.replace(line, text=f"{line.text[:limit]}…")


def _unjoined(piece: RenderedLine) -> RenderedLine:
    """Return a text without joiners and variation selectors: terminals disagree on the width of joined characters."""
    if piece.text.isascii() or not any(joiner in piece.text for joiner in _JOINERS):
        return piece
    at, places = 0, [0]
    for character in piece.text:
        at += character not in _JOINERS
        places.append(at)
    text = "".join(character for character in piece.text if character not in _JOINERS)
    return RenderedLine(
        text, tuple(s._replace(start=places[s.start], end=places[s.end]) for s in piece.spans), piece.level
    )


def marker_text(line: LogLine, layout: LogLayout) -> str:
    """Return the text of a marker, printable."""
    text = plain_text(line.text)
    return f"── {plain_text(layout.label_of(line.target))}: {text}" if line.target.pod else f"── {text}"


def _rows(piece: RenderedLine, room: int, wrap: bool) -> Iterator[TextRow]:
    if not wrap:
        yield TextRow(piece, 0, len(piece.text))
        return
    at = 0
    for length in _lengths(piece.text, room):
        yield TextRow(piece, at, at + length)
        at += length


def _lengths(text: str, room: int) -> list[int]:
    """Return the characters of each row of at most `room` cells; at least one row."""
    if text.isascii():
        return [min(room, len(text) - at) for at in range(0, len(text), room)] or [0]
    room = max(2, room)  # a wide character must fit
    lengths: list[int] = []
    at = cells = 0
    for index, character in enumerate(text):
        width = get_character_cell_size(character)
        if cells + width > room or index - at >= _PILED * room:
            lengths.append(index - at)
            at, cells = index, 0
        cells += width
    return [*lengths, len(text) - at]


class Visible(NamedTuple):
    """The visible characters of a text, the blank cells before them and their width; `more`: the text continues."""

    first: int
    last: int
    blanks: int
    cells: int
    more: bool


def visible(text: str, start: int, end: int, left: int, room: int) -> Visible:
    """Return the visible part of a text, `left` cells cut off, in at most `room` cells.

    Half a wide character at the left edge becomes a blank.
    """
    if text[start : start + left + room + 1].isascii():
        first = min(end, start + left)
        last = min(end, first + room)
        return Visible(first, last, 0, last - first, last < end)
    at, cells, whole = start, 0, end
    while at < end and cells < left:
        cells += get_character_cell_size(text[at])
        at += 1
    first, blanks, cells = at, max(0, cells - left), 0
    end = min(end, first + _PILED * room)
    while at < end and blanks + cells + (width := get_character_cell_size(text[at])) <= room:
        cells += width
        at += 1
    return Visible(first, at, blanks, cells, at < whole)


def fit_label(label: str, cells: int) -> str:
    """Return a label in exactly `cells` cells; its end is kept, where pods of one owner differ."""
    length = cell_len(label)
    if length <= cells:
        return label + " " * (cells - length)
    if not label.isascii():
        return set_cell_size(label, cells)
    return "…" + label[length - cells + 1 :]
