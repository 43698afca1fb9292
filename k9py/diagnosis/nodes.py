"""Check whether a pod's node is lost, and why a node rejected or terminated a pod."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.meta import find_condition
from k9py.api.pods import Pod
from k9py.api.text import printable, shorten

_TERMINATION_MARGIN: Final = timedelta(seconds=30)
_SHUTDOWN_REASONS: Final = frozenset({"NodeShutdown", "Shutdown", "Terminated"})
"""Reasons of pods that were terminated with their node (kubelet/nodeshutdown)."""
REJECTION_REASONS: Final = frozenset(
    {"UnexpectedAdmissionError", "TopologyAffinityError", "InvalidNodeInfo", "NodeUnschedulable", "AppArmor"}
    | {"SysctlForbidden", "PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported", "HostPortConflict", "NodePorts"}
)
"""Reasons for which a kubelet rejects a pod that was assigned to it (kubelet/lifecycle)."""


DIRECT_OWNERS: Final = frozenset({"DaemonSet"})
"""Owners that delete a failed pod before they create the next one in its place: while it exists, its place is empty."""


def lost_node(pod: Pod) -> Iterator[Cause]:
    """Yield a cause if the pod's node stopped reporting: the container statuses are then out of date."""
    ready = find_condition(pod.status.conditions, "Ready")
    statuses = pod.status.container_statuses or ()
    if ready is None or not pod.spec.node_name or not statuses:
        return
    # When a node stops reporting, the node controller sets Ready to False and keeps the kubelet's last status.
    is_overruled = ready.status == "False" and not ready.reason and all(status.ready for status in statuses)
    if ready.status == "Unknown" or pod.status.reason == "NodeLost" or is_overruled:
        node = printable(pod.spec.node_name)
        remedy = f"bring node {node} back, or kubectl delete pod {printable(pod.name)} --force"
        message = f"node {node} is NotReady"
        yield Cause(CauseKind.NODE, "NodeLost", message, since=ready.last_transition_time, remedy=remedy)


def is_on_lost_node(pod: Pod) -> bool:
    """Return whether the pod's node stopped reporting, so that its container statuses are out of date."""
    return any(True for _ in lost_node(pod))


def stuck_termination(pod: Pod, now: datetime) -> Cause | None:
    """Return why a pod that is being deleted does not terminate because of its node; None when nothing shows that.

    A StatefulSet or DaemonSet waits for such a pod until its node is back or the pod is force-deleted.
    """
    deleted = pod.metadata.deletion_timestamp
    if deleted is None or not pod.spec.node_name:
        return None
    for cause in lost_node(pod):
        return cause
    # The API server sets deletionTimestamp to the end of the grace period. A finalizer is another party's decision.
    if now - deleted <= _TERMINATION_MARGIN or pod.metadata.finalizers:
        return None
    node, name = printable(pod.spec.node_name), printable(pod.name)
    message = f"node {node} is unreachable: termination of pod {name} unconfirmed"
    remedy = f"bring node {node} back, or kubectl delete pod {name} --force"
    return Cause(CauseKind.NODE, "StuckTerminating", message, since=deleted, remedy=remedy)


def is_rejected(pod: Pod) -> bool:
    """Return whether the kubelet of its node rejected a failed pod when it was to start."""
    reason = pod.status.reason
    return pod.status.phase == "Failed" and (reason in REJECTION_REASONS or reason.startswith("OutOf"))


def node_failure(pod: Pod) -> str:
    """Return why the node, or whoever disrupted the pod, ended it; "" if the reason is in its containers."""
    reason, message = pod.status.reason, shorten(pod.status.message)
    node = f"node {printable(pod.spec.node_name)}" if pod.spec.node_name else "its node"
    detail = f": {message}" if message else ""
    if reason == "Evicted":
        return f"pod was evicted from its node{detail}"
    if reason in _SHUTDOWN_REASONS or "node shutdown" in message:
        return f"pod was terminated by the shutdown of {node}"
    if reason.startswith("Preempt"):
        return f"pod was preempted{detail}"
    if reason.startswith("OutOf"):
        return f"{node} has no {printable(reason.removeprefix('OutOf'))} left for the pod{detail}"
    if reason == "NodeAffinity":
        return f"{node} no longer matches the pod's node affinity{detail}"
    if reason in REJECTION_REASONS:
        return f"{node} rejected the pod{detail}"
    if reason:
        return f"pod failed: {printable(reason)}{detail}"
    target = find_condition(pod.status.conditions, "DisruptionTarget")
    if target is not None and target.status == "True":
        return f"pod was disrupted: {shorten(target.message) or printable(target.reason)}"
    return ""
