"""Check PodDisruptionBudgets: they allow no disruption at all, select nothing, or two of them cover one pod.

Rules: pkg/controller/disruption/disruption.go, and pkg/registry/core/pod/storage/eviction.go, which refuses to evict a
pod that more than one budget covers. Invariant: a budget that waits for the pods of a rollout is no problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.kinds import DEPLOYMENT, POD_DISRUPTION_BUDGET, REPLICA_SET, STATEFUL_SET
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.policy import PodDisruptionBudget
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.near_misses import Labelled, nearest_labels
from k9py.diagnosis.proof import condition_evidence, field
from k9py.diagnosis.settling import is_young

_DOCS: Final = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/"
_MAX_CAUSES: Final = 50
_CALM: Final = (Severity.ROLLING_OUT, Severity.HEALTHY, Severity.INFO, Severity.IDLE)


@check(
    "pdb-blocks",
    "a disruption budget allows no disruption",
    subjects=(POD_DISRUPTION_BUDGET,),
    reads=("Pod", "Deployment", "StatefulSet"),
    source=_DOCS,
    remedy="lower minAvailable or add replicas; a budget that never allows an eviction blocks every drain",
)
def blocks(budget: PodDisruptionBudget, graph: Graph) -> Iterator[Finding]:
    """Yield that no pod can be evicted: for ever, or until pods are healthy again."""
    status = budget.status
    if budget.metadata.deletion_timestamp is not None or is_young(budget, graph):
        return
    allowed = find_condition(status.conditions, "DisruptionAllowed")
    if allowed is not None and allowed.reason == "SyncFailed":
        yield Finding(
            Severity.WARNING,
            allowed.reason,
            f"is not enforced as wanted, no disruptions are allowed: {shorten(allowed.message)}",
            budget.key,
            allowed.last_transition_time,
            evidence=(condition_evidence(budget, allowed),),
        )
        return
    if status.disruptions_allowed or not status.expected_pods:
        return
    rule = _rule(budget)
    evidence = (
        field(budget, "status.disruptionsAllowed", 0),
        field(budget, "status", f"{status.current_healthy} of {status.expected_pods} pods healthy"),
        field(budget, "status.desiredHealthy", status.desired_healthy),
        field(budget, "spec", rule),
    )
    since = allowed.last_transition_time if allowed is not None else None
    pods = _pods(budget, graph)
    if status.desired_healthy >= status.expected_pods:
        count = count_noun(status.expected_pods, "pod")
        yield Finding(
            Severity.WARNING,
            "InsufficientPods",
            f"never allows a disruption: {rule} of {count}, no node with them can be drained",
            budget.key,
            since or budget.metadata.creation_timestamp,
            evidence=evidence,
            next_steps=(NextStep(f"lower {rule.partition(' ')[0]}", "object.edit"),),
        )
        return
    unready = [pod for pod in pods if not pod.is_ready and not pod.is_terminating]
    yield Finding(
        Severity.INFO if _is_calm(pods, graph) else Severity.WARNING,
        "InsufficientPods",
        f"allows no disruption now: too few healthy pods ({rule})",
        budget.key,
        since,
        evidence=evidence,
        caused_by=tuple(pod.key for pod in unready[:_MAX_CAUSES]),
    )


@check(
    "pdb-no-pods",
    "a disruption budget selects no pods",
    subjects=(POD_DISRUPTION_BUDGET,),
    reads=("Pod", "Deployment", "StatefulSet", "ReplicaSet"),
    source=_DOCS,
    remedy="correct its selector, or delete it",
)
def selects_nothing(budget: PodDisruptionBudget, graph: Graph) -> Iterator[Finding]:
    """Yield that a budget protects nothing; one whose workload is scaled to zero is right."""
    selector = budget.spec.selector
    if budget.status.expected_pods or selector is None or selector.is_empty or is_young(budget, graph):
        return
    if _pods(budget, graph):
        return
    templates: list[Labelled] = []
    for found in (graph.list(DEPLOYMENT, budget.namespace), graph.list(STATEFUL_SET, budget.namespace)):
        if isinstance(found, Unread):
            return
        templates += [Labelled(each.key, each.spec.template.labels, each.status.replicas) for each in found]
    replica_sets = graph.list(REPLICA_SET, budget.namespace)
    if isinstance(replica_sets, Unread) or any(selector.matches(each.labels) for each in templates):
        return
    if any(selector.matches(each.spec.template.labels) for each in replica_sets):
        return
    near = nearest_labels(selector.match_labels or {}, templates, name=budget.name)
    text = printable(str(selector))
    yield Finding(
        Severity.WARNING,
        "NoPods",
        f"protects nothing: its selector {text} matches no pod" + (f"; {near}" if near else ""),
        budget.key,
        budget.metadata.creation_timestamp,
        evidence=(field(budget, "spec.selector", text), field(budget, "status.expectedPods", 0)),
        next_steps=(NextStep("correct the selector", "object.edit"),),
    )


@check(
    "pdb-overlap",
    "two disruption budgets cover the same pod, which cannot be evicted then",
    subjects=(POD_DISRUPTION_BUDGET,),
    reads=("Pod",),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/#how-api-initiated-eviction-works",
    remedy="keep one budget for each pod",
)
def overlaps(budget: PodDisruptionBudget, graph: Graph) -> Iterator[Finding]:
    """Yield that another budget covers the same pods; of two, the first by name is reported."""
    found = graph.list(POD_DISRUPTION_BUDGET, budget.namespace)
    others = () if isinstance(found, Unread) else [each for each in found if each.uid != budget.uid]
    if not others or budget.metadata.deletion_timestamp is not None:
        return
    pods = list({pod.owner_uid or pod.uid: pod for pod in _pods(budget, graph)}.values())  # one of each controller
    shared: dict[ObjectRef, tuple[PodDisruptionBudget, Pod]] = {}
    for other in others:
        selector = other.spec.selector
        pod = next((pod for pod in pods if selector is not None and selector.matches(pod.metadata.labels)), None)
        if pod is not None:
            shared[other.key] = (other, pod)
    if not shared or any(other.name < budget.name for other, _ in shared.values()):
        return
    names = ", ".join(sorted(printable(other.name) for other, _ in shared.values()))
    yield Finding(
        Severity.WARNING,
        "MultipleBudgets",
        f"covers the same pods as PodDisruptionBudget {names}: they cannot be evicted at all",
        budget.key,
        max((at for other, _ in shared.values() if (at := other.metadata.creation_timestamp)), default=None),
        evidence=(
            field(budget, "spec.selector", budget.spec.selector or ""),
            *(field(other, "spec.selector", other.spec.selector or "") for other, _ in shared.values()),
            *(field(pod, "metadata.labels", pod.metadata.labels or "") for _, pod in list(shared.values())[:1]),
        ),
        next_steps=(NextStep("delete one of them", "object.delete"),),
    )


def _pods(budget: PodDisruptionBudget, graph: Graph) -> tuple[Pod, ...]:
    """Return the pods of a budget; an empty selector of policy/v1 selects all pods of the namespace."""
    selector = budget.spec.selector
    pods = () if selector is None else graph.pods_matching(budget.namespace, selector)
    return tuple(pod for pod in pods if pod.status.phase not in ("Succeeded", "Failed"))


def _rule(budget: PodDisruptionBudget) -> str:
    """Return what it demands: `minAvailable 2`."""
    spec = budget.spec
    if spec.min_available is not None:
        return f"minAvailable {printable(str(spec.min_available))}"
    return f"maxUnavailable {printable(str(spec.max_unavailable))}" if spec.max_unavailable is not None else "no rule"


def _is_calm(pods: tuple[Pod, ...], graph: Graph) -> bool:
    """Return whether the workloads of the pods are as they should be, or rolling out: the budget is right to wait."""
    refs = {ref for pod in pods if (ref := graph.workload_of(pod)) is not None}
    health = [graph.workload_health(ref) for ref in refs]
    return bool(health) and all(each is not None and each.severity in _CALM for each in health)
