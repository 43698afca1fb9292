"""The description of an object: status, findings, conditions and events; kept current.

Of pods only warnings are watched: all its events are read from the server when something about it changes, at most
every `EVENTS_SECONDS`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.errors import KdashError
from k9py.api.events import Event
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.recent_events import recent_events
from k9py.tui.context import AppContext
from k9py.tui.screens.section_lines import redact_section, section_lines
from k9py.tui.screens.text_screen import TextScreen
from k9py.tui.workers import start_worker
from k9py.views.describe import describe
from k9py.views.values import Tone

EVENTS_SECONDS: Final = 5.0
"""Minimum seconds between two readings of a pod's events."""


class DescribeScreen(TextScreen):
    """One object, described."""

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context, subject, "Describe")
        self._events: tuple[Event, ...] | None = None
        self._events_read_at: float | None = None

    def show(self) -> None:
        connected = self.app_context.connected
        if connected is None:
            return
        now = self.app_context.options.clock.now()
        sections = describe(connected.cluster.queries, self.subject, now, events=self._events)
        if sections:
            shown = sections if self.shows_secrets else [redact_section(section) for section in sections]
            self.pane.text.set_lines(section_lines(shown, self.pane.text.size.width))
        else:
            self.pane.text.set_text(f"{self.subject} is gone", Tone.WARN)
        self._request_events()

    def on_resize(self) -> None:
        """Fold long texts for the new width."""
        self.call_after_refresh(self.show)

    def _request_events(self) -> None:
        now = self.app_context.options.clock.monotonic()
        is_fresh = self._events_read_at is not None and now - self._events_read_at < EVENTS_SECONDS
        if self.subject.kind == POD.name and not is_fresh:
            self._events_read_at = now
            start_worker(self, self._read_events, group="events", exclusive=True)

    async def _read_events(self) -> None:
        connected = self.app_context.connected
        if connected is None:
            return
        try:
            self._events = await recent_events(connected.cluster, self.subject)
        except KdashError:
            self._events = None  # the watched ones are shown, and the header says what cannot be read
        self.show()

    def tick(self, changes: Changes) -> None:
        changed = changes.services | changes.rollouts | changes.pods
        if changes.everything or self.subject in changed or "Event" in changes.kinds:
            self.show()

    def show_description(self) -> None:
        """Read the events again."""
        self._events_read_at = None
        self.show()
