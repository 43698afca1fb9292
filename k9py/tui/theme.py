"""The look of an app: which palette fits its theme, and how it is drawn without any colour.

Owns the monochrome look for NO_COLOR, TERM=dumb and --no-color. The colours themselves are in `palettes`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from k9py.config.terminal import wants_color
from k9py.tui.palettes import DARK, LIGHT, MONOCHROME, PALETTES, THEMES, Palette
from k9py.tui.terminal.diffing_app import DiffingApp

__all__ = ["MonochromeFilter", "Palette", "ThemedApp", "contrast", "palette_for", "palettes"]

ResultT = TypeVar("ResultT")

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
    """Remove every colour; what a highlighted background said is said by reverse video."""

    def __init__(self, base: Color) -> None:
        super().__init__(enabled=True)
        self._base_brightness = base.brightness

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        base = self._base_brightness
        return [
            Segment(text, None if style is None else _without_color(style, base), control)
            for text, style, control in segments
        ]


class ThemedApp(DiffingApp[ResultT], Generic[ResultT]):
    """An app that has our themes and can do without colour. Base class of the dashboard and of test hosts.

    Args:
        theme: Name of the first theme, one of `palettes.THEMES`.
        monochrome: None asks the environment (`config.terminal.wants_color`).
    """

    def __init__(self, *, theme: str = "dark", monochrome: bool | None = None, **app_options: Any) -> None:
        super().__init__(**app_options)
        self.monochrome = not wants_color(os.environ) if monochrome is None else monochrome
        for known in THEMES.values():
            self.register_theme(known)
        self.theme = THEMES[theme].name
        self._without_color = MonochromeFilter(Color.parse(THEMES[theme].background or "black"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return our own filter without colour (Textual's keeps grey 24-bit colours), Textual's otherwise."""
        return [self._without_color] if self.monochrome else super().get_line_filters()


def palette_for(app: App[Any]) -> Palette:
    """Return the styles that fit an app's present theme; any dark theme that is not ours gets the dark ones."""
    if isinstance(app, ThemedApp) and app.monochrome:
        return MONOCHROME
    theme = app.current_theme
    return PALETTES.get(theme.name) or (DARK if theme.dark else LIGHT)


def palettes() -> tuple[Palette, ...]:
    """Return every palette, for tests of contrast and completeness."""
    return (*PALETTES.values(), MONOCHROME)


def contrast(first: RichColor, second: RichColor) -> float:
    """Return the WCAG 2 contrast ratio of two colours, 1 to 21."""
    a, b = (_luminance(one) for one in (first, second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def _luminance(color: RichColor) -> float:
    channels = [value / 255 for value in color.get_truecolor()]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
