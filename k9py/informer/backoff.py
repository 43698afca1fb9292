"""How long to wait before the next try after failures in a row.

Invariant: every wait lies within `minimum` and `maximum`; waits grow until `reset`, which the watcher calls only when
the server has shown progress (an object or a bookmark), never because a retry merely got through.
"""

from __future__ import annotations

import random

MIN_WAIT = 0.8
"""Seconds of the shortest wait."""
_SPREAD = 0.25


class Backoff:
    """Waits that double, each lengthened by up to a quarter at random so that many watches do not return at once.

    Args:
        minimum: seconds of the shortest wait.
        maximum: seconds of the longest wait, the random part included.
        rng: source of the random part; tests pass a seeded one.
    """

    def __init__(self, minimum: float = MIN_WAIT, maximum: float = 30.0, *, rng: random.Random | None = None) -> None:
        self._minimum = minimum
        self._highest = max(minimum, maximum / (1 + _SPREAD))
        self._rng = rng or random.Random()
        self._interval = minimum

    def next(self) -> float:
        """Return the seconds to wait now, and make the next wait longer."""
        wait = self._interval * (1 + _SPREAD * self._rng.random())
        self._interval = min(self._interval * 2, self._highest)
        return wait

    def reset(self) -> None:
        """Begin again at the shortest wait."""
        self._interval = self._minimum
