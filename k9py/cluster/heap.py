"""Keeps the garbage collector from walking the cluster's objects again and again.

A full collection of a hundred thousand pods with their indexes holds the event loop for a quarter of a second, finds
nothing (objects form no cycles: counting references frees them), and comes again each time the heap has grown by a
quarter. So what has been loaded is moved out of the collector's sight, in steps, since moving costs nothing.
What this costs: cycles that exist at such a moment, and end later, are not collected. There are few, and few moments.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

STEP = 5_000
"""Objects added between two moves. A smaller cluster never gets there, and is collected like any program."""


class Heap:
    """Counts objects that came to stay.

    Args:
        freeze: moves everything alive out of the collector's sight.
    """

    def __init__(self, freeze: Callable[[], object] = gc.freeze) -> None:
        self._freeze = freeze
        self._added = 0

    def added(self, count: int) -> None:
        """So many objects were added."""
        self._added += count
        if self._added >= STEP:
            self._added = 0
            self._freeze()
