"""Find pods that are not assigned to a node: why, what would make them fit, and who has to act.

Invariants: a pod waits for a moment without a finding; one for which a node is being added, or made free, is INFO.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.events import Event
from k9py.api.kinds import NODE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD
from k9py.api.meta import Condition, ObjectRef, find_condition
from k9py.api.nodes import Node
from k9py.api.plural import pluralize
from k9py.api.pods import Pod
from k9py.api.scheduling import PodAffinityTerm
from k9py.api.severity import Severity
from k9py.api.storage import PersistentVolume, PersistentVolumeClaim
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.claims import missing_claim
from k9py.diagnosis.finding import Evidence, EvidenceSource, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.node_fit import STATE_KINDS, LackKind, NodeFit, neighbour_lacks, room_lacks, static_lacks
from k9py.diagnosis.node_states import causes_of
from k9py.diagnosis.preemption import HELPS as PREEMPTION_HELPS
from k9py.diagnosis.preemption import preemption
from k9py.diagnosis.proof import field
from k9py.diagnosis.scheduler_message import RefusalKind, SchedulerMessage, parse_scheduler_message
from k9py.diagnosis.scheduling import CLAIM_GRACE, is_gated_for_long
from k9py.diagnosis.settling import is_recent
from k9py.diagnosis.unbound_claims import SELECTED_NODE, claim_users, unbound_claim
from k9py.diagnosis.unschedulable import advice_text, closest, fit_text, reasons, remedy, unreachable_words
from k9py.diagnosis.unscheduled_case import Unscheduled, candidates, pinned_node, unscheduled_case

_GRACE: Final = timedelta(seconds=10)
_NO_SCHEDULER: Final = timedelta(minutes=1)
_PREEMPTION: Final = timedelta(minutes=5)
_SCALE_UP: Final = timedelta(minutes=15)
"""Time that the cluster autoscaler gives a new node (--max-node-provision-time)."""
_GATED: Final = timedelta(seconds=20)
_MAX_EXAMINED: Final = 20
"""Nodes whose pods are added up; of more, those that lack least otherwise."""
_SCALE_UP_REASONS: Final = frozenset({"TriggeredScaleUp", "Nominated"})
"""Events of the cluster autoscaler and of Karpenter: a node is being added."""
_NO_SCALE_UP: Final = "NotTriggerScaleUp"
_CLAIM_KINDS: Final = frozenset(
    {
        RefusalKind.CLAIM_MISSING,
        RefusalKind.CLAIM_UNBOUND,
        RefusalKind.CLAIM_STARTING,
        RefusalKind.NO_VOLUME,
        RefusalKind.CLAIM_LOST,
    }
    | {RefusalKind.CLAIM_TERMINATING, RefusalKind.VOLUME_AFFINITY, RefusalKind.NO_STORAGE, RefusalKind.VOLUME_IN_USE}
)
_ONE_FOR_EACH_NODE: Final = frozenset({RefusalKind.POD_ANTI_AFFINITY, RefusalKind.HOST_PORT})
_PREEMPTIBLE: Final = frozenset({RefusalKind.RESOURCE, RefusalKind.TOO_MANY_PODS, RefusalKind.HOST_PORT})
"""Reasons that the end of other pods would remove."""
_UNBOUND: Final = frozenset({RefusalKind.CLAIM_UNBOUND, RefusalKind.CLAIM_STARTING})
_CONDITION: Final = "status.conditions[PodScheduled]"
_DEFAULT_SCHEDULER: Final = "default-scheduler"


@check(
    "pod-unschedulable",
    "the scheduler finds no node for a pod",
    subjects=(POD,),
    reads=("Node", "PersistentVolumeClaim", "PersistentVolume", "Event"),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/",
    remedy="change what the pod requires, or add a node that has it",
)
def pod_unschedulable(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield why a pod is not assigned to a node."""
    if pod.spec.node_name or pod.is_terminating or pod.status.phase not in ("Pending", ""):
        return
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    if scheduled is None:
        yield from _without_scheduler(pod, graph)
    elif scheduled.status == "False" and scheduled.reason == "SchedulingGated":
        yield _gated(pod, scheduled, graph)
    elif scheduled.status == "False":
        yield from _refused(pod, scheduled, graph)


