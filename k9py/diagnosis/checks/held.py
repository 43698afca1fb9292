"""State that what has just been created cannot start, because all of its pods wait for a Service that is down.

`health` calls a workload rolling out for its first minutes: a pod that waits for what does not exist needs no patience.
"""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, SERVICE, STATEFUL_SET
from k9py.api.plural import count_noun
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.workloads import Workload
from k9py.diagnosis.backends import NO_ENDPOINTS
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.held_pods import held_pods

_SOURCE = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#detailed-behavior"


@check(
    "workload-waits",
    "all pods of a new workload wait for a Service that is down",
    subjects=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET),
    reads=("Pod", "Service", "EndpointSlice"),
    source=_SOURCE,
    remedy="repair the Service that its pods wait for",
)
def workload_waits(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield that no pod of a workload can start."""
    health = graph.workload_health(workload.key)
    if health is None or health.severity is not Severity.ROLLING_OUT or health.status.serving != 0:
        return
    held = held_pods(graph.pods_of(workload.key), graph)
    if held:
        text = f"0 of {count_noun(health.status.desired, 'pod')} ready"
        created = workload.metadata.creation_timestamp
        yield Finding(Severity.DOWN, "PodsWait", text, workload.key, created, caused_by=held, is_effect=True)


@check(
    "service-waits",
    "all pods of a Service wait for another one that is down",
    subjects=(SERVICE,),
    reads=("Pod", "Service", "EndpointSlice"),
    source=_SOURCE,
    remedy="repair the Service that its pods wait for",
)
def service_waits(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield that a Service has no endpoints because none of its pods can start."""
    health = graph.service_health(service.key)
    if health is None or health.severity is not Severity.ROLLING_OUT or health.serving != 0:
        return
    held = held_pods(graph.pods_of(service.key), graph)
    if held:
        causes = (*graph.backends_of(service.key), *held)
        yield Finding(Severity.DOWN, "PodsWait", NO_ENDPOINTS, service.key, caused_by=causes, is_effect=True)
