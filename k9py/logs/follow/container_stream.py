"""One container's log, followed through interruptions and restarts: when it is opened, retried and given up.

A stream holds a connection (`slots`) only while it reads. What the server refuses for now (container not started, image
missing) becomes a note, shown once, and is retried with the stream's own backoff. Its `ContainerReader` decides
which lines are new and which may be missing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from typing import Final

from k9py.api.errors import ApiError, BadRequestError, ForbiddenError, KdashError, NotFoundError
from k9py.logs import marker_text
from k9py.logs.follow.container_reader import ContainerReader, ReadOptions
from k9py.logs.follow.container_run import RESTART_GRACE
from k9py.logs.follow.delivery import LineSink
from k9py.logs.follow.markers import MarkerDedup
from k9py.logs.follow.read_coverage import STABLE_SECONDS
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.follow.status import TargetState, TargetStatus, state_text
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.source_errors import LogSourceError
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

MIN_DELAY: Final = 0.8
MAX_DELAY: Final = 12.0
_JITTER: Final = 0.5
"""Bounds of the backoff in seconds, jitter included. Each stream has its own, so that one bad pod delays no other."""

MAX_ATTEMPTS: Final = 3
"""How often a log that is not followed is tried."""

FORBIDDEN_DELAY: Final = 60.0
"""Seconds until a log is tried again that the user may not read."""

IDLE_SECONDS: Final = 60.0
"""Seconds of silence after which a stream may be half-open: it is closed, and resumed."""


class ContainerStream:
    """Follows the container of one pod name and passes its lines to a sink.

    Args:
        target: the run known at first.
        slots, time_slicer, dedup: shared with the other containers of the view.
    """

    def __init__(
        self,
        source: LogSource,
        target: LogTarget,
        clock: Clock,
        sink: LineSink,
        slots: StreamSlots,
        time_slicer: TimeSlicer,
        options: ReadOptions | None = None,
        *,
        dedup: MarkerDedup | None = None,
        rng: random.Random | None = None,
    ) -> None:
        options = options or ReadOptions()
        self._clock = clock
        self._sink = sink
        self._slots = slots
        self._options = options
        self._backoff = Backoff(MIN_DELAY, MAX_DELAY, jitter=_JITTER, rng=rng)
        self._reader = ContainerReader(
            source, target, clock, sink, time_slicer, options, dedup or MarkerDedup(clock), self._backoff.reset
        )
        self._delivery, self._markers = self._reader.delivery, self._reader.markers
        self._state = TargetState.OPENING
        self._reading, self._pausing = _Interruptible(), _Interruptible()
        self._is_leaving = self._is_dismissed = False
        self._delay = 0.0
        self._has_ended = False
        self._count_before = 0
        self._restarted_at: float | None = None

    # -- for the owner ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> TargetState:
        is_following = self._state is TargetState.OPENING and self._reader.is_open
        return TargetState.FOLLOWING if is_following else self._state

    @property
    def status(self) -> TargetStatus:
        text = state_text(self.state, self._markers.reason, self._slots.limit)
        return TargetStatus(self.target, self.state, text, self._markers.error)

    @property
    def target(self) -> LogTarget:
        """The run the watch reported last."""
        return self._reader.successor or self._reader.runs.watched

    def retarget(self, target: LogTarget) -> None:
        """Take what the watch reports: another run of the container, its node, its revision, another pod."""
        now = self._clock.monotonic()
        if self._reader.retarget(target, now):
            self._restarted_at = now
            self._pausing.interrupt()

    def yield_slot(self) -> None:
        """Give up the connection for another container's turn."""
        self._reading.interrupt()

    def tick(self) -> None:
        """Close a stream that may be half-open; call it about once a second."""
        reader = self._reader
        if not reader.is_open or not self._options.is_followed or self._delivery.is_waiting:
            return  # a stream that waits for room is neither silent nor over: the server keeps its log open
        now = self._clock.monotonic()
        if now - reader.coverage.opened_at >= STABLE_SECONDS and self._markers.is_broken:
            self._markers.set_stable()
        since_restart = 0.0 if self._restarted_at is None else now - self._restarted_at
        is_overdue = reader.is_replaced and since_restart >= RESTART_GRACE
        if reader.has_missing_overlap(now):
            self._reading.interrupt()
        elif is_overdue or now - self._delivery.last_activity >= IDLE_SECONDS:
            self._restarted_at = None if is_overdue else self._restarted_at
            self._reading.interrupt()

    def leave(self) -> None:
        """Read the remaining lines and stop at the end of the stream: the container is no longer wanted."""
        self._is_leaving = True
        self._pausing.interrupt()

    @property
    def is_leaving(self) -> bool:
        """True between `leave` and `stay`."""
        return self._is_leaving

    def stay(self) -> None:
        """Keep following: the container is wanted again."""
        self._is_leaving = self._is_dismissed = False

    def dismiss(self) -> None:
        """Record that the task will be cancelled for good, so that it reports a gap."""
        self._is_dismissed = True

    def fail(self) -> None:
        """Report that the task has failed because of a bug in kdash; it is not retried."""
        self._markers.reason = marker_text.INTERNAL_ERROR
        self._report_gap_after(marker_text.INTERNAL_ERROR)

    # -- the task -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow until the pod is gone, or the log has ended where it is not followed. Raises only cancellation."""
        try:
            while True:
                self._state = TargetState.QUEUED
                async with self._slots.slot(self):
                    self._state = TargetState.OPENING
                    is_retried = await self._read_once()
                self._sink.close()
                if not is_retried or (self._is_leaving and self._reader.is_complete):
                    break
                if self._delay > 0:
                    self._state = TargetState.ENDED if self._has_ended else TargetState.RETRYING
                    await self._pausing.run(self._clock.sleep(self._delay))
        finally:
            self._state = TargetState.ENDED
            if self._is_dismissed and not self._reader.is_complete:
                self._report_gap_after(marker_text.NO_LONGER_FOLLOWED)
                self._reader.is_complete = True
            self._delivery.flush_partial()
            self._sink.close()
            self._slots.forget(self)

    async def _read_once(self) -> bool:
        """Open and read one stream; return whether to try again."""
        self._delay = self._backoff.next()
        self._count_before = self._delivery.count
        try:
            was_interrupted = await self._reading.run(self._reader.read())
        except LogSourceError as error:
            return self._handle_source_error(error)
        except NotFoundError as error:
            return self._handle_not_found(error)
        except BadRequestError as error:
            return self._handle_not_started(error)
        except ForbiddenError as error:
            self._set_unavailable(marker_text.forbidden(error), error)
            self._delay = FORBIDDEN_DELAY
            return self._options.is_followed
        except KdashError as error:
            return self._handle_interruption(error)
        finally:
            self._reader.close()
        self._markers.clear_reason()
        if was_interrupted:
            self._markers.set_disconnected()
            self._has_ended = False
            self._backoff.reset()
            self._delay = 0.0
            return True
        return self._handle_end()

    def _handle_end(self) -> bool:
        """The server ended the stream normally: the container has ended, or the log that is not followed."""
        reader = self._reader
        reader.is_complete = not reader.runs.is_behind  # or a later run was reported meanwhile
        reader.coverage.stream_closed()
        if not reader.has_delivered:
            reader.coverage.next_run_not_started()
        if self._options.previous:
            limit = self._options.effective_range.reached_limit(self._delivery.count)
            self._delivery.mark("end", marker_text.end_of_previous(limit))
        if not self._options.is_followed:
            return False
        self._has_ended = reader.joins_late = True
        if self._delivery.count == self._count_before and reader.runs.is_current:
            self._delay *= 3  # the watch will report the next run
        return True

    def _handle_not_started(self, error: BadRequestError) -> bool:
        self._set_unavailable(marker_text.unavailable(error), error)
        reader = self._reader
        if not reader.has_opened:
            reader.is_complete = True  # nothing was written yet
            reader.joins_late = True
        reader.coverage.next_run_not_started()
        return self._options.is_followed

    def _handle_source_error(self, error: LogSourceError) -> bool:
        """The node wrote an error into the stream: the log has not ended, it could not be read on."""
        reader = self._reader
        self._has_ended = reader.is_complete = False
        self._markers.report_node_error(marker_text.node_error(error), error)
        reader.joins_late |= not reader.has_delivered and reader.coverage.is_first_read_late
        return not self._options.previous and self._retries()

    def _handle_not_found(self, error: NotFoundError) -> bool:
        reader = self._reader
        if self._options.previous and "previous" in error.message:
            self._set_unavailable(marker_text.NO_PREVIOUS, error)
            return False
        if self._options.previous or marker_text.UNKNOWN_TO_NODE_ERROR not in error.message:
            if reader.has_opened and not reader.is_complete:
                self._report_gap_after(marker_text.POD_DELETED)
            reader.is_complete = True
            self._markers.reason, self._markers.error = marker_text.POD_DELETED, error
            self._delivery.mark("end", marker_text.POD_DELETED)
            return False
        self._set_unavailable(marker_text.POD_UNKNOWN_TO_NODE, error)
        return self._retries()

    def _handle_interruption(self, error: KdashError) -> bool:
        reader = self._reader
        self._markers.report_interruption(error, immediately=not reader.has_opened)
        reader.joins_late |= not reader.has_opened and reader.coverage.is_first_read_late
        reader.is_complete = False  # it may have been restarted since it ended
        if isinstance(error, ApiError) and error.retry_after is not None:
            self._delay = max(self._delay, error.retry_after)
        return self._retries()

    def _retries(self) -> bool:
        if self._options.is_followed or self._backoff.attempts < MAX_ATTEMPTS:
            return True
        if self._reader.has_opened and not self._reader.is_complete:
            self._report_gap_after(marker_text.NOT_READ_TO_END)
        return False

    def _set_unavailable(self, text: str, error: KdashError) -> None:
        self._has_ended = False
        self._markers.set_unavailable(text, error)

    def _report_gap_after(self, cause: str) -> None:
        self._markers.report_gap_after(cause, self._delivery.position.at)


class _Interruptible:
    """Awaits one thing at a time, which `interrupt` gives up. Cancellation of the task itself passes through."""

    def __init__(self) -> None:
        self._scope: asyncio.Timeout | None = None

    async def run(self, work: Awaitable[object]) -> bool:
        """Await the work; return True when it was interrupted."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scope = scope
                await work
        except TimeoutError:
            if scope.expired():
                return True
            raise
        finally:
            self._scope = None
        return False

    def interrupt(self) -> None:
        """Give up the awaited work, if any."""
        if self._scope is not None:
            scope, self._scope = self._scope, None
            scope.reschedule(0.0)
