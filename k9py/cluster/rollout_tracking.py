"""Track a rollout until it is complete or will not complete without help.

Driven by the feed of the cluster and the clock: the server is not polled, and nothing runs while nothing changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import RECHECK, ChangeFeed
from k9py.cluster.cluster import Cluster
from k9py.rollouts.status import RolloutState, RolloutStatus

FINAL_STATES = frozenset(
    {RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.STALLED, RolloutState.PAUSED}
)
"""States that do not change by themselves."""

STALL_CONFIRM_SECONDS = 5.0
"""Seconds a rollout must stay stalled to count as stalled. After an undo to a revision without pods the Deployment
keeps the ProgressDeadlineExceeded of the previous rollout, at the new generation already, until its first new pod is
counted."""


async def track_rollout(
    cluster: Cluster, key: ObjectRef, *, generation: int | None = None, timeout: float | None = None
) -> AsyncIterator[RolloutStatus]:
    """Yield the status of a rollout whenever it changes; the last one is the final status.

    Args:
        generation: of the object that the write returned: earlier states do not count as the outcome.
        timeout: seconds after which to stop, complete or not.

    Ends early when the object is deleted. Cancelling it is safe at any time.
    """
    feed = cluster.open_feed()
    deadline = None if timeout is None else cluster.clock.monotonic() + timeout
    last: RolloutStatus | None = None
    stalled_at: float | None = None
    try:
        while True:
            # Drained before reading, so that a later change ends the wait.
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
            if deadline is not None and cluster.clock.monotonic() >= deadline:
                return
            confirmed_at = stalled_at + STALL_CONFIRM_SECONDS if stalled_at is not None else None
            await _wait(cluster, feed, (deadline, confirmed_at))
    finally:
        cluster.close_feed(feed)


async def _wait(cluster: Cluster, feed: ChangeFeed, times: Iterable[float | None]) -> None:
    """Return when something changed, when time alone may have changed the status, or at the earliest of the times."""
    now = cluster.clock.monotonic()
    seconds = max(0.0, min([RECHECK, *(time - now for time in times if time is not None)]))
    tasks = (asyncio.ensure_future(feed.changed()), asyncio.ensure_future(cluster.clock.sleep(seconds)))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
