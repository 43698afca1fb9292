"""What the terminal shows, cell by cell, and the shortest output that turns it into the next frame.

Textual rewrites whole spans, each segment with its style. Here a frame is compared with the terminal's content: only
cells that differ are written, a style is set only where it changes, and a block of lines that moved up or down (a log)
is scrolled by the terminal itself. Invariant: once the output of `update` is written, the terminal shows `_lines`;
after any other output to the terminal the buffer must be discarded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from rich.color import ColorSystem
from rich.console import Console
from textual.strip import Strip

from k9py.tui.terminal.cells import SECOND_HALF, CellCodes

SMALL_GAP: Final = 4
"""Up to this many unchanged cells between two changes are rewritten: cheaper than moving the cursor."""
MOVED_LINES: Final = 6
"""Minimum lines of a block that is checked for a move."""
_EDGE: Final = 2
"""Cells at the right edge that do not move with the lines: scroll mark and border."""

_UNKNOWN: Final = "\x02"
_NO_STYLE: Final = "\x01"
_UNKNOWN_STYLE: Final = "\0"

Line = tuple[str, str]
Strips = Mapping[int, Mapping[int, Strip]]
"""Strips by screen line and first cell."""


class FrameBuffer:
    """The screen as the terminal shows it; unknown at first."""

    def __init__(self, width: int, height: int, console: Console) -> None:
        self.width = width
        self.height = height
        self._console = console
        self._codes = CellCodes(console._color_system or ColorSystem.TRUECOLOR)
        self._lines: list[Line] = [(_UNKNOWN * width, _UNKNOWN_STYLE * width)] * height
        self._shown: list[dict[int, Strip]] = [{} for _ in range(height)]
        self._style = ""

    @property
    def is_full(self) -> bool:
        """True when it should be discarded."""
        return self._codes.is_full

    def update(self, strips: Strips) -> str:
        """Return the output after which the terminal shows these strips, and remember them."""
        out: list[str] = []
        self._style = _UNKNOWN_STYLE
        changed: dict[int, Line] = {}
        for y, line in strips.items():
            if 0 <= y < self.height:
                new = self._line(y, line, out)
                if new != self._lines[y]:
                    changed[y] = new
        self._move_blocks(changed, out)
        for y, new in changed.items():
            self._write(y, new, out)
        if out and self._style != _NO_STYLE:
            out.append("\x1b[0m")
        return "".join(out)

    def _line(self, y: int, strips: Mapping[int, Strip], out: list[str]) -> Line:
        """Return a line with these strips; strips without cells are written immediately and not remembered."""
        shown = self._shown[y]
        characters, styles = self._lines[y]
        if any(x in shown and shown[x].cell_length != strip.cell_length for x, strip in strips.items()):
            shown.clear()  # the line is divided differently now
        for x, strip in strips.items():
            if shown.get(x) is strip or x >= self.width:
                continue  # strips never change
            cells = self._codes.cells(strip)
            length = min(strip.cell_length, self.width - x)
            if cells is None:
                out.append(f"\x1b[0m\x1b[{y + 1};{x + 1}H{strip.crop(0, length).render(self._console)}\x1b[0m")
                self._style = _NO_STYLE
                cells = (_UNKNOWN * length, _UNKNOWN_STYLE * length)
                self._lines[y] = _spliced(self._lines[y], x, cells, length)
                shown.pop(x, None)
            else:
                shown[x] = strip
            characters, styles = _spliced((characters, styles), x, cells, length)
        return characters, styles

    def _write(self, y: int, new: Line, out: list[str]) -> None:
        characters, styles = new
        for start, end in _changes(self._lines[y], new):
            out.append(f"\x1b[{y + 1};{start + 1}H")
            at = start
            while at < end:
                style, until = styles[at], at + 1
                while until < end and styles[until] == style:
                    until += 1
                if style != self._style:
                    sgr = self._codes.sgr(style)
                    out.append(f"\x1b[0;{sgr}m" if sgr else "\x1b[0m")
                    self._style = style
                out.append(self._codes.decode(characters[at:until]))
                at = until
        self._lines[y] = new

    def _move_blocks(self, changed: dict[int, Line], out: list[str]) -> None:
        """Scroll blocks that moved; lines that still differ stay in `changed`."""
        for top, bottom in list(_blocks(sorted(changed))):
            lines = self._moved(changed, top, bottom)
            if not lines:
                continue
            for y in range(top, bottom + 1):
                changed.setdefault(y, self._lines[y])
                self._shown[y].clear()
            blank = (" " * self.width, _NO_STYLE * self.width)
            block = self._lines[top : bottom + 1]
            out.append(f"\x1b[0m\x1b[{top + 1};{bottom + 1}r")
            if lines > 0:
                out.append(f"\x1b[{bottom + 1};1H" + "\x1bD" * lines)
                block = block[lines:] + [blank] * lines
            else:
                out.append(f"\x1b[{top + 1};1H" + "\x1bM" * -lines)
                block = [blank] * -lines + block[:lines]
            out.append("\x1b[r")
            self._lines[top : bottom + 1] = block
            self._style = _NO_STYLE

    def _moved(self, changed: Mapping[int, Line], top: int, bottom: int) -> int:
        """Return how many lines up (negative: down) most of a block moved; 0 when it did not."""
        size = bottom - top + 1
        if size < MOVED_LINES or any(
            _UNKNOWN_STYLE in changed.get(y, self._lines[y])[1] for y in range(top, bottom + 1)
        ):
            return 0
        edge = self.width - _EDGE
        before: dict[str, int] = {}
        for y in range(top, bottom + 1):
            before.setdefault(self._lines[y][0][:edge], y)
        votes: Counter[int] = Counter()
        for y in range(top, bottom + 1):
            text = changed.get(y, self._lines[y])[0][:edge]
            came_from = before.get(text)
            if came_from is not None and text.strip(" │"):
                votes[came_from - y] += 1
        for lines, count in votes.most_common(1):
            if count >= max(3, size // 3):
                return lines
        return 0


def _spliced(line: Line, x: int, cells: Line, length: int) -> Line:
    characters, styles = line
    end = x + length
    return (
        characters[:x] + cells[0][:length] + characters[end:],
        styles[:x] + cells[1][:length] + styles[end:],
    )


def _changes(old: Line, new: Line) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the cells to write; double-width characters whole, small known gaps written over."""
    characters, styles = new
    width = len(characters)
    start = end = -1
    for at, (before, after, old_style, style) in enumerate(zip(old[0], characters, old[1], styles, strict=True)):
        if (before == after and old_style == style) or style == _UNKNOWN_STYLE:
            continue  # unknown cells cannot be written, and stay
        if start >= 0 and (at - end > SMALL_GAP or _UNKNOWN_STYLE in styles[end:at]):
            yield _widened(characters, start, end, width)
            start = -1
        if start < 0:
            start = at
        end = at + 1
    if start >= 0:
        yield _widened(characters, start, end, width)


def _widened(characters: str, start: int, end: int, width: int) -> tuple[int, int]:
    while start > 0 and characters[start] == SECOND_HALF:
        start -= 1
    while end < width and characters[end] == SECOND_HALF:
        end += 1
    return start, end


def _blocks(lines: list[int]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of runs of lines; one line between may be missing (it did not change)."""
    first = last = -1
    for y in lines:
        if first < 0 or y > last + 2:
            if first >= 0:
                yield first, last
            first = y
        last = y
    if first >= 0:
        yield first, last
