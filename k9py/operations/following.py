"""How a run follows a write to its end: a rollout, a pod, a deletion, or more writes that belong to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial

from k9py.api.meta import ObjectRef
from k9py.operations.follow import FollowContext
from k9py.operations.front_end import FrontEnd, Proposal
from k9py.operations.plan import Tracking, WritePlan, WriteResult
from k9py.operations.proposing import OperationSession
from k9py.operations.removal import track_removal
from k9py.operations.run_options import RunOptions
from k9py.operations.track import TrackedEnd, track, track_pod, wait_for_recovery


def follow_context(session: OperationSession, front_end: FrontEnd, timeout: float, key: ObjectRef) -> FollowContext:
    """Return what `PlannedTarget.follow` gets; `timeout` in seconds."""
    report = partial(front_end.report, key)
    return FollowContext(session.writer, session.reader, session.clock, timeout, report, front_end.stops)


async def removal(session: OperationSession, front_end: FrontEnd, plan: WritePlan) -> TrackedEnd:
    """Wait until a deleted object is gone. Raises KdashError."""
    key = plan.key
    return await track_removal(
        session.reader,
        session.clock,
        key,
        plan.uid,
        report=partial(front_end.report, key),
        is_superseded=lambda: front_end.is_superseded(key),
    )


async def tracked_ends(
    session: OperationSession,
    front_end: FrontEnd,
    options: RunOptions,
    proposal: Proposal,
    written: WriteResult | None,
) -> AsyncGenerator[TrackedEnd, None]:
    """Yield how a write ended; after a rollout that stalled, also its later recovery. Raises KdashError.

    Args:
        written: None when nothing was written and only its rollout is followed.
    """
    key, plan = proposal.key, proposal.plan
    if plan is not None and plan.tracking is Tracking.REMOVAL and not plan.removes_pod:
        yield await removal(session, front_end, plan)
        return
    progress = partial(front_end.progress, key, is_recovering=False)
    async with session.watch(key) as cluster:
        if plan is not None and plan.removes_pod:
            yield await track_pod(cluster, key, plan.uid, on_progress=progress)
            return
        end = await track(
            cluster,
            key,
            generation=None if written is None else written.generation,
            timeout=options.timeout,
            on_progress=progress,
            is_superseded=lambda: front_end.is_superseded(key),
            expects_pause=plan is not None and plan.pauses,
        )
        yield end
        while options.watches_recovery and end.outcome == "stalled":
            if not await wait_for_recovery(cluster, key, lambda: front_end.is_superseded(key)):
                return
            end = await track(
                cluster,
                key,
                timeout=options.timeout,
                on_progress=partial(front_end.progress, key, is_recovering=True),
                is_superseded=lambda: front_end.is_superseded(key),
            )
            yield replace(end, is_recovered=end.outcome == "converged")
