"""The tick: hands every screen what changed in the cluster since its last tick.

Invariant: only the screens that can be seen are redrawn; what changed meanwhile is kept for the covered ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.screen import Screen

from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.tui.screens.cluster_screen import ClusterScreen


class ScreenTicker:
    """Owns what each covered screen has not seen yet."""

    def __init__(self) -> None:
        self._pending: dict[ClusterScreen, Changes] = {}

    def clear(self) -> None:
        """Forget what is pending: there is another cluster, or none."""
        self._pending.clear()

    def tick(self, stack: Sequence[Screen[Any]], cluster: Cluster | None) -> Changes:
        """Take what changed, tick the screens, and return it.

        Args:
            stack: Screens, the top one last.
            cluster: The cluster that is shown, None while there is none.
        """
        changes = cluster.feed.drain() if cluster is not None else Changes()
        is_visible = True
        for screen in reversed(stack):
            if isinstance(screen, ClusterScreen):
                pending = merge_changes(self._pending.pop(screen, None), changes)
                if is_visible and screen.is_mounted:
                    screen.tick(pending)
                else:
                    if screen.is_mounted:
                        screen.tick_hidden(changes)
                    if pending:
                        self._pending[screen] = pending
            is_visible = is_visible and screen.is_modal
        return changes


def merge_changes(first: Changes | None, second: Changes) -> Changes:
    """Return what changed in either."""
    if not first:
        return second
    if not second:
        return first
    return Changes(
        services=first.services | second.services,
        rollouts=first.rollouts | second.rollouts,
        pods=first.pods | second.pods,
        kinds=first.kinds | second.kinds,
        health=first.health or second.health,
        everything=first.everything or second.everything,
    )
