"""Check how many pods a workload wants, and whose they are: scaled to zero, and selectors that overlap.

Invariant: zero on purpose (created so, an autoscaler, an annotation that says so) is no problem; two selectors overlap
only where pods prove it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, REPLICA_SET, STATEFUL_SET
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import field
from k9py.diagnosis.settling import is_young
from k9py.rollouts.scaled_to_zero import SCALED_TO_ZERO

_WORKLOADS: Final = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
_CREATED: Final = timedelta(seconds=20)
_MAX_NAMES: Final = 3


@check(
    "scaled-to-zero",
    "a workload wants no pods",
    subjects=(DEPLOYMENT, STATEFUL_SET),
    reads=("ReplicaSet", "Event", "HorizontalPodAutoscaler", "Service", "EndpointSlice"),
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment",
    remedy="scale it up again if it should run",
)
def scaled_to_zero(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield who wants no pods, and since when."""
    health = graph.workload_health(workload.key)
    if health is None or workload.metadata.deletion_timestamp is not None:
        return
    for finding in health.findings:
        if finding.reason == SCALED_TO_ZERO:
            at = finding.since
            yield Finding(
                finding.severity,
                finding.reason,
                finding.message,
                workload.key,
                at,
                evidence=(field(workload, "spec.replicas", 0, at),),
                next_steps=(NextStep("scale it up", "workload.scale"),) if finding.severity.is_problem else (),
            )
            return


@check(
    "selector-overlap",
    "the selector of a workload matches pods of another controller",
    subjects=_WORKLOADS,
    reads=("Pod", "ReplicaSet"),
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector",
    remedy="give each workload labels of its own",
)
def selector_overlap(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield which controllers have pods that the selector matches too; of two that match each other, the newer."""
    selector = workload.spec.selector
    if selector is None or selector.is_empty or workload.metadata.deletion_timestamp is not None:
        return
    if is_young(workload, graph, _CREATED):
        return
    others: dict[ObjectRef, Pod] = {}
    by_owner: dict[str, Pod] = {}  # one pod of each: there may be thousands
    for pod in graph.pods_matching(workload.namespace, selector):
        if not pod.is_terminating:
            by_owner.setdefault(pod.owner_uid, pod)
    for pod in by_owner.values():
        other = _other_controller(pod, workload, graph)
        if other is not None:
            others.setdefault(other, pod)
    for ref in list(others):
        other_workload = graph.workload(ref)
        if other_workload is not None and _reports(other_workload, workload):
            del others[ref]
    if not others:
        return
    names = ", ".join(f"{printable(ref.kind)} {printable(ref.name)}" for ref in sorted(others)[:_MAX_NAMES])
    text = printable(str(selector))
    yield Finding(
        Severity.WARNING,
        "SelectorOverlap",
        f"its selector {text} also matches pods of {names}",
        workload.key,
        workload.metadata.creation_timestamp,
        evidence=(
            field(workload, "spec.selector", text),
            *(
                field(pod, "metadata.ownerReferences", f"{pod.metadata.controller.kind} {pod.metadata.controller.name}")
                for pod in list(others.values())[:_MAX_NAMES]
                if pod.metadata.controller is not None
            ),
        ),
        next_steps=(NextStep("give its pods labels of their own", "object.edit"),),
    )


def _other_controller(pod: Pod, workload: Workload, graph: Graph) -> ObjectRef | None:
    """Return the controller of a pod when it is known to be another one."""
    owner = pod.metadata.controller
    if owner is None or owner.uid == workload.uid:
        return None
    ref = graph.workload_of(pod)
    if ref is not None:
        return ref if ref != workload.key else None
    if owner.kind != "ReplicaSet":
        return ObjectRef(owner.kind, pod.namespace, owner.name)
    found = graph.get(REPLICA_SET, owner.name, pod.namespace)
    is_alone = found is not None and not isinstance(found, Unread) and found.metadata.controller is None
    return REPLICA_SET.key(pod.namespace, owner.name) if is_alone else None


def _reports(other: Workload, workload: Workload) -> bool:
    """Return whether the overlap is reported at the other workload: it is newer, and selects these pods too."""
    selector = other.spec.selector
    if selector is None or not selector.matches(workload.spec.template.labels):
        return False
    return _order(other) > _order(workload)


def _order(obj: KubeObject) -> tuple[float, str, str]:
    created = obj.metadata.creation_timestamp
    return (created.timestamp() if created is not None else 0.0, obj.KIND, obj.name)
