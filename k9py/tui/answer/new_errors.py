"""Errors that only the new revision logs, counted on home while a rollout is under way.

Invariant: lines are counted only while pods of several revisions run, or pods of a newer revision are to come; how an
old revision starts its log is read once, so that its start messages do not count as new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.widget import Widget

from k9py.api.meta import ObjectRef
from k9py.logs.line import LogLine
from k9py.logs.source import LogSource
from k9py.logs.templates.compare import PatternComparison
from k9py.runtime.clock import Clock
from k9py.tui.logs.comparing import (
    compared_revisions,
    container_start_times,
    read_startup_lines,
    startup_targets,
    workload_of,
)
from k9py.tui.logs.pattern_counter import PatternCounter
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.session import Connected
from k9py.tui.workers import start_worker
from k9py.views import patterns as pattern_table

EARLIER_LINES: Final = 5000
"""Lines that are counted of those received before the rollout began."""
UPDATE_SECONDS: Final = 1.0
"""Minimum seconds between two looks at the revisions: a big rollout changes all the time."""
COMPARE_SECONDS: Final = 2.0
"""Minimum seconds between two comparisons."""


class NewErrors:
    """Counts the lines a log pane receives; one of the pane's line sinks.

    Args:
        owner: the widget whose workers count and read.
        logs: the pane whose lines are counted.
    """

    def __init__(self, owner: Widget, logs: LogPane, *, clock: Clock) -> None:
        self._owner, self._logs, self._clock = owner, logs, clock
        self._counter = PatternCounter(owner, clock, seconds_between=lambda: COMPARE_SECONDS)
        self._revisions: tuple[str, frozenset[str]] = ("", frozenset())
        self._subject: ObjectRef | None = None
        self._workload: ObjectRef | None = None
        self._updated_at = float("-inf")
        self._baseline_of: tuple[object, ...] = ()

    @property
    def comparison(self) -> PatternComparison | None:
        """The latest comparison; None before the first one."""
        return self._counter.comparison

    def errors_of(self, workload: ObjectRef) -> tuple[str, ...]:
        """Return the new errors of a workload; () while its log is not the one that is followed."""
        comparison, (_, old) = self.comparison, self._revisions
        if workload != self._workload or comparison is None or not old:
            return ()
        return pattern_table.new_errors(comparison)

    def update(self, connected: Connected) -> None:
        """Compare the revisions of what the log pane follows while its rollout is under way; called on each tick."""
        now = self._clock.monotonic()
        subject = self._logs.subject
        if now - self._updated_at < UPDATE_SECONDS and subject == self._subject:
            return
        self._updated_at, self._subject = now, subject
        queries = connected.cluster.queries
        workload = compared = None
        if subject is not None:
            workload = workload_of(queries, subject)
            compared = compared_revisions(queries, subject, self._logs.read_targets, self._clock.now())
        if workload is None or compared is None or not compared.is_useful:
            if self._logs.sink is self:
                self._logs.sink = None
                self.clear()
            self._workload = None
            return
        self._workload = workload
        if self._logs.sink is not self:
            self._logs.sink = self
            buffer = self._logs.view.buffer
            begin = max(buffer.first, buffer.end - EARLIER_LINES)
            self.take(begin, [line for _, line in buffer.slice_from(begin, EARLIER_LINES)])
        revisions = (compared.new, frozenset(compared.old))
        if revisions != self._revisions:
            self._revisions = revisions
            self._counter.compare(compared.new, compared.old)
        self._counter.set_started(container_start_times(queries.pods_of(workload)))
        self._read_baseline(connected.connection, compared.old)

    # -- the pane's line sink -----------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget every line: another subject follows."""
        self._counter.clear()
        self._baseline_of = ()
        self._updated_at = float("-inf")

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Count these lines."""
        self._counter.take(first_number, lines)

    def forget_before(self, number: int) -> None:
        """Note that the log dropped the lines below that number."""
        self._counter.forget_before(number)

    def _read_baseline(self, source: LogSource, old: tuple[str, ...]) -> None:
        """Read once how an old pod started its log."""
        targets = startup_targets(self._logs.read_targets, old)
        which = (self._logs.subject, targets[0].revision) if targets else ()
        if not targets or which == self._baseline_of:
            return
        self._baseline_of = which

        async def read() -> None:
            for target in targets:
                lines = await read_startup_lines(source, target)
                if lines and which == self._baseline_of:
                    self._counter.add_baseline(target.revision, lines)

        start_worker(self._owner, read, group="baseline", exclusive=True)
