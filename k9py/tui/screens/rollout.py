"""A rollout on its own screen: what is wrong at the top, the new revision next to the old ones, their pods, history,
conditions and events.

Invariants: everything shown is of one object, by uid: when it is gone the screen reports it and keeps what it showed.
What grows with the number of pods is computed when the object changes, in a thread when there are many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.cluster.queries import Queries
from k9py.cluster.reads import TrackedReads
from k9py.cluster.revision_outcomes import revision_outcomes_of
from k9py.cluster.views import RolloutView
from k9py.rollouts.authors import revision_authors, unmark_rewritten_causes
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.logs.targets import update_log_targets
from k9py.tui.panes.cohorts import Cohorts
from k9py.tui.panes.events_pane import EventsPane
from k9py.tui.panes.history_pane import HistoryPane
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.replica_counts import ReplicaCounts
from k9py.tui.panes.rollout_snapshot import PodTable, RolloutSnapshot, take_snapshot
from k9py.tui.panes.row_sources import ColumnSet
from k9py.tui.panes.summary_lines import no_pods_text, rollout_facts, rollout_summary, strategy_line
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.detail_screen import REDRAW_SECONDS, DetailScreen
from k9py.tui.screens.rollout_heights import ROOMY, TIGHT, RolloutHeights
from k9py.tui.screens.rollout_reader import RolloutReader
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.workers import start_worker
from k9py.views import pods as pod_table
from k9py.views.cohorts import failing_log_line
from k9py.views.events import event_message
from k9py.views.tones import rollout_tone

EVENT_SECONDS: Final = 10.0
"""How long the message of an event is shown."""
FEW_PODS: Final = 200
"""Up to this many pods a snapshot is computed on the event loop."""
MANY_SECONDS: Final = 1.0
"""Minimum seconds between two snapshots of more pods."""


class RolloutScreen(DetailScreen[RolloutView]):
    """One Deployment, StatefulSet or DaemonSet."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DIFF, ActionScope.REVISION)

    DEFAULT_CSS = """
    RolloutScreen #allows { height: 1; text-wrap: nowrap; }
    RolloutScreen #facts { max-height: 1; text-wrap: nowrap; }
    RolloutScreen.-narrow #facts, RolloutScreen.-short #facts { display: none; }
    RolloutScreen.-narrow #summary, RolloutScreen.-short #summary { max-height: 25%; }
    RolloutScreen.-narrow #cohorts, RolloutScreen.-short #cohorts { layout: vertical; }
    RolloutScreen.-narrow #cohorts TonedLines, RolloutScreen.-short #cohorts TonedLines { width: 1fr; }
    RolloutScreen #why { max-height: 3; }
    RolloutScreen.-dense #summary, RolloutScreen.-dense #cohorts { margin: 0; }
    RolloutScreen.-tight #facts { display: none; }
    RolloutScreen #pods { layout: horizontal; height: 12; max-height: 40%; }
    RolloutScreen #below { layout: vertical; height: 1fr; }
    RolloutScreen #revisions { height: 9; max-height: 60%; }
    RolloutScreen.-logs #revisions { max-height: 100%; }
    RolloutScreen #logs { display: none; height: 1fr; }
    RolloutScreen.-logs #logs { display: block; }
    RolloutScreen.-wide #below { layout: horizontal; }
    RolloutScreen.-wide #revisions { height: 1fr; max-height: 100%; width: 1fr; }
    RolloutScreen.-wide #events { width: 1fr; }
    RolloutScreen #old { display: none; }
    RolloutScreen.-mixed #old { display: block; }
    RolloutScreen.-narrow .group, RolloutScreen.-short .group { height: 1fr; max-height: 100%; }
    RolloutScreen.-narrow Pane, RolloutScreen.-short Pane { width: 1fr; height: 1fr; max-height: 100%; }
    RolloutScreen.-narrow #old, RolloutScreen.-short #old { display: none; }
    RolloutScreen.-narrow.-mixed #old.-active, RolloutScreen.-short.-mixed #old.-active { display: block; }
    """

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context, subject)
        clock, options = context.options.clock, context.line_view_options
        self._pods = ColumnSet.of(pod_table.COLUMNS, without=frozenset({"hash"}))
        columns = self._pods.columns
        self.counts, self.allows, self.cohorts = ReplicaCounts(), TonedLines(id="allows"), Cohorts()
        self.facts = TonedLines(id="facts")
        self.why = TonedLines(id="why", wraps=True)
        self.new = TablePane("Pods", columns, clock=clock, options=options, number=1, id="new")
        self.old = TablePane("Old pods", columns, clock=clock, options=options, number=2, id="old")
        self.old.set_empty_text("no pod of an old revision")
        self.revisions = HistoryPane(clock=clock, options=options, number=3)
        self.events = EventsPane(clock=clock, options=options, number=4)
        self.logs = LogPane(context.options, options=options, number=5, id="logs")
        self._pod_panes, self._below = Container(id="pods", classes="group"), Container(id="below", classes="group")
        self.snapshot: RolloutSnapshot | None = None
        """The pods as they are shown."""
        self._is_drawing = False
        self._reader = RolloutReader(
            self, context, subject, on_fields=self._show_revisions, on_failing_line=self._show_cohorts
        )
        self._log_reads: TrackedReads | None = None
        """What was read to choose the containers, None before."""
        self._second: int | None = None

    def compose_panes(self) -> ComposeResult:
        yield self.summary
        yield self.counts
        yield self.allows
        yield self.cohorts
        yield self.why
        yield self.facts
        with self._pod_panes:
            yield self.new
            yield self.old
        with self._below:
            yield self.revisions
            yield self.events
        yield self.logs

    def panes(self) -> Sequence[Pane]:
        old = (self.old,) if self.has_class("-mixed") else ()
        logs = (self.logs,) if self.follows_logs else ()
        return (self.new, *old, self.revisions, self.events, *logs)

    @property
    def follows_logs(self) -> bool:
        """Whether there is room for logs below everything else."""
        return self.has_class("-logs")

    def target(self) -> ObjectRef | None:
        return self.subject

    def markable_panes(self) -> Sequence[TablePane]:
        return (self.new, self.old)

    def pod_target(self) -> ObjectRef | None:
        """Return the pod under the cursor in the pod panes, None elsewhere."""
        pane = self.active_pane
        return pane.table.cursor_key if pane in (self.new, self.old) and isinstance(pane, TablePane) else None

    def log_subject(self) -> ObjectRef | None:
        """Return the pod under the cursor in the pod panes, the rollout elsewhere."""
        return self.pod_target() or self.subject

    # -- data ---------------------------------------------------------------------------------------------------------

    def view_of(self, queries: Queries, now: datetime) -> RolloutView | None:
        return queries.rollout_view(self.subject, now)

    def show_view(self, cluster: Cluster, view: RolloutView, now: datetime) -> None:
        queries = cluster.queries
        workload = queries.workload(self.subject)
        root = self.app_context.problems.root_text(view.key, view.severity)
        is_short = self.is_small and bool(root or view.status.cause_message)
        self.summary.show(rollout_summary(view, now, others=not is_short, root=root))
        self.counts.show(view.status, rollout_tone(view))
        self.new.set_empty_text(no_pods_text(view))
        self.facts.show([line] if (line := rollout_facts(queries, view)) else [])
        if workload is None:
            return
        self.allows.show([strategy_line(workload, now)])
        self.events.show_conditions(workload.status.conditions, now)
        self.events.show_events(queries.events_about(self.subject), now)
        self._reader.request_fields(view)
        pods, revisions = queries.pods_of(self.subject), queries.revisions_of(self.subject)
        draw = partial(take_snapshot, workload, revisions, pods, self._pods.select, now)
        if len(pods) <= FEW_PODS:
            self.redraw_seconds = REDRAW_SECONDS
            self._show_snapshot(draw())
        elif not self._is_drawing:  # what changes meanwhile comes with the next snapshot
            self.redraw_seconds = MANY_SECONDS
            self._is_drawing = True
            start_worker(self, partial(self._draw_in_thread, draw), group="snapshot")

    async def _draw_in_thread(self, draw: partial[RolloutSnapshot]) -> None:
        try:
            snapshot = await asyncio.to_thread(draw)
        finally:
            self._is_drawing = False
        self._show_snapshot(snapshot)
        self.share_height()

    def _show_snapshot(self, shown: RolloutSnapshot) -> None:
        self.snapshot = shown
        is_mixed, was_mixed = any(not cohort.cohort.is_current for cohort in shown.facts), self.has_class("-mixed")
        self.set_class(is_mixed, "-mixed")
        self.new.heading = "New pods" if is_mixed else "Pods"
        self._show_pods(self.new, shown.new)
        self._show_pods(self.old, shown.old)
        self._number_panes()
        self._show_revisions()
        self._reader.request_failing_line(shown.failure)
        self._show_cohorts()
        if was_mixed != is_mixed:
            self.show_pane(self.active_pane if self.active_pane is not self.old else self.new)

    def _number_panes(self) -> None:
        for number, pane in enumerate(self.panes(), start=1):
            pane.number = number

    def _show_pods(self, pane: TablePane, shown: PodTable) -> None:
        pane.set_rows(shown.rows, shown.summary)

    def _show_cohorts(self) -> None:
        if self.snapshot is not None:
            facts, now = self.snapshot.facts, self.app_context.options.clock.now()
            self.cohorts.show(facts, now, width=self.size.width, compact=self.is_small)
            line = failing_log_line(facts, self._reader.failing_line, compact=self.is_small)
            self.why.show([line] if line else [])

    def _show_revisions(self) -> None:
        connected, now = self.app_context.connected, self.app_context.options.clock.now()
        if self.snapshot is not None and connected is not None:
            fields = self._reader.fields
            revisions = unmark_rewritten_causes(fields or {}, self.snapshot.revisions)
            authors = None if fields is None else revision_authors(fields, revisions)
            outcomes = revision_outcomes_of(connected.cluster, self.subject, events=False)
            self.revisions.show_revisions(revisions, authors, now, outcomes)

    def on_unmount(self) -> None:
        """Forget what was read; the base class does the same for its own reads."""
        if self._log_reads is not None:
            self._log_reads.close()

    def session_changed(self) -> None:
        self._reader.clear()
        self._log_reads = None
        connected = self.app_context.connected
        self.logs.set_source(connected.connection if connected is not None else None, self.app_context.context_name)
        super().session_changed()

    def tick(self, changes: Changes) -> None:
        super().tick(changes)
        connected, now = self.app_context.connected, self.app_context.options.clock.now()
        if connected is not None and self.follows_logs:
            self.logs.follow(self.subject)
            if self._log_reads is None:
                self._log_reads = connected.cluster.queries.track_reads()
            if self.logs.needs_targets or self._log_reads.is_stale:
                with self._log_reads.recording():
                    update_log_targets(self.logs, connected.cluster.queries)
        self.logs.pull()
        if connected is None or int(now.timestamp()) == self._second:
            return
        self._second = int(now.timestamp())
        workload = connected.cluster.queries.workload(self.subject)
        if workload is not None:
            self.allows.show([strategy_line(workload, now)])

    def tick_hidden(self, changes: Changes) -> None:
        """Keep taking lines: those that wait too long are dropped."""
        self.logs.pull()

    @property
    def _heights(self) -> RolloutHeights:
        return RolloutHeights(
            screen=self.size.height,
            new_pods=len(self.new.rows),
            old_pods=len(self.old.rows),
            revisions=len(self.revisions.rows),
            events=len(self.events.rows),
            conditions=len(self.events.conditions.lines),
            is_wide=self.has_class("-wide"),
        )

    def share_height(self) -> None:
        """Give every pane the lines it needs; what is left over shows the logs, or more events."""
        heights = self._heights
        self.set_class(not self.is_small and heights.screen < ROOMY, "-dense")
        self.set_class(heights.screen < TIGHT, "-tight")
        if self.is_small:
            for widget in (self._pod_panes, self.revisions, self._below):
                widget.styles.clear_rule("height")
            self._show_logs(False)
            cohorts = len(self.cohorts.newest.lines) + len(self.cohorts.older.lines) + self.why.region.height
            self.summary.styles.max_height = heights.small_summary(cohorts)
            return
        self.summary.styles.clear_rule("max_height")
        self._pod_panes.styles.height = heights.pods
        if heights.is_wide:
            self.revisions.styles.clear_rule("height")
        else:
            self.revisions.styles.height = heights.history
        self.call_after_refresh(self._use_remaining_height)

    def _use_remaining_height(self) -> None:
        """Show the logs in the lines that revisions and events leave."""
        heights = self._heights
        has_room = not self.is_small and heights.leaves_room_for_logs(self._below.region.y)
        self._below.styles.height = heights.below if has_room else "1fr"
        self._show_logs(has_room)

    def _show_logs(self, on: bool) -> None:
        if on == self.follows_logs:
            return
        if not on and self.active_pane is self.logs:
            self.show_pane(self.events)
        self.set_class(on, "-logs")
        if not on:
            self.logs.unfollow()
        self._number_panes()
        self.draw_tabs()

    def on_resize(self) -> None:
        """There may be room for more or less: the next tick shows it."""
        self._is_stale, self._shown_at = True, None

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Describe the pod; a revision leads to undo; an event shows its whole message."""
        if event.table is self.revisions.table:
            number = event.row.cells[0].sort
            self.operate("workload.undo", revision=int(number) if number else None)
        elif event.key.kind == "Pod":
            self.app_context.navigator.open_description(event.key)
        else:
            message = event_message(event.row)
            self.app.notify(message or "this event has no message", markup=False, timeout=EVENT_SECONDS)

    def show_diff(self, *revisions: int) -> None:
        """Compare the revision under the cursor with the marked one, or with now."""
        if revisions:
            super().show_diff(*revisions)
            return
        base, selected = self.revisions.marked, self.revisions.selected
        if self.active_pane is not self.revisions and base is None:
            selected = None
        revisions_to_compare = [revision for revision in (base, selected) if revision is not None]
        numbers = sorted({revision.number for revision in revisions_to_compare if base or not revision.is_current})
        self.app_context.navigator.open_diff(self.subject, *numbers)

    def action_mark(self) -> None:
        """Mark the revision under the cursor as the one to compare with."""
        if self.active_pane is not self.revisions:
            self.show_pane(self.revisions)
        self.revisions.mark(self.app_context.options.clock.now())

    def action_full_screen(self) -> None:
        """Show the logs alone on the whole screen."""
        self.app_context.navigator.open_logs(self.subject, previous=False, full=True)

    def show_logs(self, *, previous: bool) -> None:
        """Show the logs of the pod under the cursor, or of the rollout."""
        self.app_context.navigator.open_logs(self.log_subject(), previous=previous)

    def show_description(self) -> None:
        """Describe the pod under the cursor, or the rollout."""
        self.app_context.navigator.open_description(self.log_subject())

    def show_yaml(self) -> None:
        """Show the YAML of the pod under the cursor, or of the rollout."""
        self.app_context.navigator.open_yaml(self.log_subject())

    def step_back(self) -> None:
        """Clear the filter, then go back."""
        if not (self.clear_marks() or self.clear_filter()):
            super().step_back()
