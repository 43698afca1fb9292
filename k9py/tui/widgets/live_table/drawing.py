"""Draw a table's rows and header: values to strips, without state.

A line is a gutter (cursor mark, symbol of the row's tone, a blank) and its cells. Symbol and mark carry the meaning of
the colours without colour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from k9py.api.text import printable
from k9py.tui.palettes import Palette
from k9py.tui.widgets.live_table.fitting import COLUMN_GAP, Fit
from k9py.tui.widgets.live_table.order import Order
from k9py.tui.widgets.toned_text import fold_empty_text
from k9py.views.values import Column, Row, Tone

GUTTER_CELLS: Final = 3
MARK: Final = "◆"
"""In the gutter of a marked row, instead of the cursor's mark: the cursor's line has another background too."""
_QUIET: Final = frozenset({Tone.OK, Tone.MUTED})
"""Rows of these tones are dimmed: healthy rows draw no attention."""
OnBase = Callable[[Style], Style]
"""Lays a palette style over the widget's own colours."""


class CursorLook(Enum):
    """The cursor on a line; the value is the mark in the gutter."""

    NONE = ""
    FOCUSED = "▌"
    BLURRED = "▎"


_CURSOR_STYLES: Final[dict[CursorLook, Callable[[Palette], Style]]] = {
    CursorLook.NONE: lambda palette: palette.tone(Tone.PLAIN),
    CursorLook.FOCUSED: lambda palette: palette.cursor_row,
    CursorLook.BLURRED: lambda palette: palette.cursor_blurred,
}


@dataclass(frozen=True, slots=True)
class RowLine:
    """Everything a row's line depends on; `cells` are those of the visible columns."""

    key: object
    cells: tuple[tuple[str, Tone], ...]
    tone: Tone
    cursor: CursorLook
    layout: int
    left: int
    marked: bool = False


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """Everything the header line depends on."""

    order: Order
    layout: int
    left: int


@dataclass(frozen=True, slots=True)
class EmptyLine:
    """The text shown when there are no rows, or a row of it."""

    text: str
    tone: Tone


def visible_cells(
    row: Row, columns: Sequence[Column], fit: Fit, now: Callable[[], datetime]
) -> tuple[tuple[str, Tone], ...]:
    """Return text and tone of the cells in the visible columns; `now` is called for live columns alone."""
    cells: list[tuple[str, Tone]] = []
    for slot in fit.slots:
        cell = row.cells[slot.index]
        live = columns[slot.index].live
        cells.append((cell.text if live is None else live(row, now()), cell.tone))
    return tuple(cells)


def changed_spans(old: RowLine, new: RowLine, fit: Fit, room: int) -> list[tuple[int, int]] | None:
    """Return (first cell, cells) of the parts that differ between two lines of a row; None when all may differ."""
    if replace(old, cells=()) != replace(new, cells=()):
        return None
    spans: list[tuple[int, int]] = []
    for slot, before, after in zip(fit.slots, old.cells, new.cells, strict=True):
        if before != after:
            start = max(0, slot.x - new.left)
            end = min(slot.x - new.left + slot.width, room)
            if end > start:
                spans.append((start + GUTTER_CELLS, end - start))
    return spans


def fit_text(text: str, width: int, *, align_right: bool = False) -> str:
    """Return the text in exactly `width` cells, cut with an ellipsis, wide characters kept whole."""
    if not text.isprintable():
        text = printable(text)
    if text.isascii():
        if len(text) > width:
            return text[: width - 1] + "…" if width > 0 else ""
        return text.rjust(width) if align_right else text.ljust(width)
    cells = cell_len(text)
    if cells > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    return " " * (width - cells) + text if align_right else text + " " * (width - cells)


