"""The events of the whole scope: newest first, the message of the one under the cursor in full below the table.

Every action is about the object of an event, not the event: Enter opens it, `d` describes it. Space shows only the
events of that object.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.api.events import Event
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.times import age
from k9py.cluster.change_feed import Changes
from k9py.tui.bindings import bindings
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.views.values import StyledLine, Tone


class EventsScreen(ResourceScreen):
    """Events."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.EVENTS)
    DEFAULT_CSS = """
    EventsScreen #message { max-height: 8; min-height: 2; background: $surface; }
    """

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        self.message = TonedLines(id="message", wraps=True)
        yield self.message

    @property
    def _event(self) -> Event | None:
        key = self.pane.table.cursor_key
        event = None if key is None else self.pane.object(key)
        return event if isinstance(event, Event) else None

    def target(self) -> ObjectRef | None:
        """Return the object that the event under the cursor is about."""
        event, connected = self._event, self.app_context.connected
        if event is None or connected is None or not event.involved_object.name:
            return None
        about = event.involved_object
        known = connected.cluster.resource_types.of_kind(about.api_version, about.kind)
        return event.regarding if known is None else known.ref(about.namespace, about.name)

    def uid_of(self, ref: ObjectRef) -> str:
        event = self._event
        if event is None or ref != self.target() or ref.kind == "Node":  # a kubelet gives the name of its Node as uid
            return super().uid_of(ref)
        return event.involved_object.uid or super().uid_of(ref)

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        self.pane.table.pin_cursor()

    def tick(self, changes: Changes) -> None:
        super().tick(changes)
        event = self._event
        now = self.app_context.options.clock.now()
        self.message.show(() if event is None else event_lines(event, now))

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show the message at once."""
        super().on_live_table_highlighted(event)
        self.tick(Changes())

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Open the object that the event is about."""
        target = self.target()
        if target is not None:
            self.app_context.navigator.open_object(target)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Space to the filter: events are not changed."""
        return False if action == "mark_row" else super().check_action(action, parameters)

    def action_only_object(self) -> None:
        """Show only the events of the object under the cursor."""
        event = self._event
        if event is None:
            return
        self.pane.table.pin_cursor()
        about = event.involved_object
        self.pane.filter_bar.set_text(printable(f"{about.kind.lower()}/{about.name}"))


def event_lines(event: Event, now: datetime) -> tuple[StyledLine, ...]:
    """Return what is known of an event: two lines, the second one is the whole message."""
    about, seen, first = event.involved_object, event.last_seen, event.first_seen
    tone = Tone.WARN if event.type == "Warning" else Tone.ACCENT
    times = f" ×{event.occurrences}" if event.occurrences > 1 else ""
    facts = [
        f"{about.kind} {about.namespace}/{about.name}" if about.namespace else f"{about.kind} {about.name}",
        about.field_path,
        f"{age(seen, now)} ago" if seen else "",
        f"since {age(first, now)}" if first and event.occurrences > 1 else "",
        f"by {event.reporter}" if event.reporter else "",
    ]
    detail = " · ".join(printable(fact) for fact in facts if fact)
    return (
        ((printable(event.reason) + times, tone), (f"  {detail}", Tone.MUTED)),
        ((printable(event.message.strip()), Tone.PLAIN),),
    )
