"""Check whether a pod is scheduled, and whether it starts within reasonable time once it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.meta import Condition, find_condition
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.api.times import age
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.remedies import missing_object_remedy
from k9py.diagnosis.scheduler_message import RefusalKind, parse_scheduler_message, without_post_filters

SLOW_START: Final = timedelta(minutes=5)
"""Time a pod may take to start before that is worth a warning."""
CLAIM_GRACE: Final = timedelta(minutes=1)
"""Time in which a claim is usually provisioned and bound."""
_GATED: Final = timedelta(seconds=20)
"""Time in which a scheduling gate is usually lifted."""
_UNBOUND: Final = frozenset({RefusalKind.CLAIM_UNBOUND, RefusalKind.CLAIM_STARTING})


def unscheduled(pod: Pod, now: datetime) -> Iterator[Cause]:
    """Yield why the scheduler has not assigned the pod to a node.

    A pod is not blocked while it waits until others have left its node (preemption), until a queue admits its Job, or
    for a volume that may still be made.
    """
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "False":
        return
    since = scheduled.last_transition_time
    if scheduled.reason == "SchedulingGated":
        names = ", ".join(printable(gate.name) for gate in pod.spec.scheduling_gates or ())
        message = f"pod waits for scheduling gate {names}" if names else "pod waits for a scheduling gate"
        yield Cause(
            CauseKind.UNSCHEDULABLE, scheduled.reason, message, since=since, is_blocking=is_gated_for_long(pod, now)
        )
    elif scheduled.reason == "Unschedulable":
        # The first part is the answer; what preemption and claims would not help either is appended to it.
        detail = shorten(without_post_filters(scheduled.message))
        message = f"pod cannot be scheduled: {detail}" if detail else "pod cannot be scheduled"
        is_short = "Insufficient" in detail
        remedy = "lower the pods' requests or add a node" if is_short else missing_object_remedy(detail)
        is_blocking = not pod.status.nominated_node_name and not _may_be_provisioned(scheduled, now)
        yield Cause(CauseKind.UNSCHEDULABLE, scheduled.reason, message, "", since, is_blocking, remedy)
    elif scheduled.reason:
        detail = shorten(f"{scheduled.reason}: {scheduled.message}" if scheduled.message else scheduled.reason)
        reason, message = printable(scheduled.reason), f"pod is not scheduled: {detail}"
        yield Cause(CauseKind.UNSCHEDULABLE, reason, message, since=since)


def _may_be_provisioned(scheduled: Condition, now: datetime) -> bool:
    """Return whether a pod lacks nothing but volumes, for which there was not enough time yet."""
    since = scheduled.last_transition_time
    if since is None or now - since >= CLAIM_GRACE:
        return False
    refusals = parse_scheduler_message(scheduled.message).refusals
    return bool(refusals) and all(refusal.kind in _UNBOUND for refusal in refusals)


def is_gated_for_long(pod: Pod, now: datetime) -> bool:
    """Return whether a scheduling gate should have been lifted by now; queues hold the pods of Jobs for hours."""
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    since = (scheduled.last_transition_time if scheduled else None) or pod.metadata.creation_timestamp
    owner = pod.metadata.controller
    is_queued = owner is not None and owner.kind == "Job"
    return since is not None and now - since >= _GATED and not is_queued


def slow_start(pod: Pod, now: datetime) -> Iterator[Finding]:
    """Yield a warning for a scheduled pod none of whose containers has started for 5 minutes, though none failed."""
    if pod.is_terminating or pod.status.phase != "Pending" or not pod.spec.node_name:
        return
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    if any(status.state and (status.state.running or status.state.terminated) for status in statuses):
        return
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    since = (scheduled.last_transition_time if scheduled else None) or pod.status.start_time
    if since is not None and now - since > SLOW_START:
        message = f"no container has started on node {printable(pod.spec.node_name)} for {age(since, now)}"
        yield Finding(Severity.WARNING, "ContainerCreating", message, pod.key, since)
