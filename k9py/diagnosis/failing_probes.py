"""Decide whether a readiness probe fails for so long that nobody should wait any more.

Invariant: a probe that is refused while a program starts is no failure: the pod's own failureThreshold and period say
how patient it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.pods import Pod

_THRESHOLDS: Final = 3
"""So many times its failureThreshold a probe must have failed."""
_AT_LEAST: Final = 9
_LONG: Final = timedelta(seconds=60)


def readiness_fails_for_long(pod: Pod, events: Iterable[Event], now: datetime) -> bool:
    """Return whether the readiness probe of a running pod that is not ready has failed again and again.

    Args:
        events: about the pod (others are ignored).
    """
    if pod.is_ready or pod.is_terminating:
        return False
    thresholds = [
        probe.failure_threshold
        for container in pod.spec.containers or ()
        if (probe := container.readiness_probe) is not None
    ]
    wanted = max(_AT_LEAST, _THRESHOLDS * max(thresholds, default=0))
    for event in events:
        if event.involved_object.uid != pod.uid or event.reason != "Unhealthy":
            continue
        first, last = event.first_seen, event.last_seen
        if not event.message.startswith("Readiness probe failed") or first is None or last is None:
            continue
        if event.occurrences >= wanted and last - first >= _LONG and now - last < _LONG:
            return True
    return False
