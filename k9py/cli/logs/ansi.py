"""A line in parts becomes text with colour sequences: what a terminal shows of `kdash logs`.

Invariant: only sequences made here, of numbers, are added; the text given must be printable already.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from k9py.api.search_pattern import SearchPattern
from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import RenderedLine
from k9py.logs.parsing.sgr import SgrStyle

_RESET: Final = "\x1b[0m"
_SOURCES: Final = ("36", "35", "34", "32", "96", "95", "94", "92")
_MARKS: Final = ("30;43", "30;46", "30;45", "30;42")
_MOST_MARKS: Final = 200
"""Marks a line: more would be painting it."""

_LEVELS: Final[Mapping[Level, str]] = {
    Level.TRACE: "2",
    Level.DEBUG: "2",
    Level.INFO: "32",
    Level.WARN: "33",
    Level.ERROR: "31",
    Level.FATAL: "1;31",
}
_PARTS: Final[Mapping[str, str]] = {"time": "2", "key": "36", "quoted": "32", "cut": "2"}


class Painted(NamedTuple):
    """A stretch of a line and the numbers of its colour sequence."""

    start: int
    end: int
    codes: str


def paint(text: str, codes: str) -> str:
    """Return the text in these colours ("" for none)."""
    return f"\x1b[{codes}m{text}{_RESET}" if codes and text else text


def source_codes(name: str) -> str:
    """Return the colour of a source: the same for a name whenever it is asked."""
    return _SOURCES[zlib.crc32(name.encode()) % len(_SOURCES)]


def coloured_line(line: RenderedLine, patterns: Sequence[SearchPattern]) -> str:
    """Return a line in its colours, with what the patterns match marked."""
    base = _in_turn(
        (
            Painted(span.start, span.end, codes)
            for span in line.spans
            if (codes := _codes(span.kind, span.colour, line))
        ),
        len(line.text),
    )
    top = _in_turn(sorted(_marks(line.text, patterns)), len(line.text))
    return "".join(paint(line.text[start:end], codes) for start, end, codes in _over(base, top, len(line.text)))


def _codes(part: str, colour: SgrStyle | None, line: RenderedLine) -> str:
    if colour is not None:
        return _sgr_codes(colour)
    if part == "level" or (part == "message" and line.level >= Level.WARN):
        return _LEVELS.get(line.level, "")
    return _PARTS.get(part, "")


def _sgr_codes(colour: SgrStyle) -> str:
    flags = (
        (colour.bold, "1"),
        (colour.dim, "2"),
        (colour.italic, "3"),
        (colour.underline, "4"),
        (colour.reverse, "7"),
    )
    codes = [code for is_set, code in flags if is_set]
    for what, value in (("38", colour.foreground), ("48", colour.background)):
        if isinstance(value, int):
            codes.append(f"{what};5;{value}")
        elif value is not None:
            codes.append(f"{what};2;{';'.join(map(str, value))}")
    return ";".join(codes)


def _marks(text: str, patterns: Sequence[SearchPattern]) -> Iterator[Painted]:
    for number, pattern in enumerate(patterns):
        for start, end in pattern.spans(text, limit=_MOST_MARKS):
            yield Painted(start, end, _MARKS[number % len(_MARKS)])


def _in_turn(stretches: Iterable[Painted], length: int) -> list[Painted]:
    """Return the stretches without what overlaps one before."""
    found: list[Painted] = []
    at = 0
    for start, end, codes in stretches:
        start, end = max(start, at), min(end, length)
        if start < end:
            found.append(Painted(start, end, codes))
            at = end
    return found


def _over(base: Sequence[Painted], top: Sequence[Painted], length: int) -> Iterator[Painted]:
    """Yield the whole line in stretches; `top` covers `base`. Both are in order and overlap nothing of their own."""
    at, under = 0, 0
    for mark in (*top, Painted(length, length, "")):
        while at < mark.start:
            while under < len(base) and base[under].end <= at:
                under += 1
            if under == len(base) or base[under].start >= mark.start:
                yield Painted(at, mark.start, "")
                at = mark.start
            elif base[under].start > at:
                yield Painted(at, base[under].start, "")
                at = base[under].start
            else:
                end = min(base[under].end, mark.start)
                yield Painted(at, end, base[under].codes)
                at = end
        if mark.end > mark.start:
            yield mark
            at = mark.end
