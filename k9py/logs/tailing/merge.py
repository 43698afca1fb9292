"""Puts the lines of many containers in one order, in bounded room.

Order: by time within what has come since the last drain, the order inside one container always kept. At first nothing
is released until every container of the beginning has given its tail (or `settle` seconds passed), so that the first
screen is in order. Bounded: when full, the oldest lines go, and a marker says how many; a drain gives so many lines
that it never holds the screen up, and keeps the rest for the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from operator import itemgetter

from k9py.logs.line import ALL, LogLine
from k9py.logs.source import LogTarget
from k9py.logs.tailing.clock import Clock

MOST_A_DRAIN = 2_000
"""Lines a drain gives: some ten milliseconds of work until they stand in the view. Ten drains a second are more lines
than are ever followed."""

_EPOCH = datetime.min.replace(tzinfo=UTC)


class Merge:
    """Takes lines as they arrive, gives them in order.

    Args:
        max_lines, max_chars: bounds of what waits for the next drain.
        settle: seconds the beginning may take before it is shown anyway.
    """

    def __init__(
        self, clock: Clock, *, max_lines: int = 50_000, max_chars: int = 16_000_000, settle: float = 1.0
    ) -> None:
        self._clock = clock
        self._max_lines = max_lines
        self._max_chars = max_chars
        self._settle = settle
        self._pending: deque[LogLine] = deque()
        self._chars = 0
        self._dropped = 0
        self._dropped_at: datetime | None = None
        self._expected: set[LogTarget] | None = None
        self._hold_until: float | None = None

    def expect(self, targets: Iterable[LogTarget]) -> None:
        """Name those whose first lines are waited for; only the first call with any target counts."""
        wanted = set(targets)
        if self._expected is None and wanted:
            self._expected = wanted
            self._hold_until = self._clock.monotonic() + self._settle

    def caught_up(self, target: LogTarget) -> None:
        """This one has given its first lines."""
        if self._expected:
            self._expected.discard(target)

    def add(self, line: LogLine) -> None:
        """Take a line; drop the oldest when there is no room."""
        self._pending.append(line)
        self._chars += len(line.text)
        while len(self._pending) > self._max_lines or self._chars > self._max_chars:
            gone = self._pending.popleft()
            self._chars -= len(gone.text)
            self._dropped += 1
            self._dropped_at = gone.at or self._dropped_at

    @property
    def holding(self) -> bool:
        """True while the beginning is still being put in order."""
        if self._hold_until is None:
            return False
        if not self._expected or self._clock.monotonic() >= self._hold_until:
            self._hold_until = None
            return False
        return True

    def drain(self) -> list[LogLine]:
        """Return what has come, in order, oldest first; empty while the beginning settles."""
        if not self._pending or self.holding:
            return []
        ordered = _in_order(self._pending)
        lines, rest = ordered[:MOST_A_DRAIN], ordered[MOST_A_DRAIN:]
        self._pending = deque(rest)
        self._chars = sum(len(line.text) for line in rest)
        if self._dropped:
            words = f"{self._dropped:,} lines dropped: they came faster than they could be shown"
            lines.insert(0, LogLine(ALL, self._dropped_at, words, "gap"))
            self._dropped = 0
        return lines


def _in_order(lines: Iterable[LogLine]) -> list[LogLine]:
    """Sort by time; a line older than one before it of the same container counts as of that one's time."""
    latest: dict[LogTarget, datetime] = {}
    keyed: list[tuple[datetime, LogLine]] = []
    for line in lines:
        at = latest.get(line.target, _EPOCH)
        if line.at is not None and line.at > at:
            at = latest[line.target] = line.at
        keyed.append((at, line))
    keyed.sort(key=itemgetter(0))  # stable: equal times stay in the order they came
    return [line for _, line in keyed]
