"""Puts the lines of many containers in one order, in bounded room.

Order: by time, the order inside one container always kept. Two ways:

- Catching up (the beginning, which may be an hour of logs): nothing newer is given on than what the slowest container
  has reached (the watermark). A container that is ahead waits for room, so nothing is dropped; one from which nothing
  comes any more stops holding the others.
- Live: a line waits for a short `window`, and older ones of others that come meanwhile go before it. What comes later
  than that is marked late. One single container needs no window.

Bounded by lines and characters. What is of the past waits for room and is never dropped. What is written now is dropped
where the terminal cannot keep up, the oldest first, counted, and told by one `gap` marker where it was; a `lossless`
merge lets that wait too. Markers are never dropped. A drain gives so many lines that it never holds the screen up.

Nobody waits for ever: each container may always have its share of an eighth of the room waiting, and what is pending of
the slowest one, up to which all is given on, is always ripe.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final, NamedTuple

from msgspec.structs import replace

from k9py.logs.follow import words
from k9py.logs.follow.intake import EPOCH, STALLED, Intake
from k9py.logs.follow.skew import Skew
from k9py.logs.line import MAX_TEXT_CHARS, WHOLE_STREAM, LogLine
from k9py.runtime.clock import Clock

MAX_DRAIN_LINES: Final = 2_000
"""Lines a drain gives: some ten milliseconds of work until they stand in the view. Ten drains a second are more lines
than are ever followed."""

_KEY: Final = itemgetter(0)
_OURS: Final = -1
"""Stands for an intake's number where what was dropped is told."""

_STUCK: Final = 5.0
"""Seconds without a drain after which whoever drains is not there."""


