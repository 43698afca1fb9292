"""Checks of one pod.

To add a check: write a function from the pod to findings and name it in `_CHECKS`; it must say nothing when it cannot
tell. What keeps a pod from being ready is found in `api/pod_troubles`; here is the rest, and the ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause
from k9py.api.events import Event
from k9py.api.meta import find_condition
from k9py.api.pod_troubles import exit_text, shorten, stuck_termination, unready_causes
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.ranking import worst_first

_RECENT_RESTART: Final = timedelta(hours=1)
_SLOW_START: Final = timedelta(minutes=5)
_DELETION_MARGIN: Final = timedelta(seconds=30)
_REPLACING: Final = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet"})
"""Owners that put another pod in the place of a failed one."""
_SHUTDOWN: Final = frozenset({"NodeShutdown", "Shutdown", "Terminated"})
"""Reasons of pods that ended with their node (kubelet/nodeshutdown)."""
_REFUSED_BY_NODE: Final = frozenset(
    {"UnexpectedAdmissionError", "TopologyAffinityError", "InvalidNodeInfo", "NodeUnschedulable", "AppArmor"}
    | {"SysctlForbidden", "PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported", "HostPortConflict", "NodePorts"}
)
"""Reasons a kubelet rejects a pod for that was given to it (kubelet/lifecycle)."""


def pod_findings(pod: Pod, now: datetime, *, events: Sequence[Event] = ()) -> tuple[Finding, ...]:
    """Return what is wrong with a pod, worst first; `events` are about this pod, others are ignored."""
    if _is_plainly_well(pod):
        return ()
    found = [
        Finding(
            _severity(one, now),
            one.reason,
            one.message,
            pod.key,
            one.since,
            one.kind,
            one.remedy,
        )
        for one in unready_causes(pod, now, events)
    ]
    for check in _CHECKS:
        found += check(pod, now)
    return worst_first(found)


def _severity(trouble: Cause, now: datetime) -> Severity:
    """A probe that says no while its container starts is how starting looks: worth a warning once it takes long."""
    if trouble.is_blocking:
        return Severity.DOWN
    starting = trouble.since is not None and now - trouble.since <= _SLOW_START
    return Severity.WARNING if trouble.reason == "Unhealthy" and not starting else Severity.INFO


def _is_plainly_well(pod: Pod) -> bool:
    """Tell whether no check can find anything: most pods of a cluster, again and again. Each check must agree."""
    status = pod.status
    if status.phase != "Running" or pod.metadata.deletion_timestamp is not None or not pod.is_ready:
        return False
    for statuses in (status.container_statuses, status.init_container_statuses):
        for one in statuses or ():
            last = one.last_state
            if last is not None and last.terminated is not None:
                return False
    return True


def _failed(pod: Pod, now: datetime) -> Iterator[Finding]:
    if pod.status.phase != "Failed" or pod.is_terminating:
        return
    # Pods that are always restarted end as Failed only when a node rejects or loses them (a reboot, no room): their
    # controller makes others in their place and leaves these lying about. What is missing, the workload itself tells.
    owner = pod.metadata.controller
    reason = pod.status.reason
    is_leftover = reason == "Evicted" or (owner is not None and owner.kind in _REPLACING)
    severity = Severity.WARNING if is_leftover else Severity.DOWN
    why, at = _why_failed(pod), pod.status.start_time
    for one in pod.status.container_statuses or ():
        ended = one.state.terminated if one.state else None
        if ended is not None and ended.exit_code != 0:
            at = ended.finished_at or at
            why = why or f"container {printable(one.name)} failed ({exit_text(ended)})"
            reason = reason or ended.reason or "Error"
            break
    words = shorten(pod.status.message)
    why = why or "pod failed" + (f": {words}" if words else "")
    yield Finding(severity, printable(reason) or "Failed", why, pod.key, at)


def _why_failed(pod: Pod) -> str:
    """Return what the node, or who took the pod away, says; "" when it says nothing: then its containers tell."""
    reason, words = pod.status.reason, shorten(pod.status.message)
    node = f"node {printable(pod.spec.node_name)}" if pod.spec.node_name else "its node"
    after = f": {words}" if words else ""
    if reason == "Evicted":
        return f"pod was evicted from its node{after}"
    if reason in _SHUTDOWN or "node shutdown" in words:
        return f"pod was ended by the shutdown of {node}"
    if reason.startswith("Preempt"):
        return f"pod was preempted{after}"
    if reason.startswith("OutOf"):
        return f"{node} has no {printable(reason.removeprefix('OutOf'))} left for the pod{after}"
    if reason == "NodeAffinity":
        return f"{node} no longer matches what the pod asks of a node{after}"
    if reason in _REFUSED_BY_NODE:
        return f"{node} refused the pod{after}"
    if reason:
        return f"pod failed: {printable(reason)}{after}"
    target = find_condition(pod.status.conditions, "DisruptionTarget")
    if target is not None and target.status == "True":
        said = shorten(target.message) or printable(target.reason)
        return f"pod was taken away: {said}"
    return ""


def _stuck_ending(pod: Pod, now: datetime) -> Iterator[Finding]:
    deleted = pod.metadata.deletion_timestamp
    if deleted is None:
        return
    # The server sets deletionTimestamp to when the grace period ends.
    lost = stuck_termination(pod, now)
    if lost is not None and lost.reason == "NodeLost":
        message = f"pod is stuck terminating: {lost.message}"
        yield Finding(Severity.WARNING, "StuckTerminating", message, pod.key, lost.since, lost.kind, lost.remedy)
    elif now - deleted > _DELETION_MARGIN:
        kept = ", ".join(printable(one) for one in pod.metadata.finalizers or ())
        why = f"held by finalizer {kept}" if kept else "its node does not confirm the end"
        yield Finding(Severity.WARNING, "StuckTerminating", f"pod is stuck terminating: {why}", pod.key, deleted)
    else:
        since = deleted if deleted <= now else None
        yield Finding(Severity.INFO, "Terminating", "pod is terminating", pod.key, since)


def _restarted(pod: Pod, now: datetime) -> Iterator[Finding]:
    """A pod that is ready now but whose containers died not long ago will be looked at before it dies again."""
    if not pod.is_ready or pod.is_terminating:
        return
    sidecars = {one.name for one in pod.spec.init_containers or () if one.is_sidecar}
    init = (one for one in pod.status.init_container_statuses or () if one.name in sidecars)
    for one in (*init, *(pod.status.container_statuses or ())):
        ended = one.last_state.terminated if one.last_state else None
        if ended is None or ended.finished_at is None or now - ended.finished_at > _RECENT_RESTART:
            continue
        if ended.reason == "OOMKilled":
            how = "out of memory"
        elif ended.exit_code == 0:
            continue
        else:
            how = exit_text(ended)
        times = "once" if one.restart_count <= 1 else f"{one.restart_count} times"
        message = (
            f"container {printable(one.name)} was restarted {times}, last {age(ended.finished_at, now)} ago ({how})"
        )
        yield Finding(Severity.WARNING, ended.reason or "Restarted", message, pod.key)


def _slow_start(pod: Pod, now: datetime) -> Iterator[Finding]:
    """Scheduled, yet no container has started: nothing failed, but it takes long."""
    if pod.is_terminating or pod.status.phase != "Pending" or not pod.spec.node_name:
        return
    states = [
        one.state for one in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    ]
    if any(one and (one.running or one.terminated) for one in states):
        return
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    since = (scheduled.last_transition_time if scheduled else None) or pod.status.start_time
    if since is not None and now - since > _SLOW_START:
        message = f"no container has started on node {printable(pod.spec.node_name)} for {age(since, now)}"
        yield Finding(Severity.WARNING, "ContainerCreating", message, pod.key, since)


_CHECKS: Final[tuple[Callable[[Pod, datetime], Iterator[Finding]], ...]] = (
    _failed,
    _stuck_ending,
    _restarted,
    _slow_start,
)
