"""State what users feel of workloads and Services, as the panes show it: the effects that root causes explain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, SERVICE, STATEFUL_SET
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.settling import is_being_deleted

_MAX_CAUSES: Final = 50
"""Unready pods that are named as causes: more would not add another reason."""


@check(
    "workload-health",
    "a workload serves with fewer pods than wanted, or its rollout has failed",
    subjects=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET),
    reads=("Pod", "ReplicaSet", "ControllerRevision", "Event", "HorizontalPodAutoscaler", "Service", "EndpointSlice"),
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status",
    remedy="look at what its pods report",
)
def workload_health(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield the severity of a workload that needs attention."""
    health = graph.workload_health(workload.key)
    if health is None or not health.severity.is_problem or is_being_deleted(workload, graph):
        return
    worst = health.findings[0] if health.findings else None
    status = health.status
    if status.desired is None or status.serving is None:
        message = worst.message if worst else health.severity.label
    elif status.serving < status.desired:
        message = f"{status.serving} of {count_noun(status.desired, 'pod')} ready"
    else:
        message = "rollout failed, old pods serve" if health.severity is Severity.STUCK else status.summary
    causes: tuple[ObjectRef, ...] = tuple(pod.key for pod in graph.pods_of(workload.key) if not pod.is_ready)
    since = min((each.since for each in health.findings if each.since is not None), default=None)
    yield Finding(
        health.severity,
        worst.reason if worst else health.severity.name.title(),
        message,
        workload.key,
        since,
        caused_by=causes[:_MAX_CAUSES],
        is_effect=True,
    )


@check(
    "service-health",
    "a Service has no ready endpoints, or fewer than wanted",
    subjects=(SERVICE,),
    reads=("EndpointSlice", "Pod", "Deployment", "StatefulSet", "DaemonSet"),
    source="https://kubernetes.io/docs/concepts/services-networking/service/",
    remedy="look at the workloads and pods that it selects",
)
def service_health(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield the severity of a Service that needs attention."""
    health = graph.service_health(service.key)
    if health is None or not health.severity.is_problem or is_being_deleted(service, graph):
        return
    worst = health.findings[0] if health.findings else None
    if health.serving is None or health.desired is None:
        message = worst.message if worst else health.severity.label
    elif health.serving == 0:
        message = "no ready endpoints"
    elif health.serving >= health.desired and worst:
        message = worst.message
    else:
        message = f"{health.serving} of {count_noun(health.desired, 'endpoint')} ready"
    backends = graph.backends_of(service.key)
    unready = tuple(pod.key for pod in graph.pods_of(service.key) if not pod.is_ready)[:_MAX_CAUSES]
    yield Finding(
        health.severity,
        worst.reason if worst else health.severity.name.title(),
        message,
        service.key,
        worst.since if worst else None,
        caused_by=(*backends, *(unready if not backends else ())),
        is_effect=True,
    )
