"""The one stream a log pane follows: of which object, how much of it, from which cluster.

Invariant: another request ends the old stream before the new one starts; a cursor that runs over rows starts none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker

from k9py.api.meta import ObjectRef
from k9py.logs.follow.log_range import TAIL, LogRange
from k9py.logs.follow.stream import LogStream
from k9py.logs.source import LogSource
from k9py.runtime.clock import Clock
from k9py.tui.workers import start_worker

DEBOUNCE_SECONDS: Final = 0.2
"""A subject is followed once it was requested for this long."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """What to follow.

    Args:
        subject: the object whose containers are read; None follows nothing.
        previous: read the containers that ran before the last restart.
        range: how much of each log.
    """

    subject: ObjectRef | None = None
    previous: bool = False
    range: LogRange = TAIL


class FollowedLog:
    """Starts and ends the stream.

    Args:
        owner: the widget that owns the stream's worker.
        on_started: called after the old stream has ended, with the request before; `stream` is the new one, if any.
    """

    def __init__(self, owner: Widget, clock: Clock, on_started: Callable[[LogRequest], None]) -> None:
        self._owner, self._clock, self._on_started = owner, clock, on_started
        self.request = LogRequest()
        """What is followed now."""
        self.stream: LogStream | None = None
        self._source: LogSource | None = None
        self._requested = LogRequest()
        self._debounce: Timer | None = None
        self._worker: Worker[None] | None = None

    def set_source(self, source: LogSource | None) -> None:
        """Read from another cluster, or from none, and follow nothing until the next request."""
        self._source = source
        self._start(LogRequest(range=self.request.range))

    def stop(self) -> None:
        """Follow nothing until the next request."""
        if self.stream is not None or self._debounce is not None:
            self._start(LogRequest(range=self.request.range))

    def follow(self, request: LogRequest, *, immediately: bool = False) -> None:
        """Follow this once it was requested for `DEBOUNCE_SECONDS`, or immediately."""
        if request == self._requested:
            return
        self._requested = request
        self._stop_debounce()
        if immediately or self.request.subject is None:
            self._start(request)
        else:
            self._debounce = self._owner.set_timer(DEBOUNCE_SECONDS, lambda: self._start(request))

    def _stop_debounce(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
            self._debounce = None

    def _start(self, request: LogRequest) -> None:
        self._stop_debounce()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self.stream = None
        before, self.request, self._requested = self.request, request, request
        if request.subject is not None and self._source is not None:
            self.stream = LogStream(self._source, self._clock, range=request.range, previous=request.previous)
            self._worker = start_worker(self._owner, self.stream.run, group="log", exclusive=True)
        self._on_started(before)
