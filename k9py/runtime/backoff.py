"""Exponential backoff with jitter, a cap and an explicit reset, as client-go's `wait.Backoff` computes it.

Invariant: every delay lies between `initial` and `cap`. Delays grow until `reset`, which the caller calls when there
was progress, not when a retry merely got a response.
"""

from __future__ import annotations

import random
from typing import Final

FACTOR: Final = 2.0


class Backoff:
    """Delays that double, each lengthened at random so that many clients do not come back together.

    Args:
        initial: the shortest delay, in seconds.
        cap: the longest delay, in seconds, jitter included.
        jitter: the largest random part, as a fraction of the delay.
        rng: source of the jitter; tests pass a seeded one.

    Attributes:
        attempts: how often `next` was called since the last reset.
    """

    def __init__(self, initial: float, cap: float, *, jitter: float = 0.25, rng: random.Random | None = None) -> None:
        self.attempts = 0
        self._initial = initial
        self._longest = max(initial, cap / (1 + jitter))
        self._jitter = jitter
        self._rng = rng or random.Random()
        self._delay = initial

    def next(self) -> float:
        """Return the seconds to wait now, and lengthen the next delay."""
        self.attempts += 1
        delay = self._delay * (1 + self._jitter * self._rng.random())
        self._delay = min(self._delay * FACTOR, self._longest)
        return delay

    def reset(self) -> None:
        """Start over with the shortest delay."""
        self.attempts = 0
        self._delay = self._initial
