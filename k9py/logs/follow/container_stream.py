"""One container's log, followed through breaks and restarts: no line twice, none missing without a gap marker.

Invariant: every line the server has is delivered once, or a `gap` marker stands where it may be missing. What a stream
opened again repeats proves that nothing is missing (`resume`). Where it proves nothing the container was restarted or
its log rotated: the former run's log is asked for its rest (`crossing`), and only what that does not prove is a gap.
Content decides what is delivered; the container ids of the watch decide the words, the labels, and when to look again.

A tail holds a connection (`slots`) only while it reads. What the server refuses for now (container not started, image
missing) becomes a note, told once, and is tried again on the tail's own budget.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from typing import Final

from k9py.api.errors import ApiError, BadRequestError, ForbiddenError, KdashError, NotFoundError
from k9py.logs.follow import words
from k9py.logs.follow.attendance import DOUBT_SECONDS, STANDS_SECONDS, Attendance
from k9py.logs.follow.crossing import Crossing
from k9py.logs.follow.delivery import Delivery, Sink
from k9py.logs.follow.interruptible import Interruptible
from k9py.logs.follow.log_range import PREVIOUS, RANGES, TAIL, LogRange
from k9py.logs.follow.remarks import Chorus, Remarks
from k9py.logs.follow.resume import Resume
from k9py.logs.follow.runs import RESTART_GRACE, Runs
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.follow.status import TargetState, TargetStatus, state_text
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.source_errors import LogSourceError, container_lines
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

FIRST_DELAY: Final = 1.0
"""Seconds before a stream that ended is opened again for the first time."""

SHORTEST_DELAY: Final = 0.8
LONGEST_DELAY: Final = 12.0
JITTER: Final = 0.5
"""Bounds of the backoff in seconds, jitter included. Each stream has its own: one bad pod starves nobody."""

ATTEMPTS: Final = 3
"""Times a log that is not followed is tried."""

FORBIDDEN_DELAY: Final = 60.0
IDLE_SECONDS: Final = 60.0
"""Seconds of silence after which a stream may be half-open: it is dropped, and resumed."""

_QUIET_SETTLE: Final = 0.3


class ContainerStream:
    """Follows the container of one place and hands its lines to a sink.

    Args:
        target: the run known at first.
        slots, time_slicer, chorus: shared with the other tails of the stream.
        range: where to begin.
        previous: read the container's former run once, and end.
        follow: False ends at the end of the log as it is now.
        joins: others were followed before it: what it has printed since then belongs to the view.
        holds: the others' beginning waits for this one's.
        began: when the view began, by the monotonic clock.
    """

    def __init__(
        self,
        source: LogSource,
        target: LogTarget,
        clock: Clock,
        sink: Sink,
        slots: StreamSlots,
        time_slicer: TimeSlicer,
        *,
        range: LogRange = TAIL,  # noqa: A002
        previous: bool = False,
        follow: bool = True,
        joins: bool = False,
        holds: bool = False,
        began: float | None = None,
        chorus: Chorus | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.state = TargetState.OPENING
        self._source = source
        self._clock = clock
        self._sink = sink
        self._slots = slots
        self._range = PREVIOUS if previous and range in RANGES else range
        self._previous = previous
        self._follow = follow and not previous and range.head_bytes is None
        self._joins, self._holds = joins, holds
        self._attendance = Attendance(clock, began)
        self._backoff = Backoff(SHORTEST_DELAY, LONGEST_DELAY, jitter=JITTER, rng=rng)
        self._runs = Runs(target)
        self._lines = Delivery(sink, self._runs, clock, time_slicer)
        self._remarks = Remarks(clock, self._lines.mark, chorus or Chorus(clock))
        self._crossing = Crossing(source, self._runs, self._lines, self._remarks, self._deliver)
        self._successor: LogTarget | None = None
        self._reading, self._pausing = Interruptible(), Interruptible()
        self._leaving = self._dismissed = False
        self._delay = FIRST_DELAY
        self._has_opened = self._has_looked_back = False
        self._is_complete = self._has_ended = self._is_reading = False
        self._count_before = 0
        self._restart_at: float | None = None
        self._skip: Resume | None = None
        self._doubts: Resume | None = None
        self._doubted_at = -1
        self._is_there: bool | None = None

    # -- what others ask ----------------------------------------------------------------------------------------------

    @property
    def status(self) -> TargetStatus:
        """How it stands, in words."""
        why = state_text(self.state, self._remarks.why, self._slots.limit)
        return TargetStatus(self.target, self.state, why, self._remarks.error)

    @property
    def target(self) -> LogTarget:
        """The run the watch told of last."""
        return self._successor or self._runs.target

    def retarget(self, target: LogTarget) -> None:
        """Take what the watch says now: another run of the container, its node, its revision."""
        now = self._clock.monotonic()
        if target.uid != self.target.uid:
            self._successor = target
            self._restart_at = now
            self._pausing.interrupt()
        elif self._successor is not None:
            self._successor = target
        elif target != self._runs.target and self._runs.told(target, now):
            self._is_complete = False
            self._restart_at = now
            self._pausing.interrupt()

    def yield_turn(self) -> None:
        """Let go of the connection for another's turn."""
        self._reading.interrupt()

    def tick(self) -> None:
        """Drop a stream that may be half-open; call it about once a second."""
        if not self._is_reading or not self._follow or self._lines.is_waiting:
            return  # what waits for room is not silent, nor over: its server has the log open as it was
        now = self._clock.monotonic()
        if now - self._attendance.opened_at >= STANDS_SECONDS and self._remarks.was_broken:
            self._remarks.stands()
        is_over = self._runs.differ or self._successor is not None
        overdue = is_over and self._restart_at is not None and now - self._restart_at >= RESTART_GRACE
        skip, silent = self._skip, now - self._lines.heard
        if skip is not None and not skip.done and silent >= DOUBT_SECONDS and self._doubted_at != self._lines.count:
            self._doubts, self._doubted_at = skip, self._lines.count
            self._reading.interrupt()
        elif overdue or now - self._lines.heard >= IDLE_SECONDS:
            self._restart_at = None if overdue else self._restart_at
            self._reading.interrupt()

    def leave(self) -> None:
        """It is no longer wanted: read what is left, and do not go on after the stream's end."""
        self._leaving = True
        self._pausing.interrupt()

    @property
    def is_leaving(self) -> bool:
        """True between `leave` and `stay`."""
        return self._leaving

    def stay(self) -> None:
        """It is wanted again."""
        self._leaving = self._dismissed = False

    def dismiss(self) -> None:
        """Its task is about to be cancelled for good: what may be missing is to be said."""
        self._dismissed = True

    def fail(self) -> None:
        """Its task has ended by a mistake of ours: what may be missing is to be said, and it is not tried again."""
        self._remarks.why = words.NOT_READABLE
        self._lines.mark("gap", words.lost_after(words.NOT_READABLE, self._lines.position.at))

    # -- the task -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow until the pod is gone, or the log has ended where it is not followed. Raises only cancellation."""
        try:
            while True:
                self.state = TargetState.QUEUED
                async with self._slots.turn(self):
                    self.state = TargetState.OPENING
                    again = await self._once()
                self._sink.close()
                if not again or (self._leaving and self._is_complete):
                    break
                if self._delay > 0:
                    self.state = TargetState.ENDED if self._has_ended else TargetState.RETRYING
                    await self._pausing.run(self._clock.sleep(self._delay))
        finally:
            self.state = TargetState.ENDED
            if self._dismissed and not self._is_complete:
                self._lines.mark("gap", words.lost_after("no longer followed", self._lines.position.at))
                self._is_complete = True
            self._lines.flush()
            self._sink.close()
            self._slots.forget(self)

    async def _once(self) -> bool:
        """Open and read one stream; tell whether to try again."""
        self._delay = self._backoff.next()
        self._count_before = self._lines.count
        try:
            was_given_up = await self._reading.run(self._read())
        except LogSourceError as error:
            return self._source_said(error)
        except NotFoundError as error:
            return self._not_found(error)
        except BadRequestError as error:
            self._refused(words.refused(error), error)
            if not self._has_opened:
                self._is_complete = True  # nothing was printed yet
                self._joins = True
            self._attendance.not_begun()
            return self._follow
        except ForbiddenError as error:
            self._refused(f"no right to read this log: {error.message}", error)
            self._delay = FORBIDDEN_DELAY
            return self._follow
        except KdashError as error:
            return self._broke_off(error)
        finally:
            if self._is_reading:
                self._attendance.left(self._lines.heard)  # it may have been half-open since
                # What is empty for a while has no past: all that comes belongs to the view.
                waited = self._clock.monotonic() - self._attendance.opened_at
                self._joins |= self._lines.position.last is None and waited >= 1
            self._is_reading = False
            self._skip = None
        self._remarks.nothing_new()
        if was_given_up:
            self._remarks.let_go()
            self._has_ended = False
            self._backoff.reset()
            self._delay = 0.0
            return True
        return self._ended()

    def _ended(self) -> bool:
        """The server ended the stream in order: the container has ended, or the log that is not followed."""
        self._is_complete = not self._runs.differ  # or a later run was told of meanwhile
        self._attendance.left()
        if self._lines.position.last is None:
            self._attendance.not_begun()
        if self._previous:
            self._lines.mark("end", words.end_of_previous(self._range.reached_limit(self._lines.count)))
        if not self._follow:
            return False
        self._has_ended = self._joins = True
        if self._lines.count == self._count_before and self._runs.are_known:
            self._delay *= 3  # the watch tells of the next run
        return True

    def _source_said(self, error: LogSourceError) -> bool:
        """The stream ended with words of the node: the log has not ended, it could not be read on."""
        self._has_ended = self._is_complete = False
        self._remarks.said_by_source(words.said_by_source(error), error)
        self._joins |= self._lines.position.last is None and self._attendance.is_late
        return not self._previous and self._tries_again()

    def _not_found(self, error: NotFoundError) -> bool:
        if self._previous and "previous" in error.message:
            self._refused(words.NO_PREVIOUS, error)
            return False
        if self._previous or words.UNKNOWN_TO_THE_NODE not in error.message:
            if self._has_opened and not self._is_complete:
                self._lines.mark("gap", words.lost_after(words.POD_GONE, self._lines.position.at))
            self._is_complete = True
            self._remarks.why, self._remarks.error = words.POD_GONE, error
            self._lines.mark("end", words.POD_GONE)
            return False
        self._refused(words.NOT_CALLED_HERE, error)
        return self._tries_again()

    def _broke_off(self, error: KdashError) -> bool:
        self._remarks.broke_off(error, at_once=not self._has_opened)
        self._joins |= not self._has_opened and self._attendance.is_late
        self._is_complete = False  # it may have been restarted since it ended
        if isinstance(error, ApiError) and error.retry_after is not None:
            self._delay = max(self._delay, error.retry_after)
        return self._tries_again()

    def _tries_again(self) -> bool:
        if self._follow or self._backoff.attempts < ATTEMPTS:
            return True
        if self._has_opened and not self._is_complete:
            self._lines.mark("gap", words.lost_after("not read to its end", self._lines.position.at))
        return False

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        if self._successor is not None:
            await self._replace(self._successor)
        self._is_there = await self._settle_doubts()
        if self._runs.differ and self._has_opened:
            self._joins |= self._lines.position.last is None
            await self._crossing.look_back(self._since_the_view_began(), self._attendance.away)
        resumes = self._lines.position.last is not None
        # All of a new pod, and of an old one what it printed since the view began, by its node's own clock.
        joined = self._since_the_view_began() if self._joins and not self._previous else None
        asks = {"since_time": self._lines.position.since} if resumes else self._range.open_options(joined)
        opened = self._source.open_log(self._runs.target, follow=self._follow, previous=self._previous, **asks)
        async with opened as batches:
            first, self._has_opened = not self._has_opened, True
            self._runs.opened(nothing_delivered=not resumes)
            self._is_complete = False
            self._sink.open(
                holds=first and self._holds,
                followed=self._follow,
                settle=_QUIET_SETTLE if self._range.tail_lines else 1.0,
            )
            self.state = TargetState.FOLLOWING
            self._attendance.opened()
            self._lines.hear()
            self._is_reading = True
            if self._follow and not resumes and not self._has_looked_back and (self._joins or self._attendance.is_late):
                await self._crossing.look_before_the_first(self._since_the_view_began())
                self._has_looked_back = True
                if self._lines.position.last is not None:
                    self._attendance.unknown()  # nobody has seen when the run behind that one began
            if self._lines.position.last is not None:
                await self._read_resumed(container_lines(batches, follows_stamped=True))
            else:
                await self._read_first(container_lines(batches))

    async def _replace(self, successor: LogTarget) -> None:
        """Another pod has the name now: only its log can be read. It may be what was read of late already."""
        is_read = self._has_opened and await self._crossing.is_continued()
        if not is_read:
            if not self._is_complete:
                self._lines.mark("gap", words.lost_after(words.REPLACED, self._lines.position.at))
            self._lines.begin_anew()
            self._has_looked_back, self._joins = False, True
            self._attendance.unknown()
        self._runs.replace(successor)
        self._successor = None
        self._is_complete = False

    async def _settle_doubts(self) -> bool | None:
        """Where a stream was silent that had not repeated our last lines: tell whether they are there."""
        if self._doubts is None or self._lines.position.last is None:
            return None
        is_there = await self._crossing.is_there(says_so=not self._doubts.withholds)
        self._doubts = None
        return is_there

    def _since_the_view_began(self) -> int:
        return self._attendance.since_the_view_began + (self._range.since_seconds or 0)

    async def _read_first(self, batches: AsyncIterator[list[bytes]]) -> None:
        size = 0
        async for batch in batches:
            if batch and not size:
                is_unsure = self._joins and self._attendance.is_beginning_unsure(self._runs.target, batch)
                self._crossing.begin(batch, is_unsure=is_unsure)
            size += sum(map(len, batch)) + len(batch)
            await self._deliver(batch)
            self._attendance.placed()
        head = self._range.head_bytes
        if head is not None and size >= head:
            self._lines.mark("end", words.head_ends(head))

    async def _read_resumed(self, batches: AsyncIterator[list[bytes]]) -> None:
        """Skip what was delivered; on the first new line say what can be said of the time between."""
        self._skip = skip = Resume(self._lines.position, is_there=self._is_there)
        try:
            async for batch in batches:
                self._lines.hear()
                await self._go_on(skip, skip.after(batch))
        except LogSourceError:
            await self._go_on(skip, skip.end())
            raise
        await self._go_on(skip, skip.end())

    async def _go_on(self, skip: Resume, fresh: Sequence[bytes]) -> None:
        if skip.done and not skip.is_told:
            skip.is_told = True
            if skip.proven:
                if self._remarks.proven():
                    self._backoff.reset()  # not where the stream had ended in order: an ended container repeats its end
                self._runs.same(self._clock.monotonic())
            else:
                fresh = [*skip.unplaced, *fresh]
                await self._crossing.bridge(fresh[0], self._attendance.unattended(self._runs.target, fresh))
        if skip.done:
            await self._deliver(fresh)
            self._attendance.placed()

    async def _deliver(self, batch: Sequence[bytes]) -> None:
        """Lines have come: all is well."""
        batch = self._lines.settle(batch)
        if batch:
            self._remarks.all_is_well()
            self._backoff.reset()
            await self._lines.deliver(batch)

    def _refused(self, text: str, error: KdashError) -> None:
        self._has_ended = False
        self._remarks.refused(text, error)
