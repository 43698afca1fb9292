"""The copy menu: each form of what can be copied, with the text in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.theme import palette_for
from k9py.tui.tones import styled_text
from k9py.tui.widgets.toned_text import TextSpan, fold
from k9py.views.values import Tone

WIDTH: Final = 116
_MARGIN: Final = 2
_FALLBACK_WIDTH: Final = 60
"""Cells of a line on a screen that is too short for paragraphs."""


class CopyDialog(ChooseDialog):
    """Forms of one or several objects; returns the value of the chosen one."""

    DEFAULT_CSS = f"""
    CopyDialog > .box {{ width: {WIDTH}; }}
    """

    def __init__(self, title: str, choices: Sequence[ChoiceItem]) -> None:
        super().__init__(title, choices)
        self._label_width = max(len(choice.label) for choice in choices)

    def line_of(self, choice: ChoiceItem) -> Text:
        """Return the form and its text in two columns, long texts below themselves."""
        margin = " " * _MARGIN
        label = f"{margin}{choice.label:<{self._label_width}}{margin}"
        width = self.text_width(WIDTH) or _FALLBACK_WIDTH
        row = (TextSpan(label), TextSpan(choice.detail, Tone.MUTED))
        return styled_text(fold(row, width - _MARGIN, indent=len(label)), palette_for(self.app), wrap=True)
