"""Colour sequences (SGR) in log lines: removed, or parsed to spans of the text; everything else is made harmless.

Invariant: the result has no escape sequence, control or invisible character, whatever the input, and `plain_text(text)`
is the text of `parse_sgr(text)`. Concealed and blinking text is shown like any other: a log line must not hide text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from k9py.api.text import ESCAPE_SEQUENCE, replace_unsafe

SgrColour = int | tuple[int, int, int] | None
"""A number of the 256-colour palette (0-15 are the named ones), red, green and blue of 0-255, or None: the default."""

TAB: Final = 8
"""Characters between two tab stops."""

MAX_SEQUENCES: Final = 2_000
"""Sequences of one text that are parsed; what follows has no colour."""

_PARAMETERS: Final = re.compile(r"\x1b\[([0-9;:]{0,200})m")
_BLANKS: Final = str.maketrans("\r\n", "  ")


@dataclass(frozen=True, slots=True)
class SgrStyle:
    """The style of a piece of text, in the terminal's own terms."""

    foreground: SgrColour = None
    background: SgrColour = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


NO_STYLE: Final = SgrStyle()


class ColourSpan(NamedTuple):
    """A piece of a text, in characters, that has a style."""

    start: int
    end: int
    colour: SgrStyle


def plain_text_with_tabs(text: str) -> str:
    """Return a text without anything a terminal would act on; tabs stay, which `cut` and others split fields at."""
    return text if text.isprintable() else "\t".join([plain_text(part) for part in text.split("\t")])


def plain_text(text: str) -> str:
    """Return the text on one line without colours or anything else a terminal would act on, with tabs as blanks.

    Printable text is returned as it is, at the cost of one `str.isprintable`.
    """
    if text.isprintable():
        return text
    text = text.rstrip("\r\n")
    if "\x1b" in text or "\x9b" in text:
        text = ESCAPE_SEQUENCE.sub("", text)
    return _clean(text, 0)


def parse_sgr(text: str) -> tuple[str, tuple[ColourSpan, ...]]:
    """Return the plain text and its coloured pieces, ascending and without overlap."""
    if "\x1b" not in text:
        return plain_text(text), ()
    text = text.rstrip("\r\n")
    pieces: list[str] = []
    spans: list[ColourSpan] = []
    colour, at, column = NO_STYLE, 0, 0
    for count, sequence in enumerate(ESCAPE_SEQUENCE.finditer(text)):
        if count >= MAX_SEQUENCES:
            text, at, colour = ESCAPE_SEQUENCE.sub("", text[at:]), 0, NO_STYLE
            break
        start, end = sequence.span()
        if start > at:
            column = _add(_clean(text[at:start], column), column, colour, pieces, spans)
        at = end
        parameters = _PARAMETERS.fullmatch(text, start, end)
        if parameters:
            colour = _apply(colour, parameters[1])
    if at < len(text):
        _add(_clean(text[at:], column), column, colour, pieces, spans)
    return "".join(pieces), tuple(spans)


def _add(piece: str, column: int, colour: SgrStyle, pieces: list[str], spans: list[ColourSpan]) -> int:
    """Append a piece at a column; return the column after it."""
    pieces.append(piece)
    end = column + len(piece)
    if colour != NO_STYLE:
        if spans and spans[-1].end == column and spans[-1].colour == colour:
            spans[-1] = ColourSpan(spans[-1].start, end, colour)
        else:
            spans.append(ColourSpan(column, end, colour))
    return end


def _clean(text: str, column: int) -> str:
    """Return a text without escape sequences, which begins at a column, with tabs as blanks and made harmless."""
    if text.isprintable():
        return text
    if "\t" in text:
        before = column % TAB
        text = (" " * before + text.translate(_BLANKS)).expandtabs(TAB)[before:]
    return text if text.isprintable() else replace_unsafe(text)


@lru_cache(maxsize=1024)
def _apply(colour: SgrStyle, parameters: str) -> SgrStyle:
    """Return the style after a sequence with those parameters, separated by `;`, their parts by `:`."""
    groups = [[_number(part) for part in group.split(":")] for group in parameters.split(";")]
    while groups:
        group = groups.pop(0)
        code = group[0]
        if code in (38, 48):
            if len(group) == 1:
                length = {5: 2, 2: 4}.get(groups[0][0], 1) if groups else 0
                group = [code, *(part[0] for part in groups[:length])]
                del groups[:length]
            elif len(group) == 6 and group[1] == 2:
                del group[2]  # the colour space
            chosen = _extended(group[1:])
            if chosen is not None:
                colour = replace(colour, foreground=chosen) if code == 38 else replace(colour, background=chosen)
        elif code == 4 and len(group) > 1:
            colour = replace(colour, underline=group[1] != 0)
        else:
            colour = _simple(colour, code)
    return colour


def _number(text: str) -> int:
    """Return a parameter: 0 when absent, -1 when too long to be valid."""
    return int(text or 0) if len(text) <= 4 else -1


def _extended(parts: list[int]) -> SgrColour:
    """Return the colour of `5;n` or `2;r;g;b`; None when it is invalid."""
    if not all(0 <= part <= 255 for part in parts):
        return None
    match parts:
        case [5, number]:
            return number
        case [2, red, green, blue]:
            return (red, green, blue)
    return None


def _simple(colour: SgrStyle, code: int) -> SgrStyle:
    """Return the style after a single code."""
    match code:
        case 0:
            return NO_STYLE
        case 1:
            return replace(colour, bold=True)
        case 2:
            return replace(colour, dim=True)
        case 3:
            return replace(colour, italic=True)
        case 4 | 21:
            return replace(colour, underline=True)
        case 7:
            return replace(colour, reverse=True)
        case 22:
            return replace(colour, bold=False, dim=False)
        case 23:
            return replace(colour, italic=False)
        case 24:
            return replace(colour, underline=False)
        case 27:
            return replace(colour, reverse=False)
        case 39:
            return replace(colour, foreground=None)
        case 49:
            return replace(colour, background=None)
    for first, bright in ((30, 0), (90, 8)):
        if first <= code < first + 8:
            return replace(colour, foreground=code - first + bright)
        if first + 10 <= code < first + 18:
            return replace(colour, background=code - first - 10 + bright)
    return colour
