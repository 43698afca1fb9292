"""Pods whose sandbox or network cannot be set up, and pods that their node rejects before any container starts.

The network of a node is made by its CNI plugin: a failure of it is that of the node, and explains each pod there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.events import Event
from k9py.api.kinds import POD
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.nodes import DIRECT_OWNERS, is_rejected, node_failure
from k9py.diagnosis.pod_events import recent_events
from k9py.diagnosis.proof import event_evidence, field
from k9py.diagnosis.runtime_errors import concise_error, start_remedy
from k9py.diagnosis.settling import is_recent

_SANDBOX_REASONS: Final = ("FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer")
_NETWORK: Final = lazy_pattern(r"(?i)network|\bcni\b|plugin type=|ipam|calico|cilium|flannel|assign an ip")
_OF_POD: Final = lazy_pattern(
    r"(?i)runtimeclass|no runtime for|hostport|port is already allocated|sysctl|apparmor|seccomp"
)
_MARGIN: Final = timedelta(seconds=20)
"""The network of a new node, or a plugin that is being restarted, may fail once."""

_PLACEMENT_REASONS: Final = frozenset(
    {"Evicted", "NodeShutdown", "Shutdown", "Terminated", "NodeLost", "DeadlineExceeded"}
)
"""Reasons of failed pods that other checks name: evictions, nodes that shut down, Jobs past their deadline."""
_OLD: Final = timedelta(hours=1)


@check(
    "pod-sandbox",
    "the sandbox or the network of a pod cannot be set up",
    subjects=(POD,),
    reads=("Event",),
    source="https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/",
    remedy="look at the network plugin and the container runtime of the node",
)
def pod_sandbox(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each pod none of whose containers can be created; a failing network is that of its node."""
    if pod.status.phase != "Pending" or not pod.spec.node_name or pod.is_terminating:
        return
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    if any(status.state and (status.state.running or status.state.terminated) for status in statuses):
        return
    events = [event for event in recent_events(pod, graph.events(pod), graph.now) if event.reason in _SANDBOX_REASONS]
    if not events:
        return
    since = min((at for event in events if (at := event.first_seen) is not None), default=None)
    if is_recent(since, graph, _MARGIN):
        return
    event = max(events, key=_information)
    error = concise_error(event.message)
    is_network = _NETWORK.search(error) is not None and _OF_POD.search(error) is None
    evidence = (event_evidence(pod, event),)
    causes: tuple[Finding, ...] = ()
    if is_network:
        node = ObjectRef("Node", "", pod.spec.node_name)
        message = f"pod network cannot be set up: {error}"
        causes = (Finding(Severity.WARNING, "NetworkPlugin", message, node, since, CauseKind.NODE, evidence=evidence),)
    what = "pod network" if is_network else "pod sandbox"
    yield Finding(
        Severity.DOWN,
        printable(event.reason),
        f"{what} cannot be set up: {error}",
        pod.key,
        since,
        CauseKind.MOUNT,
        start_remedy(error),
        evidence=evidence,
        caused_by=causes,
    )


@check(
    "pod-rejected",
    "the kubelet of a node rejected a pod that was assigned to it",
    subjects=(POD,),
    reads=(),
    source="https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/predicate.go",
    remedy="correct what the message names; a controller makes another pod, a bare one must be created again",
)
def pod_rejected(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each pod that failed with a reason of its node before a container ran; old ones are information."""
    reason = pod.status.reason
    if pod.status.phase != "Failed" or not reason or reason in _PLACEMENT_REASONS or pod.is_terminating:
        return
    if reason.startswith("Preempt") or "node shutdown" in pod.status.message:
        return
    if any(status.state and status.state.terminated for status in pod.status.container_statuses or ()):
        return
    at = pod.status.start_time or pod.metadata.creation_timestamp
    owner = pod.metadata.controller
    is_replaced = owner is not None and not (owner.kind in DIRECT_OWNERS and is_rejected(pod))
    severity = Severity.WARNING if is_replaced else Severity.DOWN
    if is_replaced and not is_recent(at, graph, _OLD):
        severity = Severity.INFO
    text = f"{reason}: {shorten(pod.status.message)}"
    evidence = (field(pod, "status.reason", text, at), field(pod, "spec.nodeName", pod.spec.node_name))
    # Without the name of the node, which is in the pod: a DaemonSet's pods are rejected on each for the same reason.
    message = node_failure(pod).replace(f"node {printable(pod.spec.node_name)}", "its node", 1)
    yield Finding(severity, printable(reason), message, pod.key, at, CauseKind.NODE, evidence=evidence)


def _information(event: Event) -> tuple[bool, int]:
    """Rank events by what they tell: a timeout, or a plugin that is not ready yet, says less than an error."""
    is_generic = event.reason == "NetworkNotReady" or event.message.rstrip().endswith("deadline exceeded")
    return (not is_generic, event.occurrences)
