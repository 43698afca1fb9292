"""Paint log lines: the rows of a line as strips, laid out once while they are near the screen.

Invariant: only lines near the screen are parsed and laid out; the cache is dropped when the layout or the highlights
change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from time import perf_counter
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from k9py.api.search_pattern import SearchPattern
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import LineSpan, RenderedLine, SpanKind
from k9py.tui.palettes import Palette
from k9py.tui.widgets.log_view.colours import sgr_style
from k9py.tui.widgets.log_view.layout import GUTTER_CELLS, LogLayout, TextRow, fit_label, rows_of, visible
from k9py.views.values import Tone

CURSOR_BAR: Final = "▎"
MARK_BAR: Final = "▌"
GROUP_RULE: Final = "┄"
MORE: Final = "…"
"""At the end of a row that is cut off."""
MAX_HITS: Final = 2_000
"""Maximum highlighted matches of one pattern in one line."""
_CACHED_LINES: Final = 400
_HITS_WINDOW: Final = 0.05
_HITS_SECONDS: Final = 0.004
"""Time for patterns that can be slow in each window of `_HITS_WINDOW` seconds; further lines get no highlights."""

_LEVEL_TONES: Final = {
    Level.TRACE: Tone.MUTED,
    Level.DEBUG: Tone.MUTED,
    Level.WARN: Tone.WARN,
    Level.ERROR: Tone.FAIL,
    Level.FATAL: Tone.FAIL,
}
_PLAIN_PARTS: Final[frozenset[SpanKind]] = frozenset(("value", "quoted"))
_style_of = itemgetter(2)
_MUTED_PARTS: Final[frozenset[SpanKind]] = frozenset(("time", "key", "cut"))


class Highlight(NamedTuple):
    """A pattern to highlight, with an index into the palette's highlights; -1: the search."""

    pattern: SearchPattern
    style: int


@dataclass(frozen=True, slots=True)
class RowLook:
    """What a row's look depends on, besides its line, the layout and the highlights."""

    cursor: bool = False
    marked: bool = False
    context: bool = False
    time: str = ""


@dataclass(slots=True)
class _Laid:
    rows: tuple[TextRow, ...]
    hits: dict[int, list[tuple[int, int, int]]]


