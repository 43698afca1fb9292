"""Keeps the patterns of a log screen in step: which revisions are compared, and what must be read for that.

Invariant: a restart alone is no release: before a revision is known to be more than one, nothing is compared unasked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from textual.dom import DOMNode
from textual.worker import Worker

from k9py.api.meta import ObjectRef
from k9py.cluster.queries import Queries
from k9py.logs.source import LogSource, LogTarget
from k9py.rollouts.revisions import Revision
from k9py.tui.logs.comparing import (
    ComparedRevisions,
    compared_revisions,
    container_start_times,
    read_startup_lines,
    startup_targets,
    workload_of,
)
from k9py.tui.logs.restarts import ObjectReader, RestartedRevisions
from k9py.tui.panes.patterns_pane import PatternsPane
from k9py.tui.session import Connected
from k9py.tui.workers import start_worker


class LogComparison:
    """Compares the newest revision's log with those of the older ones.

    Args:
        owner: Runs what is read.
        patterns: The pane that shows it.
        subject: Whose logs.
    """

    def __init__(self, owner: DOMNode, patterns: PatternsPane, subject: ObjectRef) -> None:
        self._owner = owner
        self._patterns = patterns
        self._subject = subject
        self.revisions = ComparedRevisions()
        """What is compared."""
        self.restarts = RestartedRevisions()
        self.needs_update = False
        """Whether something was read that changes what is compared."""
        self._seen_old: dict[str, None] = {}
        self._baseline_of = ""
        self._baseline: Worker[None] | None = None
        self._is_loading_templates = False

    @property
    def is_settled(self) -> bool:
        """Whether everything it needs has been read."""
        is_read = self._baseline is None or self._baseline.is_finished
        return is_read and not self._is_loading_templates and not self.needs_update

    def start_over(self) -> None:
        """Read again how an old pod began its log: the lines start over."""
        self._baseline_of = ""

    def update(
        self, connected: Connected, targets: Sequence[LogTarget], now: datetime, *, reads_baseline: bool
    ) -> bool:
        """Bring the pane in step with the revisions there are.

        Args:
            connected: Where they are read.
            targets: Containers whose logs are read.
            now: The time.
            reads_baseline: Whether to read how an old pod began its log.

        Returns:
            Whether the newest revision is known to be a release worth comparing.
        """
        self.needs_update = False
        queries = connected.cluster.queries
        revisions = self.revisions = compared_revisions(queries, self._subject, targets, now)
        # Lines of a revision whose pods are gone by now are still compared.
        self._seen_old.update(dict.fromkeys(revisions.old))
        self._seen_old.pop(revisions.new, None)
        old = (*revisions.old, *(name for name in self._seen_old if name not in revisions.old))
        self._load_templates(queries, connected.connection, {revisions.new, *old})
        same = self.restarts.same_as(revisions.new, old)
        old = tuple(name for name in old if name not in same)
        self._patterns.set_revisions(revisions.new, old, revisions.names or {}, same)
        self._patterns.set_started(container_start_times(queries.pods_of(self._subject)))
        if reads_baseline:
            self._read_baseline(connected.connection, startup_targets(targets, tuple(old)))
        is_release = bool(old) or not same
        return revisions.is_useful and is_release and not self._is_loading_templates

    def _load_templates(self, queries: Queries, reader: ObjectReader, revisions: Collection[str]) -> None:
        """Read once which revisions are the same but for a restart."""
        workload = workload_of(queries, self._subject)
        if workload is None or len(revisions) < 2 or all(map(self.restarts.has, revisions)):
            return
        unknown = [revision for revision in queries.revisions_of(workload) if revision.pod_template_hash in revisions]
        is_known = all(self.restarts.has(revision.pod_template_hash) for revision in unknown)
        if not self._is_loading_templates and not is_known:
            self._is_loading_templates = True
            start_worker(self._owner, partial(self._load, reader, unknown), group="restarts")

    async def _load(self, reader: ObjectReader, revisions: Sequence[Revision]) -> None:
        try:
            await self.restarts.load(reader, revisions)
        finally:
            self._is_loading_templates = False
            self.needs_update = True

    def _read_baseline(self, source: LogSource, targets: Sequence[LogTarget]) -> None:
        """Read once how an old pod began its log."""
        if targets and not self._baseline_of:
            self._baseline_of = targets[0].revision
            self._baseline = start_worker(
                self._owner, partial(self._add_baseline, source, targets), group="baseline", exclusive=True
            )

    async def _add_baseline(self, source: LogSource, targets: Sequence[LogTarget]) -> None:
        for target in targets:
            lines = await read_startup_lines(source, target)
            if lines:
                self._patterns.add_baseline(target.revision, lines)
