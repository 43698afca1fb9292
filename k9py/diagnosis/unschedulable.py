"""Say in words why a pod fits no node, and what would make it fit.

Invariants: the message depends on labels, taints, sizes and specs alone, so that it stays equal while pods come and go;
what is free at the moment is in the steps. Nodes that could not be read leave the scheduler's own words.
To word another reason: a case in `_clause`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from k9py.api.nodes import Node
from k9py.api.plural import count_noun, pluralize
from k9py.api.pods import Pod
from k9py.api.scheduling import NodeRequirement
from k9py.api.storage import PersistentVolume
from k9py.api.text import printable, shorten
from k9py.diagnosis.node_fit import (
    CONDITION_TAINTS,
    STATE_KINDS,
    UNSCHEDULABLE_TAINT,
    LackKind,
    NodeFit,
    largest,
    required_terms,
    selector_words,
    static_lacks,
    untolerated,
)
from k9py.diagnosis.pod_requests import amount_text, bare_amount, pod_requests
from k9py.diagnosis.scheduler_message import Refusal, RefusalKind
from k9py.diagnosis.unmet_labels import unmet_label_text
from k9py.diagnosis.unscheduled_case import OF_NODES, Unscheduled, deciding, pinned_node

_MAX_CLAUSES: Final = 3
_CLOSEST: Final = 3
_PLURAL: Final = {"is": "are", "has": "have"}


def reasons(case: Unscheduled) -> str:
    """Return why the pod fits no node, of the nodes that are meant for it; the reason of most nodes first."""
    clauses = list(dict.fromkeys(filter(None, _clauses(case))))
    more = len(clauses) - _MAX_CLAUSES
    return "; ".join(clauses[:_MAX_CLAUSES]) + (f"; {count_noun(more, 'more reason')}" if more > 0 else "")


def _clauses(case: Unscheduled) -> Iterator[str]:
    refusals = deciding(case)
    if case.nodes is None or any(each.count is None for each in refusals):
        yield from (_clause(each, case) for each in refusals)
        return
    if not case.labelled:
        affinity = [each for each in refusals if each.kind is RefusalKind.NODE_AFFINITY]
        yield _affinity_clause((affinity or refusals)[0], case)
        return
    yield from (_clause(each, case) for each in refusals if each.kind not in OF_NODES)
    states = _state_clauses(case)
    few = len(case.labelled)
    if states:
        yield from states
    elif few < len(case.nodes) and required_terms(case.pod):
        yield f"only {count_noun(few, 'node')} {pluralize(few, 'matches', 'match')} {_wanted(case.pod)}"


def remedy(case: Unscheduled) -> str:
    """Return what helps against the reason of most nodes, in general."""
    kinds = [each.kind for each in deciding(case)]
    main = next((kind for kind in kinds if kind not in OF_NODES), kinds[0] if kinds else RefusalKind.OTHER)
    return _REMEDIES.get(main, "")


def closest(fits: Iterable[NodeFit]) -> tuple[NodeFit, ...]:
    """Return the nodes that lack least, at most three; those with a similar label first where every label is wrong."""
    lacking = [each for each in fits if each.lacks]
    if all(any(lack.kind is LackKind.LABEL for lack in each.lacks) for each in lacking):
        lacking.sort(key=lambda each: min(lack.missing for lack in each.lacks if lack.kind is LackKind.LABEL))
        return tuple(lacking[:_CLOSEST])
    return tuple(sorted(lacking, key=lambda each: each.distance)[:_CLOSEST])


def fit_text(fit: NodeFit) -> str:
    """Return what one node lacks: `node-003 lacks 2 of 4 cpu, and has taint dedicated=gpu:NoSchedule`."""
    texts = [lack.text for lack in fit.lacks]
    listed = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])}, and {texts[-1]}"
    return f"{printable(fit.node.name)} {listed}"


def advice_text(fit: NodeFit) -> str:
    """Return what would make the pod fit this node, "" when nothing that is known would."""
    if not fit.lacks or any(not lack.advice for lack in fit.lacks):
        return ""
    name = printable(fit.node.name)
    advice = " and ".join(lack.advice.format(node=name) for lack in fit.lacks)
    needs_amounts = any(lack.kind is LackKind.RESOURCE for lack in fit.lacks)
    return f"{advice}: {fit_text(fit)}" if needs_amounts else advice


def _clause(refusal: Refusal, case: Unscheduled) -> str:
    match refusal.kind:
        case RefusalKind.RESOURCE:
            return _resource_clause(refusal, case)
        case RefusalKind.TAINT | RefusalKind.CORDONED:
            return _taint_clause(refusal, case)
        case RefusalKind.NODE_AFFINITY:
            return _affinity_clause(refusal, case)
        case RefusalKind.SPREAD_LABEL:
            return _spread_label_clause(refusal, case)
        case RefusalKind.POD_ANTI_AFFINITY:
            return _anti_affinity_clause(refusal, case)
        case RefusalKind.POD_AFFINITY:
            return f"its affinity excludes {_nodes(refusal)}, which have no pod that {_affinity_words(case.pod)}"
        case RefusalKind.SPREAD:
            return f"its topology spread constraint ({_spread_words(case.pod)}) excludes {_nodes(refusal)}"
        case RefusalKind.HOST_PORT:
            return f"host port {_port_words(case.pod)} is taken on {_nodes(refusal)}"
        case RefusalKind.VOLUME_AFFINITY:
            return _volume_clause(refusal, case)
        case RefusalKind.NO_NODES:
            return "the cluster has no nodes that pods may be scheduled on"
        case RefusalKind.OTHER:
            where = f" ({_nodes(refusal)})" if refusal.count is not None else ""
            return f"{shorten(refusal.text.removeprefix('node(s) '))}{where}"
    return _WORDS[refusal.kind](refusal)


def _resource_clause(refusal: Refusal, case: Unscheduled) -> str:
    resource = refusal.detail
    request = pod_requests(case.pod.spec).get(resource)
    if request is None:
        return f"Insufficient {resource} on {_nodes(refusal)}"
    if case.nodes is None:
        return f"Insufficient {resource} on {_nodes(refusal)} (it requests {bare_amount(resource, request)})"
    most, name = largest(case.open or case.labelled or case.nodes, resource)
    if most <= 0:
        return f"no node has {resource} (it requests {bare_amount(resource, request)})"
    if request > most:
        which = printable(name) if len(case.nodes) == 1 else f"the largest node ({printable(name)})"
        return f"it requests {amount_text(resource, request)}, {which} has {bare_amount(resource, most)}"
    return f"Insufficient {resource} on {_nodes(refusal)} (it requests {bare_amount(resource, request)})"


def _taint_clause(refusal: Refusal, case: Unscheduled) -> str:
    if case.nodes is None:
        if refusal.kind is RefusalKind.CORDONED:
            return f"{_nodes(refusal)} {pluralize(refusal.count, 'is', 'are')} cordoned"
        taint = f"taint {refusal.detail}" if refusal.detail else "a taint"
        return f"{_nodes(refusal)} {pluralize(refusal.count, 'has', 'have')} {taint}, which it does not tolerate"
    return "; ".join(_state_clauses(case)) or shorten(refusal.text)


def _state_clauses(case: Unscheduled) -> list[str]:
    """Return the taints and states that keep the pod from nodes that are meant for it, those of most nodes first."""
    counted: dict[str, list[str]] = {}
    for node in case.open or case.labelled:
        taints = untolerated(case.pod.spec.tolerations or (), node)
        if taints and (not case.open or _lacks_state_alone(case, node)):
            first = min(taints, key=lambda taint: (taint.key in CONDITION_TAINTS, taint.key == UNSCHEDULABLE_TAINT))
            counted.setdefault(_taint_words(first.key, str(first)), []).append(node.name)
    texts = []
    for words, names in sorted(counted.items(), key=lambda item: -len(item[1])):
        verb, _, rest = words.partition(" ")
        if len(names) > 1:
            texts.append(f"{count_noun(len(names), 'node')} {_PLURAL[verb]} {rest}")
        else:
            only = f", the only node with {_wanted(case.pod)}," if _is_chosen(case) else ""
            texts.append(f"{'node ' if not only else ''}{printable(names[0])}{only} {words}")
    return texts


def _lacks_state_alone(case: Unscheduled, node: Node) -> bool:
    """Return whether the pod would fit a node, as far as its labels and its size tell, if it were ready and open."""
    return all(lack.kind in STATE_KINDS for lack in static_lacks(case.pod, node, case.volumes))


def _is_chosen(case: Unscheduled) -> bool:
    """Return whether the pod's selector means one node of several."""
    return bool(required_terms(case.pod)) and len(case.labelled) == 1 < len(case.nodes or ())


