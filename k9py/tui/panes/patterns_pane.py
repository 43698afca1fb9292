"""What the new revision's logs say and the old ones' do not: patterns that are new, stopped, or changed their rate.

Owns the counts of its subject and the one task that counts and compares, in slices with a rest as long after each, so
that it takes half of the loop at most. Invariant: a line given is counted, waits, or is among those it says are not
counted because too many came at once; nothing is drawn more often than `REDRAW_SECONDS` allows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from textual.message import Message
from textual.worker import Worker

from k9py.api.meta import ObjectKey
from k9py.api.text import printable
from k9py.logs.line import LogLine
from k9py.logs.templates.compare import ComparedPattern, ComparisonJob, PatternComparison
from k9py.logs.templates.counts import PatternCounts
from k9py.runtime.clock import Clock
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.workers import start_worker
from k9py.views import patterns as pattern_table
from k9py.views.values import Column

SLICE_SECONDS: Final = 0.004
FRAME: Final = 3
"""Lines of the pane beside its rows: the frame and the titles."""
LEAST_LINES: Final = 6
"""Room to say why there are no rows."""
REDRAW_SECONDS: Final = 0.5
HEADLESS_SECONDS: Final = 2.0
"""Least seconds between two comparisons that are looked at, or made out of sight."""
MAX_WAITING: Final = 100_000
MAX_WAITING_CHARACTERS: Final = 32 << 20
"""Lines that wait to be counted, and their characters; when more come at once, the oldest of them are not counted."""


class PatternsPane(TablePane):
    """A table of patterns, compared between revisions; Enter jumps to an example.

    Args:
        is_headless: compare out of sight too, for who reads `comparison`; less often.
    """

    @dataclass
    class Jump(Message):
        """Enter was pressed on a pattern.

        Args:
            number: of its example in the log, which may not be kept any more.
            text: what the example says, printable.
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
        is_headless: bool = False,
    ) -> None:
        columns = pattern_table.columns("", (), {})
        super().__init__("Patterns", columns, clock=clock, options=options, number=number, id=id, classes=classes)
        self.pattern_counts = PatternCounts()
        self.comparison: PatternComparison | None = None
        """What is shown; None before the first lines."""
        self.skipped = 0
        """Lines not counted because too many came at once."""
        self._is_headless = is_headless
        self.is_folded = True
        """Whether patterns that may be chance are one line."""
        self._waiting: deque[tuple[int, Sequence[LogLine]]] = deque()
        self._waiting_lines = self._waiting_characters = 0
        self._baselines: deque[tuple[str, Sequence[LogLine], int]] = deque()
        self._new = ""
        self._old: tuple[str, ...] = ()
        self._same: tuple[str, ...] = ()
        self._names: dict[str, str] = {}
        self._patterns: dict[ObjectKey, ComparedPattern] = {}
        self._is_stale = False
        self._is_working = False
        self._worker: Worker[None] | None = None
        self._wake = asyncio.Event()
        self._drawn_at = float("-inf")

    @property
    def uncounted(self) -> int:
        """Lines that wait to be counted."""
        return self._waiting_lines

    @property
    def is_settled(self) -> bool:
        """True when every line given is counted and what is shown is made of all of them."""
        return not (self._is_working or self._waiting or self._baselines or self._is_stale)

    # -- what the screen gives ----------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget everything: another subject's lines will come."""
        self.pattern_counts = PatternCounts()
        self.comparison = None
        self.skipped = 0
        self._waiting.clear()
        self._waiting_lines = self._waiting_characters = 0
        self._baselines.clear()
        self._restart()

    def set_revisions(
        self, new: str, old: tuple[str, ...], names: Mapping[str, str], same: tuple[str, ...] = ()
    ) -> None:
        """Compare these revisions; cheap when nothing differs.

        Args:
            same: revisions that are the new one but for a restart.
            new, old: as `LogTarget.revision`; without old ones the patterns of all lines are shown.
            names: of those, such as "revision 8".
        """
        if new == self._new and set(old) == set(self._old):
            old = self._old  # in whatever order
        if (new, old, names, same) == (self._new, self._old, self._names, self._same):
            return
        before = self._columns()
        is_same = (new, old, same) == (self._new, self._old, self._same)
        self._new, self._old, self._names, self._same = new, old, dict(names), same
        if is_same and self._columns() == before:
            self._say()
            return
        self.comparison = None
        self._restart()

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Count these lines, numbered from `first_number` on as in the log beside; returns at once."""
        if not lines:
            return
        self._waiting.append((first_number, lines))
        self._waits(lines, 1)
        while len(self._waiting) > 1 and (
            self._waiting_lines > MAX_WAITING or self._waiting_characters > MAX_WAITING_CHARACTERS
        ):
            _, skipped = self._waiting.popleft()
            self._waits(skipped, -1)
            self.skipped += len(skipped)
        self._work_on()

    def _waits(self, lines: Sequence[LogLine], sign: int) -> None:
        self._waiting_lines += sign * len(lines)
        self._waiting_characters += sign * sum([len(one.text) for one in lines])

    def set_started(self, started: Mapping[str, datetime]) -> None:
        """Say since when containers run, by container id: what they print at their start is told apart."""
        self.pattern_counts.set_start_times(started)

    def add_baseline(self, revision: str, lines: Sequence[LogLine]) -> None:
        """Say how a container of an old revision begins its log: such lines are not new when the new one starts."""
        self._baselines.append((revision, lines, 0))
        self._work_on()

    def forget_before(self, number: int) -> None:
        """Lines below that number are no longer kept: jumps lead to later ones, if there are any."""
        self.pattern_counts.forget_before(number)

    # -- counting and comparing ---------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show what was given before."""
        self._restart()

    def on_resize(self) -> None:
        """Cut the example to the room there is."""
        self._say_example()

    def on_show(self) -> None:
        """Compare what was counted out of sight."""
        self._work_on()

    def _restart(self) -> None:
        self._patterns = {}
        self.rows = {}
        self.table.reset(self._columns())
        self._is_stale = True
        self._drawn_at = float("-inf")
        self._say()
        self._work_on()

    def _columns(self) -> tuple[Column, ...]:
        return pattern_table.columns(self._new, self._old, self._names)

    def _work_on(self) -> None:
        if not self._has_work or self._is_working or not self.is_mounted:
            return
        self._is_working = True
        self._wake.set()
        if self._worker is None or self._worker.is_finished:
            self._worker = start_worker(self, self._work, group="patterns")

    @property
    def _has_work(self) -> bool:
        return bool(self._waiting or self._baselines) or (self._is_stale and self._is_wanted)

    @property
    def _is_wanted(self) -> bool:
        return self.display or self._is_headless

    async def _work(self) -> None:
        """Work whenever there is work. One worker for all of it: each that ends is garbage in a cycle."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._work_off()
            finally:
                self._is_working = False

    async def _work_off(self) -> None:
        while True:
            self._count(self._slice())
            due = self._drawn_at + self._seconds_between - self._clock.monotonic()
            if self._is_stale and self._is_wanted and due <= 0:
                await self._compare()
            if not self._has_work:
                return
            await asyncio.sleep(
                SLICE_SECONDS if self._waiting or self._baselines or due <= 0 else min(due, self._seconds_between)
            )

    @property
    def _seconds_between(self) -> float:
        return HEADLESS_SECONDS if self._is_headless else REDRAW_SECONDS

    def _slice(self) -> Callable[[], bool]:
        clock, end = self._clock, self._clock.monotonic() + SLICE_SECONDS
        return lambda: clock.monotonic() >= end

    def _count(self, should_pause: Callable[[], bool]) -> None:
        while self._baselines:
            revision, lines, begin = self._baselines.popleft()
            begin = self.pattern_counts.add_baseline(revision, lines, should_pause, begin=begin)
            self._is_stale = True
            if begin < len(lines):
                self._baselines.appendleft((revision, lines, begin))
            if should_pause():
                return
        while self._waiting:
            first, lines = self._waiting.popleft()
            taken = self.pattern_counts.add(first, lines, should_pause)
            self._waits(lines[:taken], -1)
            self._is_stale = True
            if taken < len(lines):
                self._waiting.appendleft((first + taken, lines[taken:]))
            if should_pause():
                return

    async def _compare(self) -> None:
        self._is_stale = False
        counts, wanted = self.pattern_counts, (self._new, self._old, self._same)
        comparing = ComparisonJob(counts, *(wanted if self._old else ("", ())))
        done = comparing.advance(self._slice())
        while done is None:
            await asyncio.sleep(SLICE_SECONDS)
            if counts is not self.pattern_counts or wanted != (self._new, self._old, self._same):
                return  # asked for anew already
            done = comparing.advance(self._slice())
        self._drawn_at = self._clock.monotonic()
        self._show(done)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, comparison: PatternComparison) -> None:
        self.comparison = comparison
        self._patterns = {pattern_table.key_of(one): one for one in comparison.rows}
        can_compare = not self._old or (comparison.new_lines and comparison.old_lines)
        rows = pattern_table.rows(comparison, compared=bool(self._old), folded=self.is_folded) if can_compare else []
        self.set_rows(rows)
        self.styles.height = max(LEAST_LINES, len(rows) + FRAME)
        self._say()

    def _say(self) -> None:
        self.set_empty_text(
            pattern_table.empty_text(
                self.comparison,
                self._new,
                self._old,
                self._names,
                uncounted=self._waiting_lines,
                skipped=self.skipped,
            )
        )
        self._retitle()
        self._say_example()

    def _retitle(self) -> None:
        parts = []
        if not self._old:
            parts.append("one revision: nothing to compare yet")
        elif self.comparison is not None and self.rows:
            parts.append(pattern_table.summary(self.comparison))
        if self.table.row_count != self.table.total_count:
            parts.append(f"{self.table.row_count:,} of {self.table.total_count:,} shown")
        if self._waiting_lines:
            parts.append(f"{self._waiting_lines:,} lines not counted yet")
        if self.skipped:
            parts.append(f"{self.skipped:,} not counted: too many at once")
        narrowing = ""
        if self._old:
            narrowing = pattern_table.comparison_title(self._new, self._old, self._names)
        self.set_note(" · ".join(parts), narrowing=narrowing)

    def _say_example(self) -> None:
        if self.table.cursor_key == pattern_table.FOLD_KEY:
            self.set_subtitle(f"Enter: {'show' if self.is_folded else 'fold'} what may be chance")
            return
        chosen = self._chosen
        room = max(0, self.size.width - 22)
        example = "" if chosen is None else pattern_table.example_text(chosen)
        cut = example if len(example) <= room else f"{example[: max(0, room - 1)]}…"
        self.set_subtitle(f"Enter: in the log · {cut}" if cut and room > 8 else "")

    @property
    def _chosen(self) -> ComparedPattern | None:
        key = self.table.cursor_key
        return None if key is None else self._patterns.get(key)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show an example of the pattern under the cursor."""
        self._say_example()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Ask the screen to go to the example."""
        event.stop()
        if event.key == pattern_table.FOLD_KEY and self.comparison is not None:
            self.is_folded = not self.is_folded
            self._show(self.comparison)
            return
        chosen = self._patterns.get(event.key)
        if chosen is not None:
            self.post_message(self.Jump(self, chosen.example_number, printable(chosen.example)))
