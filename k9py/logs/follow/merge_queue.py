"""The lines of many containers that wait for the next drain, ordered by time; drops the surplus.

Invariant: `pending_lines` and `pending_chars` of an `InputState` are what waits of that container; only the queue
changes them. Markers, and lines that were written before their log was opened, are never dropped.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Final, NamedTuple

from msgspec.structs import replace

from k9py.logs import marker_text
from k9py.logs.line import WHOLE_STREAM, LogLine

EPOCH: Final = datetime.min.replace(tzinfo=UTC)

_KEY: Final = itemgetter(0)
_DROP_MARKER: Final = -1
"""Stands for a container's number at a marker that reports dropped lines."""


class InputState:
    """What the merge knows of one container.

    Args:
        number: identifies the container.

    `key` is the time its newest line counts as: never less than that of the line before. While `is_past`, its
    lines were written before the log was opened, so they can wait at the server; those up to `past_key` are never
    dropped.
    """

    __slots__ = (
        "is_followed",
        "is_past",
        "is_waiting",
        "key",
        "last_activity",
        "number",
        "opened_at",
        "past_key",
        "pending_chars",
        "pending_lines",
        "settle_seconds",
    )

    def __init__(self, number: int, settle_seconds: float) -> None:
        self.number = number
        self.key = EPOCH
        self.pending_lines = 0
        self.pending_chars = 0
        self.last_activity = 0.0
        self.settle_seconds = settle_seconds
        self.opened_at = self.past_key = EPOCH
        self.is_followed = True
        self.is_past = False
        self.is_waiting = False


class MergeQueue:
    """Pending lines, ordered by time; equal times stay in the order they came.

    Args:
        max_lines, max_chars: bounds, beyond which the oldest lines are dropped.
    """

    def __init__(self, max_lines: int, max_chars: int) -> None:
        self.max_lines = max_lines
        self.max_chars = max_chars
        self.chars = 0
        self._states: dict[int, InputState] = {}  # of the containers that have lines pending
        # A container's number, not its state: the garbage collector does not track tuples of untracked values.
        self._pending: list[tuple[datetime, LogLine, int]] = []
        self._sorted_count = 0
        self._taken_key = EPOCH
        self._last_drop: _Dropped | None = None

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, state: InputState, lines: Sequence[LogLine], correction: timedelta | None) -> None:
        """Add lines of one container, in its order.

        Args:
            correction: subtracted from their timestamps to order them.
        """
        key, chars, number, append = state.key, 0, state.number, self._pending.append
        self._states[number] = state
        for line in lines:
            at = line.timestamp
            if at is not None:
                if correction is not None:
                    at -= correction
                if at > key:
                    key = at
            append((key, line, number))
            chars += len(line.text)
        state.key = key
        state.pending_lines += len(lines)
        state.pending_chars += chars
        self.chars += chars

    def take(self, watermark: datetime | None, limit: int) -> list[LogLine]:
        """Remove and return the oldest lines, `limit` at most; those that come too late for their place are marked.

        Args:
            watermark: no line later than that is taken; None: all may be.
        """
        if not self._pending:
            return []
        self._sort()
        ready = len(self._pending) if watermark is None else bisect_right(self._pending, watermark, key=_KEY)
        ready = min(ready, limit)
        late = bisect_left(self._pending, self._taken_key, hi=ready, key=_KEY)
        lines: list[LogLine] = []
        for index, (_, line, number) in enumerate(self._pending[:ready]):
            if number == _DROP_MARKER:
                lines.append(line)
                continue
            is_late = index < late and not line.marker and line.timestamp is not None
            lines.append(replace(line, late=True) if is_late else line)
            self._remove(number, line)
        if ready:
            self._taken_key = max(self._taken_key, self._pending[ready - 1][0])
            del self._pending[:ready]
            self._sorted_count = len(self._pending)
        return lines

    def drop_surplus(self) -> None:
        """Drop the oldest live lines where there are too many, down to seven eighths of the bounds.

        One marker takes their place. It counts as a line of each container that lost one, so that their later lines
        come after it. It is merged with the last such marker where no kept line is between the two.
        """
        if len(self._pending) <= self.max_lines and self.chars <= self.max_chars:
            return
        self._sort()
        surplus = len(self._pending) - self.max_lines * 7 // 8
        max_chars = self.max_chars * 7 // 8
        kept: list[tuple[datetime, LogLine, int]] = []
        losers: set[InputState] = set()
        times: list[datetime] = []
        seen, count, last_key = 0, 0, EPOCH
        for entry in self._pending:
            if count >= surplus and self.chars <= max_chars:
                break
            seen += 1
            key, line, number = entry
            if number == _DROP_MARKER:
                kept.append(entry)
                continue
            state = self._states[number]
            if line.marker or state.is_past or key <= state.past_key:
                kept.append(entry)
                continue
            self._remove(number, line)
            losers.add(state)
            count, last_key = count + 1, key
            if line.timestamp is not None:
                times.append(line.timestamp)
        if count:
            self._insert_drop_marker(kept, _Dropped.of(count, times, losers), last_key)
        self._pending[:seen] = kept
        self._sorted_count = len(self._pending)

    def _insert_drop_marker(
        self, kept: list[tuple[datetime, LogLine, int]], dropped: _Dropped, last_key: datetime
    ) -> None:
        before = self._last_drop
        at = bisect_right(kept, last_key, key=_KEY)
        if before is not None and at == len(kept) and kept and kept[-1][1] is before.marker:
            kept.pop()
            at -= 1
            count, times = dropped.lines + before.lines, [*(dropped.between or ()), *(before.between or ())]
            dropped = _Dropped.of(count, times, dropped.losers | before.losers)
        for state in dropped.losers:
            state.key = max(state.key, last_key)
        self._last_drop = dropped
        kept.insert(at, (last_key, dropped.marker, _DROP_MARKER))

    def _sort(self) -> None:
        if self._sorted_count != len(self._pending):
            self._pending.sort(key=_KEY)  # stable, and mostly sorted already
            self._sorted_count = len(self._pending)

    def _remove(self, number: int, line: LogLine) -> None:
        state, length = self._states[number], len(line.text)
        state.pending_lines -= 1
        state.pending_chars -= length
        self.chars -= length
        if not state.pending_lines:
            del self._states[number]


class _Dropped(NamedTuple):
    """Dropped lines: their marker, their number, first and last time, and whose they were."""

    marker: LogLine
    lines: int
    between: tuple[datetime, datetime] | None
    losers: set[InputState]

    @classmethod
    def of(cls, count: int, times: Sequence[datetime], losers: set[InputState]) -> _Dropped:
        between = (min(times), max(times)) if times else None
        first, last = between or (None, None)
        text = marker_text.dropped(count, first, last)
        return cls(LogLine(WHOLE_STREAM, last, text, "gap"), count, between, losers)
