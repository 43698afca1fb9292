"""A pane with the merged log of whatever is behind an object: pods join and leave by themselves.

Owns the `LogStream` of its subject and the task that runs it, the search and the filter, copying and saving.
Invariants: a new subject or range ends the old stream before the new one begins, and lines of the old one are never
shown under the new title; what is hidden, and what is not read at the moment, is said in the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.worker import Worker

from k9py.api.meta import ObjectKey
from k9py.config.log_buffer import DEFAULT_BYTES
from k9py.logs.follow.log_range import TAIL, LogRange
from k9py.logs.follow.status import StreamCounts
from k9py.logs.follow.stream import MAX_STREAMS, LogStream
from k9py.logs.line import LogLine
from k9py.logs.source import ContainerKey, LogSource, LogTarget
from k9py.runtime.clock import Clock
from k9py.tui import keymap
from k9py.tui.logs.copying import copy_selection
from k9py.tui.logs.highlighting import parse_highlights
from k9py.tui.logs.labels import Labels, labels_for
from k9py.tui.logs.saving import ask_to_save
from k9py.tui.logs.source_filter import KnownSources, SourceFilter
from k9py.tui.logs.title import (
    container_count_text,
    empty_text,
    nothing_shown_text,
    range_text,
    subtitle_text,
    waiting_text,
)
from k9py.tui.panes.searched_pane import FilterablePane
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.log_view.view import LogView
from k9py.tui.workers import start_worker

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp

SETTLE_SECONDS: Final = 0.2
"""A cursor that runs over rows opens no streams: a subject is followed once it has stayed this long."""
STATES_SECONDS: Final = 1.0
"""How often the words of waiting containers are looked at."""

Wanted = tuple[ObjectKey | None, bool, LogRange]


class LineSink(Protocol):
    """What else is told of every line the pane takes, numbered as the view numbers them."""

    def clear(self) -> None:
        """Forget everything: other lines begin."""
        ...

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Take these lines too."""
        ...

    def forget_before(self, number: int) -> None:
        """Lines below that number are no longer kept."""
        ...