class Merge:
    """Takes lines as they arrive, gives them in order.

    Args:
        max_lines, max_chars: bounds of what waits for the next drain.
        window: seconds a live line waits for older ones of others.
        lossless: nothing is dropped; what there is no room for waits where it comes from.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        max_lines: int = 50_000,
        max_chars: int = 16_000_000,
        window: float = 0.4,
        lossless: bool = False,
    ) -> None:
        self.skew = Skew()
        self._clock = clock
        self._max_lines = max_lines
        self._max_chars = max_chars
        self._window = window
        self._lossless = lossless
        self._count = 0
        self._intakes: dict[int, Intake] = {}  # those that have lines pending, by number
        # The number of an intake, not itself: tuples of what the garbage collector does not follow are not followed.
        self._pending: list[tuple[datetime, LogLine, int]] = []
        self._sorted = 0
        self._chars = 0
        self._open: set[Intake] = set()
        self._holding: set[Intake] = set()
        self._arrivals: deque[tuple[float, datetime]] = deque()
        self._horizon = EPOCH
        self._given = EPOCH
        self._told: _Dropped | None = None
        self._drained_at = clock.monotonic()
        self._notes: list[LogLine] = []
        self._drained = asyncio.Event()

    def intake(self) -> Intake:
        """Return a way in for one container, for as long as it is followed: through all its breaks and restarts."""
        self._count += 1
        return Intake(self, self._count)

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
        return not self._pending and not self._notes

    @property
    def is_stuck(self) -> bool:
        """True while there is no room and nobody drains: whoever could read more could not hand it on."""
        is_full = len(self._pending) >= self._max_lines * 3 // 8 or self._chars >= self._max_chars * 3 // 8
        return is_full and self._clock.monotonic() - self._drained_at >= _STUCK

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
        if intake.is_past:
            self._caught_up(intake)
        self._open.discard(intake)
        self._holding.discard(intake)

    def add(self, intake: Intake, lines: Sequence[LogLine]) -> None:
        """Take one container's lines."""
        if not lines:
            return
        key, chars, number, append = intake.key, 0, intake.number, self._pending.append
        self._intakes[number] = intake
        newest = lines[-1]
        shift = self.skew.shifts.get(newest.target.node) if self.skew.shifts else None
        for line in lines:
            at = line.timestamp
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
        if not intake.is_past and newest.timestamp is not None and not newest.marker:
            self.skew.arrived(newest.target.node, (self._clock.now() - newest.timestamp).total_seconds())
        if len(self._pending) > self._max_lines or self._chars > self._max_chars:
            self._shed()

    async def room(self, intake: Intake) -> None:
        """Wait for the drains that make room for this one's next lines."""
        intake.heard = self._clock.monotonic()
        while self._waits(intake) and self._room(intake) is None:
            intake.is_waiting = True
            try:
                await self._drained.wait()
            finally:
                intake.is_waiting = False
                intake.heard = self._clock.monotonic()

    def fits(self, intake: Intake, lines: Sequence[bytes]) -> int:
        """Count the lines there is room for."""
        if not self._waits(intake):
            return len(lines)
        room = self._room(intake)
        if room is None:
            return 0
        most, chars = room
        for count, line in enumerate(lines[:most]):
            if chars <= 0:
                return count
            chars -= min(len(line), MAX_TEXT_CHARS)
        return min(most, len(lines))

    def _waits(self, intake: Intake) -> bool:
        return self._lossless or intake.is_past

    def _room(self, intake: Intake) -> tuple[int, int] | None:
        """Return how many lines and characters may come of this one; None when it is to wait.

        What is there in all decides; so that nobody waits for ever, each has a share that is its own, and the slowest,
        for which the others wait, comes before them.
        """
        eighths = 4 if intake in self._holding and intake.key == min(one.key for one in self._holding) else 3
        lines = self._max_lines * eighths // 8 - len(self._pending)
        chars = self._max_chars * eighths // 8 - self._chars
        if lines > 0 and chars > 0:
            return lines, chars
        sharing = 8 * max(1, len(self._open))
        lines = max(1, self._max_lines // sharing) - intake.kept
        chars = max(1, self._max_chars // sharing) - intake.chars
        return (lines, chars) if lines > 0 and chars > 0 else None

    def _caught_up(self, intake: Intake) -> None:
        intake.is_past = False
        before = intake.opened_at - timedelta.resolution
        intake.past_key = min(intake.key, before) if intake.followed else intake.key
        self._holding.discard(intake)

    def _stop_waiting_for_the_silent(self) -> None:
        now = self._clock.monotonic()
        for one in [*self._holding, *(one for one in self._open if one.is_past)]:
            settle = one.settle if one.key is not EPOCH else STALLED
            if not one.is_waiting and now - one.heard >= settle:
                self._holding.discard(one)
                if one.followed and one.is_past:
                    self._caught_up(one)

    # -- giving on ----------------------------------------------------------------------------------------------------

    def drain(self) -> list[LogLine]:
        """Return what is ripe, in order, oldest first, at most about `MOST_A_DRAIN` lines."""
        self._stop_waiting_for_the_silent()
        self._drained_at = self._clock.monotonic()
        ripe_since = self._drained_at - self._window
        while self._arrivals and self._arrivals[0][0] <= ripe_since:
            self._horizon = max(self._horizon, self._arrivals.popleft()[1])
        lines: list[LogLine] = []
        if self._pending:
            self._sort()
            ripe = min(self._ripe(), MAX_DRAIN_LINES)
            late = bisect_left(self._pending, self._given, hi=ripe, key=_KEY)
            for index, (_, line, number) in enumerate(self._pending[:ripe]):
                if number == _OURS:
                    lines.append(line)
                    continue
                is_late = index < late and not line.marker and line.timestamp is not None
                lines.append(replace(line, late=True) if is_late else line)
                self._let_go(number, line)
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
            self._notes.append(LogLine(WHOLE_STREAM, self._clock.now(), words.skewed(node, ahead), "note"))

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

    def _let_go(self, number: int, line: LogLine) -> Intake:
        intake, length = self._intakes[number], len(line.text)
        intake.kept -= 1
        intake.chars -= length
        self._chars -= length
        if not intake.kept:
            del self._intakes[number]
        return intake

    def _shed(self) -> None:
        """Drop the oldest lines that are written now, an eighth of the room at once: it is not done for each line.

        The marker that tells of it counts as a line of each container that lost one: what comes of them is behind it.
        It is made one with that of the last time where nothing that is kept stands between the two.
        """
        self._sort()
        surplus = len(self._pending) - self._max_lines * 7 // 8
        chars = self._max_chars * 7 // 8
        kept: list[tuple[datetime, LogLine, int]] = []
        losers: set[Intake] = set()
        stamps: list[datetime] = []
        looked_at, count, last = 0, 0, EPOCH
        for entry in self._pending:
            if count >= surplus and self._chars <= chars:
                break
            looked_at += 1
            key, line, number = entry
            if number == _OURS:
                kept.append(entry)
                continue
            intake = self._intakes[number]
            if line.marker or intake.is_past or key <= intake.past_key:
                kept.append(entry)
                continue
            losers.add(self._let_go(number, line))
            count, last = count + 1, key
            if line.timestamp is not None:
                stamps.append(line.timestamp)
        if count:
            before = self._told
            at = bisect_right(kept, last, key=_KEY)
            if before is not None and at == len(kept) and kept and kept[-1][1] is before.line:
                kept.pop()
                at -= 1
                count += before.lines
                stamps += before.between or ()
                losers |= before.losers
            between = (min(stamps), max(stamps)) if stamps else None
            first, newest = between or (None, None)
            for intake in losers:
                intake.key = max(intake.key, last)
            told = LogLine(WHOLE_STREAM, newest, words.dropped(count, first, newest), "gap")
            self._told = _Dropped(told, count, between, losers)
            kept.insert(at, (last, told, _OURS))
        self._pending[:looked_at] = kept
        self._sorted = len(self._pending)


class _Dropped(NamedTuple):
    """The last marker of dropped lines: how many it tells of, their first and last stamps, and whose they were."""

    line: LogLine
    lines: int
    between: tuple[datetime, datetime] | None
    losers: set[Intake]
