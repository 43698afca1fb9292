"""Check StatefulSets: held by a pod that is not ready, in a deadlock with a broken revision, without their Service.

Rules: pkg/controller/statefulset/stateful_set_control.go (monotonic: each pod waits for its predecessor; a rolling
update waits for each pod from the last to the first). Invariant: a pod that is starting holds nothing yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.kinds import SERVICE, STATEFUL_SET
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import CONTROLLER_REVISION_HASH, StatefulSet
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.near_misses import nearest_name
from k9py.diagnosis.node_states import has_lost_node
from k9py.diagnosis.persistent_failures import readiness_fails_for_long
from k9py.diagnosis.pods import unready_causes
from k9py.diagnosis.proof import absence, field
from k9py.diagnosis.settling import is_recent, is_young

_DOCS: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_CREATED: Final = timedelta(seconds=30)
"""A StatefulSet may be created before its Service."""


@check(
    "statefulset-held",
    "a StatefulSet waits for one of its first pods before it creates the others",
    subjects=(STATEFUL_SET,),
    reads=("Pod", "Event"),
    source=_DOCS + "#deployment-and-scaling-guarantees",
    remedy="repair the pod, or set podManagementPolicy Parallel",
)
def held(workload: StatefulSet, graph: Graph) -> Iterator[Finding]:
    """Yield that a pod which is not ready keeps its successors from being created."""
    if workload.spec.pod_management_policy == "Parallel" or workload.metadata.deletion_timestamp is not None:
        return
    replicas = 1 if workload.spec.replicas is None else workload.spec.replicas
    if workload.status.replicas >= replicas:
        return
    pods = _by_ordinal(workload, graph)
    missing = replicas - len(pods)
    blocker = next((pod for pod in pods if not pod.is_ready), None)
    if missing <= 0 or blocker is None or not _is_stuck(blocker, graph):
        return
    health = graph.workload_health(workload.key)
    yield Finding(
        health.severity if health is not None and health.severity.is_problem else Severity.WARNING,
        "OrderedReady",
        f"pod {printable(blocker.name)} is not ready and holds {count_noun(missing, 'pod')} back (OrderedReady)",
        workload.key,
        blocker.metadata.creation_timestamp,
        evidence=(
            field(workload, "spec.podManagementPolicy", workload.spec.pod_management_policy),
            field(workload, "status.replicas", f"{workload.status.replicas} of {replicas}"),
        ),
        caused_by=(blocker.key,),
    )


@check(
    "statefulset-broken-revision",
    "a StatefulSet waits for a pod of a broken revision that its template has left behind",
    subjects=(STATEFUL_SET,),
    reads=("Pod", "Event", "Node"),
    source=_DOCS + "#forced-rollback",
    remedy="delete the pod of the broken revision",
)
def broken_revision(workload: StatefulSet, graph: Graph) -> Iterator[Finding]:
    """Yield that a rolled back StatefulSet does not replace its broken pod: that must be deleted by hand."""
    status, strategy = workload.status, workload.spec.update_strategy
    if workload.spec.pod_management_policy == "Parallel" or strategy.type != "RollingUpdate":
        return
    if status.observed_generation < workload.metadata.generation or not status.update_revision:
        return
    if status.ready_replicas >= status.replicas:
        return
    for pod in _by_ordinal(workload, graph):
        revision = pod.metadata.label(CONTROLLER_REVISION_HASH)
        is_left_behind = bool(revision) and revision != status.update_revision
        # A pod of the revision that still counts as current would be replaced in its turn.
        if pod.is_ready or pod.is_terminating or not is_left_behind or not _is_stuck(pod, graph):
            continue
        if has_lost_node(pod, graph):  # its revision is not what is broken, and deleted it would only terminate
            continue
        health = graph.workload_health(workload.key)
        name = printable(pod.name)
        yield Finding(
            health.severity if health is not None and health.severity.is_problem else Severity.WARNING,
            "BrokenRevision",
            f"waits for pod {name} of an old revision, which is broken: delete it so that the update continues",
            workload.key,
            pod.metadata.creation_timestamp,
            remedy=f"delete pod {name}",
            evidence=(
                field(pod, f"metadata.labels[{CONTROLLER_REVISION_HASH}]", revision),
                field(workload, "status.updateRevision", status.update_revision),
            ),
            caused_by=(pod.key,),
            next_steps=(NextStep(f"delete pod {name}", "object.delete", pod.key),),
        )
        return


@check(
    "statefulset-service",
    "the headless Service of a StatefulSet does not exist",
    subjects=(STATEFUL_SET,),
    reads=("Service",),
    source=_DOCS + "#stable-network-id",
    remedy="create the Service, with clusterIP None",
)
def without_service(workload: StatefulSet, graph: Graph) -> Iterator[Finding]:
    """Yield that the pods of a StatefulSet have no DNS names, because its Service is missing or not headless."""
    name = workload.spec.service_name
    if not name or workload.metadata.deletion_timestamp is not None or is_young(workload, graph, _CREATED):
        return
    service = graph.get(SERVICE, name, workload.namespace)
    if isinstance(service, Unread):
        return
    if service is not None:
        yield from _not_headless(workload, service)
        return
    found = graph.list(SERVICE, workload.namespace)
    similar = "" if isinstance(found, Unread) else nearest_name(name, (each.name for each in found))
    yield Finding(
        Severity.WARNING,
        "ServiceNotFound",
        f"its headless Service {printable(name)} does not exist: its pods have no DNS names"
        + (f"; similar: {printable(similar)}" if similar else ""),
        workload.key,
        workload.metadata.creation_timestamp,
        evidence=(
            absence(SERVICE.key(workload.namespace, name)),
            field(workload, "spec.serviceName", printable(name)),
        ),
    )


def _not_headless(workload: StatefulSet, service: Service) -> Iterator[Finding]:
    if service.spec.cluster_ip == "None" or service.spec.type == "ExternalName":
        return
    message = f"its Service {printable(service.name)} is not headless: its pods have no DNS names of their own"
    proof = field(service, "spec.clusterIP", service.spec.cluster_ip)
    yield Finding(Severity.INFO, "ServiceNotHeadless", message, workload.key, evidence=(proof,))


def _by_ordinal(workload: StatefulSet, graph: Graph) -> list[Pod]:
    """Return the pods in the order in which they are created."""
    return sorted(graph.pods_of(workload.key), key=lambda pod: (len(pod.name), pod.name))


def _is_stuck(pod: Pod, graph: Graph) -> bool:
    """Return whether a pod will not become ready by itself, or has had ample time."""
    if is_recent(pod.metadata.creation_timestamp, graph, timedelta(seconds=5)):
        return False
    if pod.status.phase == "Failed":
        return True
    events = graph.events(pod)
    if any(cause.is_blocking for cause in unready_causes(pod, graph.now, events)):
        return True
    return readiness_fails_for_long(pod, events, graph.now) or not is_young(pod, graph, timedelta(minutes=5))