class LinePainter:
    """Lays out and paints lines.

    Args:
        line_of: returns the line with a number, None when it was dropped.
        is_open: returns whether the line with a number is unfolded.
    """

    def __init__(self, line_of: Callable[[int], LogLine | None], is_open: Callable[[int], bool]) -> None:
        self._line_of = line_of
        self._is_open = is_open
        self._layout = LogLayout()
        self._highlights: tuple[Highlight, ...] = ()
        self._laid: dict[int, _Laid] = {}
        self._window_begun = self._seconds_left = 0.0

    @property
    def layout(self) -> LogLayout:
        """The layout of all lines."""
        return self._layout

    def set_layout(self, layout: LogLayout) -> bool:
        """Set the layout; True when it differs."""
        if layout == self._layout:
            return False
        self._layout = layout
        self._laid.clear()
        return True

    def set_highlights(self, highlights: Sequence[Highlight]) -> None:
        """Highlight the matches of these patterns, each over those before it."""
        self._highlights = tuple(highlights)
        self._laid.clear()

    def forget(self) -> None:
        """Lay every line out again."""
        self._laid.clear()

    def row_count(self, number: int) -> int:
        """Return the number of rows of a line."""
        if not self._layout.wrap and not self._is_open(number):
            return 1
        return len(self._lay_out(number).rows)

    def _lay_out(self, number: int) -> _Laid:
        laid = self._laid.get(number)
        if laid is None:
            line = self._line_of(number)
            rows = () if line is None else rows_of(line, self._layout, open_=self._is_open(number))
            laid = _Laid(rows or (TextRow(RenderedLine("", (), Level.UNKNOWN), 0, 0),), {})
            if line is not None and line.target.pod == "" and line.marker:
                return laid  # a marker of lost lines changes its text and keeps its number
            if len(self._laid) >= _CACHED_LINES:
                self._laid.clear()
            self._laid[number] = laid
        return laid

    # -- painting -----------------------------------------------------------------------------------------------------

    def paint(
        self, number: int, row: int, look: RowLook, label: str, source: Style, palette: Palette, base: Style
    ) -> Strip:
        """Return one row of a line.

        Args:
            label, source: the line's source and its colour.
            base: the widget's own colours.
        """
        line, layout = self._line_of(number), self._layout
        if look.cursor:
            base += palette.cursor_blurred
        if line is None:
            return Strip.blank(layout.width, base)
        laid = self._lay_out(number)
        at = laid.rows[min(row, len(laid.rows) - 1)]
        gutter = _gutter(look, palette, base)
        if line.marker:
            style = base + (palette.gap if line.marker == "gap" else palette.notice)
            text = at.piece.text[at.start : at.end].rstrip()
            if row == len(laid.rows) - 1:
                text += " " + "─" * max(0, layout.width - GUTTER_CELLS - cell_len(text) - 1)
            room = layout.width - GUTTER_CELLS
            seen = visible(text, 0, len(text), layout.left, room)
            text = " " * seen.blanks + text[seen.first : seen.last]
            pad = Segment(" " * max(0, room - seen.blanks - seen.cells), base)
            return Strip([gutter, Segment(text, style), pad], layout.width)
        lead: list[Segment] = [gutter]
        if row > 0:
            lead.append(Segment(" " * (layout.lead - GUTTER_CELLS), base))
        else:
            if layout.times:
                lead += [Segment(look.time or " " * layout.times, base + palette.muted), Segment(" ", base)]
            if layout.prefix:
                lead += [Segment(fit_label(label, layout.prefix), base + source), Segment(" ", base)]
        segments = [*lead, *self._text(laid, at, look, palette, base)]
        if layout.lead + layout.room == layout.width:
            return Strip(segments, layout.width)
        return exact(segments, layout.width, base)

    def _text(self, laid: _Laid, at: TextRow, look: RowLook, palette: Palette, base: Style) -> list[Segment]:
        """Return the text of a row in exactly the width for text."""
        left, room, text = self._layout.left, self._layout.room, at.piece.text
        seen = visible(text, at.start, at.end, left, room)
        end: list[Segment] = []
        if seen.more and len(laid.rows) == 1:
            seen = visible(text, at.start, at.end, left, room - 1)
            end = [Segment(MORE, base + palette.muted)]
        if pad := room - seen.blanks - seen.cells - len(end):
            end.insert(0, Segment(" " * pad, base))
        blanks = [Segment(" " * seen.blanks, base)] if seen.blanks else []
        return [*blanks, *self._runs(laid, at.piece, seen.first, seen.last, look, palette, base), *end]

    def _runs(
        self, laid: _Laid, piece: RenderedLine, first: int, last: int, look: RowLook, palette: Palette, base: Style
    ) -> list[Segment]:
        """Return the characters from first to last in the styles of their parts, with highlights."""
        plain = base + (palette.muted if look.context else palette.tone(_LEVEL_TONES.get(piece.level, Tone.PLAIN)))
        runs: list[tuple[int, int, Style]] = []
        at = first
        for span in () if look.context else piece.spans:
            if span.end <= at:
                continue
            if span.start >= last:
                break
            start, end = max(span.start, at), min(span.end, last)
            if start > at:
                runs.append((at, start, plain))
            runs.append((start, end, _part_style(span, plain, palette, base)))
            at = end
        if at < last:
            runs.append((at, last, plain))
        hits = [hit for hit in self._hits(laid, piece, last) if hit[0] < last and hit[1] > first]
        if hits:
            styles = [style for start, end, style in runs for _ in range(start, end)]
            for start, end, which in hits:
                start, end = max(start, first) - first, min(end, last) - first
                styles[start:end] = [base + self._highlight_style(which, look, palette)] * (end - start)
            runs = [(at, at + 1, style) for at, style in enumerate(styles, first)]
        segments: list[Segment] = []
        for style, same in groupby(runs, _style_of):
            pieces = [piece.text[start:end] for start, end, _ in same]
            segments.append(Segment("".join(pieces), style))
        return segments

    def _hits(self, laid: _Laid, piece: RenderedLine, end: int) -> list[tuple[int, int, int]]:
        if not self._highlights:
            return []
        hits = laid.hits.get(id(piece))
        if hits is None:
            limit = len(piece.text) if self._layout.wrap or len(laid.rows) > 1 else end + 1024
            text = piece.text[:limit]
            hits = laid.hits[id(piece)] = [
                (*span, which) for pattern, which in self._highlights for span in self._spans(pattern, text)
            ]
        return hits

    def _spans(self, pattern: SearchPattern, text: str) -> list[tuple[int, int]]:
        if not pattern.can_be_slow:
            return pattern.spans(text, limit=MAX_HITS)
        begun = perf_counter()
        if begun - self._window_begun > _HITS_WINDOW:
            self._window_begun, self._seconds_left = begun, _HITS_SECONDS
        spans = pattern.spans(text, limit=MAX_HITS, seconds=self._seconds_left)
        self._seconds_left -= perf_counter() - begun
        return spans

    @staticmethod
    def _highlight_style(which: int, look: RowLook, palette: Palette) -> Style:
        if which < 0:
            return palette.hit_current if look.cursor else palette.hit
        return palette.highlights[which % len(palette.highlights)]


def _part_style(span: LineSpan, plain: Style, palette: Palette, base: Style) -> Style:
    if span.colour is not None:
        return sgr_style(span.colour, base)
    if span.kind in _MUTED_PARTS:
        return base + palette.muted
    return base if span.kind in _PLAIN_PARTS else plain


def _gutter(look: RowLook, palette: Palette, base: Style) -> Segment:
    if look.marked:
        return Segment(MARK_BAR, base + palette.tone(Tone.WARN))
    return Segment(CURSOR_BAR if look.cursor else " ", base + palette.tone(Tone.ACCENT))


def rule(layout: LogLayout, palette: Palette, base: Style) -> Strip:
    """Return the row between two groups of lines."""
    return exact([Segment(" " * GUTTER_CELLS + GROUP_RULE * layout.width, base + palette.muted)], layout.width, base)


def exact(segments: Sequence[Segment] | Strip, width: int, fill: Style, *, left: int = 0) -> Strip:
    """Return the segments as a strip of exactly `width` cells, `left` cells cut off at the start."""
    return Strip(segments).crop_extend(left, left + width, fill)
