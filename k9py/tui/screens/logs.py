"""The logs of all pods of an object on the whole screen, and what the new revision logs that the old one did not.

Invariant: the keys here are those of logs, not those with which other screens change the cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from k9py.actions.action import Action, ActionScope
from k9py.actions.registry import BUILT_IN
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.log_targets import ALL_ROLES
from k9py.cluster.object_pods import ObjectPods
from k9py.cluster.reads import TrackedReads
from k9py.logs.follow.log_range import RANGES, TAIL, LogRange
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.dialogs.sources import SourcesDialog
from k9py.tui.logs.comparing import (
    revision_names,
)
from k9py.tui.logs.source_filter import (
    CheckedItem,
    NameFilter,
    SourceFilter,
    failing_init_containers,
    filter_from_checked,
    pod_details,
    source_items,
)
from k9py.tui.logs.targets import no_pods_text
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.patterns_pane import PatternsPane
from k9py.tui.screens.log_comparison import LogComparison
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.screens.targets import CursorTargets, applies_to
from k9py.tui.session import Connected

UPDATE_SECONDS: Final = 0.25
"""Minimum seconds between two updates of the containers: a rollout of hundreds of pods changes all the time."""


class LogScreen(PanedScreen, inherit_bindings=False):
    """A log pane and, where there is something to compare, the patterns.

    Args:
        subject: whose logs.
        previous: those of the containers that ran before.
        full: the lines alone on the whole screen.
        queries: what is searched for, filtered by and highlighted from the start, see `LogPane.queries`.
        container: show only this one at first, "" for all.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *(action.id for action in BUILT_IN.in_scope(ActionScope.LOG_PANE) if action.id != "log.search"),
        ActionScope.LOG_SCREEN,
        "workload.restart",
        "workload.undo",
        "object.describe",
        "object.yaml",
        "cluster.namespaces",
        ActionScope.SCREEN,
        "pane.next",
        "pane.previous",
        "pane.filter",
    )
    is_log_screen = True
    DEFAULT_CSS = """
    LogScreen #tabs, LogScreen.-narrow #tabs, LogScreen.-short #tabs { display: none; }
    LogScreen #both { layout: vertical; width: 1fr; height: 1fr; }
    LogScreen #logs, LogScreen.-narrow #logs, LogScreen.-short #logs { display: block; border: round $border-blurred; }
    LogScreen #patterns, LogScreen.-narrow #patterns, LogScreen.-short #patterns {
        display: none; height: 6; max-height: 40%; border: round $border-blurred;
    }
    LogScreen.-comparing #patterns { display: block; }
    LogScreen.-narrow.-comparing #patterns, LogScreen.-short.-comparing #patterns { display: block; }
    LogScreen #logs:focus-within, LogScreen #patterns:focus-within { border: round $border; }
    LogScreen.-full HeaderBar, LogScreen.-full NoticeBar, LogScreen.-full KeyBar { display: none; }
    LogScreen.-full #logs, LogScreen.-full #logs:focus-within { border: none; }
    LogScreen.-full #patterns, LogScreen.-full.-comparing #patterns { display: none; }
    """

    def __init__(
        self,
        context: AppContext,
        subject: ObjectRef,
        *,
        previous: bool,
        full: bool = False,
        queries: Sequence[str] = (),
        container: str = "",
    ) -> None:
        super().__init__(context)
        self._container = container
        self._queries = queries
        self.subject = subject
        self.previous = self._began_previous = previous
        self.range: LogRange = TAIL
        clock, options = context.options.clock, context.line_view_options
        self.logs = LogPane(context.options, options=options, id="logs")
        self.patterns = PatternsPane(clock=clock, options=options, id="patterns")
        self.logs.sink = self.patterns
        self.comparison = LogComparison(self, self.patterns, subject)
        self._wants_patterns: bool | None = None
        """Whether the user wants the patterns; None: not decided."""
        self._knows_way_back = False
        self._is_stale = False
        self._reads: TrackedReads | None = None
        """What was read to choose the containers, None before."""
        self._pods: ObjectPods | None = None
        self._updated_at = float("-inf")
        self.set_class(full, "-full")

    @property
    def is_settled(self) -> bool:
        """Whether everything the comparison is made of has been read and counted."""
        return self.comparison.is_settled and not self._is_stale and self.patterns.is_settled

    def compose_panes(self) -> ComposeResult:
        with Container(id="both"):
            yield self.patterns
            yield self.logs

    def panes(self) -> Sequence[Pane]:
        return (self.logs, self.patterns) if self.patterns.display else (self.logs,)

    def target(self) -> ObjectRef | None:
        return self.subject

    def pod_target(self) -> ObjectRef | None:
        return self.subject if self.subject.kind == POD.name else None

    def applies(self, action: Action) -> bool:
        return self.subject.kind == POD.name or applies_to(action, self.subject)

    def on_mount(self) -> None:
        """Follow immediately."""
        self.show_pane(self.logs)
        self.session_changed()
        if self._container:
            only = NameFilter(frozenset({self._container}), only=True)
            self.logs.set_source_filter(SourceFilter(containers=only, roles=ALL_ROLES))
        self.call_after_refresh(self.logs.set_queries, self._queries)
        if self.has_class("-full"):
            self._show_way_back()

    def on_unmount(self) -> None:
        """Forget what was read."""
        if self._reads is not None:
            self._reads.close()
        if self._pods is not None:
            self._pods.close()

    def session_changed(self) -> None:
        connected = self.app_context.connected
        self._reads = None
        if self._pods is not None:
            self._pods.close()
        self._pods = ObjectPods(connected.cluster, self.subject) if connected else None
        self.logs.set_source(connected.connection if connected else None, self.app_context.context_name)
        self._follow()

    def _follow(self) -> None:
        self.comparison.start_over()
        # Previous containers are not compared: their lines are not those of the current revision.
        self._compare(
            not self.previous
            and (self.comparison.revisions.is_useful if self._wants_patterns is None else self._wants_patterns)
        )
        self.logs.follow(self.subject, previous=self.previous, range=self.range, immediately=True)
        self._update_targets()

    def _update_targets(self) -> None:
        """Read the containers there are now, and compare their revisions."""
        self._is_stale = False
        connected = self.app_context.connected
        if connected is None or self._pods is None:
            return
        if self._reads is None:
            self._reads = connected.cluster.queries.track_reads()
        with self._reads.recording():
            self._read_targets(connected, self._pods)

    def _read_targets(self, connected: Connected, pods: ObjectPods) -> None:
        queries = connected.cluster.queries
        targets = pods.log_targets(ALL_ROLES)
        always_read = failing_init_containers(pods.pods())
        empty_reason = "" if targets else pods.empty_reason or no_pods_text(queries, self.subject)
        self.logs.set_targets(targets, revision_names(queries, self.subject), always_read, empty_reason)
        now = self.app_context.options.clock.now()
        is_release = self.comparison.update(connected, self.logs.read_targets, now, reads_baseline=not self.previous)
        if self._wants_patterns is None and is_release and not self.previous:
            self._compare(True)

    def tick(self, changes: Changes) -> None:
        has_changed = self._reads is None or self._reads.is_stale
        has_changed = (self._pods is not None and self._pods.take_change()) or has_changed
        self._is_stale = self._is_stale or has_changed or self.logs.needs_targets or self.comparison.needs_update
        now = self.app_context.options.clock.monotonic()
        if self._is_stale and now - self._updated_at >= UPDATE_SECONDS:
            self._updated_at = now
            self._update_targets()
        self.logs.pull()

    def tick_hidden(self, changes: Changes) -> None:
        """Keep taking lines: those that wait too long are dropped."""
        self.logs.pull()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def action_range(self, number: int) -> None:
        """Read another part of the logs."""
        self.previous, self.range = False, RANGES[number]
        self._follow()

    def show_logs(self, *, previous: bool) -> None:
        """Show what the containers write now, or what the previous containers wrote."""
        self.previous = previous
        self._follow()

    def action_previous_logs(self) -> None:
        """Show what the containers wrote before they were last restarted, or what they write now."""
        self.previous = not self.previous
        self._follow()

    def action_hold(self) -> None:
        """Hold the view where it is, or follow again."""
        self.logs.view.action_toggle_hold()

    def action_full_screen(self) -> None:
        """Show the lines alone, or everything again."""
        self.toggle_class("-full")
        self.show_pane(self.logs)
        if self.has_class("-full"):
            self._show_way_back()

    def _show_way_back(self) -> None:
        """Show once how everything comes back: there is no footer now."""
        if not self._knows_way_back:
            self._knows_way_back = True
            self.app_context.show_message(
                self.app_context.key_names.fill("{log.full} or {app.back}: show everything again")
            )

    def takes_line(self, line: str) -> bool:
        return self.logs.is_typed_time(line) or super().takes_line(line)

    def run_line(self, line: str, typed_on: CursorTargets | None = None) -> None:
        """Go to a time that was typed after `:`; else run a command."""
        if not self.logs.go_to_typed_time(line):
            super().run_line(line, typed_on)

    def action_hide(self) -> None:
        """Choose what to hide."""
        self._choose(only=False)

    def action_show_only(self) -> None:
        """Choose what to show alone."""
        self._choose(only=True)

    def _choose(self, *, only: bool) -> None:
        logs, pods = self.logs, () if self._pods is None else self._pods.pods()
        details = pod_details(logs.targets, self.comparison.revisions.names or {}, pods)
        items = source_items(logs.targets, logs.states(), logs.source_filter.roles, details)
        line = logs.view.cursor_line
        current: CheckedItem | None = ("pod", line.target.pod) if line is not None else None

        def apply(ticks: frozenset[CheckedItem] | None) -> None:
            if ticks is not None:
                logs.set_source_filter(filter_from_checked(ticks, only=only))
                self._update_targets()

        self.app.push_screen(
            SourcesDialog(items, logs.source_filter.checked_items(items, only=only), only=only, current=current), apply
        )

    def action_copy(self) -> None:
        """Refuse to copy from the patterns: the copied lines would not be the visible ones."""
        self.app_context.show_message(
            self.app_context.key_names.fill("{log.copy} copies lines of the log: {pane.next} goes there"), failed=True
        )

    def action_save(self) -> None:
        """Save lines, from whichever pane."""
        self.logs.action_save()

    def action_filter_lines(self) -> None:
        """Filter the lines, from whichever pane."""
        self.logs.action_filter_lines()

    def action_filter(self) -> None:
        """Search the lines: patterns have no filter of their own."""
        self.logs.action_search()

    def action_highlight(self) -> None:
        """Highlight words in the lines, from whichever pane."""
        self.logs.action_highlight()

    # -- patterns -----------------------------------------------------------------------------------------------------

    def action_patterns(self) -> None:
        """Show the patterns, or hide them."""
        self._wants_patterns = not self.has_class("-comparing")
        if self._wants_patterns:
            self.remove_class("-full")
        self._compare(self._wants_patterns)
        self.show_pane(self.patterns if self._wants_patterns else self.logs)

    def _compare(self, on: bool) -> None:
        self.set_class(on, "-comparing")
        if not on and self.patterns.has_class("-active"):
            self.show_pane(self.logs)

    def on_patterns_pane_jump(self, event: PatternsPane.Jump) -> None:
        """Go to a pattern's example in the log."""
        event.stop()
        view = self.logs.view
        if not view.go_to(event.number):
            self.app_context.show_message("that line is no longer in the buffer", failed=True)
            return
        self.show_pane(self.logs)
        if view.cursor_number != event.number:
            self.app_context.show_message("that line is hidden now, by the filter or with its source")

    def step_back(self) -> None:
        """Undo search, filter and marks, the previous run, and the full screen, one at a time; then go back."""
        if self.clear_filter() or self.logs.step_back():
            return
        if self.previous and not self._began_previous:
            self.action_previous_logs()
        elif self.has_class("-full"):
            self.action_full_screen()
        else:
            super().step_back()
