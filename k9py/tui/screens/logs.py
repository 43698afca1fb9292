"""The logs of everything behind an object on the whole screen, and what the new revision says that the old did not.

Invariant: the keys here are those of logs: `keymap.LOG_SCREEN` alone, not what other screens change the cluster with.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.worker import Worker

from k9py.actions.action import Scope
from k9py.actions.registry import in_scope
from k9py.api.kinds import POD
from k9py.api.meta import ObjectKey
from k9py.cluster.change_feed import Changes
from k9py.cluster.log_targets import ALL_ROLES
from k9py.cluster.queries import Queries
from k9py.logs.follow.log_range import RANGES, TAIL, LogRange
from k9py.logs.source import LogSource, LogTarget
from k9py.rollouts.revisions import Revision
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.dialogs.sources import SourcesDialog
from k9py.tui.logs.comparing import (
    ComparedRevisions,
    compared_revisions,
    container_start_times,
    read_startup_lines,
    revision_names,
    startup_targets,
    workload_of,
)
from k9py.tui.logs.restarts import ObjectReader, RestartedRevisions
from k9py.tui.logs.source_filter import (
    CheckedItem,
    failing_init_containers,
    filter_from_checked,
    pod_details,
    source_items,
)
from k9py.tui.logs.targets import no_pods_text
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.patterns_pane import PatternsPane
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.screens.targets import CursorTargets
from k9py.tui.workers import start_worker

RENEW_SECONDS: Final = 0.25
"""Least seconds between two looks at which containers there are: a rollout of hundreds of pods changes all the time."""


class LogScreen(PanedScreen, inherit_bindings=False):
    """A log pane and, where there is something to compare, the patterns.

    Args:
        subject: whose logs.
        previous: those of the containers that ran before.
        full: the lines alone on the whole screen.
        queries: what is searched for, filtered by and highlighted from the start, see `LogPane.typed_texts`.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *(action.id for action in in_scope(Scope.LOG_PANE) if action.id != "log.search"),
        Scope.LOG_SCREEN,
        "workload.restart",
        "workload.undo",
        "object.describe",
        "object.yaml",
        "cluster.namespaces",
        Scope.SCREEN,
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
        subject: ObjectKey,
        *,
        previous: bool,
        full: bool = False,
        queries: Sequence[str] = (),
    ) -> None:
        super().__init__(context)
        self._queries = queries
        self.subject = subject
        self.previous = self._began_previous = previous
        self.range: LogRange = TAIL
        clock, options = context.options.clock, context.line_view_options
        self.logs = LogPane(context.options, options=options, id="logs")
        self.patterns = PatternsPane(clock=clock, options=options, id="patterns")
        self.logs.sink = self.patterns
        self.sides = ComparedRevisions()
        """What the patterns pane compares."""
        self._asked: bool | None = None
        """Whether the person wants the patterns; None: not said yet."""
        self._knows_way_back = False
        self._is_stale = False
        self._renewed_at = float("-inf")
        self._seen_old: dict[str, None] = {}
        self._baseline_of = ""
        self._baseline: Worker[None] | None = None
        self._restarts = RestartedRevisions()
        self._learning = False
        self.set_class(full, "-full")

    @property
    def is_settled(self) -> bool:
        """True when all that the comparison is made of has been read and counted."""
        is_read = not self._learning and (self._baseline is None or self._baseline.is_finished)
        return is_read and not self._is_stale and self.patterns.is_settled

    def compose_panes(self) -> ComposeResult:
        with Container(id="both"):
            yield self.patterns
            yield self.logs

    def panes(self) -> Sequence[Pane]:
        return (self.logs, self.patterns) if self.patterns.display else (self.logs,)

    def target(self) -> ObjectKey | None:
        return self.subject

    def pod_target(self) -> ObjectKey | None:
        return self.subject if self.subject.kind == POD.name else None

    def on_mount(self) -> None:
        """Follow at once."""
        self.show_pane(self.logs)
        self.session_changed()
        self.call_after_refresh(self.logs.set_queries, self._queries)
        if self.has_class("-full"):
            self._say_way_back()

    def session_changed(self) -> None:
        connected = self.app_context.connected
        self.logs.set_source(connected.connection if connected else None, self.app_context.context_name)
        self._follow()

    def _follow(self) -> None:
        self._baseline_of = ""
        # Former runs are not compared: what they said is not what a revision says now.
        self._compare(not self.previous and (self.sides.is_useful if self._asked is None else self._asked))
        self.logs.follow(self.subject, previous=self.previous, range=self.range, immediately=True)
        self._renew()

    def _renew(self) -> None:
        """Say which containers there are, and what to compare."""
        self._is_stale = False
        connected = self.app_context.connected
        if connected is None:
            return
        queries = connected.cluster.queries
        every = queries.log_targets(self.subject, roles=ALL_ROLES)
        pods = queries.pods_of(self.subject)
        why_none = "" if every else no_pods_text(queries, self.subject)
        self.logs.set_targets(every, revision_names(queries, self.subject), failing_init_containers(pods), why_none)
        self.sides = compared_revisions(
            queries, self.subject, self.logs.read_targets, self.app_context.options.clock.now()
        )
        # Lines of a revision whose pods are gone by now are still compared.
        self._seen_old.update(dict.fromkeys(self.sides.old))
        self._seen_old.pop(self.sides.new, None)
        old = (*self.sides.old, *(one for one in self._seen_old if one not in self.sides.old))
        self._learn_restarts(queries, connected.connection, {self.sides.new, *old})
        same = self._restarts.same_as(self.sides.new, old)
        old = tuple(one for one in old if one not in same)
        self.patterns.set_revisions(self.sides.new, old, self.sides.names or {}, same)
        self.patterns.set_started(container_start_times(pods))
        self._read_baseline(connected.connection, old)
        # A restart alone is no release: before it is known to be none, nothing opens by itself.
        is_release = bool(old) or not same
        if self._asked is None and self.sides.is_useful and is_release and not self.previous and not self._learning:
            self._compare(True)

    def _learn_restarts(self, queries: Queries, source: ObjectReader, revisions: Collection[str]) -> None:
        """Read once which revisions are the same but for a restart."""
        workload = workload_of(queries, self.subject)
        if workload is None or len(revisions) < 2 or all(map(self._restarts.has, revisions)):
            return
        unknown = [one for one in queries.revisions_of(workload) if one.pod_template_hash in revisions]
        if not self._learning and not all(self._restarts.has(one.pod_template_hash) for one in unknown):
            self._learning = True
            start_worker(self, partial(self._learn_templates, source, unknown), group="restarts")

    async def _learn_templates(self, source: ObjectReader, revisions: Sequence[Revision]) -> None:
        try:
            await self._restarts.load(source, revisions)
        finally:
            self._learning = False
            self._is_stale = True

    def _read_baseline(self, source: LogSource, old: Collection[str]) -> None:
        """Read once how an old pod began its log."""
        targets = startup_targets(self.logs.read_targets, tuple(old))
        if targets and not self._baseline_of and not self.previous:
            self._baseline_of = targets[0].revision
            self._baseline = start_worker(self, partial(self._learn, source, targets), group="baseline", exclusive=True)

    async def _learn(self, source: LogSource, targets: Sequence[LogTarget]) -> None:
        for target in targets:
            lines = await read_startup_lines(source, target)
            if lines:
                self.patterns.add_baseline(target.revision, lines)

    def tick(self, changes: Changes) -> None:
        self._is_stale = self._is_stale or changes.everything or self.logs.needs_targets or self._concerns(changes)
        now = self.app_context.options.clock.monotonic()
        if self._is_stale and now - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = now
            self._renew()
        self.logs.pull()

    def _concerns(self, changes: Changes) -> bool:
        return self.subject in changes.pods or self.subject in changes.rollouts or self.subject in changes.services

    def tick_hidden(self, changes: Changes) -> None:
        """Go on taking lines: what waits too long is dropped."""
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
            self._say_way_back()

    def _say_way_back(self) -> None:
        """Say once how everything comes back: there is no line of keys now."""
        if not self._knows_way_back:
            self._knows_way_back = True
            self.app_context.show_message(
                self.app_context.key_names.fill("{log.full} or {app.back}: show everything again")
            )

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
        logs, connected = self.logs, self.app_context.connected
        pods = connected.cluster.queries.pods_of(self.subject) if connected is not None else ()
        told = pod_details(logs.targets, self.sides.names or {}, pods)
        items = source_items(logs.targets, logs.states(), logs.source_filter.roles, told)
        line = logs.view.cursor_line
        current: CheckedItem | None = ("pod", line.target.pod) if line is not None else None

        def apply(ticks: frozenset[CheckedItem] | None) -> None:
            if ticks is not None:
                logs.set_source_filter(filter_from_checked(ticks, only=only))
                self._renew()

        self.app.push_screen(
            SourcesDialog(items, logs.source_filter.checked_items(items, only=only), only=only, current=current), apply
        )

    def action_copy(self) -> None:
        """Refuse to copy from the patterns: what would be taken is not what is looked at."""
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
        self._asked = not self.has_class("-comparing")
        if self._asked:
            self.remove_class("-full")
        self._compare(self._asked)
        self.show_pane(self.patterns if self._asked else self.logs)

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
        """Take back what was done to the lines, the previous run, the full screen, one at a time; then go back."""
        if self.clear_filter() or self.logs.step_back():
            return
        if self.previous and not self._began_previous:
            self.action_previous_logs()
        elif self.has_class("-full"):
            self.action_full_screen()
        else:
            super().step_back()
