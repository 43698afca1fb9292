"""The lines of an answer on the screen: each with a label, long lines wrapped with a hanging indent.

Invariant: it is redrawn only when its text changes, and uses no more lines than `most`.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from textual.widgets import Static

from k9py.tui.theme import palette_for
from k9py.tui.tones import bullet, styled_text
from k9py.tui.widgets.toned_text import TextLine, TextSpan, fold, text_line
from k9py.views.answer import Answer
from k9py.views.tones import severity_tone
from k9py.views.values import StyledLine, Tone

EDGES: Final = 2
"""Cells of the bar on the left and the blank on the right."""
CHANGED: Final = "changed"
TO_DO: Final = "do"
SEPARATOR: Final = (" · ", Tone.MUTED)


class AnswerPanel(Static):
    """What is wrong, what changed, what to do."""

    DEFAULT_CSS = """
    AnswerPanel {
        height: 1; width: 1fr; padding: 0 1 0 0; background: $surface; display: none; text-wrap: nowrap;
        border-left: outer $border;
    }
    AnswerPanel.-on { display: block; }
    """

    def __init__(self, *, id: str | None = "answer") -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self.answer: Answer | None = None
        self._drawn: tuple[object, ...] = ()

    def show(self, answer: Answer | None, *, width: int, least: int, most: int) -> None:
        """Show an answer; None hides the panel. Cheap while nothing changes.

        Args:
            width: cells of the screen.
            least, most: bounds of the height in lines, whatever the answer.
        """
        drawn = (answer, width, least, most, palette_for(self.app).name)
        if drawn == self._drawn:
            return
        self._drawn, self.answer = drawn, answer
        self.set_class(answer is not None, "-on")
        if answer is None:
            return
        lines = panel_lines(answer, width - EDGES, most)
        if len(lines) > most:
            lines = [*lines[: most - 1], (*lines[most - 1], TextSpan("…", Tone.MUTED))]
        height = max(least, len(lines))
        palette = palette_for(self.app)
        text = styled_text(lines, palette)
        grows = self.styles.height is None or self.styles.height.value != height
        if grows:
            self.styles.height = height
        self.update(text, layout=grows)


def panel_lines(answer: Answer, width: int, most: int) -> list[TextLine]:
    """Return the lines of an answer, each folded to at most `width` cells under its own label.

    Args:
        most: lines there is room for; if all steps need more, only those that fit on one line are shown.
    """
    lines = _lines(answer, width, is_short=False)
    return lines if len(lines) <= most else _lines(answer, width, is_short=True)


def _lines(answer: Answer, width: int, *, is_short: bool) -> list[TextLine]:
    tone = severity_tone(answer.severity)
    labels = max(len(answer.severity.label), len(CHANGED) if answer.last_change or answer.next_steps else 0)
    margin = len("✗ ") + labels + len("  ")
    name: StyledLine = ((f"{answer.name}: ", Tone.PLAIN),) if answer.name else ()
    rows = [(f"{bullet(tone)} {answer.severity.label}", tone, (*name, *answer.problem))]
    if answer.last_change:
        rows.append((f"  {CHANGED}", Tone.MUTED, answer.last_change))
    if answer.next_steps:
        first, *others = _step_lines(answer.next_steps, width - margin)
        rows.append((f"  {TO_DO}", Tone.MUTED, first))
        rows += [("", Tone.MUTED, line) for line in others if not is_short]
    lines: list[TextLine] = []
    for label, label_tone, line in rows:
        head = TextSpan(label.ljust(margin), label_tone)
        lines += [_stripped(folded) for folded in fold((head, *text_line(line)), width, indent=margin)]
    return lines


def _step_lines(steps: tuple[StyledLine, ...], width: int) -> list[StyledLine]:
    """Join the steps to lines of at most `width` cells; the first line has at least the first step with a key."""
    with_key = next((at for at, step in enumerate(steps) if any(tone is Tone.ACCENT for _, tone in step)), 0)
    lines: list[StyledLine] = [steps[0]]
    for position, step in enumerate(steps[1:], start=1):
        longer = (*lines[-1], SEPARATOR, *step)
        if position <= with_key or sum(cell_len(text) for text, _ in longer) <= width:
            lines[-1] = longer
        else:
            lines.append(step)
    return lines


def _stripped(line: TextLine) -> TextLine:
    """Remove trailing blanks: past the edge they would make a line of their own."""
    *before, last = line
    return (*before, TextSpan(last.text.rstrip(), last.tone))
