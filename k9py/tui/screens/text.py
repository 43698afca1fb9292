"""Describe and YAML: an object as text, searched with `/`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.api.errors import KdashError
from k9py.api.events import Event
from k9py.api.kinds import POD
from k9py.api.meta import ObjectKey
from k9py.api.redaction import redact, redact_text
from k9py.cluster.change_feed import Changes
from k9py.cluster.recent_events import recent_events
from k9py.tui import keymap
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.text_pane import TextPane
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.toned_text import TextLine, TextSpan, yaml_lines
from k9py.tui.workers import start_worker
from k9py.tui.yaml_text import yaml_text
from k9py.views.describe import Section, describe
from k9py.views.values import Tone

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp


EVENTS_SECONDS = 5.0
"""Least seconds between two readings of a pod's events."""


LEAST_FOLD = 20
"""Cells below which folding would only make a ladder of words."""

_MARKED = frozenset({Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.UNKNOWN, Tone.WARN})
"""Tones of lines that have their symbol before them."""

_FOLDING = Console(width=LEAST_FOLD)


class TextScreen(PanedScreen):
    """One pane of text about an object. What looks like a secret is hidden until a key shows it."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.TEXT]

    def __init__(self, app: KdashApp, subject: ObjectKey, heading: str) -> None:
        super().__init__()
        self.subject = subject
        self.shows_secrets = False
        self.pane = TextPane(heading, options=app.line_view_options, id="text")

    def compose_panes(self) -> ComposeResult:
        yield self.pane

    def panes(self) -> Sequence[Pane]:
        return (self.pane,)

    def target(self) -> ObjectKey | None:
        return self.subject

    def pod_target(self) -> ObjectKey | None:
        return self.subject if self.subject.kind == POD.name else None

    def _filter_bar(self) -> FilterBar | None:
        return self.pane.search_bar

    def on_mount(self) -> None:
        """Show the object."""
        self.show_pane(self.pane)
        self.pane.set_note("", narrowing=str(self.subject))
        self.show()

    def show(self) -> None:
        """Bring the text up to date."""
        raise NotImplementedError

    def action_secrets(self) -> None:
        """Show what looks like a secret, or hide it again."""
        self.shows_secrets = not self.shows_secrets
        self.kdash.show_message("secrets are shown: S hides them" if self.shows_secrets else "secrets are hidden")
        self.show()

    def step_back(self) -> None:
        """End the search, then go back."""
        if not self.clear_filter():
            super().step_back()


class DescribeScreen(TextScreen):
    """Facts, findings, conditions and events; kept current.

    Of pods only warnings are watched: all its events are read from the server when something about it changes, at most
    every `EVENTS_SECONDS`.
    """

    def __init__(self, app: KdashApp, subject: ObjectKey) -> None:
        super().__init__(app, subject, "Describe")
        self._events: tuple[Event, ...] | None = None
        self._events_read_at: float | None = None

    def show(self) -> None:
        connected = self.kdash.connected
        if connected is None:
            return
        sections = describe(
            connected.cluster.queries, self.subject, self.kdash.options.clock.now(), events=self._events
        )
        if sections:
            shown = sections if self.shows_secrets else [without_secret_lines(section) for section in sections]
            self.pane.text.set_lines(section_lines(shown, self.pane.text.size.width))
        else:
            self.pane.text.set_text(f"{self.subject} is no longer there", Tone.WARN)
        self._ask_for_events()

    def on_resize(self) -> None:
        """Fold long texts anew."""
        self.call_after_refresh(self.show)

    def _ask_for_events(self) -> None:
        now = self.kdash.options.clock.monotonic()
        is_fresh = self._events_read_at is not None and now - self._events_read_at < EVENTS_SECONDS
        if self.subject.kind == POD.name and not is_fresh:
            self._events_read_at = now
            start_worker(self, self._read_events, group="events", exclusive=True)

    async def _read_events(self) -> None:
        connected = self.kdash.connected
        if connected is None:
            return
        try:
            self._events = await recent_events(connected.cluster, self.subject)
        except KdashError:
            self._events = None  # those being watched are shown, and the header says what may not be read
        self.show()

    def tick(self, changes: Changes) -> None:
        touched = changes.services | changes.rollouts | changes.pods
        if changes.everything or self.subject in touched or "Event" in changes.kinds:
            self.show()

    def action_describe(self) -> None:
        """Show it anew."""
        self._events_read_at = None
        self.show()


class YamlScreen(TextScreen):
    """The whole object, read from the server once (y reads it again)."""

    def __init__(self, app: KdashApp, subject: ObjectKey) -> None:
        super().__init__(app, subject, "YAML")

    def show(self) -> None:
        start_worker(self, self._read, group="yaml", exclusive=True)

    async def _read(self) -> None:
        connected = self.kdash.connected
        if connected is None:
            self.pane.text.set_text("not connected", Tone.WARN)
            return
        try:
            found = await connected.connection.get(self.subject)
        except KdashError as error:
            self.pane.text.set_lines(((TextSpan(error.message, Tone.FAIL),), (TextSpan(error.hint, Tone.MUTED),)))
            return
        text = await asyncio.to_thread(_yaml, found, self.shows_secrets)
        self.pane.text.set_lines(yaml_lines(text))

    def action_yaml(self) -> None:
        """Read it again."""
        self.show()


def _yaml(found: Mapping[str, Any], shows_secrets: bool) -> str:
    return yaml_text(found if shows_secrets else redact(found))


def without_secret_lines(section: Section) -> Section:
    """Return a section with what looks like a secret in its texts hidden: messages and events may repeat one."""
    return replace(section, lines=tuple(replace(line, text=redact_text(line.text)) for line in section.lines))


def section_lines(sections: Sequence[Section], room: int = 0) -> list[TextLine]:
    """Return titled sections as lines, labels aligned within each, long texts folded under themselves.

    Args:
        room: cells a line may take; 0 folds nothing.
    """
    lines: list[TextLine] = []
    for section in sections:
        if lines:
            lines.append(())
        lines.append((TextSpan(section.title, Tone.ACCENT),))
        width = min(24, max((len(line.label) for line in section.lines), default=0))
        indent = width + 4
        for line in section.lines:
            mark = line.tone.symbol if line.tone in _MARKED else " "
            first, *others = fold_text(line.text, room - max(indent, len(line.label) + 4) if room else 0)
            lines.append(
                (
                    TextSpan(f"{mark} ", line.tone),
                    TextSpan(f"{line.label:<{width}}  ", Tone.MUTED),
                    TextSpan(first, line.tone),
                )
            )
            lines += [(TextSpan(" " * indent), TextSpan(other, line.tone)) for other in others]
    return lines


def fold_text(text: str, room: int) -> list[str]:
    """Break a text at blanks into pieces of at most so many cells; a word that is longer is cut. At least one piece."""
    if room < LEAST_FOLD or cell_len(text) <= room:
        return [text]
    return [piece.plain.rstrip() for piece in Text(text).wrap(_FOLDING, room)]
