"""Keeps the garbage collector from walking the cluster's objects again and again.

A full collection of a hundred thousand pods with their indexes holds the event loop for a quarter of a second, finds
nothing (the objects form no cycles: reference counting frees them), and comes back each time the heap has grown by a
quarter. Therefore what has been loaded is frozen (`gc.freeze`) in steps; freezing costs nothing. The first freeze comes
before anything is loaded: modules and widgets alone are a hundred thousand objects. Drawing makes garbage all the time,
a little of it in cycles, so full collections still happen, but less often.

The cost: a cycle that exists at a freeze and dies later is not collected until `stop`. There are few freezes and few
such cycles; but a cluster is a cycle itself, so `stop` unfreezes everything.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final

FREEZE_STEP: Final = 5_000
"""Objects added between two freezes. A smaller cluster is frozen when it is loaded."""

FULL_COLLECTION_FACTOR: Final = 10
"""Full collections happen this many times less often than by the interpreter's default."""


class GcTuner:
    """Counts the objects that stay, and freezes them in steps.

    Args:
        freeze: moves everything alive out of the collector's sight.
        unfreeze: moves it back.
    """

    def __init__(self, freeze: Callable[[], object] = gc.freeze, unfreeze: Callable[[], object] = gc.unfreeze) -> None:
        self._freeze = freeze
        self._unfreeze = unfreeze
        self._unfrozen = 0
        self._thresholds = gc.get_threshold()

    def start(self) -> None:
        """Freeze what exists and make full collections rare; call it before loading."""
        self._freeze()
        youngest, middle, oldest = self._thresholds
        gc.set_threshold(youngest, middle, oldest * FULL_COLLECTION_FACTOR)

    def add(self, count: int) -> None:
        """Count objects that were added, and freeze when a step is full."""
        self._unfrozen += count
        if self._unfrozen >= FREEZE_STEP:
            self.freeze_added()

    def freeze_added(self) -> None:
        """Freeze what was added since the last step: a kind is loaded, and a small one stays too."""
        if self._unfrozen:
            self._unfrozen = 0
            self._freeze()

    def stop(self) -> None:
        """Restore the interpreter's thresholds and unfreeze: what was loaded is no longer needed."""
        gc.set_threshold(*self._thresholds)
        self._unfreeze()
