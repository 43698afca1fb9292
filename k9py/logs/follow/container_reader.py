"""Reads one container's log: one stream at a time, each continued where the last one ended.

Invariant: every line the server has is delivered once, or a `gap` marker is shown where it may be missing. What a
reopened stream repeats proves that nothing is missing (`resume`). Where it proves nothing, the container was restarted
or its log rotated: the rest is read from the previous run's log (`restart_backfill`), and only what that does not prove
is a gap. Content decides what is delivered; the container ids of the watch decide the wording, the labels and when to
look again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from k9py.logs import marker_text
from k9py.logs.follow.container_run import ContainerRuns
from k9py.logs.follow.delivery import LineDelivery, LineSink
from k9py.logs.follow.log_range import PREVIOUS, RANGES, TAIL, LogRange
from k9py.logs.follow.markers import MarkerDedup, StreamMarkers
from k9py.logs.follow.read_coverage import OVERLAP_TIMEOUT, ReadCoverage
from k9py.logs.follow.restart_backfill import RestartBackfill
from k9py.logs.follow.resume import ResumeFilter
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.source_errors import LogSourceError, container_lines
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

_TAIL_SETTLE_SECONDS: Final = 0.3
"""As `SETTLE_SECONDS` of the merge, for a log of which only the last lines are read: they come in one piece."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Which part of a container's log is read.

    Args:
        range: where to begin.
        previous: read the container's previous run once, and end.
        follow: False ends at the end of the log as it is now.
        joins_late: other containers were followed before it: what it has written since then belongs to the view.
        holds_others: the beginning of the other containers waits for this one's.
        view_started_at: when the view was opened, by the monotonic clock; None: now.
    """

    range: LogRange = TAIL
    previous: bool = False
    follow: bool = True
    joins_late: bool = False
    holds_others: bool = False
    view_started_at: float | None = None

    @property
    def effective_range(self) -> LogRange:
        """The range, where `previous` allows for one."""
        return PREVIOUS if self.previous and self.range in RANGES else self.range

    @property
    def is_followed(self) -> bool:
        return self.follow and not self.previous and self.range.head_bytes is None


class ContainerReader:
    """Reads the log of one container, through all of its runs.

    `is_open`: a stream is being read. `has_opened`: one has been. `is_complete`: everything up to the container's end
    was read. `joins_late`: see `ReadOptions`; also True once the container is known to have started after the view.

    Args:
        target: the run known at first.
        sink: takes the lines and markers.
        time_slicer, dedup: shared with the other containers of the view.
        on_progress: called when the server has shown progress.
    """

    def __init__(
        self,
        source: LogSource,
        target: LogTarget,
        clock: Clock,
        sink: LineSink,
        time_slicer: TimeSlicer,
        options: ReadOptions,
        dedup: MarkerDedup,
        on_progress: Callable[[], None],
    ) -> None:
        self.is_open = self.has_opened = self.is_complete = False
        self.joins_late = options.joins_late
        self.successor: LogTarget | None = None
        self.runs = ContainerRuns(target)
        self.delivery = LineDelivery(sink, self.runs, clock, time_slicer)
        self.markers = StreamMarkers(clock, self.delivery.mark, dedup)
        self.coverage = ReadCoverage(clock, options.view_started_at)
        self._source = source
        self._clock = clock
        self._sink = sink
        self._options = options
        self._range = options.effective_range
        self._on_progress = on_progress
        self._backfill = RestartBackfill(source, self.runs, self.delivery, self.markers, self._deliver)
        self._has_looked_before_first = False
        self._resume: ResumeFilter | None = None
        self._doubted_resume: ResumeFilter | None = None
        self._doubted_at_count = -1

    @property
    def has_delivered(self) -> bool:
        """True when a line of the current log was delivered, from which it can be resumed."""
        return self.delivery.position.last is not None

    @property
    def is_replaced(self) -> bool:
        """True when the watch knows a later run, or another pod, than the one being read."""
        return self.runs.is_behind or self.successor is not None

    def retarget(self, target: LogTarget, now: float) -> bool:
        """Take what the watch reports: another run of the container, its node, its revision, another pod.

        Args:
            now: by the monotonic clock.

        Returns:
            True when the next stream must read another run than before.
        """
        present = self.successor or self.runs.watched
        if target.uid != present.uid:
            self.successor = target
            return True
        if self.successor is not None:
            self.successor = target
        elif target != self.runs.watched and self.runs.update(target, now):
            self.is_complete = False
            return True
        return False

    def has_missing_overlap(self, now: float) -> bool:
        """Return whether the open stream is silent and has not repeated the last lines: reopen it to search for them.

        True once until the next line.
        """
        resume, silent_seconds = self._resume, now - self.delivery.last_activity
        if resume is None or resume.is_decided or silent_seconds < OVERLAP_TIMEOUT:
            return False
        if self._doubted_at_count == self.delivery.count:
            return False
        self._doubted_resume, self._doubted_at_count = resume, self.delivery.count
        return True

    # -- one stream ---------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Open the log and read it to its end. Raises KdashError."""
        if self.successor is not None:
            await self._replace(self.successor)
        contains_position = await self._search_overlap()
        if self.runs.is_behind and self.has_opened:
            self.joins_late |= not self.has_delivered
            await self._backfill.read_ended_run(self._view_seconds(), self.coverage.unread_seconds)
        resumes = self.has_delivered
        options = {"since_time": self.delivery.position.since} if resumes else self._range.open_options(self._joined())
        follow, previous = self._options.is_followed, self._options.previous
        opened = self._source.open_log(self.runs.watched, follow=follow, previous=previous, **options)
        async with opened as batches:
            self._set_open(resumes=resumes)
            is_late = self.joins_late or self.coverage.is_first_read_late
            if follow and not resumes and not self._has_looked_before_first and is_late:
                await self._backfill.read_run_before_first(self._view_seconds())
                self._has_looked_before_first = True
                if self.has_delivered:
                    self.coverage.reset()  # when the run after that one began is unknown
            if self.has_delivered:
                lines = container_lines(batches, follows_stamped=True)
                await self._read_resumed(lines, contains_position=contains_position)
            else:
                await self._read_first(container_lines(batches))

    def close(self) -> None:
        """Record that the stream is over, however it ended."""
        if self.is_open:
            self.coverage.stream_closed(self.delivery.last_activity)  # it may have been half-open since then
            # A log that is empty for a while has no past: all that comes belongs to the view.
            open_seconds = self._clock.monotonic() - self.coverage.opened_at
            self.joins_late |= not self.has_delivered and open_seconds >= 1
        self.is_open = False
        self._resume = None

    def _set_open(self, *, resumes: bool) -> None:
        holds_others = self._options.holds_others and not self.has_opened
        self.has_opened, self.is_complete = True, False
        self.runs.open(nothing_delivered=not resumes)
        self._sink.open(
            holds_others=holds_others,
            is_followed=self._options.is_followed,
            settle_seconds=_TAIL_SETTLE_SECONDS if self._range.tail_lines else 1.0,
        )
        self.coverage.stream_opened()
        self.delivery.touch()
        self.is_open = True

    def _joined(self) -> int | None:
        """Return how many seconds of a log that joins late belong to the view; None: it does not join late."""
        return self._view_seconds() if self.joins_late and not self._options.previous else None

    def _view_seconds(self) -> int:
        return self.coverage.seconds_since_view_start + (self._range.since_seconds or 0)

    async def _replace(self, successor: LogTarget) -> None:
        """Switch to another pod of the same name: only its log can be read, and it may have been read recently."""
        was_read = self.has_opened and await self._backfill.contains_position()
        if not was_read:
            if not self.is_complete:
                self.markers.report_gap_after(marker_text.REPLACED, self.delivery.position.at)
            self.delivery.start_new_log()
            self._has_looked_before_first, self.joins_late = False, True
            self.coverage.reset()
        self.runs.replace(successor)
        self.successor = None
        self.is_complete = False

    async def _search_overlap(self) -> bool | None:
        """Return whether the last lines, which a silent stream had not repeated, still exist; None: not in doubt."""
        if self._doubted_resume is None or not self.has_delivered:
            return None
        is_there = await self._backfill.find_position(reports_gap=not self._doubted_resume.is_withholding)
        self._doubted_resume = None
        return is_there

    async def _read_first(self, batches: AsyncIterator[list[bytes]]) -> None:
        """Read a log of which no line was delivered."""
        size = 0
        async for batch in batches:
            if batch and not size:
                may_lack_lines = self.joins_late and self.coverage.may_lack_beginning(self.runs.watched, batch)
                self._backfill.report_beginning(batch, may_lack_lines=may_lack_lines)
            size += sum(map(len, batch)) + len(batch)
            await self._deliver(batch)
            self.coverage.run_identified()
        head = self._range.head_bytes
        if head is not None and size >= head:
            self.delivery.mark("end", marker_text.end_of_head(head))

    async def _read_resumed(self, batches: AsyncIterator[list[bytes]], *, contains_position: bool | None) -> None:
        """Skip delivered lines; before the first new one, fill or report the gap in between."""
        self._resume = resume = ResumeFilter(self.delivery.position, contains_position=contains_position)
        try:
            async for batch in batches:
                self.delivery.touch()
                await self._deliver_new(resume, resume.new_lines(batch))
        except LogSourceError:
            await self._deliver_new(resume, resume.finish())
            raise
        await self._deliver_new(resume, resume.finish())

    async def _deliver_new(self, resume: ResumeFilter, lines: Sequence[bytes]) -> None:
        if resume.is_decided and not resume.is_reported:
            resume.is_reported = True
            if resume.is_proven:
                if self.markers.report_continuation():
                    self._on_progress()  # not where the stream had ended normally: an ended container repeats its end
                self.runs.confirm(self._clock.monotonic())
            else:
                lines = [*resume.undecided_lines, *lines]
                unread_seconds = self.coverage.max_unread_seconds(self.runs.watched, lines)
                await self._backfill.fill_gap(lines[0], unread_seconds)
        if resume.is_decided:
            await self._deliver(lines)
            self.coverage.run_identified()

    async def _deliver(self, batch: Sequence[bytes]) -> None:
        lines = self.delivery.hold_back_partial(batch)
        if lines:
            self.markers.set_healthy()
            self._on_progress()
            await self.delivery.deliver(lines)
