"""The new revision of a rollout next to the old ones that still have pods.

The lines are made in `views.cohorts`; here they are folded to the room there is. A part is redrawn only when its text
changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal

from k9py.api.plural import count_noun
from k9py.rollouts.cohort_status import CohortStatus
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.widgets.toned_text import fold, text_line
from k9py.views.cohorts import cohort_lines
from k9py.views.values import StyledLine, Tone

INDENT: Final = 4
"""Cells that folded lines are indented by."""
MAX_OLD: Final = 3
"""Old revisions that are listed; there are hardly ever more than two with pods."""


class Cohorts(Horizontal):
    """The new revision and the old ones side by side; below each other on a narrow screen."""

    DEFAULT_CSS = """
    Cohorts { height: auto; max-height: 14; width: 1fr; margin: 1 0 0 0; }
    .-short Cohorts, .-narrow Cohorts { margin: 0; max-height: 9; }
    Cohorts #newest { width: 3fr; }
    Cohorts #older { width: 2fr; }
    """

    def __init__(self) -> None:
        super().__init__(id="cohorts")
        self.newest, self.older = TonedLines(id="newest"), TonedLines(id="older")

    def compose(self) -> ComposeResult:
        yield self.newest
        yield self.older

    def show(self, cohorts: Sequence[CohortStatus], now: datetime, *, width: int, compact: bool) -> None:
        """Show the cohorts.

        Args:
            width: cells for all of them.
            compact: put them below each other, each with one line less.
        """
        current = [status for status in cohorts if status.cohort.is_current]
        old = [status for status in cohorts if not status.cohort.is_current]
        share = width - 2 if compact else (width * 3 // 5 if old else width) - 4
        self.newest.show(_lines(current, now, share, compact=compact, has_old=bool(old)))
        lines = _lines(old[:MAX_OLD], now, share if compact else width * 2 // 5 - 4, compact=compact)
        more = len(old) - MAX_OLD
        if more > 0:
            lines.append(((f"and {count_noun(more, 'more revision')} with pods", Tone.MUTED),))
        self.older.show(lines)
        self.older.display = bool(old)


def _lines(
    cohorts: Sequence[CohortStatus], now: datetime, width: int, *, compact: bool, has_old: bool = True
) -> list[StyledLine]:
    """Return the lines of the cohorts, long ones folded under themselves."""
    lines: list[StyledLine] = []
    for status in cohorts:
        heading, counts, *others = cohort_lines([status], now, has_old=has_old)
        first = [(*heading[:2], *counts, *heading[2:])] if compact else [heading, counts]
        for line in (*first, *others):
            lines += fold(text_line(line), width, indent=INDENT)
    return lines
