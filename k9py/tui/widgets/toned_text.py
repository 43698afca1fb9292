"""Toned text, line by line: its pieces, text and YAML as lines, and folding. Pure.

A line is a tuple of (text, tone) pieces, as `StyledLine` of the views; `TextSpan` gives the pieces names.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size

from k9py.api.text import printable
from k9py.tui.tones import bullet
from k9py.views.values import StyledLine, Tone

MIN_FOLD_CELLS: Final = 12
"""Folding to fewer cells would only make a ladder of words."""
TAB_CELLS: Final = 4

_YAML_INDENT: Final = re.compile(r" *(?:- )*")
_YAML_KEY: Final = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#{\[][^:]*(?::[^\s:][^:]*)*):(?P<blank> |$)"""
)
_YAML_NUMBER: Final = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|true|false|null|~")


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
    """Return YAML as lines, with tones for keys, strings, numbers and comments. Expects what `yaml_text` writes."""
    lines: list[TextLine] = []
    block_column: int | None = None
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        if block_column is not None and (not stripped or len(line) - len(stripped) > block_column):
            lines.append((TextSpan(line, Tone.STRING),))
            continue
        block_column = None
        indent = _YAML_INDENT.match(line)
        margin = indent[0] if indent else ""
        body = line[len(margin) :]
        key = _YAML_KEY.match(body)
        if body.startswith("#"):
            lines.append((TextSpan(line, Tone.MUTED),))
        elif key is None:
            lines.append((TextSpan(margin, Tone.MUTED), TextSpan(body, _yaml_tone(body))))
        else:
            value = body[key.end() :]
            pieces = [TextSpan(margin, Tone.MUTED), TextSpan(key["key"], Tone.ACCENT), TextSpan(f":{key['blank']}")]
            lines.append((*pieces, TextSpan(value, _yaml_tone(value))))
            if value[:1] in ("|", ">"):
                block_column = len(margin)
    return lines


def _yaml_tone(value: str) -> Tone:
    if value[:1] in ("", "|", ">", "{", "["):
        return Tone.PLAIN
    return Tone.NUMBER if _YAML_NUMBER.fullmatch(value) else Tone.STRING


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
