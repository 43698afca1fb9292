"""A unified difference, readable without colour: the signs stay in the first cell, the headings stand apart.

Invariant: what is shown is the text given, line by line; nothing is added to or taken from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.text_view import TextLine, TextSpan, TextView
from k9py.views.values import Tone


def diff_lines(lines: Sequence[str]) -> list[TextLine]:
    """Return the lines of a unified difference with the tones their signs ask for.

    The two lines that name the sides come before the first `@@`; after it, `---` begins a removed line.
    """
    start = next((at for at, line in enumerate(lines) if line.startswith("@@")), 0)
    return [(TextSpan(line, Tone.MUTED),) for line in lines[:start]] + [_diff_line(line) for line in lines[start:]]


def _diff_line(line: str) -> TextLine:
    if line.startswith("@@"):
        return (TextSpan(line, Tone.ACCENT),)
    if line.startswith("+"):
        return (TextSpan(line, Tone.OK),)
    if line.startswith("-"):
        return (TextSpan(line, Tone.FAIL),)
    return (TextSpan(line),)


class DiffView(TextView):
    """Scrollable unified difference with search, and keys to go from change to change."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DIFF_VIEW)

    def __init__(
        self,
        *,
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._change_starts: list[int] = []

    def set_diff(self, lines: Iterable[str]) -> None:
        """Show the lines of a unified difference, as `difflib.unified_diff(..., lineterm="")` gives them."""
        given = [line.rstrip("\n") for line in lines]
        self.set_lines(diff_lines(given) or [(TextSpan("no difference", Tone.MUTED),)])
        changed = [span[0].tone in (Tone.OK, Tone.FAIL) for span in diff_lines(given)]
        self._change_starts = [at for at, is_one in enumerate(changed) if is_one and (at == 0 or not changed[at - 1])]
        self.scroll_to_line(0)

    def action_next_change(self) -> None:
        """Put the next group of changed lines near the top."""
        self._jump([at for at in self._change_starts if at > self.top + 1], 0)

    def action_previous_change(self) -> None:
        """Put the previous group of changed lines near the top."""
        self._jump([at for at in self._change_starts if at < self.top + 1], -1)

    def _jump(self, candidates: list[int], which: int) -> None:
        if candidates:
            self.scroll_to_line(candidates[which] - 1)
