"""Find pods that their node, or whoever disrupted them, ended: evicted, shut down, preempted; and pods of lost nodes.

Invariants: what is left of a pod that was replaced long ago is INFO. Amounts of one pod are in the evidence, so that
pods with the same fate are one finding.
Source: pkg/kubelet/eviction/helpers.go, pkg/kubelet/nodeshutdown, pkg/controller/podgc, pkg/controller/tainteviction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import NODE, POD
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.node_states import causes_of, is_lost
from k9py.diagnosis.nodes import lost_node
from k9py.diagnosis.proof import absence, condition_evidence, field
from k9py.diagnosis.settling import is_recent

_RECENT: Final = timedelta(hours=1)
_BOUND: Final = timedelta(minutes=1)
_LOW: Final = lazy_pattern(r"The node was low on resource: (?P<resource>[\w./-]+)")
_CONDITION: Final = lazy_pattern(r"The node had condition: \[(?P<conditions>[^\]]*)\]")
_EPHEMERAL: Final = lazy_pattern(
    r'Container (?P<container>\S+) exceeded its local ephemeral storage limit "(?P<limit>[^"]*)"'
)
_EMPTY_DIR: Final = lazy_pattern(r'Usage of EmptyDir volume "(?P<volume>[^"]*)" exceeds the limit "(?P<limit>[^"]*)"')
_POD_EPHEMERAL: Final = lazy_pattern(
    r"Pod ephemeral local storage usage exceeds the total limit of containers (?P<limit>\S+?)\.?\s*$"
)
_SHUTDOWN: Final = frozenset({"NodeShutdown", "Shutdown", "Terminated", "NodeLost"})
_PREEMPTED: Final = frozenset({"Preempting", "Preempted"})


@check(
    "pod-evicted",
    "a pod was evicted, preempted, or ended with its node",
    subjects=(POD,),
    reads=("Node",),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    remedy="set requests that match what the pod uses, or give its nodes more",
)
def pod_evicted(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield why the node of a failed pod, or a disruption, ended it."""
    if pod.status.phase != "Failed" or pod.is_terminating:
        return
    described = _eviction_text(pod)
    if described is None:
        return
    text, helps = described
    at = _ended_at(pod)
    is_replaced = pod.metadata.controller is not None
    is_old = is_replaced and (at is None or not is_recent(at, graph, _RECENT))
    severity = Severity.INFO if is_old else Severity.WARNING if is_replaced else Severity.DOWN
    target = find_condition(pod.status.conditions, "DisruptionTarget")
    proof = [field(pod, "status.message", pod.status.message)]
    proof += [condition_evidence(pod, target)] if target is not None else []
    reason = printable(pod.status.reason) or (printable(target.reason) if target else "Failed")
    steps = [NextStep(helps, "object.edit" if is_replaced else "")]
    if is_replaced:
        steps.append(NextStep("delete what is left of the pod", "object.delete", pod.key))
    yield Finding(
        severity,
        reason,
        text,
        pod.key,
        at,
        CauseKind.NODE,
        helps,
        evidence=tuple(proof),
        caused_by=_pressure(pod, graph),
        next_steps=tuple(steps),
    )


