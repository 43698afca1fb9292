"""What a run needs to follow a write that is no rollout: more writes that belong to it, or a deletion."""

from __future__ import annotations

from functools import partial

from k9py.api.meta import ObjectRef
from k9py.operations.follow import FollowContext
from k9py.operations.front_end import FrontEnd
from k9py.operations.plan import WritePlan
from k9py.operations.proposing import OperationSession
from k9py.operations.removal import track_removal
from k9py.operations.track import TrackedEnd


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
