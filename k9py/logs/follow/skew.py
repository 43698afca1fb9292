"""Nodes whose clocks differ, found by when their lines arrive.

A node's offset is the median, over its latest live batches, of arrival (our clock) less timestamp (the node's). Ours
may be wrong too, so nodes are compared with each other only. A node that is off by more than `TOLERATED` is told once;
its timestamps are shown as they were written, and from then on its lines are placed among others' by what was measured:
by its own clock every line of the others would come too late, or its own would.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from statistics import median
from typing import Final

TOLERATED: Final = 2.0
"""Seconds."""

_SAMPLES: Final = 31
_ENOUGH: Final = 8


class Skew:
    """Watches the clocks of the nodes. `look` says what is new; `shifts` is what to take off a node's timestamps."""

    def __init__(self) -> None:
        self.shifts: dict[str, timedelta] = {}
        self._delays: dict[str, deque[float]] = {}
        self._told: set[str] = set()

    def arrived(self, node: str, delay: float) -> None:
        """Take a sample: the newest line of a live batch arrived so many seconds after its timestamp."""
        if node:
            self._delays.setdefault(node, deque(maxlen=_SAMPLES)).append(delay)

    def look(self) -> list[tuple[str, float]]:
        """Compare; return the nodes found to be off since the last look, with their seconds (positive: ahead)."""
        delays = {node: median(seen) for node, seen in self._delays.items() if len(seen) >= _ENOUGH}
        found = []
        off = {node: ahead for node, ahead in _ahead(delays).items() if abs(ahead) > TOLERATED}
        self.shifts = {node: timedelta(seconds=ahead) for node, ahead in off.items()}
        for node, ahead in off.items():
            if node not in self._told:
                self._told.add(node)
                found.append((node, ahead))
        return found


def _ahead(delays: dict[str, float]) -> dict[str, float]:
    """Return by how many seconds each node's clock is ahead of those of the others."""
    if len(delays) < 2:
        return {}
    if len(delays) == 2:  # one of them is off: the one that differs more from our own clock
        (one, first), (other, second) = delays.items()
        return {one: second - first} if abs(first) > abs(second) else {other: first - second}
    middle = median(delays.values())
    return {node: middle - delay for node, delay in delays.items()}
