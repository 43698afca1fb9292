"""When one container's log was read, and for how long the run that is read now may have printed with nobody reading.

A kubelet does not tell that the beginning of a log was rotated away. Invariant: what is not known counts as long ago,
so a beginning is taken as whole only where the run is proven to be young, or its log to reach back far enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.logs.follow.resume import first_stamp
from k9py.logs.source import LogTarget
from k9py.runtime.clock import Clock

ROTATES: Final = 5.0
"""Seconds after which the beginning of a log that nobody read may have been rotated away: kubelets look at sizes every
ten. One that is rotated sooner loses lines in silence; a shorter time would suspect every pod that is slow to speak."""

STANDS_SECONDS: Final = 3.0
"""Seconds after which an opened stream is taken to stand, whether or not a line came."""

DOUBT_SECONDS: Final = 5.0
"""Seconds of silence after which it is asked whether a log that has not repeated our last lines has them at all."""

MARGIN: Final = 60
"""Seconds before the view began from which a log is read that is first read later."""

_LATE: Final = 2.0
_WRONG: Final = timedelta(seconds=10)
"""What a node's clock is trusted to differ by at most, where a line's time is compared with ours."""


class Attendance:
    """The times of one tail.

    Args:
        began: when the view began, by the monotonic clock.
    """

    def __init__(self, clock: Clock, began: float | None) -> None:
        self.opened_at = 0.0
        self._clock = clock
        self._began = clock.monotonic() if began is None else began
        self._is_placed = False
        self._left_at: float | None = None
        self._not_begun_at: float | None = None

    def opened(self) -> None:
        """A stream was opened; nobody knows yet of which run."""
        self.opened_at = self._clock.monotonic()
        self._is_placed = False

    def placed(self) -> None:
        """What the open stream brought was read: its run is the one that was delivered last."""
        self._is_placed = True

    def left(self, heard: float | None = None) -> None:
        """A stream is over; it was alive until it was heard last (now, where it ended in order).

        One that broke before anything of it was read may have been of a later run than the one delivered last.
        """
        if heard is None:
            self._left_at = self._clock.monotonic()
        elif self._is_placed:
            self._left_at = heard

    def not_begun(self) -> None:
        """The run that will be read next has not begun yet."""
        self._not_begun_at = self._clock.monotonic()

    def unknown(self) -> None:
        """What was read says nothing of what will be: another pod, or a run that was told of later."""
        self._left_at = self._not_begun_at = None

    @property
    def is_late(self) -> bool:
        """True when the log is first read so long after the view began that its container may have been restarted."""
        return self._clock.monotonic() - self._began >= _LATE

    @property
    def since_the_view_began(self) -> int:
        """Seconds since the view began, and a margin."""
        return int(self._clock.monotonic() - self._began) + MARGIN

    @property
    def away(self) -> float:
        """Seconds since the last word of the former stream."""
        return math.inf if self._left_at is None else self._clock.monotonic() - self._left_at

    def unattended(self, target: LogTarget, batch: Sequence[bytes]) -> float:
        """Return for how many seconds at most a run printed that began after the former stream was left."""
        away = math.inf if self._left_at is None else self.opened_at - self._left_at
        return min(away, self._age(target, batch))

    def is_beginning_unsure(self, target: LogTarget, batch: Sequence[bytes]) -> bool:
        """Tell whether lines of the view's time may have been rotated away before these, the first that were read."""
        now = self._clock.monotonic()
        if now - self.opened_at >= ROTATES or self._age(target, batch) < ROTATES:
            return False  # it was empty when it was opened, or it had only just begun
        first = first_stamp(batch[0])
        return first is None or first.at > self._clock.now() - timedelta(seconds=now - self._began) - _WRONG

    def _age(self, target: LogTarget, batch: Sequence[bytes]) -> float:
        """Return for how long at most the run had printed when its log was opened."""
        age = math.inf if self._not_begun_at is None else self.opened_at - self._not_begun_at
        started = target.started_at
        if started is None:
            return min(age, self.opened_at - self._began)  # what it printed before is not of the view's time
        elapsed = self._clock.monotonic() - self.opened_at
        ours = (self._clock.now() - started).total_seconds() - elapsed
        return min(age, max(ours, _seconds_until(batch, started)))


def _seconds_until(batch: Sequence[bytes], started: datetime) -> float:
    """Return how old the run is by its node's own clock, which wrote both times."""
    newest = first_stamp(batch[-1]) if batch else None
    return (newest.at - started).total_seconds() if newest else 0.0
