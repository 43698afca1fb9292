"""Compute what each node lacks for a pod, in the order in which the scheduler asks: the answer to "what would fit?".

Invariants: a `Lack` is what Node, pods on it and volumes show; what has not been read is no lack but `unknown`. A taint
or label that Kubernetes itself sets is named by what it means (NotReady, cordoned).
To add a reason: a function that yields lacks, called in `lacks_of`, and its `LackKind`.
Source: pkg/scheduler/framework/plugins (noderesources/fit.go, tainttoleration, nodeaffinity, nodeports …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum
from typing import Final

from k9py.api.nodes import Node
from k9py.api.pods import Pod
from k9py.api.quantities import amount
from k9py.api.scheduling import NodeRequirement, NodeSelector, PodAffinityTerm, Taint, Toleration
from k9py.api.storage import PersistentVolume
from k9py.api.text import printable
from k9py.diagnosis.graph import Unread
from k9py.diagnosis.pod_requests import amount_text, bare_amount, pod_requests, requested_on

UNSCHEDULABLE_TAINT: Final = "node.kubernetes.io/unschedulable"
LOST_TAINTS: Final = {
    "node.kubernetes.io/not-ready": "is not ready",
    "node.kubernetes.io/unreachable": "is unreachable",
}
CONDITION_TAINTS: Final = LOST_TAINTS | {
    "node.kubernetes.io/memory-pressure": "is under memory pressure",
    "node.kubernetes.io/disk-pressure": "is under disk pressure",
    "node.kubernetes.io/pid-pressure": "is under PID pressure",
    "node.kubernetes.io/network-unavailable": "has no network",
    "node.kubernetes.io/out-of-service": "is out of service",
    "node.cloudprovider.kubernetes.io/uninitialized": "is not initialized by its cloud provider yet",
    "node.cloudprovider.kubernetes.io/shutdown": "is shut down",
}
"""Taints that controllers set for the state of a node, and what they mean (pkg/controller/nodelifecycle)."""
UNSCHEDULABLE: Final = Taint(UNSCHEDULABLE_TAINT, "", "NoSchedule")
_TOLERANCE: Final = 1e-6


PodsOf = Callable[[PodAffinityTerm], Iterable[Pod]]


class LackKind(IntEnum):
    """What a node lacks, by how hard it is to change: cordons first."""

    CORDONED = 0
    RESOURCE = 1
    HOST_PORT = 2
    POD_AFFINITY = 3
    TAINT = 4
    LABEL = 5
    STATE = 6
    VOLUME = 7
    SIZE = 8


STATE_KINDS: Final = frozenset({LackKind.CORDONED, LackKind.STATE})
"""What is wrong with the node itself, whatever the pod requires."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that keeps a pod from a node.

    Args:
        text: a clause with the node as its subject: `lacks 2 of 4 cpu`.
        subject: what it is about: the resource, taint, label key, port or volume.
        missing: share of the request that is missing, 0 to 1; 0 where that has no meaning.
        advice: what would help, in the imperative, to format with `node`; "" when nothing does.
    """

    kind: LackKind
    text: str
    subject: str = ""
    missing: float = 0.0
    advice: str = ""


@dataclass(frozen=True, slots=True)
class NodeFit:
    """Whether a pod fits a node.

    Args:
        lacks: what it lacks, () when the pod fits as far as it is known.
        unknown: what has not been read, "" when nothing.
    """

    node: Node
    lacks: tuple[Lack, ...]
    unknown: str = ""

    @property
    def distance(self) -> tuple[int, int, float, str]:
        """Order nodes by how little they lack."""
        worst = max((lack.kind for lack in self.lacks), default=0)
        return (len(self.lacks), worst, sum(lack.missing for lack in self.lacks), self.node.name)


def static_lacks(pod: Pod, node: Node, volumes: Iterable[PersistentVolume] = ()) -> Iterator[Lack]:
    """Yield what a node lacks without looking at the pods on it.

    Args:
        volumes: those that the pod's claims are bound to.
    """
    yield from _taint_lacks(pod.spec.tolerations or (), node)
    yield from _label_lacks(pod, node)
    yield from _size_lacks(pod, node)
    for volume in volumes:
        required = volume.spec.node_affinity.required if volume.spec.node_affinity else None
        if required is not None and not required.matches(node.name, node.metadata.labels or {}):
            where = printable(selector_words(required))
            name = printable(volume.name)
            yield Lack(LackKind.VOLUME, f"cannot reach volume {name}, which needs {where}", name)


def room_lacks(pod: Pod, node: Node, present: Sequence[Pod]) -> Iterator[Lack]:
    """Yield what a node lacks because of the pods on it: free resources and host ports."""
    allocatable, used = _allocatable(node), requested_on(present)
    wanted = {"pods": 1.0} | pod_requests(pod.spec)
    for resource, request in wanted.items():
        total = allocatable.get(resource)
        if total is None or request <= 0 or request > total + _TOLERANCE:
            continue  # a matter of its size
        free = total - used.get(resource, 0.0)
        if request <= free + _TOLERANCE:
            continue
        if resource == "pods":
            text = f"runs as many pods as it may ({total:.0f})"
            yield Lack(LackKind.RESOURCE, text, resource, 1.0, "move a pod away from {node}")
            continue
        short = request - max(free, 0.0)
        name = printable(resource)
        text = f"lacks {bare_amount(resource, short)} of {amount_text(name, request)}"
        yield Lack(
            LackKind.RESOURCE,
            text,
            name,
            min(1.0, short / request),
            f"free {_escaped(amount_text(name, short))} on {{node}}",
        )
    taken = {port: other for other in present for port in _host_ports(other)}
    for number, protocol in sorted(set(_host_ports(pod)) & taken.keys()):
        other = taken[number, protocol]
        text = f"has host port {number} taken by pod {printable(other.namespace)}/{printable(other.name)}"
        yield Lack(LackKind.HOST_PORT, text, str(number))


def fit(pod: Pod, node: Node, present: Sequence[Pod] | Unread, volumes: Iterable[PersistentVolume] = ()) -> NodeFit:
    """Return whether a pod fits a node as far as it is known.

    Args:
        present: the pods on the node.
    """
    lacks = tuple(static_lacks(pod, node, volumes))
    if isinstance(present, Unread):
        return NodeFit(node, lacks, "what its pods request")
    return NodeFit(node, (*lacks, *room_lacks(pod, node, present)))


def neighbour_lacks(pod: Pod, nodes: Sequence[Node], pods_of: PodsOf) -> dict[str, list[Lack]]:
    """Return what nodes lack because of pods near them, by node: the pod's required affinity and anti-affinity.

    Args:
        pods_of: returns the pods that a term selects.
    """
    affinity = pod.spec.affinity
    lacks: dict[str, list[Lack]] = {}
    for term in affinity.pod_anti_affinity.required if affinity and affinity.pod_anti_affinity else ():
        near = _by_domain(nodes, term, pods_of(term))
        for node in nodes:
            for other in near.get((node.metadata.labels or {}).get(term.topology_key, ""), ())[:1]:
                name = f"{printable(other.namespace)}/{printable(other.name)}"
                where = "runs" if other.spec.node_name == node.name else "is near"
                text = f"{where} pod {name}, which its anti-affinity excludes"
                lacks.setdefault(node.name, []).append(Lack(LackKind.POD_AFFINITY, text, name))
    for term in affinity.pod_affinity.required if affinity and affinity.pod_affinity else ():
        near = _by_domain(nodes, term, pods_of(term))
        for node in nodes:
            domain = (node.metadata.labels or {}).get(term.topology_key)
            if domain is None or domain not in near:
                wanted = printable(str(term.label_selector))
                text = f"has no pod with {wanted} in its {printable(term.topology_key)}"
                lacks.setdefault(node.name, []).append(Lack(LackKind.POD_AFFINITY, text, wanted))
    return lacks


def _by_domain(nodes: Iterable[Node], term: PodAffinityTerm, pods: Iterable[Pod]) -> dict[str, list[Pod]]:
    """Return pods by the value that the topology label has on their node."""
    domains = {node.name: (node.metadata.labels or {}).get(term.topology_key) for node in nodes}
    near: dict[str, list[Pod]] = {}
    for pod in pods:
        domain = domains.get(pod.spec.node_name)
        if domain is not None and pod.status.phase not in ("Succeeded", "Failed"):
            near.setdefault(domain, []).append(pod)
    return near


def largest(nodes: Iterable[Node], resource: str) -> tuple[float, str]:
    """Return the most that a node can offer of a resource, and the first such node by name; (0, "") without any."""
    offers = ((offered(node, resource), node.name) for node in nodes)
    return min(offers, key=lambda offer: (-offer[0], offer[1]), default=(0.0, ""))


def offered(node: Node, resource: str) -> float:
    """Return how much of a resource a node can offer to pods, 0 when it has none."""
    return amount((node.status.allocatable or node.status.capacity or {}).get(resource)) or 0.0


def untolerated(tolerations: Sequence[Toleration], node: Node) -> tuple[Taint, ...]:
    """Return the taints of a node that keep a pod away, a cordon included."""
    if not node.spec.taints and not node.spec.unschedulable:
        return ()  # most nodes
    taints = [taint for taint in node.spec.taints or () if taint.keeps_pods_away]
    if node.spec.unschedulable and all(taint.key != UNSCHEDULABLE_TAINT for taint in taints):
        taints.append(UNSCHEDULABLE)
    return tuple(taint for taint in taints if not any(each.tolerates(taint) for each in tolerations))


def selector_words(selector: NodeSelector) -> str:
    """Return a node selector in words: `zone=a`, `zone in (a,b) and disk=ssd, or gpu`."""
    terms = (
        " and ".join(str(each) for each in (*(term.match_expressions or ()), *(term.match_fields or ())))
        for term in selector.node_selector_terms or ()
    )
    return ", or ".join(terms)


def required_terms(pod: Pod) -> tuple[tuple[NodeRequirement, ...], ...]:
    """Return the alternatives of what a pod requires of labels; each with what its nodeSelector asks for."""
    chosen = tuple(NodeRequirement(key, "In", (value,)) for key, value in (pod.spec.node_selector or {}).items())
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity else None
    terms = affinity.required.node_selector_terms if affinity and affinity.required else None
    if terms is None:
        return (chosen,) if chosen else ()
    return tuple((*chosen, *(term.match_expressions or ())) for term in terms)


def _taint_lacks(tolerations: Sequence[Toleration], node: Node) -> Iterator[Lack]:
    seen: set[str] = set()
    for taint in untolerated(tolerations, node):
        if taint.key in seen:
            continue  # not-ready comes as NoSchedule and as NoExecute
        seen.add(taint.key)
        if taint.key == UNSCHEDULABLE_TAINT:
            yield Lack(LackKind.CORDONED, "is cordoned", "cordon", advice="uncordon {node}")
        elif taint.key in CONDITION_TAINTS:
            yield Lack(LackKind.STATE, CONDITION_TAINTS[taint.key], taint.key)
        else:
            text = printable(str(taint))
            yield Lack(LackKind.TAINT, f"has taint {text}", text, advice=f"tolerate taint {_escaped(text)} of {{node}}")


def _label_lacks(pod: Pod, node: Node) -> Iterator[Lack]:
    labels = node.metadata.labels or {}
    for key, value in sorted((pod.spec.node_selector or {}).items()):
        if labels.get(key) != value:
            yield _label_lack(NodeRequirement(key, "In", (value,)), labels)
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity else None
    required = affinity.required if affinity else None
    if required is not None and not required.matches(node.name, labels):
        terms = required.node_selector_terms or ()
        unmet = min((term.unmet(node.name, labels) for term in terms), key=len, default=())
        for requirement in unmet:
            if requirement.key == "metadata.name":
                wanted = printable(",".join(requirement.values or ()))
                yield Lack(LackKind.LABEL, f"is not node {wanted}", requirement.key)
            else:
                yield _label_lack(requirement, labels)
    for constraint in pod.spec.topology_spread_constraints or ():
        if constraint.when_unsatisfiable == "DoNotSchedule" and constraint.topology_key not in labels:
            key = printable(constraint.topology_key)
            yield Lack(LackKind.LABEL, f"has no label {key}, which its topology spread constraint needs", key)


def _label_lack(requirement: NodeRequirement, labels: Mapping[str, str]) -> Lack:
    key, wanted = printable(requirement.key), printable(str(requirement))
    value = labels.get(requirement.key)
    if value is None:
        text, missing = f"has no label {key}", 1.0
    else:
        text = f"has label {key}={printable(value)}, not {wanted}"
        missing = 1 - max(
            (SequenceMatcher(None, value, each).ratio() for each in requirement.values or ()), default=0.0
        )
    # A label of Kubernetes itself states a fact, such as the architecture: nobody sets it to make a pod fit.
    is_own = not any(part in key for part in ("kubernetes.io/", "k8s.io/"))
    can_set = is_own and requirement.operator == "In" and len(requirement.values or ()) == 1
    return Lack(LackKind.LABEL, text, key, missing, f"label {{node}} {_escaped(wanted)}" if can_set else "")


def _size_lacks(pod: Pod, node: Node) -> Iterator[Lack]:
    allocatable = _allocatable(node)
    for resource, request in pod_requests(pod.spec).items():
        total, name = allocatable.get(resource, 0.0), printable(resource)
        if request <= total + _TOLERANCE or (not allocatable and resource in ("cpu", "memory")):
            continue
        text = f"has {bare_amount(resource, total)} of {amount_text(name, request)}" if total else f"has no {name}"
        yield Lack(LackKind.SIZE, text, name, 1 - total / request)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _allocatable(node: Node) -> dict[str, float]:
    offered = node.status.allocatable or node.status.capacity or {}
    return {name: value for name, text in offered.items() if (value := amount(text)) is not None}


def _host_ports(pod: Pod) -> Iterator[tuple[int, str]]:
    if pod.status.phase in ("Succeeded", "Failed"):
        return
    sidecars = (container for container in pod.spec.init_containers or () if container.is_sidecar)
    for container in (*(pod.spec.containers or ()), *sidecars):
        for port in container.ports or ():
            if port.host_port:
                yield port.host_port, port.protocol
