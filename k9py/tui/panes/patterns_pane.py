"""The Patterns pane: log patterns that are new, gone, or changed their rate since the old revisions.

`PatternCounter` counts and compares; the pane draws what it found, at most every `REDRAW_SECONDS`, and only while the
pane is displayed. The words of the rows are in `views.patterns`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from textual.message import Message

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.logs.line import LogLine
from k9py.logs.templates.compare import ComparedPattern, PatternComparison
from k9py.runtime.clock import Clock
from k9py.tui.keys import key_names
from k9py.tui.logs.pattern_counter import PatternCounter
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.views import patterns as pattern_table
from k9py.views.values import Column

REDRAW_SECONDS: Final = 0.5
FRAME_LINES: Final = 3
"""Lines of the pane other than its rows: the frame and the column titles."""
MIN_LINES: Final = 6
"""Height of the pane while it only says why there are no rows."""
SUBTITLE_MARGIN: Final = 22
"""Cells of the frame that the example in the subtitle cannot use."""


class PatternsPane(TablePane):
    """A table of patterns, compared between revisions; Enter jumps to an example."""

    @dataclass
    class Jump(Message):
        """Enter was pressed on a pattern.

        Args:
            number: of its example in the log, which may have dropped that line.
            text: of the example, printable.
        """

        pane: PatternsPane
        number: int
        text: str

        @property
        def control(self) -> PatternsPane:
            return self.pane

    def __init__(
        self,
        *,
        clock: Clock,
        options: LineViewOptions,
        number: int = 0,
        id: str | None = "patterns",  # noqa: A002
        classes: str | None = None,
    ) -> None:
        columns = pattern_table.columns("", (), {})
        super().__init__("Patterns", columns, clock=clock, options=options, number=number, id=id, classes=classes)
        self.is_folded = True
        """Whether patterns that may be chance are one line."""
        self._counter = PatternCounter(
            self,
            clock,
            seconds_between=lambda: REDRAW_SECONDS,
            is_wanted=lambda: self.display,
            on_compared=self._show,
        )
        self._new = ""
        self._old: tuple[str, ...] = ()
        self._same: tuple[str, ...] = ()
        self._names: dict[str, str] = {}
        self._patterns: dict[ObjectRef, ComparedPattern] = {}

    @property
    def comparison(self) -> PatternComparison | None:
        """What is shown; None before the first comparison."""
        return self._counter.comparison

    @property
    def uncounted(self) -> int:
        """Lines that wait to be counted."""
        return self._counter.uncounted

    @property
    def skipped(self) -> int:
        """Lines not counted because too many came at once."""
        return self._counter.skipped

    @property
    def is_settled(self) -> bool:
        """True when every line given is counted and the rows are of all of them."""
        return self._counter.is_settled

    # -- input --------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget every line: another subject follows."""
        self._counter.clear()
        self._restart()

    def set_revisions(
        self, new: str, old: tuple[str, ...], names: Mapping[str, str], same: tuple[str, ...] = ()
    ) -> None:
        """Compare these revisions; cheap when nothing differs.

        Args:
            new: the new revision, as in `LogTarget.revision`.
            old: revisions to compare it with; () shows the patterns of all lines.
            names: of the revisions, such as "revision 8".
            same: revisions that equal the new one, but for a restart.
        """
        if new == self._new and set(old) == set(self._old):
            old = self._old  # in whatever order
        if (new, old, names, same) == (self._new, self._old, self._names, self._same):
            return
        columns = self._columns()
        is_same = (new, old, same) == (self._new, self._old, self._same)
        self._new, self._old, self._names, self._same = new, old, dict(names), same
        if is_same and self._columns() == columns:
            self._update_texts()
            return
        self._counter.compare(new, old, same)
        self._restart()

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Count these lines, numbered from `first_number` on as in the adjacent log; returns immediately."""
        self._counter.take(first_number, lines)

    def set_started(self, started: Mapping[str, datetime]) -> None:
        """Set when containers started, by container id."""
        self._counter.set_started(started)

    def add_baseline(self, revision: str, lines: Sequence[LogLine]) -> None:
        """Add how a container of an old revision starts its log."""
        self._counter.add_baseline(revision, lines)

    def forget_before(self, number: int) -> None:
        """Note that the log dropped the lines below that number."""
        self._counter.forget_before(number)

    # -- showing ------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start to count what was given before."""
        self._restart()
        self._counter.wake()

    def on_resize(self) -> None:
        """Cut the example to the new width."""
        self._update_subtitle()

    def on_show(self) -> None:
        """Compare what was counted while hidden."""
        self._counter.wake()

    def _restart(self) -> None:
        self._patterns = {}
        self.rows = {}
        self.table.reset(self._columns())
        self._update_texts()

    def _columns(self) -> tuple[Column, ...]:
        return pattern_table.columns(self._new, self._old, self._names)

    def _show(self, comparison: PatternComparison) -> None:
        self._patterns = {pattern_table.key_of(pattern): pattern for pattern in comparison.rows}
        can_compare = not self._old or (comparison.new_lines and comparison.old_lines)
        rows = pattern_table.rows(comparison, compared=bool(self._old), folded=self.is_folded) if can_compare else []
        self.set_rows(rows)
        self.styles.height = max(MIN_LINES, len(rows) + FRAME_LINES)
        self._update_texts()

    def _update_texts(self) -> None:
        self.set_empty_text(
            pattern_table.empty_text(
                self.comparison,
                self._new,
                self._old,
                self._names,
                uncounted=self.uncounted,
                skipped=self.skipped,
            )
        )
        self._update_title()
        self._update_subtitle()

    def _update_title(self) -> None:
        parts = []
        if not self._old:
            parts.append("only one revision")
        elif self.comparison is not None and self.rows:
            parts.append(pattern_table.summary(self.comparison))
        if self.table.row_count != self.table.total_count:
            parts.append(f"{self.table.row_count:,} of {self.table.total_count:,} shown")
        if self.uncounted and self.rows:
            parts.append(f"counting {count_noun(self.uncounted, 'line')}…")
        if self.skipped:
            parts.append(f"{self.skipped:,} not counted: too many at once")
        compared = pattern_table.comparison_title(self._new, self._old, self._names) if self._old else ""
        self.set_note(" · ".join(parts), narrowing=compared)

    def _update_subtitle(self) -> None:
        key = key_names(self)("table.select")
        if self.table.cursor_key == pattern_table.FOLD_KEY:
            self.set_subtitle(f"{key} {'expands' if self.is_folded else 'collapses'} the uncertain patterns")
            return
        selected = self._selected
        room = max(0, self.size.width - SUBTITLE_MARGIN)
        example = "" if selected is None else pattern_table.example_text(selected)
        cut = example if len(example) <= room else f"{example[: max(0, room - 1)]}…"
        self.set_subtitle(f"{key} jumps to the line · {cut}" if cut and room > 8 else "")

    @property
    def _selected(self) -> ComparedPattern | None:
        key = self.table.cursor_key
        return None if key is None else self._patterns.get(key)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show an example of the pattern under the cursor."""
        self._update_subtitle()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Ask the screen to go to the example."""
        event.stop()
        if event.key == pattern_table.FOLD_KEY and self.comparison is not None:
            self.is_folded = not self.is_folded
            self._show(self.comparison)
            return
        pattern = self._patterns.get(event.key)
        if pattern is not None:
            self.post_message(self.Jump(self, pattern.example_number, printable(pattern.example)))
