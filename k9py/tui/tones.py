"""Tones on the screen: the symbol and the text of a tone, and the tones of diff signs.

The one place where the TUI turns a tone into text; the colour of a tone is `Palette.tone`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.text import Text

from k9py.api.text import printable
from k9py.tui.palettes import Palette
from k9py.views.values import Tone

DIFF_TONES: Final[Mapping[str, Tone]] = {"+": Tone.OK, "-": Tone.FAIL, "@": Tone.ACCENT, " ": Tone.MUTED}
"""Tone of a line of a diff, by its sign."""

FAILING_TONES: Final = frozenset({Tone.FAIL, Tone.DEGRADED, Tone.STUCK})
"""Tones of what needs attention now."""


def bullet(tone: Tone) -> str:
    """Return the symbol of a tone; a dot for tones without one."""
    symbol = tone.symbol.strip()
    return symbol or "·"


def styled_text(lines: Iterable[Sequence[tuple[str, Tone]]], palette: Palette, *, wrap: bool = False) -> Text:
    """Return lines of toned pieces as one Rich text, made printable.

    Args:
        wrap: wrap long lines; else they are cut with an ellipsis.
    """
    text = Text(no_wrap=not wrap, overflow="ellipsis")
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for piece, tone in line:
            text.append(printable(piece), palette.tone(tone))
    return text
