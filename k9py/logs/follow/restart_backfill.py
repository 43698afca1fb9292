"""Handle a restarted container: read the rest of its previous run first, then mark the restart; or report a gap.

The previous run's log decides (`previous=true` of the API). The container ids of the watch decide only when to look,
and which of the causes in `marker_text` is named. Invariant: lines are delivered as they are proven to be new, and
nothing of the run that is being read now is delivered twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import Enum

from k9py.api.errors import BadRequestError, KdashError, NotFoundError
from k9py.logs import marker_text
from k9py.logs.follow.container_run import ContainerRuns
from k9py.logs.follow.delivery import LineDelivery
from k9py.logs.follow.markers import StreamMarkers
from k9py.logs.follow.read_coverage import ROTATION_SECONDS
from k9py.logs.follow.resume import ResumeFilter, ResumePosition, line_timestamp
from k9py.logs.source import LogSource
from k9py.logs.source_errors import LogSourceError, container_lines

Deliver = Callable[[Sequence[bytes]], Awaitable[None]]


class PreviousLog(Enum):
    """What the log of the previous run turned out to be."""

    COMPLETE = "continues the delivered lines, and was read to its end"
    CUT_OFF = "continues the delivered lines, and broke off"
    OTHER_RUN = "of a run that began later: there was more than one restart; read to its end"
    OTHER_RUN_CUT_OFF = "of a run that began later, and broke off"
    CURRENT_RUN = "has lines after the delivered ones, and then those that are being read now"
    OLDER = "ended before the delivered lines: there was no restart since, or the run wrote nothing"
    MISSING = "does not exist"
    UNREADABLE = "could not be read"


class RestartBackfill:
    """Fills the time between two runs of one container.

    Args:
        deliver: takes the lines of the previous run.
    """

    def __init__(
        self,
        source: LogSource,
        runs: ContainerRuns,
        delivery: LineDelivery,
        markers: StreamMarkers,
        deliver: Deliver,
    ) -> None:
        self._source = source
        self._runs = runs
        self._delivery = delivery
        self._markers = markers
        self._deliver = deliver
        self._start_shown_at_count = -1

    # -- before the current log is read -------------------------------------------------------------------------------

    async def read_ended_run(self, since_seconds: int, unread_seconds: float) -> None:
        """Read the rest of the delivered run before the new one has written a line: the watch reported a restart.

        Args:
            since_seconds: how far back the previous run is read where no line of it was delivered.
            unread_seconds: seconds since its log was last read; it may have been rotated meanwhile.
        """
        self._runs.will_open()
        self._delivery.set_partial_aside()
        if self._delivery.position.last is not None:
            if await self._read_previous(None) is PreviousLog.COMPLETE:
                self._mark_start()
            self._delivery.restore_partial()
            return
        try:
            async with self._source.open_log(
                self._runs.watched, follow=False, since_seconds=since_seconds, previous=True
            ) as batches:
                self._runs.deliver_previous()
                async for batch in container_lines(batches):
                    if batch and unread_seconds >= ROTATION_SECONDS and self._delivery.position.last is None:
                        first = line_timestamp(batch[0])
                        self._markers.report_gap_before(marker_text.READ_LATE, first.at if first else None)
                    await self._deliver(batch)
        except KdashError:
            self._markers.report_gap(marker_text.RESTARTED, None, None)
            self._advance_run()
        else:
            self._delivery.flush_partial()
            self._mark_start()
        self._delivery.restore_partial()

    async def read_run_before_first(self, since_seconds: int) -> None:
        """Read the previous run of a container whose log was opened for the first time, perhaps after a restart.

        Raises:
            KdashError: it is unknown whether there was one.
        """
        count = self._delivery.count
        self._delivery.set_partial_aside()
        try:
            async with self._source.open_log(
                self._runs.watched, follow=False, since_seconds=since_seconds, previous=True
            ) as batches:
                self._runs.deliver_unknown()
                async for batch in container_lines(batches):
                    if batch and self._delivery.count == count:  # how often it was restarted before is unknown
                        first = line_timestamp(batch[0])
                        self._markers.report_gap_before(marker_text.RESTARTED_BEFORE, first.at if first else None)
                    await self._deliver(batch)
        except (BadRequestError, NotFoundError, LogSourceError):
            pass
        self._delivery.flush_partial()
        if self._delivery.count > count:
            self._mark_start()
        else:
            self._runs.open(nothing_delivered=True)
        self._delivery.restore_partial()

    async def find_position(self, *, reports_gap: bool) -> bool:
        """Return whether the open log, which has not repeated the last lines, or the previous one contains them.

        If the previous run's log does, its rest is delivered.

        Args:
            reports_gap: show a gap where neither log contains them.
        """
        if await self.contains_position():
            await self.read_ended_run(0, 0.0)
            return True
        if reports_gap:
            cause = marker_text.ROTATED if self._runs.is_current else marker_text.RESTARTED_OR_ROTATED
            self._markers.report_gap(cause, self._delivery.position.at, None)
        return False

    async def contains_position(self) -> bool:
        """Return whether a log that is read under the pod's name now contains the last delivered line.

        Another pod of the same name may have been read before the watch reported it. Raises KdashError.
        """
        position = self._delivery.position
        if position.last is None:
            return False
        for previous in (False, True):
            resume = ResumeFilter(position)
            try:
                async with self._source.open_log(
                    self._runs.watched, follow=False, since_time=position.since, previous=previous
                ) as batches:
                    async for batch in container_lines(batches, follows_stamped=True):
                        resume.new_lines(batch)
                        if resume.is_proven:
                            return True
                        if resume.is_decided:
                            break
                    resume.finish()
                    if resume.is_proven:
                        return True
            except (BadRequestError, NotFoundError, LogSourceError):
                if not previous:
                    raise
        return False

    # -- when the first new line of the current log has come ----------------------------------------------------------

    def report_beginning(self, batch: Sequence[bytes], *, may_lack_lines: bool) -> None:
        """Report where lines may be missing before the first ones of a log.

        Args:
            may_lack_lines: the beginning of the log may have been rotated away.
        """
        first, partial = line_timestamp(batch[0]), self._delivery.position.partial_line
        until = first.at if first else None
        if partial is not None and not any(partial.is_beginning_of(line) for line in batch):
            self._delivery.flush_partial()
            self._markers.report_gap(marker_text.RESTARTED_OR_ROTATED, self._delivery.position.at, until)
        elif partial is None and may_lack_lines:
            self._markers.report_gap_before(marker_text.READ_LATE, until)

    async def fill_gap(self, first_line: bytes, max_unread_seconds: float) -> None:
        """Fill the time before a log that does not continue the delivered lines from the previous run, or report a gap.

        Args:
            first_line: the first new line.
            max_unread_seconds: seconds for which the new run may have written before it was read.
        """
        since, first = self._delivery.position.at, line_timestamp(first_line)
        until = first.at if first else None
        match await self._read_previous(first_line):
            case PreviousLog.COMPLETE | PreviousLog.OTHER_RUN:
                self._mark_start()
                if max_unread_seconds >= ROTATION_SECONDS:
                    self._markers.report_gap_before(marker_text.READ_LATE, until)
            case PreviousLog.CUT_OFF | PreviousLog.OTHER_RUN_CUT_OFF:
                self._markers.report_gap(marker_text.RESTARTED, self._delivery.position.at, until)
                self._advance_run()
            case PreviousLog.CURRENT_RUN:
                self._advance_run()
            case _ if self._runs.has_opened_another:
                self._markers.report_gap(marker_text.RESTARTED, since, until)
                self._advance_run()
            case PreviousLog.OLDER | PreviousLog.MISSING if self._runs.is_current:
                self._markers.report_gap(marker_text.ROTATED, since, until)
            case _:
                self._markers.report_gap(marker_text.RESTARTED_OR_ROTATED, since, until)
        self._markers.set_healthy()

    async def _read_previous(self, current_line: bytes | None) -> PreviousLog:
        """Deliver the new lines of the previous run; `current_line` as in `_deliver_previous`."""
        position = self._delivery.position
        since = position.at

        def report_restart(first_line: bytes) -> None:
            first = line_timestamp(first_line)
            self._markers.report_gap(marker_text.RESTARTED, since, first.at if first else None)
            self._runs.deliver_intermediate()

        try:
            async with self._source.open_log(
                self._runs.watched, follow=False, since_time=position.since, previous=True
            ) as batches:
                lines = container_lines(batches, follows_stamped=True)
                previous = await _deliver_previous(lines, position, current_line, self._deliver, report_restart)
        except (BadRequestError, NotFoundError):
            previous = PreviousLog.MISSING
        except KdashError:
            previous = PreviousLog.UNREADABLE
        self._delivery.flush_partial()
        return previous

    # -- the start of a run -------------------------------------------------------------------------------------------

    @property
    def _is_start_shown(self) -> bool:
        """True from a start marker until the next line."""
        return self._start_shown_at_count == self._delivery.count

    def _advance_run(self) -> None:
        self._runs.advance(is_repeated=self._is_start_shown)

    def _mark_start(self) -> None:
        """Mark that the previous run is complete and the next begins; once, however often it is proven."""
        if not self._is_start_shown:
            self._advance_run()
            self._delivery.mark("start", marker_text.RESTARTED)
            self._start_shown_at_count = self._delivery.count


async def _deliver_previous(
    batches: AsyncIterator[list[bytes]],
    position: ResumePosition,
    current_line: bytes | None,
    deliver: Deliver,
    report_restart: Callable[[bytes], None],
) -> PreviousLog:
    """Deliver the new lines of the previous run's log, and classify that log.

    Args:
        batches: its lines, from the second of the last delivered one on.
        position: of the delivered lines.
        current_line: the first new line of the log that is read now; None when none has come, and then only a log that
            continues the delivered lines is delivered.
        report_restart: called before the first line of another run: what precedes it may be missing.

    Raises:
        KdashError: the log cannot be opened; not when it breaks off after what was delivered.
    """
    resume = ResumeFilter(position)
    is_other_run = False
    try:
        async for batch in batches:
            fresh = resume.new_lines(batch)
            if not fresh:
                continue
            if resume.is_proven:
                await deliver(fresh)
                continue
            if not is_other_run:
                timestamp = line_timestamp(fresh[0])
                if current_line is None or timestamp is None:
                    return PreviousLog.UNREADABLE if timestamp is None else PreviousLog.OLDER
                if _is_reached(fresh[0], current_line):
                    return PreviousLog.OLDER
                is_other_run = True
                report_restart(fresh[0])
            end = next((index for index, line in enumerate(fresh) if _is_reached(line, current_line)), None)
            await deliver(fresh[:end])
            if end is not None:
                return PreviousLog.CURRENT_RUN if fresh[end] == current_line else PreviousLog.OTHER_RUN_CUT_OFF
    except KdashError:
        if resume.is_proven:
            return PreviousLog.CUT_OFF
        if is_other_run:
            return PreviousLog.OTHER_RUN_CUT_OFF
        raise
    if rest := resume.finish():
        await deliver(rest)
    if resume.is_proven:
        return PreviousLog.COMPLETE
    return PreviousLog.OTHER_RUN if is_other_run else PreviousLog.OLDER


def _is_reached(line: bytes, current_line: bytes | None) -> bool:
    """Return whether a line is the one that is read now, or a later one: the container was restarted once more."""
    timestamp = line_timestamp(line)
    current = line_timestamp(current_line) if current_line is not None else None
    return timestamp is not None and current is not None and timestamp >= current
