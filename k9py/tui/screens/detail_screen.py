"""One object on a screen of its own: a summary at the top, then panes of what belongs to it.

Invariants: when the object is gone the screen reports it and keeps what it showed last; it is brought up to date when
something it has read changes, at most every `redraw_seconds`.

To add one: subclass, `panes`, `compose_panes` (the summary first), `view_of` and `show_view`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, Generic, TypeVar

from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.cluster.queries import Queries
from k9py.cluster.reads import TrackedReads
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.panes.object_summary import ObjectSummary
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.row_marks import RowMarks
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.views.values import Tone

ViewT = TypeVar("ViewT")

REDRAW_SECONDS: Final = 0.25


class DetailScreen(PanedScreen, Generic[ViewT]):
    """Base of the rollout's and the service's screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.ROWS)

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context)
        self.subject = subject
        self.redraw_seconds = REDRAW_SECONDS
        self._reads: TrackedReads | None = None
        """What was read for what is shown, None before."""
        self._shown_at: float | None = None
        self.summary = ObjectSummary(id="summary")
        self._marks: dict[Pane, RowMarks] = {}

    def view_of(self, queries: Queries, now: datetime) -> ViewT | None:
        """Return what is known of the subject, None when there is no such object."""
        raise NotImplementedError

    def show_view(self, cluster: Cluster, view: ViewT, now: datetime) -> None:
        """Bring summary and panes up to date."""
        raise NotImplementedError

    def share_height(self) -> None:
        """Give each pane the lines it needs."""

    # -- marks --------------------------------------------------------------------------------------------------------

    def markable_panes(self) -> Sequence[TablePane]:
        """Return the panes whose rows can be selected for an action on several objects."""
        return ()

    def _active_marks(self) -> RowMarks | None:
        pane = self.active_pane
        if isinstance(pane, TablePane) and pane in self.markable_panes():
            return self._marks.setdefault(pane, RowMarks(pane))
        return None

    def marked(self) -> Mapping[ObjectRef, str]:
        marks = self._active_marks()
        return {} if marks is None else marks.uids

    def clear_marks(self, keys: Sequence[ObjectRef] | None = None) -> bool:
        cleared = [marks.clear(keys) for marks in self._marks.values()]
        if any(cleared):
            self.refresh_bindings()
        return any(cleared)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Bind Space only where rows can be selected."""
        if action == "mark_row":
            return self._active_marks() is not None
        return super().check_action(action, parameters)

    def action_mark_row(self) -> None:
        """Mark the row under the cursor, or unmark it, and go to the next one."""
        marks, pane, connected = self._active_marks(), self.active_pane, self.app_context.connected
        if marks is None or connected is None or not isinstance(pane, TablePane):
            return
        key = pane.table.cursor_key
        known = None if key is None else connected.cluster.queries.object(key)
        if key is None or known is None:
            return
        pane.table.pin_cursor()
        marks.toggle(key, known.uid)
        pane.table.action_move(1)
        self.refresh_bindings()

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the object."""
        self.session_changed()
        self.show_pane(self.panes()[0])

    def on_resize(self) -> None:
        """Share the new height."""
        self.share_height()

    def on_unmount(self) -> None:
        """Forget what was read."""
        if self._reads is not None:
            self._reads.close()

    def session_changed(self) -> None:
        self._reads = None
        self._bring_up_to_date()

    def tick(self, changes: Changes) -> None:
        if self._reads is None or self._reads.is_stale:
            now = self.app_context.options.clock.monotonic()
            if self._shown_at is None or now - self._shown_at >= self.redraw_seconds:
                self._bring_up_to_date()

    def _bring_up_to_date(self) -> None:
        connected = self.app_context.connected
        if connected is None:
            return
        self._shown_at = self.app_context.options.clock.monotonic()
        cluster, now = connected.cluster, self.app_context.options.clock.now()
        if self._reads is None:
            self._reads = cluster.queries.track_reads()
        with self._reads.recording():
            self._show(cluster, now)
        for pane, marks in self._marks.items():
            if isinstance(pane, TablePane):
                marks.keep(pane.rows)

    def _show(self, cluster: Cluster, now: datetime) -> None:
        view = self.view_of(cluster.queries, now)
        if view is not None:
            self.show_view(cluster, view, now)
            self.share_height()
        elif cluster.has_synced(self.subject.kind):
            self.summary.show_message(f"{self.subject} is gone", Tone.WARN)
        else:
            self.summary.show_message("loading…", Tone.BUSY)
