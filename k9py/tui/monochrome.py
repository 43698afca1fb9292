"""The screen without colour, for NO_COLOR, TERM=dumb and --no-color (`config.terminal.wants_color`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_REVERSE_DISTANCE: Final = 0.25
"""A background this much lighter or darker than the theme's (0 to 1) means "selected" and becomes reverse video."""


@lru_cache(2048)
def _without_color(style: Style, base_brightness: float) -> Style:
    plain = style.without_color
    background = style.bgcolor
    if background is None or background.is_default or plain.reverse:
        return plain
    brightness = Color.from_rich_color(background).brightness
    if abs(brightness - base_brightness) >= _REVERSE_DISTANCE:
        return plain + Style(reverse=True)
    return plain


class MonochromeFilter(LineFilter):
    """Remove every colour; a highlighted background becomes reverse video.

    Textual's own monochrome filter keeps grey 24-bit colours.
    """

    def __init__(self, base: Color) -> None:
        super().__init__(enabled=True)
        self._base_brightness = base.brightness

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        base = self._base_brightness
        return [
            Segment(text, None if style is None else _without_color(style, base), control)
            for text, style, control in segments
        ]
