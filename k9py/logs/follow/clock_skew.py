"""Detects nodes whose clocks differ, by when their lines arrive.

A node's offset is the median, over its latest live batches, of arrival (our clock) minus timestamp (the node's). Our
own clock may be wrong too, so nodes are compared with each other only. A node that is off by more than
`TOLERATED_SECONDS` is reported once. Its timestamps are shown as written, but its lines are ordered by the corrected
time: otherwise all lines of the other nodes, or all of its own, would come too late.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from statistics import median
from typing import Final

TOLERATED_SECONDS: Final = 2.0

_MAX_SAMPLES: Final = 31
_MIN_SAMPLES: Final = 8


class ClockSkew:
    """Measures the clocks of the nodes.

    `corrections` is what to subtract from a node's timestamps; nodes within tolerance are not in it.
    """

    def __init__(self) -> None:
        self.corrections: dict[str, timedelta] = {}
        self._delays: dict[str, deque[float]] = {}
        self._reported: set[str] = set()

    def add_sample(self, node: str, delay: float) -> None:
        """Add a sample: the newest line of a live batch arrived `delay` seconds after its timestamp."""
        if node:
            self._delays.setdefault(node, deque(maxlen=_MAX_SAMPLES)).append(delay)

    def update(self) -> list[tuple[str, float]]:
        """Compare the nodes; return those found to be off since the last time, with seconds (positive: ahead)."""
        delays = {node: median(samples) for node, samples in self._delays.items() if len(samples) >= _MIN_SAMPLES}
        off = {node: ahead for node, ahead in _seconds_ahead(delays).items() if abs(ahead) > TOLERATED_SECONDS}
        self.corrections = {node: timedelta(seconds=ahead) for node, ahead in off.items()}
        new = [(node, ahead) for node, ahead in off.items() if node not in self._reported]
        self._reported.update(node for node, _ in new)
        return new


def _seconds_ahead(delays: dict[str, float]) -> dict[str, float]:
    """Return by how many seconds each node's clock is ahead of the others'."""
    if len(delays) < 2:
        return {}
    if len(delays) == 2:  # one of them is off: the one that differs more from our own clock
        (node, delay), (other, other_delay) = delays.items()
        return {node: other_delay - delay} if abs(delay) > abs(other_delay) else {other: delay - other_delay}
    middle = median(delays.values())
    return {node: middle - delay for node, delay in delays.items()}
