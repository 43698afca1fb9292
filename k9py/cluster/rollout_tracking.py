"""Follow a rollout after a write until it has converged or plainly will not.

Driven by the cluster's feed and the clock: no polling of the server, nothing to do while nothing changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from k9py.api.meta import ObjectKey
from k9py.cluster.change_feed import RECHECK, ChangeFeed
from k9py.cluster.cluster import Cluster
from k9py.rollouts.status import RolloutState, RolloutStatus

FINAL_STATES = frozenset(
    {RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.STALLED, RolloutState.PAUSED}
)
"""States in which nothing more happens by itself."""

STALL_CONFIRM_SECONDS = 5.0
"""Seconds a rollout must stay stalled to be taken for it. After an undo to a revision without pods the Deployment keeps
the ProgressDeadlineExceeded of the rollout before until its first new pod is counted, at the new generation already."""


async def track_rollout(
    cluster: Cluster, key: ObjectKey, *, generation: int | None = None, timeout: float | None = None
) -> AsyncIterator[RolloutStatus]:
    """Yield the rollout's status whenever it differs from the one before; the last one yielded is where it ended.

    Args:
        generation: of the object as the write returned it: older states are not taken for the outcome.
        timeout: seconds after which to stop, done or not.

    Ends early when the object is gone. Cancelling it is safe at any time.
    """
    feed = cluster.open_feed()
    until = None if timeout is None else cluster.clock.monotonic() + timeout
    last: RolloutStatus | None = None
    stalled_at: float | None = None
    try:
        while True:
            # Drained before the look, so that what changes after it wakes the wait.
            feed.drain()
            view = cluster.queries.rollout_view(key, cluster.clock.now())
            if view is None:
                if cluster.has_synced(key.kind):
                    return
            elif generation is None or view.generation >= generation:
                if view.status != last:
                    last = view.status
                    yield last
                if last.state is not RolloutState.STALLED:
                    stalled_at = None
                elif stalled_at is None:
                    stalled_at = cluster.clock.monotonic()
                if last.state in FINAL_STATES and (
                    stalled_at is None or cluster.clock.monotonic() - stalled_at >= STALL_CONFIRM_SECONDS
                ):
                    return
            if until is not None and cluster.clock.monotonic() >= until:
                return
            await _next_look(
                cluster, feed, (until, stalled_at + STALL_CONFIRM_SECONDS if stalled_at is not None else None)
            )
    finally:
        cluster.close_feed(feed)


async def _next_look(cluster: Cluster, feed: ChangeFeed, untils: Iterable[float | None]) -> None:
    """Return when something changed, when time alone may have changed it, or when one of the times has come."""
    now = cluster.clock.monotonic()
    wait = max(0.0, min([RECHECK, *(until - now for until in untils if until is not None)]))
    tasks = (asyncio.ensure_future(feed.changed()), asyncio.ensure_future(cluster.clock.sleep(wait)))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
