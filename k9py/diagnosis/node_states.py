"""Say what is wrong with a node: not ready and why, under pressure, without a network, cordoned.

Invariants: a node that joins or leaves is not reported; a condition that is Unknown means that the node has not been
heard of, not that it is well. Checks of pods name these findings as causes, so their words are the same.
Source: pkg/controller/nodelifecycle, pkg/kubelet/nodestatus/setters.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import NODE
from k9py.api.meta import Condition, find_condition
from k9py.api.nodes import Node
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.node_fit import UNSCHEDULABLE_TAINT
from k9py.diagnosis.nodes import is_on_lost_node
from k9py.diagnosis.proof import condition_evidence, field
from k9py.diagnosis.settling import is_recent

_JOINING: Final = timedelta(minutes=3)
"""Time in which a new node starts its network plugin."""
_REGISTERING: Final = timedelta(seconds=5)
_BLINK: Final = timedelta(seconds=15)
"""A kubelet that restarts reports for a moment that it is not ready."""
_LEAVING_TAINTS: Final = frozenset(
    {
        "ToBeDeletedByClusterAutoscaler",
        "karpenter.sh/disrupted",
        "karpenter.sh/disruption",
        "node.cloudprovider.kubernetes.io/shutdown",
    }
)
_PRESSURES: Final = {
    "MemoryPressure": ("is short of memory (MemoryPressure)", "end or move pods that use much memory"),
    "DiskPressure": ("is short of disk (DiskPressure)", "free disk space, such as unused images and logs"),
    "PIDPressure": ("is short of process ids (PIDPressure)", "end the pod that starts too many processes"),
    "KernelDeadlock": ("has a kernel deadlock (KernelDeadlock)", "drain and reboot it"),
    "ReadonlyFilesystem": ("has a read-only file system (ReadonlyFilesystem)", "drain it and check its disk"),
    "FrequentKubeletRestart": ("restarts its kubelet again and again", "look at the log of its kubelet"),
    "FrequentContainerdRestart": ("restarts containerd again and again", "look at the log of containerd"),
    "FrequentUnregisterNetDevice": ("does not release network devices", "drain and reboot it"),
}
"""Conditions that are True when something is wrong: of the kubelet, and of node-problem-detector."""
_SILENT: Final = "NodeStatusUnknown"


def is_lost(node: Node) -> bool:
    """Return whether a node is not ready, or has not been heard of."""
    ready = find_condition(node.status.conditions, "Ready")
    return ready is not None and ready.status != "True"


def has_lost_node(pod: Pod, graph: Graph) -> bool:
    """Return whether the node of a pod is lost: deleted, the pod would only terminate until the node is back."""
    if is_on_lost_node(pod):
        return True
    node = graph.get(NODE, pod.spec.node_name) if pod.spec.node_name else None
    return isinstance(node, Node) and is_lost(node)


def node_findings(node: Node, graph: Graph) -> Iterator[Finding]:
    """Yield what is wrong with a node, the worst first."""
    ready = find_condition(node.status.conditions, "Ready")
    is_leaving = is_being_removed(node)
    if ready is not None and ready.status != "True":
        if not is_leaving and not _is_joining(node, ready, graph):
            yield from _not_ready(node, ready, graph)
    else:
        yield from _pressures(node)
        network = find_condition(node.status.conditions, "NetworkUnavailable")
        if network is not None and network.status == "True" and not _is_joining(node, network, graph):
            text = f"has no network: {_detail(network)}"
            helps = "look at the network plugin, or at the routes of the cloud provider"
            yield _of_condition(node, network, Severity.DEGRADED, text, helps, "node-not-ready")
    if node.spec.unschedulable:
        yield cordon(node)


def cordon(node: Node) -> Finding:
    """Return that a node is cordoned, by whom and since when: worth knowing, unless it keeps pods away."""
    writers = [entry for entry in node.metadata.managed_fields or () if entry.owns_unschedulable]
    writer = max(writers, key=lambda entry: (entry.time is not None, entry.time), default=None)
    taint = next((taint for taint in node.spec.taints or () if taint.key == UNSCHEDULABLE_TAINT), None)
    since: datetime | None = taint.time_added if taint is not None else None
    if since is None and writer is not None:
        since = writer.time
    by = f" by {printable(writer.manager)}" if writer is not None and writer.manager else ""
    text = f"is cordoned{by}: new pods are not scheduled on it"
    proof = (field(node, "spec.unschedulable", "true", since),)
    steps = (NextStep(f"uncordon {printable(node.name)}", "node.uncordon"),)
    helps = f"kubectl uncordon {printable(node.name)}, once its maintenance is over"
    return Finding(
        Severity.INFO,
        "SchedulingDisabled",
        text,
        node.key,
        since,
        CauseKind.NODE,
        helps,
        check="node-cordoned",
        evidence=proof,
        next_steps=steps,
    )


def causes_of(node: Node, graph: Graph) -> tuple[Finding, ...]:
    """Return what is wrong with a node that keeps pods away or makes them fail: no mere hints."""
    return tuple(
        replace(each, severity=Severity.WARNING) if each.severity > Severity.WARNING else each
        for each in node_findings(node, graph)
    )


def is_being_removed(node: Node) -> bool:
    """Return whether somebody takes a node away: the autoscaler, or who deletes it."""
    return node.metadata.deletion_timestamp is not None or any(
        taint.key in _LEAVING_TAINTS for taint in node.spec.taints or ()
    )


def _is_joining(node: Node, condition: Condition, graph: Graph) -> bool:
    """Return whether a node is new and has never been well."""
    created, changed = node.metadata.creation_timestamp, condition.last_transition_time
    was_well = created is not None and changed is not None and changed - created > _REGISTERING
    return condition.status != "Unknown" and not was_well and is_recent(created, graph, _JOINING)


def _not_ready(node: Node, ready: Condition, graph: Graph) -> Iterator[Finding]:
    since = ready.last_transition_time
    name = printable(node.name)
    if ready.status == "Unknown" or ready.reason == _SILENT:
        detail = shorten(ready.message) or "Kubelet stopped posting node status"
        text = f"is not ready: {detail}"
        helps = f"see whether {name} runs and its kubelet can reach the API server"
        yield _of_condition(node, ready, Severity.DEGRADED, text, helps, "node-not-ready")
    elif not is_recent(since, graph, _BLINK):
        text = f"is not ready: {_detail(ready)}"
        helps = f"look at the container runtime and the kubelet of {name}"
        if "network" in ready.message.lower() or "cni" in ready.message.lower():
            helps = f"look at the pod of the network plugin on {name}"
        yield _of_condition(node, ready, Severity.DEGRADED, text, helps, "node-not-ready")


def _pressures(node: Node) -> Iterator[Finding]:
    for condition in node.status.conditions or ():
        if condition.status == "True" and condition.type in _PRESSURES:
            text, helps = _PRESSURES[condition.type]
            yield _of_condition(node, condition, Severity.WARNING, text, helps, "node-pressure")


def _detail(condition: Condition) -> str:
    """Return why: the kubelet's message, whose end names the cause."""
    return shorten(condition.message.removeprefix("[").removesuffix("]")) or printable(condition.reason) or "unknown"


def _of_condition(node: Node, condition: Condition, severity: Severity, text: str, helps: str, check: str) -> Finding:
    return Finding(
        severity,
        printable(condition.reason) or condition.type,
        text,
        node.key,
        condition.last_transition_time,
        CauseKind.NODE,
        helps,
        check=check,
        evidence=(condition_evidence(node, condition),),
        next_steps=(NextStep(helps),),
    )
