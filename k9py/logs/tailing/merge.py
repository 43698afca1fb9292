"""Puts the lines of many containers in one order, in bounded room.

Order: by time, the order inside one container always kept. Two ways:

- Catching up (the beginning, which may be an hour of logs): nothing newer is given on than what the slowest container
  has reached (the watermark). A container that is ahead waits for room, so nothing is dropped; one from which nothing
  comes any more stops holding the others.
- Live: a line waits for a short `window`, and older ones of others that come meanwhile go before it. What comes later
  than that is marked late. One single container needs no window.

Bounded by lines and characters: what the terminal cannot keep up with is dropped, the oldest first, counted, and told
by one `gap` marker where it was. A drain gives so many lines that it never holds the screen up.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final

from msgspec.structs import replace

from k9py.logs.line import ALL, LogLine
from k9py.logs.tailing import words
from k9py.logs.tailing.clock import Clock
from k9py.logs.tailing.skew import Skew

MOST_A_DRAIN: Final = 2_000
"""Lines a drain gives: some ten milliseconds of work until they stand in the view. Ten drains a second are more lines
than are ever followed."""

STALLED: Final = 1.0
"""Seconds without a batch after which a container has caught up, or holds the others no longer."""

_EPOCH: Final = datetime.min.replace(tzinfo=UTC)
_KEY: Final = itemgetter(0)
_FEWEST: Final = 200
"""Lines a container may always have waiting."""


class Intake:
    """One container's way into the merge.

    `key` is the time its newest line counts as: never less than that of the line before. `is_past`: what comes was
    written before the log was opened, so it can wait, and nothing of it is dropped for want of time.
    """

    __slots__ = (
        "_merge",
        "chars",
        "followed",
        "heard",
        "is_past",
        "is_waiting",
        "kept",
        "key",
        "number",
        "opened_at",
        "settle",
    )

    def __init__(self, merge: Merge, number: int) -> None:
        self._merge = merge
        self.number = number
        self.key = _EPOCH
        self.kept = 0
        self.chars = 0
        self.heard = 0.0
        self.settle = STALLED
        self.opened_at = _EPOCH
        self.followed = True
        self.is_past = False
        self.is_waiting = False

    def open(self, *, holds: bool, followed: bool = True, settle: float = STALLED) -> None:
        """The log was opened.

        Args:
            holds: others wait until this one has caught up.
            followed: lines will come for ever; otherwise all that comes is of the past.
            settle: seconds of silence, once something has come, that mean it has caught up.
        """
        self.settle, self.followed = settle, followed
        self._merge.open(self, holds=holds)

    def add(self, lines: Sequence[LogLine]) -> None:
        """Take lines, in the container's order; the oldest of all are dropped when there is no room."""
        self._merge.add(self, lines)

    async def room(self) -> None:
        """Wait, while lines of the past come, until enough of this container's have been drained."""
        await self._merge.room(self)

    def close(self) -> None:
        """Nothing comes for now: nobody waits for this one."""
        self._merge.close(self)


