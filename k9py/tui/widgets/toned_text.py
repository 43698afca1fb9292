"""Toned text, line by line: its pieces, text and YAML as lines, and folding. Pure.

A line is a tuple of (text, tone) pieces, as `StyledLine` of the views; `TextSpan` gives the pieces names.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size

from k9py.api.text import printable
from k9py.tui.tones import bullet
from k9py.views.values import StyledLine, Tone

MIN_FOLD_CELLS: Final = 12
"""Folding to fewer cells would only make a ladder of words."""
TAB_CELLS: Final = 4


class TextSpan(NamedTuple):
    """A piece of a line with a tone."""

    text: str
    tone: Tone = Tone.PLAIN


TextLine = tuple[TextSpan, ...]
"""One line, from left to right."""


def text_line(line: StyledLine) -> TextLine:
    """Return a line of the views, made printable."""
    return tuple(TextSpan(printable(text), tone) for text, tone in line)


def plain_lines(text: str, tone: Tone = Tone.PLAIN) -> list[TextLine]:
    """Return a text of many lines as lines of one tone."""
    return [(TextSpan(line, tone),) for line in text.splitlines()]


def yaml_lines(text: str) -> list[TextLine]:
    """Return YAML as lines, its keys and comments in tones of their own."""
    lines: list[TextLine] = []
    for line in text.splitlines():
        body = line.lstrip(" -")
        key, colon, value = body.partition(":")
        if body.startswith("#"):
            lines.append((TextSpan(line, Tone.MUTED),))
        elif colon and key and (value == "" or value.startswith(" ")) and not key.startswith(('"', "'")):
            indent = line[: len(line) - len(body)]
            lines.append((TextSpan(indent, Tone.MUTED), TextSpan(key, Tone.ACCENT), TextSpan(colon + value)))
        else:
            lines.append((TextSpan(line),))
    return lines


def printable_line(text: str) -> str:
    """Return text for a line that is drawn cell by cell: printable, tabs expanded to the next stop."""
    if text.isprintable():
        return text
    if "\t" not in text:
        return printable(text)
    return "\t".join([printable(part) for part in text.split("\t")]).expandtabs(TAB_CELLS)


def fold(line: TextLine, width: int, *, indent: int = 0) -> list[TextLine]:
    """Break a line at blanks into lines of at most `width` cells; at least one line.

    Args:
        indent: cells that the second line and those below it are indented by.
    """
    if width < MIN_FOLD_CELLS or sum(cell_len(span.text) for span in line) <= width:
        return [line]
    indent = min(indent, width - MIN_FOLD_CELLS)
    margin = TextSpan(" " * indent)
    lines: list[TextLine] = []
    current: list[TextSpan] = []
    used = 0
    for span in line:
        for word in _words(span.text):
            left = word
            while used + cell_len(left.rstrip()) > width:
                if used > (indent if lines else 0):  # the word is not on a line of its own yet
                    lines.append(_without_last_blanks(current))
                    current, used = [margin] if indent else [], indent
                    left = left.lstrip()
                    continue
                piece = set_cell_size(left, width - used)
                current.append(TextSpan(piece, span.tone))
                left = left[len(piece.rstrip()) :]
                lines.append(tuple(current))
                current, used = [margin] if indent else [], indent
            if left:
                current.append(TextSpan(left, span.tone))
                used += cell_len(left)
    if current:
        lines.append(_without_last_blanks(current))
    return lines


def fold_empty_text(text: str, tone: Tone, width: int) -> list[str]:
    """Return the text of an empty widget, after the symbol of its tone, in rows of at most `width` cells."""
    symbol = f"{tone.symbol} " if tone.symbol.strip() else ""
    folded = fold((TextSpan(f"{symbol}{text}"),), width, indent=len(symbol))
    return ["".join(span.text for span in row).rstrip() for row in folded] if text else []


def marked_line(tone: Tone, *pieces: tuple[str, Tone], width: int) -> list[TextLine]:
    """Return a line after the bullet of its tone, wrapped with a hanging indent."""
    return fold(text_line(((f"{bullet(tone)} ", tone), *pieces)), width, indent=2)


def _without_last_blanks(line: list[TextSpan]) -> TextLine:
    """Return a line without blanks at its end: they may not fit, and would be wrapped to a line of their own."""
    *spans, last = line
    return (*spans, last._replace(text=last.text.rstrip(" ")))


def _words(text: str) -> list[str]:
    """Split after blanks, keeping them."""
    pieces: list[str] = []
    start = 0
    for at in range(1, len(text)):
        if text[at - 1] == " " and text[at] != " ":
            pieces.append(text[start:at])
            start = at
    pieces.append(text[start:])
    return pieces
