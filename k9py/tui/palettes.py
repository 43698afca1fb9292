"""The colours of the dashboard: Textual themes, and one `Palette` of Rich styles for each.

Invariants: colour is never the only sign: every tone that matters also has a symbol (`Tone.symbol`), bold or reverse.
Healthy is green, or blue in the colour-blind themes, where red and green never differ by hue alone. Healthy rows, the
cursor and image tags never share a hue. Palette styles have no background, except the cursor and search matches, so
they can be laid over any widget.

To extend: add a field to `Palette` and its value in `DARK`, `LIGHT` and `MONOCHROME`; a theme goes into `THEMES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from rich.style import Style
from textual.theme import Theme

from k9py.views.values import Tone

_PLAIN: Final = Style.null()


@dataclass(frozen=True, slots=True)
class Palette:
    """The styles of one theme, for widgets that draw their own lines.

    `tones` has an entry for every `Tone`. `cursor_row` lies under the tones of the selected row, so that a failing row
    keeps its colour; `cursor_focused` is for text without tones (a tab). `sources` are the colours of log sources, all
    readable on the theme's background. `highlights` are laid over the matches of a filter or of highlighted words.
    """

    name: str
    dark: bool
    tones: Mapping[Tone, Style]
    sources: tuple[Style, ...]
    header: Style
    header_sorted: Style
    cursor_focused: Style
    cursor_row: Style
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
        """Return the style of a log source; indexes beyond the palette wrap around."""
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
    success="#7cc582",
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
    success="#1b6b2c",
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

DARK: Final = Palette(
    name="kdash-dark",
    dark=True,
    tones={
        Tone.PLAIN: _PLAIN,
        Tone.OK: _style("#7cc582"),
        Tone.BUSY: _style("#c3b1f5"),
        Tone.WARN: _style("#e0c25a"),
        Tone.FAIL: _style("#ff7a72", bold=True),
        Tone.DEGRADED: _style("#ff7a72"),
        Tone.STUCK: _style("#f2a541"),
        Tone.UNKNOWN: _style("#b8a890", italic=True),
        Tone.MUTED: _style("#8795a6"),
        Tone.ACCENT: _style("#7fd1e8"),
        Tone.STRING: _style("#e7c9b0"),
        Tone.NUMBER: _style("#9db8f5"),
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
    cursor_row=Style(bgcolor="#2f343c", bold=True),
    cursor_blurred=Style(bgcolor="#222830"),
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

LIGHT: Final = Palette(
    name="kdash-light",
    dark=False,
    tones={
        Tone.PLAIN: _PLAIN,
        Tone.OK: _style("#1b6b2c"),
        Tone.BUSY: _style("#6138a8"),
        Tone.WARN: _style("#6f5a00"),
        Tone.FAIL: _style("#b0152a", bold=True),
        Tone.DEGRADED: _style("#b0152a"),
        Tone.STUCK: _style("#8f4700"),
        Tone.UNKNOWN: _style("#6b5a3c", italic=True),
        Tone.MUTED: _style("#5c6875"),
        Tone.ACCENT: _style("#00647d"),
        Tone.STRING: _style("#7a4426"),
        Tone.NUMBER: _style("#2f4fa0"),
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
    cursor_row=Style(bgcolor="#d9dad6", bold=True),
    cursor_blurred=Style(bgcolor="#e6e7e3"),
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


def _colour_blind(theme: Theme, palette: Palette, healthy: str, warning: str) -> tuple[Theme, Palette]:
    """Return a theme in which healthy is blue and a warning orange: red and green never differ by hue alone."""
    name = f"{theme.name}-colour-blind"
    tones = {**palette.tones, Tone.OK: _style(healthy), Tone.WARN: _style(warning)}
    return replace(theme, name=name, success=healthy), replace(palette, name=name, tones=tones)


KDASH_DARK_COLOUR_BLIND, DARK_COLOUR_BLIND = _colour_blind(KDASH_DARK, DARK, "#62bdf0", "#f2a541")
KDASH_LIGHT_COLOUR_BLIND, LIGHT_COLOUR_BLIND = _colour_blind(KDASH_LIGHT, LIGHT, "#0a5f9e", "#8f4700")

THEMES: Final[Mapping[str, Theme]] = {
    "dark": KDASH_DARK,
    "light": KDASH_LIGHT,
    "colour-blind": KDASH_DARK_COLOUR_BLIND,
    "colour-blind-light": KDASH_LIGHT_COLOUR_BLIND,
}
"""Textual themes by the name a person types (--theme, :theme)."""

_BOLD: Final = Style(bold=True)
_DIM: Final = Style(dim=True)
MONOCHROME: Final = Palette(
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
        Tone.STRING: _PLAIN,
        Tone.NUMBER: _PLAIN,
    },
    sources=(_PLAIN, _BOLD),
    header=_BOLD,
    header_sorted=Style(bold=True, underline=True),
    cursor_focused=Style(reverse=True, bold=True),
    cursor_row=Style(reverse=True, bold=True),
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

PALETTES: Final[Mapping[str, Palette]] = {
    palette.name: palette for palette in (DARK, LIGHT, DARK_COLOUR_BLIND, LIGHT_COLOUR_BLIND)
}
"""The palettes with colours, by the name of their Textual theme."""
