"""Find pods that do not end although they were deleted, and pods that wait for a readiness gate.

Invariants: a pod that is still in its grace period, and a gate that is set within minutes, are no finding.
Source: pkg/kubelet/status/generate.go (readiness gates), pkg/controller/podgc, metadata.finalizers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import NODE, POD
from k9py.api.meta import find_condition
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.node_states import causes_of, is_lost
from k9py.diagnosis.pod_events import recent_events
from k9py.diagnosis.probes import GATE_UNSET
from k9py.diagnosis.proof import condition_evidence, event_evidence, field
from k9py.diagnosis.settling import is_recent

_MARGIN: Final = timedelta(seconds=30)
_GATE: Final = timedelta(minutes=2)
"""Time that a load balancer takes to find a new target healthy."""
_KILL_FAILURES: Final = frozenset({"FailedKillPod", "FailedPreStopHook", "ExceededGracePeriod"})
_FINALIZERS: Final = {
    "batch.kubernetes.io/job-tracking": "the Job controller of kube-controller-manager",
    "foregroundDeletion": "the garbage collector, which deletes its dependents first",
    "orphan": "the garbage collector",
}
_GATES: Final = {
    "target-health.elbv2.k8s.aws": "the AWS Load Balancer Controller",
    "cloud.google.com/load-balancer-neg-ready": "the NEG controller of GKE",
    "apps.kruise.io": "the OpenKruise controller",
    "InPlaceUpdateReady": "the OpenKruise controller",
}


@check(
    "pod-stuck-terminating",
    "a deleted pod does not end: a finalizer, a lost node, or a kubelet that cannot stop it",
    subjects=(POD,),
    reads=("Node", "Event"),
    source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    remedy="look at who owns the finalizer, or at the node",
)
def pod_stuck_terminating(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield why a pod is still there after its grace period; at once where its node is lost."""
    # The API server sets deletionTimestamp to the end of the grace period.
    deleted = pod.metadata.deletion_timestamp
    if deleted is None:
        return
    is_over = not is_recent(deleted, graph, _MARGIN)
    proof: tuple[Evidence, ...] = (field(pod, "metadata.deletionTimestamp", deleted.isoformat(), deleted),)
    since = deleted if deleted <= graph.now else None
    stuck = Finding(Severity.WARNING, "StuckTerminating", "", pod.key, since, CauseKind.NODE)
    node = graph.get(NODE, pod.spec.node_name) if pod.spec.node_name else None
    is_running = pod.status.phase not in ("Succeeded", "Failed")
    if node is not None and not isinstance(node, Unread) and is_lost(node) and is_running:
        condition = find_condition(node.status.conditions, "Ready")
        verb = "is stuck terminating" if is_over else "is terminating"
        yield replace(
            stuck,
            message=f"{verb}: node {printable(node.name)} is not ready and cannot confirm its end",
            evidence=(*proof, *((condition_evidence(node, condition),) if condition else ())),
            caused_by=causes_of(node, graph)[:1],
            next_steps=(NextStep("bring the node back; kubectl delete --force once the node is surely off"),),
        )
    elif not is_over:
        return
    elif pod.metadata.finalizers:
        names = tuple(printable(each) for each in pod.metadata.finalizers)
        helps = f"look at {_owner(names[0], _FINALIZERS)}; remove the finalizer only if nobody needs it"
        yield replace(
            stuck,
            message=f"is stuck terminating: kept by finalizer {', '.join(names)}",
            evidence=(*proof, field(pod, "metadata.finalizers", ", ".join(names))),
            remedy=helps,
            next_steps=(NextStep(helps, "object.edit"),),
        )
    else:
        events = [each for each in recent_events(pod, graph.events(pod), graph.now) if each.reason in _KILL_FAILURES]
        why = f": {shorten(events[0].message)}" if events else ""
        where = f"node {printable(pod.spec.node_name)}" if pod.spec.node_name else "its node"
        yield replace(
            stuck,
            message=f"is stuck terminating: {where} has not confirmed its end{why}",
            evidence=(*proof, *(event_evidence(pod, each) for each in events[:1])),
            next_steps=(NextStep(f"look at the kubelet and the container runtime of {where}"),),
        )


@check(
    "pod-readiness-gate",
    "the containers of a pod are ready, but a readiness gate is not met",
    subjects=(POD,),
    source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate",
    remedy="look at the controller that sets the condition",
)
def pod_readiness_gate(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield which condition keeps a pod from being ready, and who sets it."""
    if pod.is_ready or pod.is_terminating or pod.status.phase != "Running":
        return
    ready, containers = (find_condition(pod.status.conditions, each) for each in ("Ready", "ContainersReady"))
    if containers is None or containers.status != "True" or ready is None:
        return
    since = ready.last_transition_time
    began = max(filter(None, (since, containers.last_transition_time)), default=None)
    for gate in pod.spec.readiness_gates or ():
        condition = find_condition(pod.status.conditions, gate.condition_type)
        if condition is not None and condition.status == "True":
            continue
        name = printable(gate.condition_type)
        owner = _owner(gate.condition_type, _GATES)
        if condition is None:
            text = f"readiness gate {name} has not been set"
            proof: tuple[Evidence, ...] = (condition_evidence(pod, ready),)
        else:
            detail = shorten(condition.message) or printable(condition.reason)
            text = f"readiness gate {name} is {printable(condition.status)}" + (f": {detail}" if detail else "")
            proof = (condition_evidence(pod, condition),)
        is_new = is_recent(began, graph, GATE_UNSET if condition is None else _GATE)
        helps = f"look at {owner}, which sets condition {name}"
        yield Finding(
            Severity.INFO if is_new else Severity.DOWN,
            "ReadinessGatesNotReady",
            text,
            pod.key,
            since,
            CauseKind.PROBE,
            helps,
            evidence=(*proof, field(pod, "spec.readinessGates", name)),
            next_steps=(NextStep(helps),),
        )


def _owner(name: str, known: dict[str, str]) -> str:
    """Return who is responsible for a finalizer or a condition: as documented, else the domain in its name."""
    for prefix, owner in known.items():
        if name.startswith(prefix):
            return owner
    domain = name.partition("/")[0] if "/" in name else name
    return f"the controller of {printable(domain)}"
