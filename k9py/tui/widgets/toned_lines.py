"""A few lines of toned text, redrawn only when they differ."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widgets import Static

from k9py.tui.theme import palette_for
from k9py.tui.tones import styled_text
from k9py.views.values import StyledLine


class TonedLines(Static):
    """Lines of toned pieces; hidden while there are none.

    Args:
        wraps: wrap long lines; else they are cut with an ellipsis.
    """

    DEFAULT_CSS = """
    TonedLines { height: auto; width: 1fr; padding: 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
    .-short TonedLines, .-narrow TonedLines { padding: 0 1; }
    TonedLines.-wraps { text-wrap: wrap; }
    TonedLines.-empty { display: none; }
    """

    def __init__(self, *, id: str, wraps: bool = False) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id, classes="-empty -wraps" if wraps else "-empty")
        self._wraps = wraps
        self.lines: tuple[StyledLine, ...] = ()

    def show(self, lines: Iterable[StyledLine]) -> None:
        """Show these lines."""
        new = tuple(lines)
        if new == self.lines:
            return
        # The number of lines is the height only where lines are not wrapped.
        is_same_height = len(new) == len(self.lines) and not self._wraps
        self.lines = new
        self.set_class(not new, "-empty")
        self.update(styled_text(new, palette_for(self.app), wrap=self._wraps), layout=not is_same_height)
