"""The theme of an app: which palette fits it, and whether it is drawn without colour.

The colours themselves are in `palettes`, the look without colour in `monochrome`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from k9py.config.terminal import wants_color
from k9py.tui.monochrome import MonochromeFilter
from k9py.tui.palettes import DARK, LIGHT, MONOCHROME, PALETTES, THEMES, Palette
from k9py.tui.terminal.diffing_app import DiffingApp

ResultT = TypeVar("ResultT")


class ThemedApp(DiffingApp[ResultT], Generic[ResultT]):
    """An app with kdash's themes, with or without colour. Base class of the dashboard and of test hosts.

    Args:
        theme: name of the first theme, one of `palettes.THEMES`.
        monochrome: draw without colour; None asks the environment.
    """

    def __init__(self, *, theme: str = "dark", monochrome: bool | None = None, **app_options: Any) -> None:
        super().__init__(**app_options)
        self.monochrome = not wants_color(os.environ) if monochrome is None else monochrome
        for known in THEMES.values():
            self.register_theme(known)
        self.theme = THEMES[theme].name
        self._monochrome_filter = MonochromeFilter(Color.parse(THEMES[theme].background or "black"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [self._monochrome_filter] if self.monochrome else super().get_line_filters()


def palette_for(app: App[Any]) -> Palette:
    """Return the palette of an app's current theme; a dark theme that is not ours gets the dark palette."""
    if isinstance(app, ThemedApp) and app.monochrome:
        return MONOCHROME
    theme = app.current_theme
    return PALETTES.get(theme.name) or (DARK if theme.dark else LIGHT)
