"""Merges the lines of many containers into one order, in bounded memory.

Order: by time; the order inside one container is always kept. There are two modes:

- Catching up (the beginning, which may be an hour of logs): nothing newer is passed on than the slowest container has
  reached (the watermark). A container that is ahead waits for room, so nothing is dropped. One that has been silent
  for a while no longer holds the others up.
- Live: a line waits for a short `window`, in which older ones of other containers go before it. Lines that come
  later are marked late. A single container needs no window.

Bounded by lines and characters. Lines written before their log was opened wait for room at the server and are never
dropped. Lines written now are dropped where the terminal cannot keep up, the oldest first, and counted in one `gap`
marker in their place; a `lossless` merge lets them wait too. Markers are never dropped (`merge_queue`).

No container waits forever: each may always have its share of an eighth of the room pending, and the pending lines of
the slowest one can always be drained.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.logs import marker_text
from k9py.logs.follow.clock_skew import ClockSkew
from k9py.logs.follow.merge_queue import EPOCH, InputState, MergeQueue
from k9py.logs.line import MAX_TEXT_CHARS, WHOLE_STREAM, LogLine
from k9py.runtime.clock import Clock

MAX_DRAIN_LINES: Final = 2_000
"""Lines of one drain: some ten milliseconds of work until they are in the view. Ten drains a second are more lines than
anybody follows."""

SETTLE_SECONDS: Final = 1.0
"""Seconds without a batch after which a container has caught up, and no longer holds the others up."""

_STUCK_SECONDS: Final = 5.0
"""Seconds without a drain after which nobody seems to drain."""


class MergeInput(InputState):
    """One container's way into the merge, for as long as it is followed."""

    __slots__ = ("_merge",)

    def __init__(self, merge: Merge, number: int) -> None:
        super().__init__(number, SETTLE_SECONDS)
        self._merge = merge

    def open(self, *, holds_others: bool, is_followed: bool = True, settle_seconds: float = SETTLE_SECONDS) -> None:
        """Record that the log was opened.

        Args:
            holds_others: other containers wait until this one has caught up.
            is_followed: lines come without end; otherwise all of them were written before the log was opened.
            settle_seconds: seconds of silence, once a line has come, after which it has caught up.
        """
        self.settle_seconds, self.is_followed = settle_seconds, is_followed
        self._merge.open(self, holds_others=holds_others)

    def add(self, lines: Sequence[LogLine]) -> None:
        """Add lines, in the container's order; the oldest live ones are dropped when there is no room."""
        self._merge.add(self, lines)

    async def wait_for_room(self) -> None:
        """Wait, while lines of the past come, until there is room for at least one."""
        await self._merge.wait_for_room(self)

    def room_for(self, lines: Sequence[bytes]) -> int:
        """Return for how many of the next lines there is room; for all of them where this one need not wait."""
        return self._merge.room_for(self, lines)

    def close(self) -> None:
        """Record that nothing comes for now: nobody waits for this one."""
        self._merge.close(self)