def _wanted(pod: Pod) -> str:
    return printable(" or ".join(" and ".join(map(str, term)) for term in required_terms(pod)))


def _taint_words(key: str, taint: str) -> str:
    if key == UNSCHEDULABLE_TAINT:
        return "is cordoned"
    return CONDITION_TAINTS.get(key) or f"has taint {printable(taint)}, which it does not tolerate"


def _affinity_clause(refusal: Refusal, case: Unscheduled) -> str:
    name = pinned_node(case.pod)
    if name and case.nodes is not None and not case.nodes:
        return f"node {printable(name)}, the only one that it may run on, does not exist"
    terms = required_terms(case.pod)
    wanted = _wanted(case.pod)
    if not terms or case.nodes is None:
        wanted = f" ({wanted})" if terms else ""
        return f"{_nodes(refusal)} {pluralize(refusal.count, 'does', 'do')} not match its node selector{wanted}"
    labels = [node.metadata.labels or {} for node in case.nodes]
    alone = [each for each in terms[0] if not any(each.matches(other) for other in labels)] if len(terms) == 1 else []
    if alone:
        return " and ".join(unmet_label_text(each, labels) for each in alone)
    if case.labelled:
        return f"{_nodes(refusal)} {pluralize(refusal.count, 'does', 'do')} not match {wanted}"
    return f"no node matches {wanted}"


