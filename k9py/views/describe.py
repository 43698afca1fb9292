"""A description of an object: titled sections of labelled lines, and the same as plain text.

Invariant: every label, text and title is printable. Sections are a flat sequence with a depth: a section belongs to the
last one before it with a smaller depth, so a front end can fold it away. What sections an object has:
`resources/describe/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Final

from k9py.api.text import printable
from k9py.views.values import Tone

MIN_WRAP_CELLS: Final = 20
"""Characters below which wrapped text would be a ladder of single words."""
MAX_LABEL: Final = 28
"""Longer labels do not move the texts of a section to the right."""


@dataclass(frozen=True, slots=True)
class DescribeLine:
    """A line: a dim label (may be empty) and a text."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of lines.

    Args:
        title: Of one to four words.
        lines: In the order they are shown.
        depth: 0 for a section of its own; 1 for a part of the section before it.
        folded: Whether a screen shows only its title at first.
    """

    title: str
    lines: tuple[DescribeLine, ...]
    depth: int = 0
    folded: bool = False


def line(label: str, text: str, tone: Tone = Tone.PLAIN) -> DescribeLine:
    """Return a line of text that is made printable."""
    return DescribeLine(printable(label), printable(text), tone)


def section(title: str, lines: Iterable[DescribeLine | None], *, depth: int = 0, folded: bool = False) -> Section:
    """Return a section of the lines that have a text; None stands for no line."""
    return Section(printable(title), tuple(line for line in lines if line and line.text), depth, folded)


def pairs(values: Mapping[str, Any] | None) -> str:
    """Return `name=value, name=value`."""
    return ", ".join(f"{name}={value}" for name, value in (values or {}).items())


def after_colon(text: str) -> str:
    """Return the text after a colon, "" without a text."""
    return f": {text}" if text else ""


def plain_text_lines(sections: Sequence[Section], width: int = 0) -> Iterator[str]:
    """Yield a description as lines of plain text: labels aligned within each section.

    Args:
        sections: What is shown; one without lines shows its title alone.
        width: Characters a line may take; 0 wraps nothing.
    """
    for number, part in enumerate(sections):
        margin = "  " * part.depth
        if number and not part.depth:
            yield ""
        yield f"{margin}{part.title}"
        label_width = min(MAX_LABEL, max((len(line.label) for line in part.lines), default=0))
        for shown in part.lines:
            symbol = shown.tone.symbol if shown.tone in MARKED_TONES else " "
            label = f"{margin}{symbol} {shown.label:<{label_width}}  " if label_width else f"{margin}{symbol} "
            room = width - len(label)
            is_long = width and room >= MIN_WRAP_CELLS and len(shown.text) > room
            texts = wrap(shown.text, room, break_on_hyphens=False) if is_long else [shown.text]
            indent = " " * len(label)
            yield from (f"{indent if index else label}{text}".rstrip() for index, text in enumerate(texts or [""]))


MARKED_TONES: Final = frozenset({Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.UNKNOWN, Tone.WARN})
"""Tones of lines that begin with their symbol."""
