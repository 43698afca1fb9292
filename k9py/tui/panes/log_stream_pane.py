"""A pane with the merged log of all containers behind an object; pods join and leave by themselves.

`FollowedLog` owns the stream, `SourceSelection` says which containers are read, this pane the view and the title;
`LogPane` adds the keys. Invariants: lines of an old subject are never shown under the new title; what is hidden, and
what is not read at the moment, is in the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from k9py.api.meta import ObjectRef
from k9py.config.terminal import Clipboard
from k9py.logs.follow.log_range import TAIL, LogRange
from k9py.logs.follow.status import StreamCounts
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import LogLine
from k9py.logs.source import ContainerKey, LogSource, LogTarget
from k9py.runtime.clock import Clock
from k9py.tui.keys import key_names
from k9py.tui.logs import title
from k9py.tui.logs.followed_log import FollowedLog, LogRequest
from k9py.tui.logs.labels import Labels
from k9py.tui.logs.source_filter import SourceFilter
from k9py.tui.logs.source_selection import SourceSelection
from k9py.tui.panes.pane import FilterablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.log_view.view import LogView
from k9py.views.rollouts import KIND_SHORT_NAMES

STATUS_SECONDS: Final = 1.0
"""How often the states of waiting containers are read for the title."""


class LogSettings(Protocol):
    """What a log pane takes from the options of the app."""

    @property
    def clock(self) -> Clock: ...
    @property
    def log_buffer(self) -> int:
        """Bytes of lines kept."""

    @property
    def is_replay(self) -> bool:
        """Whether the lines are the excerpts of a capsule."""

    @property
    def log_directory(self) -> Path | None:
        """Where logs are saved; None: nowhere."""

    @property
    def clipboard(self) -> Clipboard: ...


class LineObserver(Protocol):
    """Receives every line the pane receives, numbered as the view numbers them."""

    def clear(self) -> None:
        """Forget every line: another subject follows."""
        ...

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Receive lines."""
        ...

    def forget_before(self, number: int) -> None:
        """Note that the view dropped the lines below that number."""
        ...