def draw_header(
    line: HeaderLine, columns: Sequence[Column], fit: Fit, width: int, palette: Palette, on_base: OnBase
) -> Strip:
    """Return the line of titles, with the arrow of the order at its column.

    The gutter shows the severity of each row, so the arrow of the order by rank is there.
    """
    plain, chosen = on_base(palette.header), on_base(palette.header_sorted)
    order = line.order
    arrow = "↓" if order.reverse else "↑"
    labels: list[tuple[str, Style]] = []
    is_shown = False
    for slot in fit.slots:
        column = columns[slot.index]
        is_sorted = column.id == order.column
        is_shown |= is_sorted
        labels.append((column.title + (f" {arrow}" if is_sorted else ""), chosen if is_sorted else plain))
    lead = [("   " if is_shown else f" {arrow} ", chosen)]
    return _draw_cells(lead, labels, columns, fit, left=line.left, width=width, fill=plain)


def draw_row(
    line: RowLine, columns: Sequence[Column], fit: Fit, width: int, palette: Palette, on_base: OnBase
) -> Strip:
    """Return a row's line, each cell in its tone, under the cursor too; a healthy row is dimmed except its symbol."""
    fill = on_base(_CURSOR_STYLES[line.cursor](palette))
    if fill.reverse:  # without colour: one strong style for the whole line
        lead_style, styles = fill, [fill] * len(line.cells)
    else:
        lead_style = fill + palette.tone(line.tone)
        quiet = line.tone in _QUIET and line.cursor is CursorLook.NONE
        styles = [fill + palette.tone(_quiet_tone(tone) if quiet else tone) for _, tone in line.cells]
    accent = fill if fill.reverse else fill + palette.tone(Tone.ACCENT)
    lead = [(MARK if line.marked else line.cursor.value or " ", accent), (line.tone.symbol, lead_style), (" ", fill)]
    cells = [(text, style) for (text, _), style in zip(line.cells, styles, strict=True)]
    return _draw_cells(lead, cells, columns, fit, left=line.left, width=width, fill=fill)


def _quiet_tone(tone: Tone) -> Tone:
    """Return the tone of a cell in a dimmed row: only a tone worse than healthy stays."""
    return Tone.MUTED if tone in (Tone.PLAIN, Tone.OK, Tone.ACCENT) else tone


def empty_row(line: EmptyLine, at: int, width: int) -> EmptyLine | None:
    """Return a row of the folded text of an empty table; None past its end."""
    rows = fold_empty_text(line.text, line.tone, width - GUTTER_CELLS - 1)
    return EmptyLine(rows[at], line.tone) if 0 <= at < len(rows) else None


def draw_empty(line: EmptyLine, width: int, palette: Palette, on_base: OnBase) -> Strip:
    """Return a row of the text of an empty table."""
    return Strip([Segment(fit_text(" " * GUTTER_CELLS + line.text, width), on_base(palette.tone(line.tone)))])


def _draw_cells(
    lead: Sequence[tuple[str, Style]],
    cells: Sequence[tuple[str, Style]],
    columns: Sequence[Column],
    fit: Fit,
    *,
    left: int,
    width: int,
    fill: Style,
) -> Strip:
    """Return a line: the gutter `lead`, then each cell in its slot; `left` cells of the columns are scrolled out."""
    runs: list[tuple[str, Style]] = []
    for slot, (text, style) in zip(fit.slots, cells, strict=True):
        runs.append((fit_text(text, slot.width, align_right=columns[slot.index].align_right), style))
        runs.append((" " * COLUMN_GAP, fill))
    body = Strip([Segment(text, style) for text, style in _joined(runs)])
    room = max(0, width - GUTTER_CELLS)
    gutter = [Segment(text, style) for text, style in lead]
    return Strip([*gutter, *body.crop_extend(left, left + room, fill)]).adjust_cell_length(width, fill)


def _joined(runs: Sequence[tuple[str, Style]]) -> list[tuple[str, Style]]:
    """Join neighbours of one style: fewer bytes to the terminal."""
    joined: list[tuple[str, Style]] = []
    for text, style in runs:
        if joined and joined[-1][1] is style:
            joined[-1] = (joined[-1][0] + text, style)
        else:
            joined.append((text, style))
    return joined
