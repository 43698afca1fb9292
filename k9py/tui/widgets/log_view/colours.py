"""The colours of a container's output, as styles that are readable on the theme's background.

The sixteen named colours are shades of the theme; a text with too little contrast to its background becomes black or
white: a log line cannot hide text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.style import Style

from k9py.logs.parsing.sgr import SgrColour, SgrStyle
from k9py.tui.contrast import contrast

_MIN_CONTRAST: Final = 3.0
_DARK: Final = (
    "#8795a6", "#ff7a72", "#7ddb8f", "#e0c46c", "#6cb4f5", "#d79bea", "#7fd1e8", "#d9dfe7",
    "#9aa7b6", "#ff9d97", "#a0ecae", "#f2dc8c", "#9accff", "#e6bcf5", "#a8e4f4", "#ffffff",
)  # fmt: skip
_LIGHT: Final = (
    "#1c2430", "#b0152a", "#1f6a2a", "#7a5a00", "#0a58a8", "#8e2a82", "#00647d", "#5c6875",
    "#4c5b6b", "#c01f1f", "#2a7a36", "#8a6400", "#1f6ac0", "#a03a94", "#0a7590", "#1c2430",
)  # fmt: skip
_BLACK: Final = Color.parse("#0b1016")
_WHITE: Final = Color.parse("#ffffff")


@lru_cache(1024)
def sgr_style(colour: SgrStyle, base: Style) -> Style:
    """Return the style for a piece of text, laid over the widget's own colours."""
    dark = base.bgcolor is None or contrast(base.bgcolor, _WHITE) > contrast(base.bgcolor, _BLACK)
    foreground, background = _color(colour.foreground, dark), _color(colour.background, dark)
    base_color, color = background or base.bgcolor or _BLACK, foreground or base.color or _WHITE
    if contrast(color, base_color) < _MIN_CONTRAST:
        foreground = max(_BLACK, _WHITE, key=lambda candidate: contrast(candidate, base_color))
    return base + Style(
        color=foreground,
        bgcolor=background,
        bold=colour.bold or None,
        dim=colour.dim or None,
        italic=colour.italic or None,
        underline=colour.underline or None,
        reverse=colour.reverse or None,
    )


def _color(colour: SgrColour, dark: bool) -> Color | None:
    if colour is None:
        return None
    if isinstance(colour, tuple):
        return Color.from_rgb(*colour)
    if colour < 16:
        return Color.parse((_DARK if dark else _LIGHT)[colour])
    red, green, blue = Color.from_ansi(colour).get_truecolor()
    return Color.from_rgb(red, green, blue)
