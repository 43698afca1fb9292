"""Keeps the garbage collector from walking the cluster's objects again and again.

A full collection of a hundred thousand pods with their indexes holds the event loop for a quarter of a second, finds
nothing (objects form no cycles: counting references frees them), and comes again each time the heap has grown by a
quarter. So what has been loaded is moved out of the collector's sight, in steps, since moving costs nothing.
The first move is made before anything is loaded: modules and widgets are a hundred thousand objects themselves.
What is drawn makes garbage all the time, a little of it in cycles; so full collections, which still walk all that is
not moved, are made rarer.
What this costs: cycles that exist at such a moment, and end later, are not collected until `end`. There are few, and
few moments; but a cluster is a cycle itself, so its end gives everything back.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

STEP = 5_000
"""Objects added between two moves. A smaller cluster is moved when it has been read."""

RARER = 10
"""Full collections come so many times more seldom than the interpreter would make them."""


class Heap:
    """Counts objects that came to stay.

    Args:
        freeze: moves everything alive out of the collector's sight.
        unfreeze: moves it back.
    """

    def __init__(self, freeze: Callable[[], object] = gc.freeze, unfreeze: Callable[[], object] = gc.unfreeze) -> None:
        self._freeze = freeze
        self._unfreeze = unfreeze
        self._added = 0
        self._thresholds = gc.get_threshold()

    def begin(self) -> None:
        """Loading begins."""
        self._freeze()
        youngest, middle, oldest = self._thresholds
        gc.set_threshold(youngest, middle, oldest * RARER)

    def loaded(self) -> None:
        """A whole kind has come in: also a cluster too small for a step stays."""
        if self._added:
            self._added = 0
            self._freeze()

    def end(self) -> None:
        """What was loaded is no longer needed."""
        gc.set_threshold(*self._thresholds)
        self._unfreeze()

    def added(self, count: int) -> None:
        """So many objects were added."""
        self._added += count
        if self._added >= STEP:
            self._added = 0
            self._freeze()
