"""Check DaemonSets: nodes that they do not reach and why, and pods on nodes that should not run them.

Rules: pkg/controller/daemon/daemon_controller.go (`nodeShouldRunDaemonPod`, and the tolerations that it adds,
util/daemonset_util.go). Invariants: nodes that a selector leaves out, and control planes, are left out on purpose; that
a DaemonSet leaves out nodes is a warning while it is new, and worth knowing afterwards: then somebody meant it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import DAEMON_SET, NODE
from k9py.api.nodes import Node
from k9py.api.plural import count_noun
from k9py.api.pods import PodSpec
from k9py.api.scheduling import Taint, Toleration
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.near_misses import Labelled, nearest_labels
from k9py.diagnosis.proof import field
from k9py.diagnosis.settling import is_recent, is_young, latest

_DOCS: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/"
_MAX_NAMES: Final = 4
_CREATED: Final = timedelta(seconds=15)
_NEW: Final = timedelta(days=1)
"""After this time without a change of either, nobody wonders that nodes are left out."""
_REGISTERING: Final = timedelta(minutes=5)
"""Taints and labels that a node gets in its first minutes are those of its pool: they are no change."""
_ADDED: Final = tuple(
    Toleration(key=f"node.kubernetes.io/{name}", operator="Exists", effect=effect)
    for name, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    )
)
"""Tolerations that the controller adds to every pod."""
_NETWORK_UNAVAILABLE: Final = Toleration(
    key="node.kubernetes.io/network-unavailable", operator="Exists", effect="NoSchedule"
)
_ON_PURPOSE: Final = ("node-role.kubernetes.io/", "node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints of control planes, and of nodes that are not ready for anything yet."""


@check(
    "daemonset-nodes",
    "a DaemonSet does not run on nodes with a taint, or its selector matches no node",
    subjects=(DAEMON_SET,),
    reads=("Node",),
    source=_DOCS + "#taints-and-tolerations",
    remedy="add a toleration, or correct its nodeSelector",
)
def not_reached(daemon_set: DaemonSet, graph: Graph) -> Iterator[Finding]:
    """Yield which nodes have no pod of a DaemonSet, and what keeps it away."""
    nodes = graph.list(NODE)
    spec = daemon_set.spec.template.spec
    if isinstance(nodes, Unread) or not nodes or spec is None or daemon_set.metadata.deletion_timestamp is not None:
        return
    if not daemon_set.status.observed_generation:
        return
    matching = [node for node in nodes if _selects(spec, node)]
    if not matching:
        yield from _selects_no_node(daemon_set, spec, nodes, graph)
        return
    tolerations = [*(spec.tolerations or ()), *_ADDED, *([_NETWORK_UNAVAILABLE] if spec.host_network else [])]
    kept: dict[str, list[Node]] = {}
    for node in sorted(matching, key=lambda each: each.name):
        taint = _unbearable(node, tolerations)
        if taint is not None:
            kept.setdefault(printable(str(taint)), []).append(node)
    for is_on_purpose in (False, True):
        taints = {text: away for text, away in kept.items() if text.startswith(_ON_PURPOSE) is is_on_purpose}
        if taints:
            away = [node for nodes_away in taints.values() for node in nodes_away]
            times = (daemon_set.metadata.template_changed_at, *(_tainted_lately(node) for node in away))
            is_known = is_on_purpose or not _is_new(daemon_set, times, graph)
            yield _left_out(daemon_set, spec, taints, Severity.INFO if is_known else Severity.WARNING)


def _left_out(daemon_set: DaemonSet, spec: PodSpec, taints: dict[str, list[Node]], severity: Severity) -> Finding:
    """Return the finding that taints keep a DaemonSet away from nodes."""
    nodes = [node for away in taints.values() for node in away]
    verb = "is" if len(nodes) == 1 else "are"
    texts = ", ".join(f"{text} ({_names(away)})" for text, away in list(taints.items())[:_MAX_NAMES])
    which = "taint" if len(taints) == 1 else "taints"
    evidence: list[Evidence] = [field(node, "spec.taints", _taints_text(node)) for node in nodes[:_MAX_NAMES]]
    evidence.append(field(daemon_set, "spec.template.spec.tolerations", _tolerations_text(spec)))
    return Finding(
        severity,
        "TaintNotTolerated",
        f"{count_noun(len(nodes), 'node')} {verb} left out: it does not tolerate {which} {texts}",
        daemon_set.key,
        max((at for text, away in taints.items() for node in away if (at := _tainted_at(node, text))), default=None),
        remedy=f"tolerate {', '.join(taints)}, or remove what keeps it away",
        evidence=tuple(evidence),
        next_steps=(NextStep("add a toleration to the pod template", "object.edit"),),
    )