class LogPane(FilterablePane):
    """A pane with a `LogView` and the stream that feeds it.

    Args:
        capacity: bytes of lines kept.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.LOG_PANE]

    def __init__(
        self,
        *,
        clock: Clock,
        options: LineViewOptions,
        capacity: int = DEFAULT_BYTES,
        number: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__("Logs", number=number, id=id, classes=classes)
        self.view = LogView(options=options, capacity=capacity, now=clock.now, empty_text="nothing is selected")
        self.search_bar = FilterBar("/", placeholder="a regular expression", id="search-bar")
        self.filter_bar = FilterBar(
            "&", placeholder="words, level>=warn, pod=x, .status>=500, !left out", id="line-bar"
        )
        self.highlight_bar = FilterBar("H", placeholder="words and /regular expressions/", id="highlight-bar")
        self.subject: ObjectKey | None = None
        self.previous = False
        self.range: LogRange = TAIL
        self.source_filter = SourceFilter()
        self.sink: LineSink | None = None
        """Told of every line too."""
        self._clock = clock
        self._stream: LogStream | None = None
        self._source: LogSource | None = None
        self._worker: Worker[None] | None = None
        self._wanted: Wanted = (None, False, TAIL)
        self._settling: Timer | None = None
        self._targets: tuple[LogTarget, ...] = ()
        self._targeted = self._at_head = False
        self._known = KnownSources()
        self._urgent: frozenset[ContainerKey] = frozenset()
        self._told: tuple[object, ...] = ()
        self._looked_at = float("-inf")
        self._waiting = self._why_none = ""
        self._labels = Labels()
        self._revisions: Mapping[str, str] = {}

    def compose(self) -> ComposeResult:
        yield self.view
        yield from self._bars

    @property
    def _bars(self) -> tuple[FilterBar, ...]:
        """In the order Esc drops them."""
        return (self.search_bar, self.filter_bar, self.highlight_bar)

    @property
    def main(self) -> LogView:
        return self.view

    @property
    def kdash(self) -> KdashApp:
        """The app, by its own type."""
        return cast("KdashApp", self.app)

    @property
    def stream(self) -> LogStream | None:
        """The stream that is followed."""
        return self._stream

    @property
    def targets(self) -> tuple[LogTarget, ...]:
        """The subject's containers, of every role that was given."""
        return self._targets

    # -- what is followed ---------------------------------------------------------------------------------------------

    def set_source(self, source: LogSource | None) -> None:
        """Read from another cluster, or from none."""
        self._source = source
        self._wanted = (None, False, self.range)
        self._follow(self._wanted)

    def unfollow(self) -> None:
        """Follow nothing and keep nothing until the next `want`."""
        if self._stream is not None or self._settling is not None:
            self._wanted = (None, False, self.range)
            self._follow(self._wanted)

    def follow(
        self,
        subject: ObjectKey | None,
        *,
        previous: bool = False,
        range: LogRange = TAIL,  # noqa: A002
        immediately: bool = False,
    ) -> None:
        """Show the log of an object once the choice has settled."""
        wanted = (subject, previous, range)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._settle()
        if immediately or self.subject is None:
            self._follow(wanted)
        else:
            self._settling = self.set_timer(SETTLE_SECONDS, lambda: self._settled(wanted))

    def _settled(self, wanted: Wanted) -> None:
        self._settling = None
        self._follow(wanted)

    def _settle(self) -> None:
        """No longer wait for the choice to stay."""
        if self._settling is not None:
            self._settling.stop()
            self._settling = None

    def _follow(self, wanted: Wanted) -> None:
        self._settle()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self._stream = None
        subject, self.previous, self.range = wanted
        if subject != self.subject:
            self.source_filter = SourceFilter()
            self._known.clear()
            self._revisions, self._urgent = {}, frozenset()
            self.view.set_hidden(self.source_filter.hidden(()))
        self.subject = subject
        self._targets, self._targeted, self._waiting, self._at_head = (), False, "", False
        self.view.clear()
        if self.sink is not None:
            self.sink.clear()
        if subject is None or self._source is None:
            self.view.set_empty_text("nothing is selected")
            self._update_title()
            return
        self.view.set_empty_text(self._waiting_words)
        self._stream = LogStream(self._source, self._clock, range=self.range, previous=self.previous)
        self._worker = start_worker(self, self._stream.run, group="log", exclusive=True)
        self._update_title()

    @property
    def _waiting_words(self) -> str:
        return "no earlier containers" if self.previous else "waiting for the first line…"

    @property
    def needs_targets(self) -> bool:
        """True after another subject was chosen, until `set_targets` says its containers."""
        return self._stream is not None and not self._targeted

    def set_targets(
        self,
        targets: Iterable[LogTarget],
        revisions: Mapping[str, str] | None = None,
        always_read: frozenset[ContainerKey] = frozenset(),
        empty_reason: str = "",
    ) -> None:
        """Say which containers belong to the subject now; those of roles that were not chosen are not read.

        Args:
            revisions: names of the targets' revisions, such as "revision 7".
            urgent: those that are read whatever their role, and from now on: it does not matter if they are no more.
            why_none: why there are none, for the empty pane.
        """
        if self._stream is None:
            return
        is_first, self._targeted = not self._targeted, True
        targets, revisions = tuple(targets), {**self._revisions, **(revisions or {})}
        # None that was urgent stays so when it is no target any more: that would be for ever.
        always_read = (always_read | self._urgent) & {one.container_key for one in targets}
        told = (targets, revisions, always_read, empty_reason)
        if not is_first and told == (self._targets, self._revisions, self._urgent, self._why_none):
            return
        self._targets, self._revisions, self._urgent, self._why_none = told
        self._read()

    def set_source_filter(self, choice: SourceFilter) -> None:
        """Hide and show sources, and read those of other roles."""
        self.source_filter = choice
        self._read()
        self._update_title()

    def _read(self) -> None:
        """Tell stream and view which sources there are and which of them are shown."""
        read = self.read_targets
        if self._stream is not None:
            # Where they must take turns, what is hidden takes none.
            are_few = len(read) <= MAX_STREAMS
            self._stream.set_targets(read if are_few else [one for one in read if not self.source_filter.hides(one)])
        # What is left out stays so when its pod is gone, and its revision is still told: its lines are still kept.
        self._known.read(read)
        self.view.register_sources(read)
        labels = labels_for(self._known, self.subject.name if self.subject is not None else "", self._revisions)
        if labels != self._labels:
            self._labels = labels
            self.view.label_of = labels.label
        self.view.set_hidden(self.source_filter.hidden(self._known))
        if self._targeted:
            self.view.set_empty_text(self._waiting_words if read else self._why_none or "no pods, so no logs")

    @property
    def read_targets(self) -> tuple[LogTarget, ...]:
        """The containers that are read."""
        return tuple(
            one for one in self._targets if one.role in self.source_filter.roles or one.container_key in self._urgent
        )

    def pull(self) -> None:
        """Take what the stream has; called on the tick."""
        stream = self._stream
        if stream is None:
            return
        self._look_at_states(stream)
        self._update_title()
        lines = stream.drain()
        if lines:
            first = self.view.extend(lines)
            if self.sink is not None:
                self.sink.take(first, lines)
        elif not self._at_head and self.range.head_bytes is not None and stream.is_finished:
            self._at_head = True
            self.view.action_oldest()

    def _look_at_states(self, stream: LogStream) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at < STATES_SECONDS:
            return
        self._looked_at = now
        states = stream.statuses()
        self._waiting = waiting_text(states)
        if not self.view.state.lines and (why := empty_text(states)):
            self.view.set_empty_text(f"no lines: {why}")

    def states(self) -> Mapping[ContainerKey, str]:
        """Return how each container that is read stands, in words."""
        return (
            {one.target.container_key: one.message for one in self._stream.statuses()}
            if self._stream is not None
            else {}
        )

    # -- words --------------------------------------------------------------------------------------------------------

    def _update_title(self) -> None:
        counts = self._stream.counts if self._stream is not None else StreamCounts()
        told = (counts, self._waiting, self.subject, self.previous, self.range, self.source_filter, self._targets)
        if told == self._told:
            return
        self._told = told
        if self.subject is None:
            self.set_note("")
            return
        of = f"{self.subject.kind.lower()} {self.subject.name}"
        besides = [
            f"{of}, before the last restart" if self.previous else of,
            self.source_filter.title_text(self.read_targets),
            self._waiting,
        ]
        many = filter(None, (container_count_text(counts), range_text(self.range, previous=self.previous)))
        self.set_note(" · ".join(many), narrowing=" · ".join(filter(None, besides)))

    # -- search and filter --------------------------------------------------------------------------------------------

    def on_log_view_state_changed(self, event: LogView.StateChanged) -> None:
        """Say in the corner what is kept and shown."""
        state = event.state
        self.set_subtitle(subtitle_text(state))
        if state.lines and not state.shown:
            self.view.set_empty_text(nothing_shown_text(state))
        if self.sink is not None:
            self.sink.forget_before(self.view.buffer.first)

    def typed_into(self, bar: FilterBar, text: str) -> None:
        """Search while the one bar is typed into, filter or highlight while the others are."""
        if bar is self.search_bar:
            self.view.search(text)
        elif bar is self.highlight_bar:
            wanted = parse_highlights(text)
            self.view.set_highlights(wanted.patterns)
            bar.set_hint(wanted.problem)
        else:
            self.typed(text)

    def typed(self, text: str) -> None:
        """Filter; the view says what of the words could not be understood."""
        self.view.set_filter(text)

    def step_back(self) -> bool:
        """Fold lines, end the search, the filter or the highlights, or drop the marks; False when there is none."""
        if self.view.fold_all():
            return True
        bar = next((one for one in self._bars if one.text), None)
        if bar is not None:
            bar.clear()
        return bar is not None or self.view.clear_marks()

    @property
    def queries(self) -> tuple[str, ...]:
        """What is searched for, filtered by and highlighted, as typed."""
        return tuple(bar.text for bar in self._bars)

    def set_queries(self, texts: Sequence[str]) -> None:
        """Search, filter and highlight as another pane does, by its `typed_texts`."""
        for bar, text in zip(self._bars, texts, strict=False):
            if text != bar.text:
                bar.set_text(text)

    def action_search(self) -> None:
        """Type what to search for."""
        self.search_bar.open()

    def action_filter_lines(self) -> None:
        """Type what lines to show."""
        self.filter_bar.open()

    def action_highlight(self) -> None:
        """Type what to highlight."""
        self.highlight_bar.open()

    # -- taking lines out ---------------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Copy the marked lines, or the one under the cursor, by way of the terminal."""
        start_worker(self, partial(copy_selection, self.kdash, self.view), group="copy", exclusive=True)

    def action_save(self) -> None:
        """Ask what to save, and save it."""
        if self.subject is not None:
            start_worker(self, partial(ask_to_save, self.kdash, self.view, self.subject), group="save")
