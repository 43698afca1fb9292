"""A pod that fits no node: the nodes that are meant for it, and the scheduler's reasons that decide.

Invariant: it depends on labels, taints, sizes and specs alone, not on what is free at the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from k9py.api.nodes import Node
from k9py.api.pods import Pod
from k9py.api.scheduling import NodeRequirement, Toleration
from k9py.api.storage import PersistentVolume
from k9py.diagnosis.node_fit import (
    CONDITION_TAINTS,
    UNSCHEDULABLE_TAINT,
    largest,
    offered,
    required_terms,
    untolerated,
)
from k9py.diagnosis.pod_requests import pod_requests
from k9py.diagnosis.scheduler_message import Refusal, RefusalKind, SchedulerMessage

_OF_THE_MOMENT: Final = frozenset({RefusalKind.TOO_MANY_PODS, RefusalKind.VOLUME_LIMIT, RefusalKind.HOST_PORT})
"""Reasons that pass when other pods go: they decide nothing for a pod that is too large for every node."""
OF_NODES: Final = frozenset({RefusalKind.NODE_AFFINITY, RefusalKind.TAINT, RefusalKind.CORDONED})
"""Reasons that nodes alone show: they are computed, because the scheduler no longer names taints (1.36)."""

_CANDIDATES: Final = 50
_PLUGIN: Final = "didn't satisfy plugin"


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """A pod that fits no node, and what is known of the cluster.

    Args:
        nodes: those that it may run on at all (a DaemonSet's pod: its node); None when they cannot be read.
        volumes: that its claims are bound to.
        labelled: the nodes that its selector means.
        open: of these, the nodes that no taint reserves for other pods.
    """

    pod: Pod
    message: SchedulerMessage
    nodes: tuple[Node, ...] | None
    volumes: tuple[PersistentVolume, ...] = ()
    labelled: tuple[Node, ...] = ()
    open: tuple[Node, ...] = ()


def unscheduled_case(
    pod: Pod, message: SchedulerMessage, nodes: tuple[Node, ...] | None, volumes: tuple[PersistentVolume, ...]
) -> Unscheduled:
    """Return a pod with the nodes that are meant for it."""
    terms = required_terms(pod)
    labelled = tuple(node for node in nodes or () if not terms or any(_matches(term, node) for term in terms))
    tolerations = pod.spec.tolerations or ()
    unreserved = tuple(node for node in labelled if not _reserved(tolerations, node))
    return Unscheduled(pod, message, nodes, volumes, labelled, unreserved)


def candidates(case: Unscheduled) -> tuple[Node, ...]:
    """Return the nodes that may lack least, at most 100: those with a wrong state, or most of what is short."""
    nodes = case.open or case.labelled or case.nodes or ()
    if len(nodes) <= 2 * _CANDIDATES:
        return nodes
    wrong = [node for node in nodes if node.spec.unschedulable or node.spec.taints][:_CANDIDATES]
    short = next((each.detail for each in case.message.refusals if each.kind is RefusalKind.RESOURCE), "cpu")
    keys = {requirement.key for term in required_terms(case.pod) for requirement in term}

    def rank(node: Node) -> tuple[int, float]:
        return (-len(keys & (node.metadata.labels or {}).keys()), -offered(node, short))

    chosen = {node.name for node in wrong}
    best = nsmallest(_CANDIDATES, (node for node in nodes if node.name not in chosen), key=rank)
    return (*wrong, *best)


def pinned_node(pod: Pod) -> str:
    """Return the name of the only node that a pod may run on, such as that of a DaemonSet; "" when there are others."""
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity else None
    names = {
        value
        for term in (affinity.required.node_selector_terms if affinity and affinity.required else None) or ()
        for field in term.match_fields or ()
        if field.key == "metadata.name" and field.operator == "In"
        for value in field.values or ()
    }
    return names.pop() if len(names) == 1 else ""


def deciding(case: Unscheduled) -> tuple[Refusal, ...]:
    """Return the reasons without those that only tell that a node is not meant for this pod."""
    refusals = tuple(each for each in case.message.refusals if _PLUGIN not in each.text) or case.message.refusals
    if case.nodes is None:
        return refusals
    if not case.labelled:
        return tuple(each for each in refusals if each.kind is RefusalKind.NODE_AFFINITY) or refusals
    others = tuple(each for each in refusals if each.kind is not RefusalKind.NODE_AFFINITY) or refusals
    if any(_is_too_large(each, case) for each in others):  # it would not fit a node that had room either
        others = tuple(each for each in others if each.kind not in _OF_THE_MOMENT)
    if not case.open or all(each.kind in OF_NODES for each in others):
        return others
    has_state = any(untolerated(case.pod.spec.tolerations or (), node) for node in case.open)
    return tuple(each for each in others if each.kind not in OF_NODES or has_state) or others


def _is_too_large(refusal: Refusal, case: Unscheduled) -> bool:
    """Return whether the pod requests more of a resource than any node that is meant for it has."""
    if refusal.kind is not RefusalKind.RESOURCE:
        return False
    request = pod_requests(case.pod.spec).get(refusal.detail)
    most, _ = largest(case.open or case.labelled or case.nodes or (), refusal.detail)
    return request is not None and request > most


def _matches(term: Sequence[NodeRequirement], node: Node) -> bool:
    labels = node.metadata.labels or {}
    return all(each.matches(labels) for each in term)


def _reserved(tolerations: Sequence[Toleration], node: Node) -> bool:
    """Return whether a taint that somebody chose keeps a pod away, not one for the node's state."""
    states = CONDITION_TAINTS.keys() | {UNSCHEDULABLE_TAINT}
    return any(taint.key not in states for taint in untolerated(tolerations, node))