class Merge:
    """Takes lines as they arrive and returns them in order.

    Args:
        max_lines, max_chars: bounds of what waits for the next drain.
        window: seconds a live line waits for older ones of other containers.
        lossless: nothing is dropped; lines without room wait where they come from.
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
        self.clock_skew = ClockSkew()
        self._clock = clock
        self._window = window
        self._lossless = lossless
        self._queue = MergeQueue(max_lines, max_chars)
        self._input_count = 0
        self._open: set[InputState] = set()
        self._catching_up: set[InputState] = set()
        self._arrivals: deque[tuple[float, datetime]] = deque()
        self._live_watermark = EPOCH
        self._drained_at = clock.monotonic()
        self._notes: list[LogLine] = []
        self._drained = asyncio.Event()

    def add_input(self) -> MergeInput:
        """Return the input of one container, for as long as it is followed: through all its breaks and restarts."""
        self._input_count += 1
        return MergeInput(self, self._input_count)

    def hold_for(self, state: InputState) -> None:
        """Wait for the beginning of this container although its log has not been opened yet."""
        state.last_activity = self._clock.monotonic()
        self._catching_up.add(state)

    @property
    def is_catching_up(self) -> bool:
        """True while the beginning is still being put in order."""
        self._release_silent()
        return bool(self._catching_up)

    @property
    def is_empty(self) -> bool:
        """True when every line has been drained."""
        return not len(self._queue) and not self._notes

    @property
    def is_stuck(self) -> bool:
        """True while there is no room and nobody drains: a stream that read more could not pass it on."""
        queue = self._queue
        is_full = len(queue) >= queue.max_lines * 3 // 8 or queue.chars >= queue.max_chars * 3 // 8
        return is_full and self._clock.monotonic() - self._drained_at >= _STUCK_SECONDS

    # -- for MergeInput -----------------------------------------------------------------------------------------------

    def open(self, state: InputState, *, holds_others: bool) -> None:
        """Expect lines of the past from this container."""
        state.last_activity = self._clock.monotonic()
        state.opened_at = self._clock.now()
        state.is_past = True
        self._open.add(state)
        if holds_others:
            self._catching_up.add(state)

    def close(self, state: InputState) -> None:
        """Expect nothing from this container."""
        if state.is_past:
            self._set_caught_up(state)
        self._open.discard(state)
        self._catching_up.discard(state)

    def add(self, state: InputState, lines: Sequence[LogLine]) -> None:
        """Take one container's lines."""
        if not lines:
            return
        newest = lines[-1]
        corrections = self.clock_skew.corrections
        self._queue.add(state, lines, corrections.get(newest.target.node) if corrections else None)
        state.last_activity = self._clock.monotonic()
        self._arrivals.append((state.last_activity, state.key))
        if state.is_past and state.is_followed and state.key >= state.opened_at:
            self._set_caught_up(state)
        if not state.is_past and newest.timestamp is not None and not newest.marker:
            self.clock_skew.add_sample(newest.target.node, (self._clock.now() - newest.timestamp).total_seconds())
        self._queue.drop_surplus()

    async def wait_for_room(self, state: InputState) -> None:
        """Wait for the drains that make room for this container's next lines."""
        state.last_activity = self._clock.monotonic()
        while self._must_wait(state) and self._room(state) is None:
            state.is_waiting = True
            try:
                await self._drained.wait()
            finally:
                state.is_waiting = False
                state.last_activity = self._clock.monotonic()

    def room_for(self, state: InputState, lines: Sequence[bytes]) -> int:
        """Return for how many of the lines there is room."""
        if not self._must_wait(state):
            return len(lines)
        room = self._room(state)
        if room is None:
            return 0
        max_lines, chars = room
        for count, line in enumerate(lines[:max_lines]):
            if chars <= 0:
                return count
            chars -= min(len(line), MAX_TEXT_CHARS)
        return min(max_lines, len(lines))

    def _must_wait(self, state: InputState) -> bool:
        return self._lossless or state.is_past

    def _room(self, state: InputState) -> tuple[int, int] | None:
        """Return how many lines and characters may come of this container; None when it must wait.

        What is pending in all decides. So that no container waits forever, each has a share of its own, and the slowest
        one, for which the others wait, has priority.
        """
        queue = self._queue
        is_slowest = state in self._catching_up and state.key == min(other.key for other in self._catching_up)
        eighths = 4 if is_slowest else 3
        lines = queue.max_lines * eighths // 8 - len(queue)
        chars = queue.max_chars * eighths // 8 - queue.chars
        if lines > 0 and chars > 0:
            return lines, chars
        shares = 8 * max(1, len(self._open))
        lines = max(1, queue.max_lines // shares) - state.pending_lines
        chars = max(1, queue.max_chars // shares) - state.pending_chars
        return (lines, chars) if lines > 0 and chars > 0 else None

    def _set_caught_up(self, state: InputState) -> None:
        state.is_past = False
        before_opening = state.opened_at - timedelta.resolution
        state.past_key = min(state.key, before_opening) if state.is_followed else state.key
        self._catching_up.discard(state)

    def _release_silent(self) -> None:
        """Stop waiting for containers that have been silent for a while."""
        now = self._clock.monotonic()
        for state in [*self._catching_up, *(state for state in self._open if state.is_past)]:
            settle_seconds = state.settle_seconds if state.key is not EPOCH else SETTLE_SECONDS
            if not state.is_waiting and now - state.last_activity >= settle_seconds:
                self._catching_up.discard(state)
                if state.is_followed and state.is_past:
                    self._set_caught_up(state)

    # -- output -------------------------------------------------------------------------------------------------------

    def drain(self) -> list[LogLine]:
        """Return the lines that are ready, in order, oldest first, at most about `MAX_DRAIN_LINES`."""
        self._release_silent()
        self._drained_at = self._clock.monotonic()
        window_start = self._drained_at - self._window
        while self._arrivals and self._arrivals[0][0] <= window_start:
            self._live_watermark = max(self._live_watermark, self._arrivals.popleft()[1])
        lines = self._queue.take(self._watermark(), MAX_DRAIN_LINES)
        if self._notes:
            lines += self._notes
            self._notes = []
        self._drained.set()
        self._drained.clear()
        return lines

    def check_clocks(self) -> None:
        """Report nodes whose clocks were found to differ; call it about once a second."""
        for node, ahead in self.clock_skew.update():
            text = marker_text.clock_skew(node, ahead)
            self._notes.append(LogLine(WHOLE_STREAM, self._clock.now(), text, "note"))

    def _watermark(self) -> datetime | None:
        """Return the time up to which pending lines may be passed on; None: all of them."""
        if self._catching_up:
            return min(state.key for state in self._catching_up)
        if len(self._open) > 1 and self._window:
            return self._live_watermark
        return None
