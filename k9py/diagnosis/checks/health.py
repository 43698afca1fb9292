"""State what users feel of workloads and Services, as the panes show it: the effects that root causes explain.

Invariant: a warning is nothing that users feel: whatever causes it is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, POD, SERVICE, STATEFUL_SET
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.pulling import only_pull
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
    """Yield that a workload serves with less than wanted, or that its rollout has failed."""
    health = graph.workload_health(workload.key)
    if health is None or health.severity > Severity.STUCK or is_being_deleted(workload, graph):
        return
    worst = health.findings[0] if health.findings else None
    status, pods = health.status, graph.pods_of(workload.key)
    if status.desired is None or status.serving is None:
        message = worst.message if worst else health.severity.label
    elif status.desired == 0:
        message = (
            "0 pods wanted, its Services have no endpoints" if health.severity is Severity.DOWN else status.summary
        )
    elif status.serving < status.desired:
        message = f"{status.serving} of {count_noun(status.desired, 'pod')} ready"
    elif health.severity is Severity.STUCK:
        message = "rollout failed, old pods serve"
    else:  # its pods show it before its controller has counted them
        ready = min(sum(pod.is_ready for pod in pods), status.desired)
        message = f"{ready} of {count_noun(status.desired, 'pod')} ready"
    if only_pull(pods, graph):
        return  # a large image is no failure
    causes = {pod.key for pod in pods if not pod.is_ready and pod.status.phase != "Succeeded"}
    causes |= {finding.about for finding in health.findings if finding.about.kind == Pod.KIND}
    since = min((each.since for each in health.findings if each.since is not None), default=None)
    yield Finding(
        health.severity,
        worst.reason if worst else health.severity.name.title(),
        message,
        workload.key,
        since,
        caused_by=tuple(sorted(causes))[:_MAX_CAUSES],
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
    """Yield that a Service serves with less than wanted; a failed rollout behind it is felt only by the workload."""
    health = graph.service_health(service.key)
    if health is not None and health.severity is Severity.UNKNOWN and not is_being_deleted(service, graph):
        yield _without_endpoints_read(service, graph)
        return
    if health is None or health.severity > Severity.STUCK or is_being_deleted(service, graph):
        return
    if health.severity is Severity.STUCK and health.serving == health.desired:
        return
    worst = health.findings[0] if health.findings else None
    if health.serving is None or health.desired is None:
        message = worst.message if worst else health.severity.label
    elif health.serving == 0:
        message = "no ready endpoints"
    elif health.serving >= health.desired and worst is not None:
        message = worst.message  # its pods serve, but not what it asks of them
    else:
        message = f"{health.serving} of {count_noun(health.desired, 'endpoint')} ready"
    backends = graph.backends_of(service.key)
    pods = graph.pods_of(service.key)
    if only_pull(pods, graph):
        return
    unready = tuple(pod.key for pod in pods if not pod.is_ready)[:_MAX_CAUSES]
    yield Finding(
        health.severity,
        worst.reason if worst else health.severity.name.title(),
        message,
        service.key,
        worst.since if worst else None,
        caused_by=(*backends, *(unready if not backends else ())),
        is_effect=True,
    )


def _without_endpoints_read(service: Service, graph: Graph) -> Finding:
    """Return what is known of a Service whose endpoints cannot be read: it is down if all of its workloads are."""
    pods = graph.pods_of(service.key) if graph.has_read(POD) else ()
    workloads = tuple(sorted({ref for pod in pods if (ref := graph.workload_of(pod)) is not None}))
    healths = [graph.workload_health(ref) for ref in workloads]
    if healths and all(health is not None and health.severity is Severity.DOWN for health in healths):
        message = "no pod that it selects is ready"
        return Finding(Severity.DOWN, "NoReadyPods", message, service.key, caused_by=workloads, is_effect=True)
    message = "whether it serves is unknown: its endpoints cannot be read"
    return Finding(Severity.UNKNOWN, "Unknown", message, service.key, is_effect=True)