def _without_scheduler(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield that no scheduler has looked at a pod: none with that name runs, or it does not keep up."""
    created = pod.metadata.creation_timestamp
    if created is None:
        return
    if graph.now - created <= _NO_SCHEDULER:
        graph.look_again(created + _NO_SCHEDULER + timedelta(seconds=1))
        return
    binding = _binding(pod, created, graph)
    if binding is not None:
        yield binding
        return
    name = pod.spec.scheduler_name or _DEFAULT_SCHEDULER
    text = f"no scheduler has looked at the pod: schedulerName is {printable(name)}"
    if name == _DEFAULT_SCHEDULER:
        text, helps = "the scheduler has not looked at the pod", "look at kube-scheduler in namespace kube-system"
    else:
        helps = f"run scheduler {printable(name)}, or set schedulerName to {_DEFAULT_SCHEDULER}"
    proof = (
        Evidence(EvidenceSource.ABSENCE, pod.key, _CONDITION, "the pod has no condition PodScheduled"),
        Evidence(EvidenceSource.FIELD, pod.key, "spec.schedulerName", printable(name)),
    )
    steps = (NextStep(helps, "", None),)
    kind = CauseKind.UNSCHEDULABLE
    yield Finding(Severity.DOWN, "NotScheduled", text, pod.key, created, kind, helps, evidence=proof, next_steps=steps)


def _binding(pod: Pod, created: datetime, graph: Graph) -> Finding | None:
    """Return that the scheduler has chosen a node for a pod and waits until its claims are bound there.

    The pod has no condition until its bindTimeoutSeconds are over (plugins/volumebinding, PreBind).
    """
    for volume in pod.spec.volumes or ():
        name = volume.claim(pod.name)
        claim = graph.get(PERSISTENT_VOLUME_CLAIM, name, pod.namespace) if name else None
        if claim is None or isinstance(claim, Unread) or claim.status.phase == "Bound":
            continue
        node = claim.metadata.annotation(SELECTED_NODE)
        if node:
            text = f"pod waits until claim {printable(name)} is bound"
            return Finding(
                Severity.DOWN,
                "VolumeBinding",
                text,
                pod.key,
                created,
                CauseKind.UNSCHEDULABLE,
                "look at the claim",
                evidence=(field(claim, f"metadata.annotations[{SELECTED_NODE}]", printable(node)),),
                caused_by=tuple(unbound_claim(claim, graph)) or (claim.key,),
                next_steps=(NextStep(f"look at claim {printable(name)}", "", claim.key),),
            )
    return None


def _gated(pod: Pod, scheduled: Condition, graph: Graph) -> Finding:
    gates = ", ".join(printable(gate.name) for gate in pod.spec.scheduling_gates or ()) or "one"
    many = pluralize(len(pod.spec.scheduling_gates or ()), "gate")
    since = scheduled.last_transition_time or pod.metadata.creation_timestamp
    is_late = is_gated_for_long(pod, graph.now)
    if not is_late:
        is_recent(since, graph, _GATED)
    return Finding(
        Severity.DOWN if is_late else Severity.INFO,
        "SchedulingGated",
        f"pod waits for scheduling {many} {gates}",
        pod.key,
        since,
        CauseKind.UNSCHEDULABLE,
        "look at the controller that sets and removes the gate",
        evidence=(Evidence(EvidenceSource.FIELD, pod.key, "spec.schedulingGates", gates),),
        next_steps=(NextStep(f"look at the controller that removes {many} {gates}"),),
    )


def _refused(pod: Pod, scheduled: Condition, graph: Graph) -> Iterator[Finding]:
    message = parse_scheduler_message(scheduled.message)
    since = scheduled.last_transition_time
    proof = [Evidence(EvidenceSource.FIELD, pod.key, _CONDITION, shorten(scheduled.message), since)]
    causes = tuple(_claim_causes(pod, message, graph))
    is_unbound = any(each.kind in _UNBOUND for each in message.refusals)
    is_explained = any(isinstance(each, Finding) for each in causes)
    if is_recent(since, graph, CLAIM_GRACE if is_unbound and not is_explained else _GRACE):
        return
    waiting = _waiting(pod, since, graph)
    if waiting is not None:
        yield replace(waiting, evidence=(*proof, *waiting.evidence))
        return
    nodes = graph.list(NODE)
    known = None if isinstance(nodes, Unread) else _eligible(pod, nodes)
    volumes = _volumes(pod, graph)
    case = unscheduled_case(pod, message, known, volumes)
    fits = () if _is_about_claims(message) else _fits(case, graph)
    near = closest(fits)
    text = reasons(case) or shorten(scheduled.reason)
    helps = remedy(case)
    preempted = preemption(pod, graph) if any(each.kind in _PREEMPTIBLE for each in message.refusals) else None
    if preempted is not None:
        text, helps = f"{preempted.text}; {text}", PREEMPTION_HELPS
        proof.append(preempted.evidence)
    scaled = _not_scaled_up(pod, graph)
    if scaled is not None:
        proof.append(Evidence(EvidenceSource.EVENT, pod.key, scaled.reason, shorten(scaled.message), scaled.last_seen))
    proof += [_node_evidence(each) for each in near]
    if pod.spec.preemption_policy == "Never" and any(each.kind in _PREEMPTIBLE for each in message.refusals):
        name = printable(pod.spec.priority_class_name)
        proof.append(
            field(pod, "spec.preemptionPolicy", f"Never (PriorityClass {name}): no other pod makes room for it")
        )
    if isinstance(nodes, Unread):
        proof.append(_unknown(pod, f"nodes have not been read{f': {nodes.reason}' if nodes.reason else ''}"))
    elif any(each.unknown for each in fits):
        proof.append(_unknown(pod, "what the pods of all namespaces request has not been read"))
    yield Finding(
        Severity.DOWN,
        printable(scheduled.reason) or "Unschedulable",
        f"pod cannot be scheduled: {text}",
        pod.key,
        since,
        CauseKind.UNSCHEDULABLE,
        helps,
        evidence=tuple(proof),
        caused_by=(*causes, *_volume_causes(case), *_node_causes(case, fits, graph)),
        next_steps=tuple(_steps(near, helps)),
    )


def _waiting(pod: Pod, since: datetime | None, graph: Graph) -> Finding | None:
    """Return that a pod waits for something that is under way: preemption, or a new node."""
    nominated = printable(pod.status.nominated_node_name)
    if nominated and since is not None and graph.now - since < _PREEMPTION:
        graph.look_again(since + _PREEMPTION)
        text = f"pod waits until pods with a lower priority have left node {nominated}"
        proof = (Evidence(EvidenceSource.FIELD, pod.key, "status.nominatedNodeName", nominated),)
        return Finding(Severity.INFO, "Preempting", text, pod.key, since, CauseKind.UNSCHEDULABLE, evidence=proof)
    for event in _autoscaler_events(pod, graph):
        seen = event.last_seen
        if event.reason in _SCALE_UP_REASONS and seen is not None and graph.now - seen < _SCALE_UP:
            graph.look_again(seen + _SCALE_UP)
            proof = (Evidence(EvidenceSource.EVENT, pod.key, event.reason, shorten(event.message), seen),)
            text = "pod waits for a new node, which is being added"
            return Finding(Severity.INFO, event.reason, text, pod.key, since, CauseKind.UNSCHEDULABLE, evidence=proof)
    return None


def _autoscaler_events(pod: Pod, graph: Graph) -> tuple[Event, ...]:
    """Return the events of the first waiting pod of its owner: they are normal ones, requested for each pod."""
    events = graph.all_events(min(_waiting_siblings(pod, graph), key=lambda each: each.name))
    return () if isinstance(events, Unread) else events


def _waiting_siblings(pod: Pod, graph: Graph) -> tuple[Pod, ...]:
    """Return the pods of the same owner that are not assigned to a node; the pod itself too."""
    owner = pod.metadata.controller
    siblings = graph.pods_of(ObjectRef(owner.kind, pod.namespace, owner.name)) if owner is not None else ()
    return tuple(each for each in siblings if not each.spec.node_name) or (pod,)


def _not_scaled_up(pod: Pod, graph: Graph) -> Event | None:
    return next((event for event in _autoscaler_events(pod, graph) if event.reason == _NO_SCALE_UP), None)


def _eligible(pod: Pod, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    name = pinned_node(pod)
    return tuple(node for node in nodes if node.name == name) if name else nodes


def _volumes(pod: Pod, graph: Graph) -> tuple[PersistentVolume, ...]:
    volumes = []
    for claimed in pod.spec.volumes or ():
        name = claimed.claim(pod.name)
        claim = graph.get(PERSISTENT_VOLUME_CLAIM, name, pod.namespace) if name else None
        if claim is None or isinstance(claim, Unread) or not claim.spec.volume_name:
            continue
        volume = graph.get(PERSISTENT_VOLUME, claim.spec.volume_name)
        if volume is not None and not isinstance(volume, Unread):
            volumes.append(volume)
    return tuple(volumes)


def _fits(case: Unscheduled, graph: Graph) -> tuple[NodeFit, ...]:
    """Return what each node that is meant for the pod lacks; the pods of at most 20 of them are added up."""
    pod, nodes = case.pod, candidates(case)
    near = neighbour_lacks(pod, nodes, lambda term: _selected(pod, term, graph))
    ranked = sorted(
        (NodeFit(node, (*static_lacks(pod, node, case.volumes), *near.get(node.name, ()))) for node in nodes),
        key=lambda each: each.distance,
    )
    examined = (_with_pods(pod, each, graph.pods_on(each.node.name)) for each in ranked[:_MAX_EXAMINED])
    return (*examined, *ranked[_MAX_EXAMINED:])


def _selected(pod: Pod, term: PodAffinityTerm, graph: Graph) -> Iterator[Pod]:
    """Yield the pods that an affinity term selects, of the namespaces that it names."""
    if term.label_selector is None:
        return
    for namespace in term.namespaces or (pod.namespace,):
        yield from (each for each in graph.pods_matching(namespace, term.label_selector) if each.uid != pod.uid)


def _with_pods(pod: Pod, node: NodeFit, present: tuple[Pod, ...] | Unread) -> NodeFit:
    if isinstance(present, Unread):
        return replace(node, unknown="what its pods request")
    return replace(node, lacks=(*node.lacks, *room_lacks(pod, node.node, present)))


def _claim_causes(pod: Pod, message: SchedulerMessage, graph: Graph) -> Iterator[Finding | ObjectRef]:
    """Yield the claims that keep a pod from being scheduled; one that does not exist as a finding."""
    if not any(each.kind in _CLAIM_KINDS for each in message.refusals):
        return
    for volume in pod.spec.volumes or ():
        name = volume.claim(pod.name)
        if not name:
            continue
        claim = graph.get(PERSISTENT_VOLUME_CLAIM, name, pod.namespace)
        if claim is None and volume.persistent_volume_claim is not None:
            yield missing_claim(pod.namespace, name, graph)
        elif claim is not None and not isinstance(claim, Unread):
            if any(each.kind is RefusalKind.VOLUME_IN_USE for each in message.refusals):
                yield _in_use(pod, claim, graph)
                continue
            yield from tuple(unbound_claim(claim, graph)) or (claim.key,)


def _in_use(pod: Pod, claim: PersistentVolumeClaim, graph: Graph) -> Finding:
    """Return that another pod uses a claim that only one pod may use."""
    users = [name for name in claim_users(claim, graph) if name != pod.name]
    text = f"is used by pod {', '.join(users[:3])}, and only one pod may use it" if users else "is in use"
    proof = (field(claim, "spec.accessModes", ", ".join(claim.spec.access_modes or ())),)
    helps = "end that pod first (strategy Recreate), or use another access mode"
    return Finding(Severity.DOWN, "InUse", text, claim.key, None, CauseKind.MOUNT, helps, evidence=proof)


def _volume_causes(case: Unscheduled) -> Iterator[Finding]:
    """Yield the volumes that no node can use."""
    if case.nodes is None or all(each.kind is not RefusalKind.VOLUME_AFFINITY for each in case.message.refusals):
        return
    for volume in case.volumes:
        text = unreachable_words(volume, case.nodes)
        if text:
            text = f"no node can use the volume: {text}"
            proof = (field(volume, "spec.nodeAffinity", text),)
            kind, helps = CauseKind.UNSCHEDULABLE, "add a node that can use the volume, or restore its data elsewhere"
            reason = "VolumeNodeAffinityConflict"
            yield Finding(Severity.DOWN, reason, text, volume.key, None, kind, helps, evidence=proof)


def _is_about_claims(message: SchedulerMessage) -> bool:
    """Return whether the reason is in a claim, so that no node would do."""
    return any(
        each.kind in _CLAIM_KINDS - {RefusalKind.VOLUME_AFFINITY} or each.count is None for each in message.refusals
    )


def _node_causes(case: Unscheduled, fits: tuple[NodeFit, ...], graph: Graph) -> tuple[Finding | ObjectRef, ...]:
    """Return the nodes that the pod would fit if they were not cordoned, or were ready.

    Where only one such pod fits a node, they are no cause unless they would do for all pods that wait.
    """
    nodes = tuple(
        each.node
        for each in fits[:_MAX_EXAMINED]
        if each.lacks and all(lack.kind in STATE_KINDS for lack in each.lacks)
    )
    if any(each.kind in _ONE_FOR_EACH_NODE for each in case.message.refusals):
        nodes = nodes if len(nodes) >= len(_waiting_siblings(case.pod, graph)) else ()
    return tuple(cause for node in nodes for cause in causes_of(node, graph) or (node.key,))


def _node_evidence(near: NodeFit) -> Evidence:
    fields = {LackKind.RESOURCE: "status.allocatable", LackKind.SIZE: "status.allocatable"}
    fields |= {LackKind.LABEL: "metadata.labels", LackKind.TAINT: "spec.taints", LackKind.STATE: "spec.taints"}
    field = fields.get(near.lacks[0].kind, "spec")
    return Evidence(EvidenceSource.FIELD, near.node.key, field, fit_text(near))


def _unknown(pod: Pod, text: str) -> Evidence:
    return Evidence(EvidenceSource.FIELD, pod.key, "", text)


def _steps(near: tuple[NodeFit, ...], helps: str) -> Iterator[NextStep]:
    wrong_labels = [lack for each in near for lack in each.lacks if lack.kind is LackKind.LABEL]
    for each in near[:1] if wrong_labels else near:
        is_cordoned = all(lack.kind is LackKind.CORDONED for lack in each.lacks)
        text = advice_text(each)
        if text:
            yield NextStep(text, "node.uncordon" if is_cordoned else "", each.node.key)
    if helps:
        yield NextStep(helps)