class Merge:
    """Takes lines as they arrive, gives them in order.

    Args:
        max_lines, max_chars: bounds of what waits for the next drain.
        window: seconds a live line waits for older ones of others.
    """

    def __init__(
        self, clock: Clock, *, max_lines: int = 50_000, max_chars: int = 16_000_000, window: float = 0.4
    ) -> None:
        self.skew = Skew()
        self._clock = clock
        self._max_lines = max_lines
        self._max_chars = max_chars
        self._window = window
        self._intakes: list[Intake] = []
        # The number of an intake, not itself: tuples of what the garbage collector does not follow are not followed.
        self._pending: list[tuple[datetime, LogLine, int]] = []
        self._sorted = 0
        self._chars = 0
        self._open: set[Intake] = set()
        self._holding: set[Intake] = set()
        self._arrivals: deque[tuple[float, datetime]] = deque()
        self._horizon = _EPOCH
        self._given = _EPOCH
        self._dropped = 0
        self._dropped_between: tuple[datetime | None, datetime | None] = (None, None)
        self._notes: list[LogLine] = []
        self._drained = asyncio.Event()

    def intake(self) -> Intake:
        """Return a way in for one container, for as long as it is followed: through all its breaks and restarts."""
        self._intakes.append(Intake(self, len(self._intakes)))
        return self._intakes[-1]

    def hold_for(self, intake: Intake) -> None:
        """Wait for this one's beginning although its log has not been opened yet."""
        intake.heard = self._clock.monotonic()
        self._holding.add(intake)

    @property
    def holding(self) -> bool:
        """True while the beginning is still being put in order."""
        self._stop_waiting_for_the_silent()
        return bool(self._holding)

    @property
    def is_empty(self) -> bool:
        """True when everything has been given."""
        return not self._pending and not self._dropped and not self._notes

    # -- for Intake ---------------------------------------------------------------------------------------------------

    def open(self, intake: Intake, *, holds: bool) -> None:
        """Expect lines of the past from this one."""
        intake.heard = self._clock.monotonic()
        intake.opened_at = self._clock.now()
        intake.is_past = True
        self._open.add(intake)
        if holds:
            self._holding.add(intake)

    def close(self, intake: Intake) -> None:
        """Expect nothing from this one."""
        intake.is_past = False
        self._open.discard(intake)
        self._holding.discard(intake)

    def add(self, intake: Intake, lines: Sequence[LogLine]) -> None:
        """Take one container's lines."""
        if not lines:
            return
        key, chars, number, append = intake.key, 0, intake.number, self._pending.append
        newest = lines[-1]
        shift = self.skew.shifts.get(newest.target.node) if self.skew.shifts else None
        for line in lines:
            at = line.at
            if at is not None:
                if shift is not None:
                    at -= shift
                if at > key:
                    key = at
            append((key, line, number))
            chars += len(line.text)
        intake.key, intake.heard = key, self._clock.monotonic()
        intake.kept += len(lines)
        intake.chars += chars
        self._chars += chars
        self._arrivals.append((intake.heard, key))
        if intake.is_past and intake.followed and key >= intake.opened_at:
            self._caught_up(intake)
        if not intake.is_past and newest.at is not None and not newest.marker:
            self.skew.arrived(newest.target.node, (self._clock.now() - newest.at).total_seconds())
        if len(self._pending) > self._max_lines or self._chars > self._max_chars:
            self._shed()

    async def room(self, intake: Intake) -> None:
        """Wait for the drains that make room for this one's next lines."""
        while intake.is_past and self._is_ahead(intake):
            intake.is_waiting = True
            try:
                await self._drained.wait()
            finally:
                intake.is_waiting = False
                intake.heard = self._clock.monotonic()

    def _is_ahead(self, intake: Intake) -> bool:
        share = 2 * max(1, sum(one.is_past for one in self._open))
        return intake.kept > max(_FEWEST, self._max_lines // share) or (
            intake.kept > _FEWEST and intake.chars > self._max_chars // share
        )

    def _caught_up(self, intake: Intake) -> None:
        intake.is_past = False
        self._holding.discard(intake)

    def _stop_waiting_for_the_silent(self) -> None:
        now = self._clock.monotonic()
        for one in [*self._holding, *(one for one in self._open if one.is_past)]:
            settle = one.settle if one.key is not _EPOCH else STALLED
            if not one.is_waiting and now - one.heard >= settle:
                self._holding.discard(one)
                if one.followed:
                    one.is_past = False

    # -- giving on ----------------------------------------------------------------------------------------------------

    def drain(self) -> list[LogLine]:
        """Return what is ripe, in order, oldest first, at most about `MOST_A_DRAIN` lines."""
        self._stop_waiting_for_the_silent()
        ripe_since = self._clock.monotonic() - self._window
        while self._arrivals and self._arrivals[0][0] <= ripe_since:
            self._horizon = max(self._horizon, self._arrivals.popleft()[1])
        lines = self._dropped_marker()
        if self._pending:
            self._sort()
            ripe = min(self._ripe(), MOST_A_DRAIN)
            late = bisect_left(self._pending, self._given, hi=ripe, key=_KEY)
            for index, (_, line, number) in enumerate(self._pending[:ripe]):
                intake = self._intakes[number]
                is_late = index < late and not line.marker and line.at is not None
                lines.append(replace(line, late=True) if is_late else line)
                intake.kept -= 1
                length = len(line.text)
                intake.chars -= length
                self._chars -= length
            if ripe:
                self._given = max(self._given, self._pending[ripe - 1][0])
                del self._pending[:ripe]
                self._sorted = len(self._pending)
        if self._notes:
            lines += self._notes
            self._notes = []
        self._drained.set()
        self._drained.clear()
        return lines

    def look_at_clocks(self) -> None:
        """Tell of nodes whose clocks were found to differ; call it about once a second."""
        for node, ahead in self.skew.look():
            self._notes.append(LogLine(ALL, self._clock.now(), words.skewed(node, ahead), "note"))

    def _ripe(self) -> int:
        """Count the pending lines that may be given on."""
        if self._holding:
            horizon = min(one.key for one in self._holding)
        elif len(self._open) > 1 and self._window:
            horizon = self._horizon
        else:
            return len(self._pending)
        return bisect_right(self._pending, horizon, key=_KEY)

    def _sort(self) -> None:
        if self._sorted != len(self._pending):
            self._pending.sort(key=_KEY)  # stable: equal times stay in the order they came; mostly sorted already
            self._sorted = len(self._pending)

    def _shed(self) -> None:
        """Drop the oldest lines, an eighth of the room at once, so that it is not done for each line."""
        self._sort()
        lines, chars = self._max_lines * 7 // 8, self._max_chars * 7 // 8
        count = 0
        first, last = self._dropped_between
        while count < len(self._pending) and (len(self._pending) - count > lines or self._chars > chars):
            key, line, number = self._pending[count]
            intake = self._intakes[number]
            intake.kept -= 1
            intake.chars -= len(line.text)
            self._chars -= len(line.text)
            first, last = first or line.at, line.at or last
            self._given = max(self._given, key)
            count += 1
        self._dropped_between = (first, last)
        self._dropped += count
        del self._pending[:count]
        self._sorted = len(self._pending)

    def _dropped_marker(self) -> list[LogLine]:
        if not self._dropped:
            return []
        first, last = self._dropped_between
        marker = LogLine(ALL, last, words.dropped(self._dropped, first, last), "gap")
        self._dropped, self._dropped_between = 0, (None, None)
        return [marker]
