"""What changed: the timeline of an object and all that it depends on, of its namespace, or of everything that is shown.

A strip of time stands above the table: bars for changes, marks where problems began and where the cursor is. Beside the
selected entry stand the problems that had begun by then, so that one can step through an incident. Every key acts on
the object of the selected entry. Invariants: what is leased ends with the screen; the timeline is assembled in slices
and at most every `UPDATE_SECONDS`; the cursor follows its entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cluster.change_feed import Changes
from k9py.cluster.timeline import Timeline, TimelineReport
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.panes.row_sources import ColumnSet
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.paned_screen import SinglePaneScreen
from k9py.tui.screens.targets import OBJECT_KEYS, applies_to, pod_of
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.workers import start_worker
from k9py.views import timeline as table
from k9py.views.timeline_problems import by_then_line, by_then_lines
from k9py.views.values import Row, Tone

UPDATE_SECONDS: Final = 1.0
"""Minimum seconds between two updates."""
AGES_SECONDS: Final = 10.0
"""Seconds after which a timeline in which nothing changes is moved on."""
REST_PER_COST: Final = 10
"""A timeline of many objects is updated less often: it takes at most a tenth of the time."""
ACTIONS_SECONDS: Final = 5.0
"""Seconds between two reads of the audit file."""
_ROOM_LINES: Final = 20
"""Height of a screen that has room for a line beneath the table."""
SPANS: Final = tuple(timedelta(minutes=minutes) for minutes in (60, 360, 1440, 15))
"""How far the timeline goes back: at first, and after each press of the key."""


class TimelineScreen(SinglePaneScreen[TablePane]):
    """What changed.

    Args:
        subject: the object; None: everything that is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.TIMELINE, ActionScope.DIFF)
    footer_begins_with = (
        "table.select",
        "timeline.earlier",
        "timeline.later",
        "timeline.open",
        "timeline.widen",
        "timeline.since",
        *OBJECT_KEYS,
    )
    DEFAULT_CSS = """
    TimelineScreen #strip { padding: 0 2; height: 2; margin: 1 0 0 0; }
    TimelineScreen.-short #strip { margin: 0; }
    TimelineScreen #details { background: $surface; padding: 0 2; max-height: 50%; }
    """

    def __init__(self, context: AppContext, subject: ObjectRef | None = None) -> None:
        super().__init__(context)
        self.subject = subject
        self.strip = TonedLines(id="strip")
        self.details = TonedLines(id="details", wraps=True)
        self.by_then = TonedLines(id="by-then")
        self._columns = _columns(one_namespace=subject is not None)
        self.pane = TablePane(
            "What changed",
            self._columns.columns,
            clock=context.options.clock,
            options=context.line_view_options,
            number=1,
            id="timeline",
        )
        self.pane.set_empty_text("reading…", Tone.BUSY)
        self.span = SPANS[0]
        self._about = subject
        self._namespace = ""
        self._timeline: Timeline | None = None
        self._report: TimelineReport | None = None
        self._entries: dict[ObjectRef, TimelineEntry] = {}
        self._rows: dict[TimelineEntry, Row] = {}
        self._shows_details = False
        self._is_outdated = True
        self._is_updating = False
        self._updated_at = self._actions_at = float("-inf")
        self._cost = 0.0
        """Seconds that the last update took."""
        self._done: tuple[TimelineEntry, ...] = ()

    def compose_panes(self) -> ComposeResult:
        yield self.strip
        yield self.pane
        yield self.by_then
        yield self.details

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("changes" if self.subject is None else f"changes of {self.subject.name}",)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Read the timeline."""
        self.show_pane(self.pane)
        self.session_changed()

    def on_unmount(self) -> None:
        """End the leases."""
        self._close()

    def session_changed(self) -> None:
        self._open()

    def _close(self) -> None:
        if self._timeline is not None:
            self._timeline.close()
        self._timeline = self._report = None

    def _open(self) -> None:
        """Read the timeline of what is chosen."""
        self._close()
        connected = self.app_context.connected
        if connected is None:
            self.pane.set_empty_text("not connected", Tone.MUTED)
            return
        cluster = connected.cluster
        self._timeline = Timeline(cluster, self._about, namespace=self._namespace, on_change=self._outdate)
        one_namespace = bool(self._about or self._namespace) or len(cluster.scope.namespaces) == 1
        self._columns, self._rows = _columns(one_namespace=one_namespace), {}
        self.pane.set_source(None, self._columns.columns)
        self.pane.set_empty_text("reading…", Tone.BUSY)
        self._show_title()
        self._updated_at = float("-inf")
        self._start_update()

    def _outdate(self) -> None:
        self._is_outdated = True

    def tick(self, changes: Changes) -> None:
        self._is_outdated |= bool(changes)
        now = self.app_context.options.clock.monotonic()
        wait = max(UPDATE_SECONDS, self._cost * REST_PER_COST) if self._is_outdated else AGES_SECONDS
        if now - self._updated_at >= wait:
            self._start_update()

    def _start_update(self) -> None:
        if not self._is_updating and self._timeline is not None and self.is_mounted:
            self._is_updating, self._is_outdated = True, False
            start_worker(self, self._update, group="timeline")

    async def _update(self) -> None:
        """Assemble the timeline and show it, unless another one was chosen meanwhile."""
        clock, timeline = self.app_context.options.clock, self._timeline
        assert timeline is not None
        begun = clock.monotonic()
        try:
            since = clock.now() - self.span
            problems = self.app_context.problems
            known = None if problems.report is None else (*problems.shown, *problems.acknowledged)
            report = await timeline.update(since, await self._done_with_kdash(since), known)
            rows = await self._rows_of(report)
        finally:
            self._is_updating = False
            self._updated_at = clock.monotonic()
            self._cost = self._updated_at - begun
        if timeline is self._timeline:
            self._report, self._rows = report, rows
            self._show(report, rows)
        else:
            self._start_update()

    async def _done_with_kdash(self, since: datetime) -> tuple[TimelineEntry, ...]:
        connected, now = self.app_context.connected, self.app_context.options.clock.monotonic()
        if connected is not None and now - self._actions_at >= ACTIONS_SECONDS:
            self._actions_at = now
            self._done = await asyncio.to_thread(connected.writer.recent_actions, since)
        return self._done

    async def _rows_of(self, report: TimelineReport) -> dict[TimelineEntry, Row]:
        """Return the rows of entries, those that are shown already unchanged; in slices."""
        time_slice = TimeSlice(monotonic=self.app_context.options.clock.monotonic)
        rows: dict[TimelineEntry, Row] = {}
        for entry in report.entries:
            rows[entry] = self._rows.get(entry) or self._columns.select(table.row(entry, report.at))
            await time_slice.yield_if_over()
        return rows

    def _show(self, report: TimelineReport, rows: Mapping[TimelineEntry, Row]) -> None:
        self._entries = {row.key: entry for entry, row in rows.items()}
        self.pane.set_rows(rows.values())
        if report.is_complete:
            self.pane.set_empty_text(f"nothing changed in the last {table.span_text(self.span)}")
        self.pane.set_subtitle(table.coverage_text(report))
        self._show_details()

    def _show_title(self) -> None:
        if self._about is not None:
            what = f"{printable(self._about.qualified_kind)} {printable(self._about.name)} and what it depends on"
        else:
            connected = self.app_context.connected
            scope = "all namespaces" if connected is None else printable(str(connected.cluster.scope))
            what = f"namespace {printable(self._namespace)}" if self._namespace else scope
        self.pane.set_place(what, f"last {table.span_text(self.span)}")

    def _show_details(self) -> None:
        """Show the strip, and the details of the selected entry where they are wanted."""
        report, entry = self._report, self._entry
        if report is None:
            return
        at = None if entry is None else entry.at
        self.strip.show(table.strip_lines(report.entries, report.since, report.at, self.size.width - 4, at))
        if entry is None:
            self.details.show(())
            self.by_then.show(())
        elif self._shows_details:
            lines = table.detail_lines(entry, report.at)
            self.details.show((*lines, (), *(by_then_lines(report.problems, entry.at) if self._knows_problems else ())))
            self.by_then.show(())
        else:
            self.details.show(())
            has_room = self.size.height >= _ROOM_LINES and self._knows_problems
            self.by_then.show((by_then_line(report.problems, entry.at),) if has_room else ())

    def on_resize(self) -> None:
        """Draw the strip for the new width."""
        super().on_resize()
        self.call_after_refresh(self._show_details)

    # -- targets ------------------------------------------------------------------------------------------------------

    @property
    def _knows_problems(self) -> bool:
        return self.app_context.problems.report is not None

    @property
    def _entry(self) -> TimelineEntry | None:
        key = self.pane.table.cursor_key
        return None if key is None else self._entries.get(key)

    def target(self) -> ObjectRef | None:
        entry = self._entry
        return entry.about if entry is not None and self.is_connected else None

    def pod_target(self) -> ObjectRef | None:
        return pod_of(self.target())

    def applies(self, action: Action) -> bool:
        target = self.target() or self.subject
        return target is None or applies_to(action, target)

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        self.pane.table.pin_cursor()

    def lost_target_message(self) -> str:
        if self.pane.table.lost_key is None:
            return ""
        self.pane.table.pin_cursor()
        return "the selected entry is not shown any more: press again to act on the object of the one under the cursor"

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show the place in time and the details of the entry, and the keys of its object."""
        self.refresh_bindings()
        self._show_details()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Show or hide the details."""
        self.pane.table.pin_cursor()
        self._shows_details = not self._shows_details
        self._show_details()

    def title_of(self, action: Action) -> str:
        return "Details" if action.id == "table.select" else super().title_of(action)

    def action_open(self) -> None:
        """Open the object of the entry."""
        target = self.target()
        if target is not None:
            self.pane.table.pin_cursor()
            self.app_context.navigator.open_object(target)

    def action_step(self, direction: int) -> None:
        """Go to the next change or beginning of a problem, of those that are shown.

        Args:
            direction: 1 for the next one in time, -1 for the one before.
        """
        current, live = self._entry, self.pane.table
        shown = (entry for row in live.shown_rows if (entry := self._entries.get(row.key)) is not None)
        steps = [entry for entry in shown if entry.kind in table.CHANGES or entry.kind is EntryKind.FINDING]
        if current is not None:
            place = _place(current)
            steps = [each for each in steps if (_place(each) > place if direction > 0 else _place(each) < place)]
        if not steps:
            when = "after" if direction > 0 else "before"
            self.app_context.show_message(f"no change and no beginning of a problem is shown {when} this", failed=True)
            return
        live.select_key(table.row_key(min(steps, key=_place) if direction > 0 else max(steps, key=_place)))

    def action_since(self) -> None:
        """Begin earlier, after the longest span later again."""
        self.span = SPANS[(SPANS.index(self.span) + 1) % len(SPANS)]
        self._show_title()
        self._start_update()
        self._is_outdated, self._updated_at = True, float("-inf")

    def action_widen(self) -> None:
        """Show the changes of the namespace, then of everything that is watched, then of the object again."""
        subject = self.subject
        if subject is None:
            self.app_context.show_message("these are all changes that are shown", failed=True)
            return
        connected = self.app_context.connected
        is_scope = connected is not None and connected.cluster.scope.namespaces == (subject.namespace,)
        if self._about is not None and subject.namespace and not is_scope:
            self._about, self._namespace = None, subject.namespace
        elif self._about is not None or self._namespace:
            self._about, self._namespace = None, ""
        else:
            self._about = subject
        self._open()

    def show_timeline(self) -> None:
        """Show the timeline of the object under the cursor."""
        target = self.acting_target
        if target is None or target == self._about:
            self.app_context.show_message("this is its timeline", failed=True)
        else:
            super().show_timeline()

    def step_back(self) -> None:
        """Clear the filter, hide the details, then go back."""
        if self.clear_filter():
            return
        if self._shows_details:
            self._shows_details = False
            self._show_details()
        else:
            super().step_back()


def _place(entry: TimelineEntry) -> tuple[datetime, ObjectRef, str]:
    return entry.at, entry.about, entry.what


def _columns(*, one_namespace: bool) -> ColumnSet:
    return ColumnSet.of(table.COLUMNS, without=frozenset({"namespace"}) if one_namespace else frozenset())
