"""One object on a screen of its own: a summary at the top, then panes of what belongs to it.

Invariants: when the object is gone the screen reports it and keeps what it showed last; it is brought up to date when
something it has read changes, at most every `redraw_seconds`.

To add one: subclass, `panes`, `compose_panes` (the summary first), `view_of` and `show_view`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Generic, TypeVar

from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.cluster.queries import Queries
from k9py.cluster.reads import TrackedReads
from k9py.tui.context import AppContext
from k9py.tui.panes.object_summary import ObjectSummary
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.views.values import Tone

ViewT = TypeVar("ViewT")

REDRAW_SECONDS: Final = 0.25


class DetailScreen(PanedScreen, Generic[ViewT]):
    """Base of the rollout's and the service's screen."""

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context)
        self.subject = subject
        self.redraw_seconds = REDRAW_SECONDS
        self._reads: TrackedReads | None = None
        """What was read for what is shown, None before."""
        self._shown_at: float | None = None
        self.summary = ObjectSummary(id="summary")

    def view_of(self, queries: Queries, now: datetime) -> ViewT | None:
        """Return what is known of the subject, None when there is no such object."""
        raise NotImplementedError

    def show_view(self, cluster: Cluster, view: ViewT, now: datetime) -> None:
        """Bring summary and panes up to date."""
        raise NotImplementedError

    def share_height(self) -> None:
        """Give each pane the lines it needs."""

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

    def _show(self, cluster: Cluster, now: datetime) -> None:
        view = self.view_of(cluster.queries, now)
        if view is not None:
            self.show_view(cluster, view, now)
            self.share_height()
        elif cluster.has_synced(self.subject.kind):
            self.summary.show_message(f"{self.subject} is gone", Tone.WARN)
        else:
            self.summary.show_message("loading…", Tone.BUSY)