class LogStreamPane(FilterablePane):
    """A pane with a `LogView`, fed by the stream of its subject, without keys."""

    def __init__(
        self,
        settings: LogSettings,
        *,
        options: LineViewOptions,
        number: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__("Logs", number=number, id=id, classes=classes)
        self.view = LogView(
            options=options, capacity=settings.log_buffer, now=settings.clock.now, empty_text="nothing selected"
        )
        self.sink: LineObserver | None = None
        """Receives every line too."""
        self._settings = settings
        self._clock = settings.clock
        self._context_name = ""
        self._log = FollowedLog(self, settings.clock, self._started)
        self._sources = SourceSelection()
        self._labels = Labels()
        self._is_at_oldest = False
        self._waiting = ""
        self._statuses_at = float("-inf")
        self._title_key: tuple[object, ...] = ()

    @property
    def main(self) -> LogView:
        return self.view

    # -- what is followed ---------------------------------------------------------------------------------------------

    @property
    def subject(self) -> ObjectRef | None:
        """The object whose log is followed."""
        return self._log.request.subject

    @property
    def previous(self) -> bool:
        """True when the containers that ran before the last restart are read."""
        return self._log.request.previous

    @property
    def range(self) -> LogRange:
        """How much of each log is read."""
        return self._log.request.range

    @property
    def stream(self) -> LogStream | None:
        """The stream that is followed."""
        return self._log.stream

    def set_source(self, source: LogSource | None, context: str = "") -> None:
        """Read from another cluster, or from none.

        Args:
            context: name of its context, for the names of saved files.
        """
        self._context_name = context
        self._log.set_source(source)

    def follow(
        self,
        subject: ObjectRef | None,
        *,
        previous: bool = False,
        range: LogRange = TAIL,  # noqa: A002
        immediately: bool = False,
    ) -> None:
        """Follow the log of an object once it stays selected, or immediately."""
        self._log.follow(LogRequest(subject, previous, range), immediately=immediately)

    def unfollow(self) -> None:
        """Follow nothing and keep nothing until the next `follow`."""
        self._log.stop()

    def _started(self, before: LogRequest) -> None:
        is_same = before.subject == self.subject
        self._sources.reset(is_same_subject=is_same)
        if not is_same:
            self.view.set_hidden(self._sources.hidden())
        self._waiting, self._is_at_oldest = "", False
        self.view.clear()
        if self.sink is not None:
            self.sink.clear()
        self.view.set_empty_text("nothing selected" if self.stream is None else self._no_lines_yet)
        self._update_title()

    @property
    def _no_lines_yet(self) -> str:
        return "no previous container" if self.previous else "waiting for the first line…"

    # -- which containers ---------------------------------------------------------------------------------------------

    @property
    def targets(self) -> tuple[LogTarget, ...]:
        """The subject's containers, of every role that was given."""
        return self._sources.targets

    @property
    def read_targets(self) -> tuple[LogTarget, ...]:
        """The containers whose logs are read."""
        return self._sources.read_targets

    @property
    def source_filter(self) -> SourceFilter:
        """Which sources are shown."""
        return self._sources.filter

    @property
    def needs_targets(self) -> bool:
        """True after another subject was followed, until `set_targets` gives its containers."""
        return self.stream is not None and not self._sources.is_known

    def set_targets(
        self,
        targets: Iterable[LogTarget],
        revision_names: Mapping[str, str] | None = None,
        always_read: frozenset[ContainerKey] = frozenset(),
        empty_reason: str = "",
    ) -> None:
        """Set which containers belong to the subject now; those of roles that were not chosen are not read.

        Args:
            revision_names: of the targets' revisions, such as "revision 7".
            always_read: read from now on whatever their role, while they are targets.
            empty_reason: why there are none, for the empty pane.
        """
        if self.stream is not None and self._sources.set_targets(
            targets, revision_names or {}, always_read, empty_reason
        ):
            self._update_sources()

    def set_source_filter(self, source_filter: SourceFilter) -> None:
        """Hide and show sources, and read those of other roles."""
        self._sources.filter = source_filter
        self._update_sources()
        self._update_title()

    def _update_sources(self) -> None:
        """Bring stream and view up to date with the sources there are and those that are shown."""
        sources, read = self._sources, self._sources.read_targets
        if self.stream is not None:
            self.stream.set_targets(sources.streamed_targets)
        sources.remember()
        self.view.register_sources(read)
        labels = sources.labels(self.subject.name if self.subject is not None else "")
        if labels != self._labels:
            self._labels = labels
            self.view.label_of = labels.label
        self.view.set_hidden(sources.hidden())
        if sources.is_known:
            self.view.set_empty_text(self._no_lines_yet if read else sources.empty_reason or "no pods, so no logs")

    # -- lines --------------------------------------------------------------------------------------------------------

    def pull(self) -> None:
        """Show the lines the stream has received; called on each tick."""
        stream = self.stream
        if stream is None:
            return
        self._update_statuses(stream)
        self._update_title()
        lines = stream.drain()
        if lines:
            first = self.view.extend(lines)
            if self.sink is not None:
                self.sink.take(first, lines)
        elif not self._is_at_oldest and self.range.head_bytes is not None and stream.is_finished:
            self._is_at_oldest = True
            self.view.action_oldest()

    def _update_statuses(self, stream: LogStream) -> None:
        now = self._clock.monotonic()
        if now - self._statuses_at < STATUS_SECONDS:
            return
        self._statuses_at = now
        statuses = stream.statuses()
        self._waiting = title.waiting_text(statuses)
        if not self.view.state.lines and (reason := title.empty_text(statuses)):
            self.view.set_empty_text(f"no lines: {reason}")

    def states(self) -> Mapping[ContainerKey, str]:
        """Return the state of each container that is read, as text; "" when there is nothing to say."""
        if self.stream is None:
            return {}
        return {status.target.container_key: status.message for status in self.stream.statuses()}

    def _update_title(self) -> None:
        counts = self.stream.counts if self.stream is not None else StreamCounts()
        key = (counts, self._waiting, self._log.request, self.source_filter, self.targets)
        if key == self._title_key:
            return
        self._title_key = key
        if self.subject is None:
            self.set_note("")
            return
        name = f"{KIND_SHORT_NAMES.get(self.subject.kind, self.subject.kind.lower())}/{self.subject.name}"
        narrowing = (
            f"previous containers of {name}" if self.previous else name,
            self.source_filter.title_text(self.read_targets),
            self._waiting,
        )
        notes = (
            title.container_count_text(counts),
            title.range_text(self.range, previous=self.previous, is_excerpt=self._settings.is_replay),
        )
        self.set_note(" · ".join(filter(None, notes)), narrowing=" · ".join(filter(None, narrowing)))

    def on_log_view_state_changed(self, event: LogView.StateChanged) -> None:
        """Show in the subtitle how much is kept and shown."""
        state = event.state
        self.set_subtitle(title.subtitle_text(state))
        if state.lines and not state.shown:
            self.view.set_empty_text(title.nothing_shown_text(state, key_names(self)))
        if self.sink is not None:
            self.sink.forget_before(self.view.buffer.first)
