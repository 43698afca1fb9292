"""When one container's log was read, and for how long its current run may have written while nobody read it.

A kubelet does not report that the beginning of a log was rotated away. Invariant: an unknown time counts as long
ago, so a log counts as read from its beginning only where its run is proven to be young, or the log to reach back far
enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.logs.follow.resume import line_timestamp
from k9py.logs.source import LogTarget
from k9py.runtime.clock import Clock

ROTATION_SECONDS: Final = 5.0
"""Seconds after which the beginning of a log that nobody reads may have been rotated away. Kubelets check log sizes
every ten seconds. A log that is rotated sooner loses lines unnoticed; a shorter time would suspect every quiet pod."""

STABLE_SECONDS: Final = 3.0
"""Seconds after which an open stream counts as stable, whether or not a line came."""

OVERLAP_TIMEOUT: Final = 5.0
"""Seconds of silence after which a reopened log that has not repeated the last lines is searched for them."""

VIEW_MARGIN_SECONDS: Final = 60
"""Seconds before the start of the view from which a log is read that joins later."""

_LATE_SECONDS: Final = 2.0
_MAX_CLOCK_ERROR: Final = timedelta(seconds=10)
"""How far a node's clock may differ from ours where a line's time is compared with our own clock."""


class ReadCoverage:
    """The times at which one container's log was open.

    Args:
        view_started_at: when the view was opened, by the monotonic clock; None: now.
    """

    def __init__(self, clock: Clock, view_started_at: float | None) -> None:
        self.opened_at = 0.0
        self._clock = clock
        self._view_started_at = clock.monotonic() if view_started_at is None else view_started_at
        self._is_run_known = False
        self._closed_at: float | None = None
        self._not_started_at: float | None = None

    def stream_opened(self) -> None:
        """Record that a stream was opened; of which run is not known yet."""
        self.opened_at = self._clock.monotonic()
        self._is_run_known = False

    def run_identified(self) -> None:
        """Record that lines of the open stream were read: its run is the one that was delivered last."""
        self._is_run_known = True

    def stream_closed(self, last_activity: float | None = None) -> None:
        """Record that a stream is over.

        A stream that broke before anything of it was read may have been of a later run than the one delivered last, so
        it does not count.

        Args:
            last_activity: when the stream was last heard of, by the monotonic clock; None: it ended normally, now.
        """
        if last_activity is None:
            self._closed_at = self._clock.monotonic()
        elif self._is_run_known:
            self._closed_at = last_activity

    def next_run_not_started(self) -> None:
        """Record that the run that will be read next has not started yet."""
        self._not_started_at = self._clock.monotonic()

    def reset(self) -> None:
        """Forget what was read: the lines to come are another pod's or an unknown run's."""
        self._closed_at = self._not_started_at = None

    @property
    def is_first_read_late(self) -> bool:
        """True when the view is so old that a container read for the first time may have been restarted before."""
        return self._clock.monotonic() - self._view_started_at >= _LATE_SECONDS

    @property
    def seconds_since_view_start(self) -> int:
        """Seconds since the view was opened, plus `VIEW_MARGIN_SECONDS`."""
        return int(self._clock.monotonic() - self._view_started_at) + VIEW_MARGIN_SECONDS

    @property
    def unread_seconds(self) -> float:
        """Seconds since the last stream was last heard of; infinite when unknown."""
        return math.inf if self._closed_at is None else self._clock.monotonic() - self._closed_at

    def max_unread_seconds(self, target: LogTarget, batch: Sequence[bytes]) -> float:
        """Return for how many seconds at most a run wrote unread that began after the last stream was closed."""
        unread = math.inf if self._closed_at is None else self.opened_at - self._closed_at
        return min(unread, self._max_age(target, batch))

    def may_lack_beginning(self, target: LogTarget, batch: Sequence[bytes]) -> bool:
        """Return whether lines since the start of the view may have been rotated away before the first batch."""
        now = self._clock.monotonic()
        if now - self.opened_at >= ROTATION_SECONDS or self._max_age(target, batch) < ROTATION_SECONDS:
            return False  # the log was empty when it was opened, or its run had only just begun
        first = line_timestamp(batch[0])
        view_start = self._clock.now() - timedelta(seconds=now - self._view_started_at)
        return first is None or first.at > view_start - _MAX_CLOCK_ERROR

    def _max_age(self, target: LogTarget, batch: Sequence[bytes]) -> float:
        """Return for how many seconds at most the run had written when its log was opened."""
        age = math.inf if self._not_started_at is None else self.opened_at - self._not_started_at
        if target.started_at is None:
            return min(age, self.opened_at - self._view_started_at)  # what it wrote before the view does not count
        elapsed = self._clock.monotonic() - self.opened_at
        age_by_our_clock = (self._clock.now() - target.started_at).total_seconds() - elapsed
        return min(age, max(age_by_our_clock, _age_by_node_clock(batch, target.started_at)))


def _age_by_node_clock(batch: Sequence[bytes], started_at: datetime) -> float:
    """Return how old the run is by its node's own clock, which wrote both times (seconds)."""
    newest = line_timestamp(batch[-1]) if batch else None
    return (newest.at - started_at).total_seconds() if newest else 0.0
