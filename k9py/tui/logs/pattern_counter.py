"""Counts log lines by pattern and compares revisions, in slices alongside the live screen.

Owns the counts of one subject and the one worker that counts and compares. After each slice it rests as long as the
slice took, so it uses at most half of the event loop. Invariants: every line given is counted, waits, or is in
`skipped` because too many came at once; comparisons are made at most every `seconds_between` seconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from textual.widget import Widget
from textual.worker import Worker

from k9py.logs.line import LogLine
from k9py.logs.templates.compare import ComparisonJob, PatternComparison
from k9py.logs.templates.counts import PatternCounts
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import SLICE_SECONDS, TimeSlice
from k9py.tui.workers import start_worker

MAX_WAITING: Final = 100_000
"""Lines that wait to be counted; when more come at once, the oldest are skipped."""
MAX_WAITING_CHARACTERS: Final = 32 << 20
"""Characters of the lines that wait; beyond it too, the oldest lines are skipped."""


class PatternCounter:
    """Counts the patterns of one subject's log.

    Args:
        owner: the widget whose worker counts; counting starts once it is mounted.
        seconds_between: minimum seconds between two comparisons.
        is_wanted: returns whether a comparison is needed now; lines are counted anyway.
        on_compared: called with each comparison.
    """

    def __init__(
        self,
        owner: Widget,
        clock: Clock,
        *,
        seconds_between: Callable[[], float],
        is_wanted: Callable[[], bool] = lambda: True,
        on_compared: Callable[[PatternComparison], None] = lambda _: None,
    ) -> None:
        self._owner = owner
        self._clock = clock
        self._seconds_between = seconds_between
        self._is_wanted = is_wanted
        self._on_compared = on_compared
        self.comparison: PatternComparison | None = None
        """The latest comparison; None before the first one."""
        self.skipped = 0
        """Lines not counted because too many came at once."""
        self._counts = PatternCounts()
        self._waiting: deque[tuple[int, Sequence[LogLine]]] = deque()
        self._waiting_lines = self._waiting_characters = 0
        self._baselines: deque[tuple[str, Sequence[LogLine], int]] = deque()
        self._revisions: tuple[str, tuple[str, ...], tuple[str, ...]] = ("", (), ())
        self._is_stale = True
        self._is_working = False
        self._worker: Worker[None] | None = None
        self._wake = asyncio.Event()
        self._compared_at = float("-inf")

    @property
    def uncounted(self) -> int:
        """Lines that wait to be counted."""
        return self._waiting_lines

    @property
    def is_settled(self) -> bool:
        """True when every line given is counted and the comparison is of all of them."""
        return not (self._is_working or self._waiting or self._baselines or self._is_stale)

    # -- input --------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget every line: another subject follows."""
        self._counts = PatternCounts()
        self.skipped = 0
        self._waiting.clear()
        self._waiting_lines = self._waiting_characters = 0
        self._baselines.clear()
        self.restart()

    def compare(self, new: str, old: tuple[str, ...], same: tuple[str, ...] = ()) -> None:
        """Compare other revisions, named as in `LogTarget.revision`.

        Args:
            new: the new revision.
            old: revisions it is compared with; () counts the patterns of all lines.
            same: revisions that equal the new one, but for a restart.
        """
        self._revisions = (new, old, same)
        self.restart()

    def restart(self) -> None:
        """Drop the comparison and make another one as soon as possible."""
        self.comparison = None
        self._is_stale = True
        self._compared_at = float("-inf")
        self.wake()

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Queue these lines, numbered from `first_number` on as in the log; returns immediately."""
        if not lines:
            return
        self._waiting.append((first_number, lines))
        self._adjust_waiting(lines, 1)
        while len(self._waiting) > 1 and (
            self._waiting_lines > MAX_WAITING or self._waiting_characters > MAX_WAITING_CHARACTERS
        ):
            _, skipped = self._waiting.popleft()
            self._adjust_waiting(skipped, -1)
            self.skipped += len(skipped)
        self.wake()

    def _adjust_waiting(self, lines: Sequence[LogLine], sign: int) -> None:
        self._waiting_lines += sign * len(lines)
        self._waiting_characters += sign * sum([len(line.text) for line in lines])

    def set_started(self, started: Mapping[str, datetime]) -> None:
        """Set when containers started, by container id: their first lines are counted apart."""
        self._counts.set_start_times(started)

    def add_baseline(self, revision: str, lines: Sequence[LogLine]) -> None:
        """Add how a container of an old revision starts its log: the new one may start with the same lines."""
        self._baselines.append((revision, lines, 0))
        self.wake()

    def forget_before(self, number: int) -> None:
        """Note that the log dropped the lines below that number: examples are taken from later ones, if any."""
        self._counts.forget_before(number)

    # -- counting and comparing ---------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Start to work if there is work."""
        if not self._has_work or self._is_working or not self._owner.is_mounted:
            return
        self._is_working = True
        self._wake.set()
        if self._worker is None or self._worker.is_finished:
            self._worker = start_worker(self._owner, self._run, group="patterns")

    @property
    def _has_work(self) -> bool:
        return bool(self._waiting or self._baselines) or (self._is_stale and self._is_wanted())

    async def _run(self) -> None:
        """Work whenever there is work. One worker for all of it: each worker that ends is garbage in a cycle."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._work_until_done()
            finally:
                self._is_working = False

    async def _work_until_done(self) -> None:
        while True:
            self._count(self._slice())
            due = self._compared_at + self._seconds_between() - self._clock.monotonic()
            if self._is_stale and self._is_wanted() and due <= 0:
                await self._compare()
            if not self._has_work:
                return
            is_busy = self._waiting or self._baselines or due <= 0
            await asyncio.sleep(SLICE_SECONDS if is_busy else min(due, self._seconds_between()))

    def _slice(self) -> Callable[[], bool]:
        return TimeSlice(SLICE_SECONDS, self._clock.monotonic).is_over

    def _count(self, should_pause: Callable[[], bool]) -> None:
        while self._baselines:
            revision, lines, begin = self._baselines.popleft()
            begin = self._counts.add_baseline(revision, lines, should_pause, begin=begin)
            self._is_stale = True
            if begin < len(lines):
                self._baselines.appendleft((revision, lines, begin))
            if should_pause():
                return
        while self._waiting:
            first, lines = self._waiting.popleft()
            counted = self._counts.add(first, lines, should_pause)
            self._adjust_waiting(lines[:counted], -1)
            self._is_stale = True
            if counted < len(lines):
                self._waiting.appendleft((first + counted, lines[counted:]))
            if should_pause():
                return

    async def _compare(self) -> None:
        self._is_stale = False
        counts, revisions = self._counts, self._revisions
        new, old, same = revisions
        job = ComparisonJob(counts, *((new, old, same) if old else ("", ())))
        comparison = job.advance(self._slice())
        while comparison is None:
            await asyncio.sleep(SLICE_SECONDS)
            if counts is not self._counts or revisions != self._revisions:
                return  # a comparison of other lines or revisions is due
            comparison = job.advance(self._slice())
        self._compared_at = self._clock.monotonic()
        self.comparison = comparison
        self._on_compared(comparison)
