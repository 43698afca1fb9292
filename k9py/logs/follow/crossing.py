"""From one run of a container to the next: the rest of the former one first, then that it was restarted; or a gap.

The former run's log decides (`former`); the container ids of the watch decide when to look, and the words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from k9py.api.errors import BadRequestError, KdashError, NotFoundError
from k9py.logs.follow import words
from k9py.logs.follow.attendance import ROTATES
from k9py.logs.follow.delivery import Delivery
from k9py.logs.follow.former import Former, cannot_be_read, read_former
from k9py.logs.follow.remarks import Remarks
from k9py.logs.follow.resume import Resume, first_stamp
from k9py.logs.follow.runs import Runs
from k9py.logs.source import LogSource
from k9py.logs.source_errors import LogSourceError, container_lines


class Crossing:
    """Leads one tail over restarts.

    Args:
        deliver: takes the lines of the former run.
    """

    def __init__(
        self,
        source: LogSource,
        runs: Runs,
        delivery: Delivery,
        remarks: Remarks,
        deliver: Callable[[Sequence[bytes]], Awaitable[None]],
    ) -> None:
        self._source = source
        self._runs = runs
        self._delivery = delivery
        self._remarks = remarks
        self._deliver = deliver
        self._started_at_count = -1

    async def look_back(self, since_seconds: int, away: float) -> None:
        """The watch tells of another run: read the rest of the one we know before the new one has printed a line.

        Args:
            since_seconds: from when on the former run is read where no line of it was delivered.
            away: seconds since its log was left; it may have been rotated meanwhile.
        """
        self._runs.opening()
        self._delivery.set_aside()
        if self._delivery.position.last is not None:
            if await self._former(None) is Former.WHOLE:
                self._start()
            self._delivery.take_back()
            return
        try:
            async with self._source.open_log(
                self._runs.target, follow=False, since_seconds=since_seconds, previous=True
            ) as batches:
                self._runs.look_back()
                async for batch in container_lines(batches):
                    if batch and away >= ROTATES and self._delivery.position.last is None:
                        first = first_stamp(batch[0])
                        self._remarks.lost_before(words.READ_LATE, first.at if first else None)
                    await self._deliver(batch)
        except KdashError:
            self._remarks.gap(words.RESTARTED, None, None)
            self._next()
        else:
            self._delivery.flush()
            self._start()
        self._delivery.take_back()

    async def is_continued(self) -> bool:
        """Tell whether a log read under the pod's name now is the one our last line stands in.

        Another pod of the same name may have been read already before the watch told of it. Raises KdashError.
        """
        position = self._delivery.position
        if position.last is None:
            return False
        for previous in (False, True):
            skip = Resume(position)
            try:
                async with self._source.open_log(
                    self._runs.target, follow=False, since_time=position.since, previous=previous
                ) as batches:
                    async for batch in container_lines(batches, follows_stamped=True):
                        skip.after(batch)
                        if skip.proven:
                            return True
                        if skip.done:
                            break
                    skip.end()
                    if skip.proven:
                        return True
            except (BadRequestError, NotFoundError, LogSourceError):
                if not previous:
                    raise
        return False

    async def is_there(self, *, says_so: bool) -> bool:
        """A log stands open and has not repeated our last lines: tell whether it, or the former run's, has them.

        In the former run's case the rest of that is delivered. Where they are gone, `says_so` admits a gap.
        """
        if await self.is_continued():
            await self.look_back(0, 0.0)
            return True
        if says_so:
            what = words.ROTATED if self._runs.are_known else words.EITHER
            self._remarks.gap(what, self._delivery.position.at, None)
        return False

    async def look_before_the_first(self, since_seconds: int) -> None:
        """A new container's log was opened, which may have been restarted before that: its former run comes first.

        Raises KdashError when that cannot be told.
        """
        count = self._delivery.count
        self._delivery.set_aside()
        try:
            async with self._source.open_log(
                self._runs.target, follow=False, since_seconds=since_seconds, previous=True
            ) as batches:
                self._runs.before_the_first()
                async for batch in container_lines(batches):
                    if batch and self._delivery.count == count:  # and nobody knows how often before that
                        first = first_stamp(batch[0])
                        self._remarks.lost_before(words.RESTARTED_BEFORE, first.at if first else None)
                    await self._deliver(batch)
        except (BadRequestError, NotFoundError, LogSourceError):
            pass
        self._delivery.flush()
        if self._delivery.count > count:
            self._start()
        else:
            self._runs.opened(nothing_delivered=True)
        self._delivery.take_back()

    def begin(self, batch: Sequence[bytes], *, is_unsure: bool) -> None:
        """The first lines have come: say where lines may be missing before them.

        Args:
            is_unsure: the beginning of the log may have been rotated away.
        """
        first, begun = first_stamp(batch[0]), self._delivery.position.open_line
        until = first.at if first else None
        if begun is not None and not any(begun.is_beginning_of(line) for line in batch):
            self._delivery.flush()
            self._remarks.gap(words.EITHER, self._delivery.position.at, until)
        elif begun is None and is_unsure:
            self._remarks.lost_before(words.READ_LATE, until)

    async def bridge(self, first_line: bytes, unattended: float) -> None:
        """The log that is read does not continue ours: fill the time between from the former run, or admit a gap.

        Args:
            first_line: the first new line.
            unattended: seconds for which the new run may have printed before it was read.
        """
        since, first = self._delivery.position.at, first_stamp(first_line)
        until = first.at if first else None
        match await self._former(first_line):
            case Former.WHOLE | Former.ANOTHER:
                self._start()
                if unattended >= ROTATES:
                    self._remarks.lost_before(words.READ_LATE, until)
            case Former.CUT | Former.ANOTHER_CUT:
                self._remarks.gap(words.RESTARTED, self._delivery.position.at, until)
                self._next()
            case Former.PRESENT:
                self._next()
            case _ if self._runs.was_another_opened:
                self._remarks.gap(words.RESTARTED, since, until)
                self._next()
            case Former.OLDER | Former.NONE if self._runs.are_known:
                self._remarks.gap(words.ROTATED, since, until)
            case _:
                self._remarks.gap(words.EITHER, since, until)
        self._remarks.all_is_well()

    async def _former(self, present: bytes | None) -> Former:
        position = self._delivery.position
        since = position.at

        def admit(first_line: bytes) -> None:
            first = first_stamp(first_line)
            self._remarks.gap(words.RESTARTED, since, first.at if first else None)
            self._runs.between()

        try:
            async with self._source.open_log(
                self._runs.target, follow=False, since_time=position.since, previous=True
            ) as batches:
                former = await read_former(
                    container_lines(batches, follows_stamped=True), position, present, self._deliver, admit
                )
        except KdashError as error:
            former = cannot_be_read(error)
        self._delivery.flush()
        return former

    @property
    def _is_start_told(self) -> bool:
        """True until a line comes behind the start that was told."""
        return self._started_at_count == self._delivery.count

    def _next(self) -> None:
        self._runs.next(is_entered=self._is_start_told)

    def _start(self) -> None:
        """The former run is complete; the next begins. Told once, however often it is proven before a line comes."""
        if not self._is_start_told:
            self._next()
            self._delivery.mark("start", words.RESTARTED)
            self._started_at_count = self._delivery.count
