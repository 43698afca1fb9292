"""Fold lines of toned text at blanks, so that nothing of a warning or a difference is cut."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len, set_cell_size

from k9py.tui.widgets.text_view import TextLine, TextSpan
from k9py.views.values import Tone

LEAST: Final = 12
"""Cells below which folding would only make a ladder of words."""


def fold(line: TextLine, room: int, *, indent: int = 0) -> list[TextLine]:
    """Break a line into lines of at most so many cells; those that follow are indented. At least one line."""
    if room < LEAST or sum(cell_len(span.text) for span in line) <= room:
        return [line]
    indent = min(indent, room - LEAST)
    margin = TextSpan(" " * indent)
    lines: list[TextLine] = []
    present: list[TextSpan] = []
    used = 0
    for span in line:
        for word in _words(span.text):
            left = word
            while used + cell_len(left.rstrip()) > room:
                if used > (indent if lines else 0):  # not a line of its own yet: begin one
                    lines.append(tuple(present))
                    present, used = [margin] if indent else [], indent
                    left = left.lstrip()
                    continue
                piece = set_cell_size(left, room - used)
                present.append(TextSpan(piece, span.tone))
                left = left[len(piece.rstrip()) :]
                lines.append(tuple(present))
                present, used = [margin] if indent else [], indent
            if left:
                present.append(TextSpan(left, span.tone))
                used += cell_len(left)
    if present:
        lines.append(tuple(present))
    return lines


def fold_words(text: str, tone: Tone, room: int) -> list[str]:
    """Return what stands where there is nothing else to show, with the tone's sign, in rows of so many cells."""
    symbol = f"{tone.symbol} " if tone.symbol.strip() else ""
    folded = fold((TextSpan(f"{symbol}{text}"),), room, indent=len(symbol))
    return ["".join(span.text for span in row).rstrip() for row in folded] if text else []


def _words(text: str) -> list[str]:
    """Split after blanks, keeping them."""
    words: list[str] = []
    start = 0
    for at in range(1, len(text)):
        if text[at - 1] == " " and text[at] != " ":
            words.append(text[start:at])
            start = at
    words.append(text[start:])
    return words