@check(
    "pod-node-lost",
    "the node of a pod is not ready, so that nothing is known of the pod",
    subjects=(POD,),
    reads=("Node",),
    source="https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller",
    remedy="bring the node back, or delete the pod with --force once the node is surely off",
)
def pod_node_lost(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield that a pod is not ready because its node is lost."""
    name = pod.spec.node_name
    if not name or pod.is_ready or pod.is_terminating or pod.status.phase in ("Succeeded", "Failed"):
        return
    shown = printable(name)
    node = graph.get(NODE, name)
    ready = find_condition(pod.status.conditions, "Ready")
    since = ready.last_transition_time if ready else None
    helps = f"bring node {shown} back, or delete the pod with --force once the node is surely off"
    proof: tuple[Evidence, ...]
    if node is None:
        if is_recent(pod.metadata.creation_timestamp, graph, _BOUND):
            return
        text, proof = f"node {shown} does not exist", (absence(ObjectRef("Node", "", name)),)
        yield Finding(Severity.DOWN, "NodeLost", text, pod.key, since, CauseKind.NODE, helps, evidence=proof)
    elif isinstance(node, Unread):
        for cause in lost_node(pod):
            proof = (condition_evidence(pod, ready),) if ready else ()
            yield Finding(
                Severity.DOWN,
                cause.reason,
                cause.message,
                pod.key,
                cause.since,
                cause.kind,
                cause.remedy,
                evidence=proof,
            )
    elif is_lost(node):
        found = causes_of(node, graph)
        condition = find_condition(node.status.conditions, "Ready")
        if not found or condition is None:
            return
        text = f"node {shown} is not ready"
        yield Finding(
            Severity.DOWN,
            "NodeLost",
            text,
            pod.key,
            since,
            CauseKind.NODE,
            helps,
            evidence=(condition_evidence(node, condition),),
            caused_by=found[:1],
        )


def _pressure(pod: Pod, graph: Graph) -> tuple[Finding, ...]:
    """Return that the node of an evicted pod is still short of what it was evicted for."""
    low = _LOW.search(pod.status.message) if pod.status.reason == "Evicted" else None
    node = graph.get(NODE, pod.spec.node_name) if low and pod.spec.node_name else None
    if low is None or node is None or isinstance(node, Unread):
        return ()
    prefix = {"memory": "is short of memory", "pids": "is short of process ids"}.get(
        low["resource"], "is short of disk"
    )
    return tuple(each for each in causes_of(node, graph) if each.message.startswith(prefix))


def _eviction_text(pod: Pod) -> tuple[str, str] | None:
    """Return what ended a pod and what helps; None when its own containers did."""
    reason, message = pod.status.reason, pod.status.message
    node = f"node {printable(pod.spec.node_name)}" if pod.spec.node_name else "its node"
    if reason == "Evicted":
        return _eviction(message, node)
    if reason in _SHUTDOWN or "node shutdown" in message:
        return f"was ended by the shutdown of {node}", "run it under a controller, which replaces it"
    if reason in _PREEMPTED:
        return f"was preempted: {shorten(message)}", "give it a higher priority, or the node more room"
    target = find_condition(pod.status.conditions, "DisruptionTarget")
    if target is not None and target.status == "True" and not reason:
        return f"was disrupted: {shorten(target.message) or printable(target.reason)}", "see who disrupted it"
    return None


def _eviction(message: str, node: str) -> tuple[str, str]:
    low = _LOW.search(message)
    if low:
        resource = printable(low["resource"]).rstrip(".")
        return f"was evicted: its node was low on {resource}", f"request as much {resource} as it uses, and limit it"
    condition = _CONDITION.search(message)
    if condition:
        return f"was evicted: {node} had {printable(condition['conditions'])}", "free what the node is short of"
    storage = _EPHEMERAL.search(message)
    if storage:
        container, limit = printable(storage["container"]), printable(storage["limit"])
        return (
            f"was evicted: container {container} exceeded its ephemeral-storage limit of {limit}",
            "write less to the container's file system, or raise its ephemeral-storage limit",
        )
    volume = _EMPTY_DIR.search(message)
    if volume:
        name, limit = printable(volume["volume"]), printable(volume["limit"])
        return (
            f"was evicted: emptyDir volume {name} exceeded its limit of {limit}",
            "write less to the volume, or raise its sizeLimit",
        )
    total = _POD_EPHEMERAL.search(message)
    if total:
        text = f"was evicted: it used more ephemeral storage than all its limits together ({printable(total['limit'])})"
        return text, "write less to disk, or raise the ephemeral-storage limits"
    detail = shorten(message)
    return "was evicted" + (f": {detail}" if detail else ""), "see what the node is short of"


def _ended_at(pod: Pod) -> datetime | None:
    target = find_condition(pod.status.conditions, "DisruptionTarget")
    if target is not None and target.last_transition_time is not None:
        return target.last_transition_time
    ends = (
        status.state.terminated.finished_at
        for status in pod.status.container_statuses or ()
        if status.state and status.state.terminated
    )
    last = max((at for at in ends if at is not None), default=None)
    ready = find_condition(pod.status.conditions, "Ready")
    return last or (ready.last_transition_time if ready else None) or pod.status.start_time
