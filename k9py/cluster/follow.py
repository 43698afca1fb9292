"""Follow a rollout after a write until it has converged or plainly will not.

Driven by the cluster's feed and the clock: no polling of the server, nothing to do while nothing changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from k9py.cluster.cluster import Cluster
from k9py.cluster.feed import RECHECK, ChangeFeed
from k9py.objects.meta import ObjectKey
from k9py.rollouts.status import RolloutState, RolloutStatus

DONE = frozenset({RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.STALLED, RolloutState.PAUSED})
"""States in which nothing more happens by itself."""


async def follow(
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
    try:
        while True:
            # Drained before the look, so that what changes after it wakes the wait.
            feed.drain()
            view = cluster.queries.rollout_view(key, cluster.clock.now())
            if view is None:
                if cluster.knows(key.kind):
                    return
            elif generation is None or view.generation >= generation:
                if view.status != last:
                    last = view.status
                    yield last
                if last.state in DONE:
                    return
            if until is not None and cluster.clock.monotonic() >= until:
                return
            await _next_look(cluster, feed, until)
    finally:
        cluster.close_feed(feed)


async def _next_look(cluster: Cluster, feed: ChangeFeed, until: float | None) -> None:
    """Return when something changed, when time alone may have changed it, or when time is up."""
    wait = RECHECK if until is None else max(0.0, min(RECHECK, until - cluster.clock.monotonic()))
    tasks = (asyncio.ensure_future(feed.changed()), asyncio.ensure_future(cluster.clock.sleep(wait)))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