def _spread_label_clause(refusal: Refusal, case: Unscheduled) -> str:
    for constraint in case.pod.spec.topology_spread_constraints or ():
        key = constraint.topology_key
        if case.nodes is not None and not any(key in (node.metadata.labels or {}) for node in case.nodes):
            requirement = NodeRequirement(key, "Exists")
            near = unmet_label_text(requirement, [node.metadata.labels or {} for node in case.nodes])
            return f"{near} (its topology spread constraint needs it)"
    return f"{_nodes(refusal)} {pluralize(refusal.count, 'lacks', 'lack')} a label of its topology spread constraints"


def _anti_affinity_clause(refusal: Refusal, case: Unscheduled) -> str:
    affinity = case.pod.spec.affinity.pod_anti_affinity if case.pod.spec.affinity else None
    terms = affinity.required if affinity else ()
    words = printable("; ".join(f"{term.label_selector} per {term.topology_key}" for term in terms))
    detail = f" ({words})" if words else ""
    return f"its anti-affinity{detail} excludes {_nodes(refusal)}"


def _affinity_words(pod: Pod) -> str:
    affinity = pod.spec.affinity.pod_affinity if pod.spec.affinity else None
    terms = affinity.required if affinity else ()
    words = " and ".join(f"matches {term.label_selector} in its {term.topology_key}" for term in terms)
    return printable(words) or "its affinity requires"


def _spread_words(pod: Pod) -> str:
    hard = [each for each in pod.spec.topology_spread_constraints or () if each.when_unsatisfiable == "DoNotSchedule"]
    return printable("; ".join(f"maxSkew {each.max_skew} over {each.topology_key}" for each in hard)) or "maxSkew"


def _port_words(pod: Pod) -> str:
    ports = sorted(
        {port.host_port for each in pod.spec.containers or () for port in each.ports or () if port.host_port}
    )
    return ", ".join(map(str, ports)) or "that it asks for"


