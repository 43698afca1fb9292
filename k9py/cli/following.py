"""Follow a rollout to its end from a command: every change of words is said once, on standard error.

Watches the one namespace as long as it takes, no longer. Invariant: what could not be watched is never taken for done.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectKey
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.cli.console import Console
from k9py.cli.session import CommandSession
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.rollout_tracking import FINAL_STATES, track_rollout
from k9py.cluster.scope import Scope
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.runtime.clock import Clock
from k9py.views.exit_codes import ExitCode, exit_code_of_status

_PARTS: Final = ("Pod", "Event")
"""Without these a cause cannot be told; what the revisions are kept in comes to them."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where following ended.

    Args:
        status, workload: as seen last; None: it is gone, or was never seen.
        seconds: how long it was followed.
        timed_out: the time was up while it was still on its way.
    """

    status: RolloutStatus | None
    workload: Workload | None
    seconds: float
    timed_out: bool
    words: str

    @property
    def outcome(self) -> str:
        """The word for the audit file: converged, stalled, paused, gone or not-followed."""
        if self.timed_out:
            return "not-followed"
        if self.status is None:
            return "gone"
        match self.status.state:
            case RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
                return "converged"
            case RolloutState.STALLED:
                return "stalled"
            case RolloutState.PAUSED:
                return "paused"
        return "not-followed"

    @property
    def code(self) -> ExitCode:
        """The exit code: 0 only for a rollout that is through."""
        is_ending = self.workload is not None and self.workload.metadata.deletion_timestamp is not None
        return ExitCode.UNKNOWN if self.timed_out or is_ending else exit_code_of_status(self.status)


async def follow_to_end(
    session: CommandSession,
    key: ObjectKey,
    clock: Clock,
    console: Console,
    *,
    timeout: float,
    generation: int | None = None,
) -> Ending:
    """Follow until it has converged, plainly will not, is gone, or the time is up.

    Args:
        timeout: seconds.
        generation: of the object as a write returned it: older states are not taken for the outcome.

    Raises:
        KdashError: its kind may not be watched.
    """
    began = clock.monotonic()
    last: RolloutStatus | None = None
    workload: Workload | None = None
    async with Cluster(session.connection, Scope((key.namespace,)), clock) as cluster:
        await _read(cluster, key, timeout)
        left = max(0.0, timeout - (clock.monotonic() - began))
        said = ""
        async for status in track_rollout(cluster, key, generation=generation, timeout=left):
            last, workload = status, cluster.queries.workload(key)
            words = "; ".join(part for part in (status.summary, status.note) if part)
            if words != said:
                said = words
                console.print_err(f"{key.kind} {printable(key.name)}: {printable(words)}")
        is_gone = cluster.has_synced(key.kind) and cluster.queries.workload(key) is None
        error = cluster.health.error if not cluster.health.is_live else None
    seconds = clock.monotonic() - began
    timed_out = not is_gone and (last is None or last.state not in FINAL_STATES)
    if is_gone:
        return Ending(None, None, seconds, False, f"{printable(str(key))} is gone")
    if timed_out:
        state = printable(last.summary) if last is not None else "never seen"
        words = f"not followed any longer after {timeout:.0f} s: {state}"
        if error is not None:
            words = f"{words}; {printable(error.message)}"
        return Ending(last, workload, seconds, True, words)
    assert last is not None
    return Ending(last, workload, seconds, False, printable(last.summary))


async def _read(cluster: Cluster, key: ObjectKey, timeout: float) -> None:
    """Wait until the workload's kind and what tells of it have been read, or may not be.

    A rollout that is judged before its pods have been read would show a cause it does not have.
    """
    kept_in = "ReplicaSet" if key.kind == "Deployment" else "ControllerRevision"
    feed = cluster.open_feed()
    until = asyncio.ensure_future(cluster.clock.sleep(timeout))
    try:
        while not until.done():
            feed.drain()
            health = cluster.health.kinds.get(key.kind)
            if health is not None and health.state is ClusterState.FORBIDDEN and not cluster.has_synced(key.kind):
                raise health.error or KdashError(f"{key.kind} may not be watched in {printable(key.namespace)}")
            if all(cluster.has_synced(kind) or _is_refused(cluster, kind) for kind in (key.kind, kept_in, *_PARTS)):
                return
            changed = asyncio.ensure_future(feed.changed())
            await asyncio.wait((changed, until), return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
    finally:
        until.cancel()
        cluster.close_feed(feed)


def _is_refused(cluster: Cluster, kind: str) -> bool:
    health = cluster.health.kinds.get(kind)
    return health is not None and health.state is ClusterState.FORBIDDEN
