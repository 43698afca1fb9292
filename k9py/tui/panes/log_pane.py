"""A pane with the merged log of whatever is behind an object: pods join and leave by themselves.

Owns the `LogStream` of its subject and the task that runs it. Invariant: a new subject ends the old stream before the
new one begins, and lines of the old one are never shown under the new title.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.timer import Timer
from textual.worker import Worker

from k9py.informer.clock import Clock
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.tailing.stream import LogStream, StreamCounts
from k9py.objects.meta import ObjectKey
from k9py.tui.panes.searched_pane import SearchedPane
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.widgets.log_view.state import LogState
from k9py.tui.widgets.log_view.view import LogView
from k9py.tui.work import start

SETTLE_SECONDS = 0.2
"""A cursor that runs over rows opens no streams: a subject is followed once it has stayed this long."""


class LogPane(SearchedPane):
    """A pane with a `LogView` and the stream that feeds it."""

    def __init__(
        self,
        *,
        clock: Clock,
        options: LineViewOptions,
        number: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__("Logs", number=number, id=id, classes=classes)
        self.view = LogView(options=options, empty_text="nothing is selected")
        self.view.label_of = self._label_of
        self.filter_bar = FilterBar(placeholder="text or a regular expression")
        self.subject: ObjectKey | None = None
        self.previous = False
        self._clock = clock
        self._stream: LogStream | None = None
        self._source: LogSource | None = None
        self._worker: Worker[None] | None = None
        self._wanted: tuple[ObjectKey | None, bool] = (None, False)
        self._settling: Timer | None = None
        self._told = StreamCounts()
        self._targeted = False
        self._labels: dict[LogTarget, str] = {}

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.filter_bar

    @property
    def main(self) -> LogView:
        return self.view

    @property
    def stream(self) -> LogStream | None:
        """The stream that is followed."""
        return self._stream

    def set_source(self, source: LogSource | None) -> None:
        """Read from another cluster, or from none."""
        self._source = source
        self._wanted = (None, False)
        self._follow(None, previous=False)

    def want(self, subject: ObjectKey | None, *, previous: bool = False, at_once: bool = False) -> None:
        """Show the log of an object once the choice has settled."""
        if (subject, previous) == self._wanted:
            return
        self._wanted = (subject, previous)
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if at_once or self.subject is None:
            self._follow(subject, previous=previous)
        else:
            self._settling = self.set_timer(SETTLE_SECONDS, lambda: self._follow(subject, previous=previous))

    def _follow(self, subject: ObjectKey | None, *, previous: bool) -> None:
        self._settling = None
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self._stream = None
        self.subject, self.previous = subject, previous
        self._targeted = False
        self._labels.clear()
        self.view.clear()
        if subject is None or self._source is None:
            self.view.set_empty_text("nothing is selected")
            self._retitle()
            return
        self.view.set_empty_text("no earlier containers" if previous else "waiting for the first line…")
        self._stream = LogStream(self._source, self._clock, previous=previous)
        self._worker = start(self, self._stream.run, group="log", exclusive=True)
        self._retitle()

    @property
    def wants_targets(self) -> bool:
        """True after another subject was chosen, until `set_targets` says its containers."""
        return self._stream is not None and not self._targeted

    def set_targets(self, targets: Iterable[LogTarget]) -> None:
        """Say which containers belong to the subject now."""
        if self._stream is not None:
            targets = tuple(targets)
            self._targeted = True
            self._stream.set_targets(targets)
            if not targets:
                self.view.set_empty_text("no pods, so no logs")

    def pull(self) -> None:
        """Take what the stream has; called on the tick."""
        if self._stream is None:
            return
        if self._stream.counts != self._told:
            self._retitle()
        lines = self._stream.drain()
        if lines:
            self.view.extend(lines)

    def _label_of(self, target: LogTarget) -> str:
        label = self._labels.get(target)
        if label is None:
            label = self._labels[target] = self._label(target)
        return label

    def _label(self, target: LogTarget) -> str:
        """Name a source by the end of its pod's name, with the container where there are several."""
        subject = self.subject
        pod = target.pod
        if subject is not None and pod.startswith(f"{subject.name}-"):
            pod = pod[len(subject.name) + 1 :]
        containers = {one.container for one in self._stream.targets} if self._stream is not None else set()
        return f"{pod}/{target.container}" if len(containers) > 1 else pod

    def _retitle(self) -> None:
        if self.subject is None:
            self.set_note("")
            return
        self._told = counts = self._stream.counts if self._stream is not None else StreamCounts()
        many = f"{counts} container{'' if counts.wanted == 1 else 's'}" if counts.wanted else ""
        of = f"{self.subject.kind.lower()} {self.subject.name}"
        self.set_note(many, narrowing=f"{of}, before the last restart" if self.previous else of)

    # -- filter -------------------------------------------------------------------------------------------------------

    def on_log_view_state_changed(self, event: LogView.StateChanged) -> None:
        """Say in the corner what is kept and shown."""
        self.set_corner(_words(event.state))

    def typed(self, text: str) -> None:
        self.view.set_filter(text)


def _words(state: LogState) -> str:
    parts = []
    if state.filter_text:
        parts.append(f"{state.shown:,} of {state.lines:,} lines")
    if state.dropped:
        parts.append(f"{state.dropped:,} older lines let go")
    return " · ".join(parts)
