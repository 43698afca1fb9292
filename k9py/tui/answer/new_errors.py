"""What the log of a moving rollout says that its old revisions' logs do not: counted out of sight on home.

Invariant: lines are counted only while pods of several revisions run, or new ones are to come; what an old revision
prints at its start is read once, so that it is not taken for new.
"""

from __future__ import annotations

from typing import Final

from k9py.api.meta import ObjectKey
from k9py.logs.source import LogSource
from k9py.runtime.clock import Clock
from k9py.tui.logs.comparing import (
    compared_revisions,
    container_start_times,
    read_startup_lines,
    startup_targets,
    workload_of,
)
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.patterns_pane import PatternsPane
from k9py.tui.session import Connected
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.workers import start_worker
from k9py.views import patterns as pattern_table

EARLIER_LINES: Final = 5000
"""Lines that are counted of those taken before the rollout was known to move."""
RENEW_SECONDS: Final = 1.0
"""Least seconds between two looks at which revisions there are: a big rollout changes all the time."""


class NewErrors(PatternsPane):
    """Counts the lines a log pane takes; never shown."""

    DEFAULT_CSS = """
    NewErrors, .-narrow NewErrors, .-short NewErrors { display: none; }
    """

    def __init__(self, logs: LogPane, *, clock: Clock, options: LineViewOptions) -> None:
        super().__init__(clock=clock, options=options, id="new-errors", is_headless=True)
        self._logs = logs
        self._subject: ObjectKey | None = None
        self._workload: ObjectKey | None = None
        self._renewed_at = float("-inf")
        self._baseline_of: tuple[object, ...] = ()

    def errors_of(self, workload: ObjectKey) -> tuple[str, ...]:
        """Return the new errors of a workload, () while its log is not the one that is followed."""
        if workload != self._workload or self.comparison is None or not self._old:
            return ()
        return pattern_table.new_errors(self.comparison)

    def update(self, connected: Connected) -> None:
        """Compare the revisions of what the log pane follows, if its rollout moves; called on each tick."""
        now = self._clock.monotonic()
        subject = self._logs.subject
        if now - self._renewed_at < RENEW_SECONDS and subject == self._subject:
            return
        self._renewed_at, self._subject = now, subject
        queries = connected.cluster.queries
        workload = workload_of(queries, subject) if subject is not None else None
        found = (
            compared_revisions(queries, subject, self._logs.read_targets, self._clock.now())
            if subject is not None
            else None
        )
        if workload is None or found is None or not found.is_useful:
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
        self.set_revisions(found.new, found.old, found.names or {})
        self.set_started(container_start_times(queries.pods_of(workload)))
        self._read_baseline(connected.connection, found.old)

    def clear(self) -> None:
        """Forget everything: another subject's lines will come."""
        super().clear()
        self._baseline_of = ()
        self._renewed_at = float("-inf")

    def _read_baseline(self, source: LogSource, old: tuple[str, ...]) -> None:
        """Read once how an old pod began its log."""
        targets = startup_targets(self._logs.read_targets, old)
        which = (self._logs.subject, targets[0].revision) if targets else ()
        if targets and which != self._baseline_of:
            self._baseline_of = which

            async def learn() -> None:
                for target in targets:
                    lines = await read_startup_lines(source, target)
                    if lines and which == self._baseline_of:
                        self.add_baseline(target.revision, lines)

            start_worker(self, learn, group="baseline", exclusive=True)