def unreachable_words(volume: PersistentVolume, nodes: Sequence[Node]) -> str:
    """Return why no node can use a volume: `no node has label zone=a; 6 have zone=b`; "" when one can."""
    required = volume.spec.node_affinity.required if volume.spec.node_affinity else None
    if required is None or any(required.matches(node.name, node.metadata.labels or {}) for node in nodes):
        return ""
    labels = [node.metadata.labels or {} for node in nodes]
    terms = required.node_selector_terms or ()
    expressions = (terms[0].match_expressions or ()) if len(terms) == 1 else ()
    alone = [each for each in expressions if not any(each.matches(other) for other in labels)]
    unmet = " and ".join(unmet_label_text(each, labels) for each in alone)
    return unmet or f"no node matches {selector_words(required)}"


def _volume_clause(refusal: Refusal, case: Unscheduled) -> str:
    for volume in case.volumes:
        affinity = volume.spec.node_affinity
        if affinity is not None and affinity.required is not None:
            where = printable(selector_words(affinity.required))
            return f"volume {printable(volume.name)} can be used on nodes with {where} only"
    return f"its volume cannot be reached from {_nodes(refusal)}"


def _nodes(refusal: Refusal) -> str:
    return "any node" if refusal.count is None else count_noun(refusal.count, "node")


def _have_taken(refusal: Refusal, rest: str) -> str:
    return f"{_nodes(refusal)} {pluralize(refusal.count, 'has', 'have')} {rest}"


def _claim(refusal: Refusal) -> str:
    return f"claim {refusal.detail}" if refusal.detail else "its claim"


_WORDS: Final[Mapping[RefusalKind, Callable[[Refusal], str]]] = {
    RefusalKind.TOO_MANY_PODS: lambda each: _have_taken(each, "as many pods as allowed"),
    RefusalKind.NODE_NAME: lambda each: "the node that its spec names is not available",
    RefusalKind.EXISTING_ANTI_AFFINITY: lambda each: f"pods on {_nodes(each)} exclude it by their anti-affinity",
    RefusalKind.VOLUME_LIMIT: lambda each: _have_taken(each, "as many volumes as possible"),
    RefusalKind.VOLUME_IN_USE: lambda each: "another pod uses its volume, which only one may use",
    RefusalKind.NO_VOLUME: lambda each: f"no PersistentVolume fits its claim on {_nodes(each)}",
    RefusalKind.NO_STORAGE: lambda each: _have_taken(each, "too little free storage for its volume"),
    RefusalKind.CLAIM_UNBOUND: lambda each: "its claim is not bound",
    RefusalKind.CLAIM_MISSING: lambda each: f"{_claim(each)} does not exist",
    RefusalKind.CLAIM_LOST: lambda each: f"the volume of {_claim(each)} does not exist",
    RefusalKind.CLAIM_TERMINATING: lambda each: f"{_claim(each)} is being deleted",
    RefusalKind.CLAIM_STARTING: lambda each: f"{_claim(each)} has not been created yet",
}

_REMEDIES: Final[Mapping[RefusalKind, str]] = {
    RefusalKind.RESOURCE: "lower the pods' requests or add a node",
    RefusalKind.TOO_MANY_PODS: "add a node",
    RefusalKind.TAINT: "add a toleration or remove the taint",
    RefusalKind.CORDONED: "uncordon a node",
    RefusalKind.NODE_AFFINITY: "correct the node selector or label a node",
    RefusalKind.POD_ANTI_AFFINITY: "run fewer replicas, prefer the anti-affinity, or add a node",
    RefusalKind.SPREAD_LABEL: "correct the topology key or label the nodes",
    RefusalKind.SPREAD: "raise maxSkew or add nodes to the smallest domain",
    RefusalKind.HOST_PORT: "drop the host port, run fewer replicas, or add a node",
    RefusalKind.VOLUME_AFFINITY: "make room on a node that reaches the volume",
}
