"""Track a write to its end: converged, stalled, paused, gone, or no longer tracked.

Driven by the cluster's change feed and its clock, without polling. Invariants: an unwatchable rollout never counts as
done; the pods and events of a rollout are read before its status is final, so that no wrong cause is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.rollout_tracking import FINAL_STATES, track_rollout
from k9py.rollouts.status import RolloutState, RolloutStatus

ROLLOUT_SECONDS: Final = 900.0
"""How long a rollout is tracked by default: longer than the default progress deadline of ten minutes."""

RECOVERY_SECONDS: Final = 3600.0
"""How long a stalled rollout is watched in case it recovers."""

POD_SECONDS: Final = 300.0
"""How long a terminating pod is tracked: longer than most grace periods."""

UNREADABLE_SECONDS: Final = 30.0
"""How long is waited for a kind that only explains a rollout while reading it fails; then it is judged without."""

_CONVERGED: Final = frozenset({RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO})
_NEEDED: Final = ("Pod", "Event")
"""Kinds needed to name a cause, in addition to the kind that holds the revisions."""

OnProgress = Callable[[RolloutStatus | None], None]
IsSuperseded = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class TrackedEnd:
    """Where tracking ended.

    Args:
        outcome: converged, stalled, paused, gone or not-followed; as in the audit file.
        text: the same as text, for the user and the audit file, without a time; printable.
        status, workload: as last seen; None: it is gone, was never seen, or is a pod.
        seconds: how long it was tracked.
        is_timeout: the timeout passed first.
        is_interrupted: it was cancelled, or the connection failed.
        is_expected: it is the intended end of the operation.
        is_recovered: it converged after a stall.
    """

    outcome: str
    text: str
    status: RolloutStatus | None = None
    workload: Workload | None = None
    seconds: float = 0.0
    is_timeout: bool = False
    is_interrupted: bool = False
    is_expected: bool = False
    is_recovered: bool = False


def interrupted_end(error: BaseException) -> TrackedEnd:
    """Return the end of a tracking that was cancelled, or that a failure ended."""
    text = error.message if isinstance(error, KdashError) else "interrupted"
    return TrackedEnd("not-followed", text, is_interrupted=True)


def _ignore(_: RolloutStatus | None) -> None:
    """Ignore progress."""


async def track(
    cluster: Cluster,
    key: ObjectRef,
    *,
    generation: int | None = None,
    timeout: float = ROLLOUT_SECONDS,
    on_progress: OnProgress = _ignore,
    is_superseded: IsSuperseded = lambda: False,
    expects_pause: bool = False,
) -> TrackedEnd:
    """Track a rollout until it is complete, cannot complete, is gone, or the timeout passes.

    Args:
        generation: of the object as the write returned it; an older state does not count as the outcome.
        timeout: seconds.
        on_progress: called with each new status.
        is_superseded: another write to the object has begun.
        expects_pause: a pause is the intended outcome.

    Raises:
        KdashError: its kind may not be watched.
    """
    clock = cluster.clock
    began = clock.monotonic()
    last: RolloutStatus | None = None
    workload: Workload | None = None
    await _wait_until_read(cluster, key, timeout)
    left = max(0.0, timeout - (clock.monotonic() - began))
    async for status in track_rollout(cluster, key, generation=generation, timeout=left):
        last, workload = status, cluster.queries.workload(key)
        if is_superseded() and status.state not in _CONVERGED:
            return TrackedEnd("not-followed", "another write to it began", last, workload, clock.monotonic() - began)
        on_progress(status)
    seconds = clock.monotonic() - began
    if not _is_watched(cluster, key):
        return TrackedEnd("not-followed", _left(key), last, workload, seconds)
    if cluster.has_synced(key.kind) and cluster.queries.workload(key) is None:
        return TrackedEnd("gone", f"{printable(str(key))} is gone", seconds=seconds)
    if last is None or last.state not in FINAL_STATES:
        state = printable(last.summary) if last is not None else "never seen"
        text = f"stopped tracking after {timeout:.0f} s: {state}"
        if not cluster.health.is_live and cluster.health.error is not None:
            text = f"{text}; {printable(cluster.health.error.message)}"
        return TrackedEnd("not-followed", text, last, workload, seconds, is_timeout=True)
    text = printable(last.summary)
    match last.state:
        case RolloutState.STALLED:
            return TrackedEnd("stalled", text, last, workload, seconds)
        case RolloutState.PAUSED:
            return TrackedEnd("paused", text, last, workload, seconds, is_expected=expects_pause)
    return TrackedEnd("converged", text, last, workload, seconds, is_expected=True)


async def wait_for_recovery(cluster: Cluster, key: ObjectRef, is_superseded: IsSuperseded) -> bool:
    """Wait until a stalled rollout moves again; False when it does not, is gone, or another write to it began."""

    def look() -> bool | None:
        if is_superseded():
            return False
        view = cluster.queries.rollout_view(key, cluster.clock.now())
        if view is None:
            return False if cluster.has_synced(key.kind) else None
        return None if view.status.state is RolloutState.STALLED else True

    return bool(await _until(cluster, look, RECOVERY_SECONDS))


async def track_pod(
    cluster: Cluster, key: ObjectRef, uid: str, *, on_progress: OnProgress = _ignore, timeout: float = POD_SECONDS
) -> TrackedEnd:
    """Track a deleted or evicted pod until it is gone, or another pod has its name."""
    began = cluster.clock.monotonic()

    def look() -> bool | None:
        if not _is_watched(cluster, key):
            return False
        pod = cluster.queries.pod(key)
        if pod is None or pod.uid != uid:
            return True
        if pod.is_terminating:
            on_progress(None)
        return None

    is_gone = await _until(cluster, look, timeout)
    seconds = cluster.clock.monotonic() - began
    if is_gone is False:
        return TrackedEnd("not-followed", _left(key), seconds=seconds)
    if is_gone:
        return TrackedEnd("gone", "gone", seconds=seconds, is_expected=True)
    return TrackedEnd("not-followed", f"still terminating after {timeout:.0f} s", seconds=seconds, is_timeout=True)


async def _until(cluster: Cluster, look: Callable[[], bool | None], seconds: float) -> bool | None:
    """Return the result of `look`, called whenever something changes; None when the timeout passes."""
    feed = cluster.open_feed()
    try:
        async with asyncio.timeout(seconds):
            while True:
                # Drained before the call, so that later changes wake the wait.
                feed.drain()
                answer = look()
                if answer is not None:
                    return answer
                await feed.changed()
    except TimeoutError:
        return None
    finally:
        cluster.close_feed(feed)


async def _wait_until_read(cluster: Cluster, key: ObjectRef, timeout: float) -> None:
    """Wait until the workload's kind and what explains it have been read, or cannot be."""
    revisions = "ReplicaSet" if key.kind == "Deployment" else "ControllerRevision"
    feed = cluster.open_feed()
    until = asyncio.ensure_future(cluster.clock.sleep(timeout))
    patience = asyncio.ensure_future(cluster.clock.sleep(UNREADABLE_SECONDS))

    def is_settled(kind: str) -> bool:
        health = cluster.health.kinds.get(kind)
        is_failing = health is not None and health.state is ClusterState.UNREACHABLE
        return cluster.has_synced(kind) or _is_refused(cluster, kind) or (is_failing and patience.done())

    try:
        while not until.done():
            feed.drain()
            health = cluster.health.kinds.get(key.kind)
            if health is not None and health.state is ClusterState.FORBIDDEN and not cluster.has_synced(key.kind):
                raise health.error or KdashError(f"you may not watch {key.kind} in {printable(key.namespace)}")
            if (cluster.has_synced(key.kind) or _is_refused(cluster, key.kind)) and all(
                is_settled(kind) for kind in (revisions, *_NEEDED)
            ):
                return
            changed = asyncio.ensure_future(feed.changed())
            timers = (until,) if patience.done() else (until, patience)
            await asyncio.wait((changed, *timers), return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
    finally:
        until.cancel()
        patience.cancel()
        cluster.close_feed(feed)


def _is_watched(cluster: Cluster, key: ObjectRef) -> bool:
    """Return whether the namespace of an object is still watched: a person may have chosen another one."""
    return cluster.scope.is_cluster or key.namespace in cluster.scope.namespaces


def _left(key: ObjectRef) -> str:
    return f"namespace {printable(key.namespace)} is no longer shown"


def _is_refused(cluster: Cluster, kind: str) -> bool:
    health = cluster.health.kinds.get(kind)
    return health is not None and health.state is ClusterState.FORBIDDEN
