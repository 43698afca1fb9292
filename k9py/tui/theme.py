"""Colours of the dashboard: two themes, the style of every tone in them, and the look without any colour.

Owns: `KDASH_DARK` and `KDASH_LIGHT` (Textual themes), one `Palette` of pre-made Rich styles for each, and the
monochrome look for NO_COLOR, TERM=dumb and --no-color. Invariants: blue means well, orange means look, red means
broken (told apart by people who do not tell red from green), and nothing is said by colour alone: every tone that
matters also has a symbol (`Tone.symbol`), bold or reverse. Palette styles carry no background, except the cursor and
search hits, so they can be laid over any widget.

To extend: add a field to `Palette` and its value in `_DARK`, `_LIGHT` and `_MONOCHROME`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from k9py.tables.values import Tone
from k9py.tui.terminal.diffing_app import DiffingApp

ResultT = TypeVar("ResultT")

_PLAIN: Final = Style.null()


@dataclass(frozen=True, slots=True)
class Palette:
    """The pre-made styles of one theme, for widgets that draw their own lines.

    `tones` has an entry for every `Tone`. `sources` are the colours log sources are told apart by, all readable on the
    theme's background. `highlights` are laid over what a filter or a chosen pattern finds.
    """

    name: str
    dark: bool
    tones: Mapping[Tone, Style]
    sources: tuple[Style, ...]
    header: Style
    header_sorted: Style
    cursor_focused: Style
    cursor_blurred: Style
    muted: Style
    hit: Style
    hit_current: Style
    highlights: tuple[Style, ...]
    notice: Style
    gap: Style
    scroll_thumb: Style
    scroll_track: Style
    status: Style

    def tone(self, tone: Tone) -> Style:
        """Return the style of a tone."""
        return self.tones[tone]

    def source(self, index: int) -> Style:
        """Return the colour of a log source; indexes beyond the palette wrap around."""
        return self.sources[index % len(self.sources)]


def _style(color: str, background: str | None = None, **attributes: bool) -> Style:
    return Style(color=color, bgcolor=background, **attributes)  # type: ignore[arg-type]


KDASH_DARK: Final = Theme(
    name="kdash-dark",
    primary="#6cb4f5",
    secondary="#8fa3b8",
    accent="#7fd1e8",
    foreground="#d9dfe7",
    background="#10151c",
    surface="#161c25",
    panel="#1e2631",
    success="#62bdf0",
    warning="#f2a541",
    error="#ff7a72",
    dark=True,
    variables={
        "block-cursor-background": "#6cb4f5",
        "block-cursor-foreground": "#0b1016",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#243040",
        "block-cursor-blurred-foreground": "#d9dfe7",
        "border": "#6cb4f5",
        "border-blurred": "#2e3a49",
        "footer-key-foreground": "#7fd1e8",
        "input-cursor-background": "#d9dfe7",
        "input-cursor-foreground": "#10151c",
        "input-selection-background": "#2f5f8f",
        "scrollbar": "#3a4757",
        "scrollbar-hover": "#52647a",
        "scrollbar-active": "#6cb4f5",
        "scrollbar-background": "#161c25",
        "scrollbar-background-hover": "#161c25",
        "scrollbar-background-active": "#161c25",
        "scrollbar-corner-color": "#161c25",
    },
)

KDASH_LIGHT: Final = Theme(
    name="kdash-light",
    primary="#0a58a8",
    secondary="#4c5b6b",
    accent="#00647d",
    foreground="#1c2430",
    background="#fafaf7",
    surface="#f1f2ee",
    panel="#e6e8e3",
    success="#0a5f9e",
    warning="#8f4700",
    error="#b0152a",
    dark=False,
    variables={
        "block-cursor-background": "#0a58a8",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#d5dfeb",
        "block-cursor-blurred-foreground": "#1c2430",
        "border": "#0a58a8",
        "border-blurred": "#c3c9d0",
        "footer-key-foreground": "#0a58a8",
        "input-cursor-background": "#1c2430",
        "input-cursor-foreground": "#fafaf7",
        "input-selection-background": "#b9d4f1",
        "scrollbar": "#b4bcc6",
        "scrollbar-hover": "#8e99a6",
        "scrollbar-active": "#0a58a8",
        "scrollbar-background": "#f1f2ee",
        "scrollbar-background-hover": "#f1f2ee",
        "scrollbar-background-active": "#f1f2ee",
        "scrollbar-corner-color": "#f1f2ee",
    },
)

_DARK: Final = Palette(
    name="kdash-dark",
    dark=True,
    tones={
        Tone.PLAIN: _PLAIN,
        Tone.OK: _style("#62bdf0"),
        Tone.BUSY: _style("#c3b1f5"),
        Tone.WARN: _style("#f2a541"),
        Tone.FAIL: _style("#ff7a72", bold=True),
        Tone.DEGRADED: _style("#ff7a72"),
        Tone.STUCK: _style("#f2a541", bold=True),
        Tone.UNKNOWN: _style("#b8a890", italic=True),
        Tone.MUTED: _style("#8795a6"),
        Tone.ACCENT: _style("#7fd1e8"),
    },
    sources=tuple(
        _style(color)
        for color in (
            "#6cb4f5", "#f2a541", "#7ddbc3", "#e79bd8", "#d8cf6a", "#b7a6f7",
            "#f59a83", "#8fd0f0", "#b4d488", "#f0b6c6", "#9fb6d9", "#d9b98c",
        )
    ),
    header=_style("#8fa3b8", bold=True),
    header_sorted=_style("#6cb4f5", bold=True),
    cursor_focused=_style("#0b1016", "#6cb4f5", bold=True),
    cursor_blurred=Style(bgcolor="#243040"),
    muted=_style("#8795a6"),
    hit=_style("#10151c", "#d8cf6a"),
    hit_current=_style("#10151c", "#f2a541", bold=True),
    highlights=tuple(
        _style("#10151c", color) for color in ("#7fd1e8", "#7ddbc3", "#e79bd8", "#b7a6f7", "#f59a83", "#b4d488")
    ),
    notice=_style("#7fd1e8", italic=True),
    gap=_style("#f2a541", italic=True),
    scroll_thumb=_style("#52647a"),
    scroll_track=_style("#222c38"),
    status=_style("#d9dfe7", "#2a3748"),
)  # fmt: skip

_LIGHT: Final = Palette(
    name="kdash-light",
    dark=False,
    tones={
        Tone.PLAIN: _PLAIN,
        Tone.OK: _style("#0a5f9e"),
        Tone.BUSY: _style("#6138a8"),
        Tone.WARN: _style("#8f4700"),
        Tone.FAIL: _style("#b0152a", bold=True),
        Tone.DEGRADED: _style("#b0152a"),
        Tone.STUCK: _style("#8f4700", bold=True),
        Tone.UNKNOWN: _style("#6b5a3c", italic=True),
        Tone.MUTED: _style("#5c6875"),
        Tone.ACCENT: _style("#00647d"),
    },
    sources=tuple(
        _style(color)
        for color in (
            "#0a58a8", "#8f4700", "#006b5b", "#8e2a82", "#6a6000", "#5a3fb0",
            "#a8341c", "#00657f", "#3f6a12", "#9c2b50", "#3f5680", "#74511d",
        )
    ),
    header=_style("#4c5b6b", bold=True),
    header_sorted=_style("#0a58a8", bold=True),
    cursor_focused=_style("#ffffff", "#0a58a8", bold=True),
    cursor_blurred=Style(bgcolor="#d5dfeb"),
    muted=_style("#5c6875"),
    hit=_style("#1c2430", "#f3e27a"),
    hit_current=_style("#1c2430", "#ffbf66", bold=True),
    highlights=tuple(
        _style("#1c2430", color) for color in ("#a9dcea", "#a8e6d2", "#f0c0e6", "#d0c5fa", "#fbc7b8", "#cfe6ae")
    ),
    notice=_style("#00647d", italic=True),
    gap=_style("#8f4700", italic=True),
    scroll_thumb=_style("#8e99a6"),
    scroll_track=_style("#dfe2de"),
    status=_style("#1c2430", "#d5dfeb"),
)  # fmt: skip

_BOLD: Final = Style(bold=True)
_DIM: Final = Style(dim=True)
_MONOCHROME: Final = Palette(
    name="monochrome",
    dark=True,
    tones={
        Tone.PLAIN: _PLAIN,
        Tone.OK: _PLAIN,
        Tone.BUSY: Style(italic=True),
        Tone.WARN: _BOLD,
        Tone.FAIL: _BOLD,
        Tone.DEGRADED: _BOLD,
        Tone.STUCK: _BOLD,
        Tone.UNKNOWN: Style(italic=True),
        Tone.MUTED: _DIM,
        Tone.ACCENT: _BOLD,
    },
    sources=(_PLAIN, _BOLD),
    header=_BOLD,
    header_sorted=Style(bold=True, underline=True),
    cursor_focused=Style(reverse=True, bold=True),
    cursor_blurred=Style(underline=True),
    muted=_DIM,
    hit=Style(reverse=True),
    hit_current=Style(reverse=True, bold=True, underline=True),
    highlights=(Style(underline=True), Style(underline=True, bold=True), Style(underline=True, italic=True)),
    notice=Style(italic=True, bold=True),
    gap=_BOLD,
    scroll_thumb=_PLAIN,
    scroll_track=_DIM,
    status=Style(reverse=True),
)


def wants_monochrome(environ: Mapping[str, str] | None = None, *, no_color: bool = False) -> bool:
    """Say whether to draw without colour.

    Args:
        environ: Defaults to the process environment.
        no_color: The --no-color flag.

    Returns:
        True for the flag, a non-empty NO_COLOR (no-color.org), or TERM=dumb.
    """
    environ = os.environ if environ is None else environ
    return no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"


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


class WithoutColor(LineFilter):
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
        light: Start with the light theme.
        monochrome: None asks the environment (`wants_monochrome`).
    """

    def __init__(self, *, light: bool = False, monochrome: bool | None = None, **app_options: Any) -> None:
        super().__init__(**app_options)
        self.monochrome = wants_monochrome() if monochrome is None else monochrome
        self.register_theme(KDASH_DARK)
        self.register_theme(KDASH_LIGHT)
        self.theme = KDASH_LIGHT.name if light else KDASH_DARK.name
        self._without_color = WithoutColor(Color.parse((KDASH_LIGHT if light else KDASH_DARK).background or "black"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return our own filter without colour (Textual's keeps grey 24-bit colours), Textual's otherwise."""
        return [self._without_color] if self.monochrome else super().get_line_filters()


def palette_for(app: App[Any]) -> Palette:
    """Return the styles that fit an app's present theme; any dark theme that is not ours gets the dark ones."""
    if isinstance(app, ThemedApp) and app.monochrome:
        return _MONOCHROME
    return _DARK if app.current_theme.dark else _LIGHT


def palettes() -> tuple[Palette, ...]:
    """Return every palette, for tests of contrast and completeness."""
    return (_DARK, _LIGHT, _MONOCHROME)


def contrast(first: RichColor, second: RichColor) -> float:
    """Return the WCAG 2 contrast ratio of two colours, 1 to 21."""
    a, b = (_luminance(one) for one in (first, second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def _luminance(color: RichColor) -> float:
    channels = [value / 255 for value in color.get_truecolor()]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
