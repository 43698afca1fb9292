"""Sections of a description as lines of text: labels aligned, long texts folded, secrets hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from k9py.api.redaction import redact_text
from k9py.tui.widgets.toned_text import TextLine, TextSpan
from k9py.views.describe import Section
from k9py.views.values import Tone

MIN_FOLD_CELLS: Final = 20
"""Cells below which a folded text would be a ladder of single words."""

_MARKED: Final = frozenset({Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.UNKNOWN, Tone.WARN})
"""Tones of lines that begin with their symbol."""

_FOLDING: Final = Console(width=MIN_FOLD_CELLS)


def redact_section(section: Section) -> Section:
    """Return a section with what looks like a secret hidden: messages and events may repeat one."""
    return replace(section, lines=tuple(replace(line, text=redact_text(line.text)) for line in section.lines))


def section_lines(sections: Sequence[Section], width: int = 0) -> list[TextLine]:
    """Return titled sections as lines, labels aligned within each, long texts wrapped with a hanging indent.

    Args:
        sections: What is shown.
        width: Cells a line may take; 0 folds nothing.
    """
    lines: list[TextLine] = []
    for section in sections:
        if lines:
            lines.append(())
        lines.append((TextSpan(section.title, Tone.ACCENT),))
        label_width = min(24, max((len(line.label) for line in section.lines), default=0))
        indent = label_width + 4
        for line in section.lines:
            symbol = line.tone.symbol if line.tone in _MARKED else " "
            first, *others = fold_text(line.text, width - max(indent, len(line.label) + 4) if width else 0)
            lines.append(
                (
                    TextSpan(f"{symbol} ", line.tone),
                    TextSpan(f"{line.label:<{label_width}}  ", Tone.MUTED),
                    TextSpan(first, line.tone),
                )
            )
            lines += [(TextSpan(" " * indent), TextSpan(other, line.tone)) for other in others]
    return lines


def fold_text(text: str, width: int) -> list[str]:
    """Break a text at blanks into pieces of at most `width` cells; a longer word is cut. At least one piece."""
    if width < MIN_FOLD_CELLS or cell_len(text) <= width:
        return [text]
    return [piece.plain.rstrip() for piece in Text(text).wrap(_FOLDING, width)]
