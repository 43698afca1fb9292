"""How long a tail waits before it tries again: its own budget, so that one bad pod starves nobody."""

from __future__ import annotations

import random
from typing import Final

FIRST_DELAY: Final = 1.0
LONGEST_DELAY: Final = 10.0

ATTEMPTS: Final = 3
"""Times a log that is not followed is tried."""


class Backoff:
    """Delays in seconds that double up to the longest, each a little off, so that many do not come at once."""

    def __init__(self, rng: random.Random | None) -> None:
        self.attempts = 0
        self._rng = rng or random.Random()

    def next(self) -> float:
        """Count an attempt; return how long to wait after it."""
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(self.attempts, 8))
        self.attempts += 1
        return delay * self._rng.uniform(0.8, 1.2)

    def reset(self) -> None:
        """There was progress."""
        self.attempts = 0