def _selects_no_node(daemon_set: DaemonSet, spec: PodSpec, nodes: Sequence[Node], graph: Graph) -> Iterator[Finding]:
    """Yield that no node matches; in kube-system that is common: one DaemonSet for each kind of hardware."""
    if is_young(daemon_set, graph, _CREATED):
        return
    selector = spec.node_selector or {}
    candidates = [Labelled(node.key, node.metadata.labels or {}) for node in nodes]
    near = nearest_labels(selector, candidates) if selector else None
    text = ",".join(f"{printable(key)}={printable(value)}" for key, value in sorted(selector.items()))
    what = f"nodeSelector {text}" if text else "node affinity"
    hint = ""
    if near is not None:
        hint = f"; {count_noun(len(near.objects), 'node')} with {', '.join(near.differences)}"
    is_system = daemon_set.namespace == "kube-system" and near is None
    times = (daemon_set.metadata.template_changed_at, *map(_labelled_lately, nodes))
    is_known = is_system or not _is_new(daemon_set, times, graph)
    yield Finding(
        Severity.INFO if is_known else Severity.WARNING,
        "NoNodeSelected",
        f"runs nowhere: no node matches its {what}{hint}",
        daemon_set.key,
        daemon_set.metadata.creation_timestamp,
        evidence=(
            field(daemon_set, "spec.template.spec.nodeSelector", text or "(affinity)"),
            field(daemon_set, "status.desiredNumberScheduled", daemon_set.status.desired_number_scheduled),
        ),
        next_steps=(NextStep("correct the nodeSelector", "object.edit"),),
    )


@check(
    "daemonset-misscheduled",
    "pods of a DaemonSet run on nodes that should not run them",
    subjects=(DAEMON_SET,),
    reads=("Node", "Pod"),
    source=_DOCS,
    remedy="tolerate the taints of these nodes, or delete the pods",
)
def misscheduled(daemon_set: DaemonSet, graph: Graph) -> Iterator[Finding]:
    """Yield on which nodes pods run that the DaemonSet would not create there now."""
    if daemon_set.status.number_misscheduled <= 0 or daemon_set.metadata.deletion_timestamp is not None:
        return
    nodes, spec = graph.list(NODE), daemon_set.spec.template.spec
    wrong: list[Node] = []
    if not isinstance(nodes, Unread) and spec is not None:
        with_pod = {pod.spec.node_name for pod in graph.pods_of(daemon_set.key) if not pod.is_terminating}
        tolerations = [*(spec.tolerations or ()), *_ADDED]
        wrong = [
            node
            for node in sorted(nodes, key=lambda each: each.name)
            if node.name in with_pod and (not _selects(spec, node) or _unbearable(node, tolerations) is not None)
        ]
    count = count_noun(daemon_set.status.number_misscheduled, "pod")
    yield Finding(
        Severity.WARNING,
        "Misscheduled",
        f"{count} on nodes that should not run it" + (f": {_names(wrong)}" if wrong else ""),
        daemon_set.key,
        evidence=(
            field(daemon_set, "status.numberMisscheduled", daemon_set.status.number_misscheduled),
            *(field(node, "spec.taints", _taints_text(node)) for node in wrong[:_MAX_NAMES]),
        ),
    )


def _selects(spec: PodSpec, node: Node) -> bool:
    """Return whether the node selector and the required affinity of a pod match a node."""
    labels = node.metadata.labels or {}
    if any(labels.get(key) != value for key, value in (spec.node_selector or {}).items()):
        return False
    if spec.node_name and spec.node_name != node.name:
        return False
    affinity = spec.affinity.node_affinity if spec.affinity is not None else None
    required = affinity.required if affinity is not None else None
    return required is None or required.matches(node.name, labels)


def _unbearable(node: Node, tolerations: Sequence[Toleration]) -> Taint | None:
    """Return a taint that keeps the pods away, None when they tolerate all."""
    for taint in node.spec.taints or ():
        if taint.keeps_pods_away and not any(each.tolerates(taint) for each in tolerations):
            return taint
    return None


def _is_new(daemon_set: DaemonSet, changed: Iterable[datetime | None], graph: Graph) -> bool:
    """Return whether a DaemonSet was created, or something of it or of its nodes changed, within a day."""
    last = latest(daemon_set.metadata.creation_timestamp, *changed)
    return last is not None and is_recent(last, graph, _NEW)


def _tainted_lately(node: Node) -> datetime | None:
    """Return when the taints of a node were written last, None when not since it registered."""
    added = (taint.time_added for taint in node.spec.taints or ())
    return _after_registering(node, latest(node.metadata.taints_changed_at, *added))


def _labelled_lately(node: Node) -> datetime | None:
    return _after_registering(node, node.metadata.labels_changed_at)


def _after_registering(node: Node, at: datetime | None) -> datetime | None:
    created = node.metadata.creation_timestamp
    return None if at is None or (created is not None and at - created < _REGISTERING) else at


def _tainted_at(node: Node, text: str) -> datetime | None:
    return next((taint.time_added for taint in node.spec.taints or () if printable(str(taint)) == text), None)


def _taints_text(node: Node) -> str:
    return ", ".join(printable(str(taint)) for taint in node.spec.taints or ()) or "none"


def _tolerations_text(spec: PodSpec) -> str:
    texts = [f"{each.key or '*'} {each.operator or 'Equal'} {each.value}".strip() for each in spec.tolerations or ()]
    return ", ".join(texts) or "none"


def _names(nodes: Sequence[Node]) -> str:
    names = [printable(node.name) for node in nodes[:_MAX_NAMES]]
    more = len(nodes) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
