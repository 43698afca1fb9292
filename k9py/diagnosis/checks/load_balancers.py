"""Check how a Service is reached from outside: its load balancer, its traffic policy, and what controllers report.

A load balancer is made by a controller that Kubernetes does not have itself: where nobody answers there is no event,
only a status that stays empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.kinds import NODE, SERVICE
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import event_evidence, field
from k9py.diagnosis.settling import is_young

_PATIENCE: Final = timedelta(minutes=3)
"""Load balancers of clouds take up to a few minutes."""
_LATEST: Final = timedelta(minutes=30)
"""Service controllers retry at least every five minutes, and kdash may have missed a few events."""
_HARMLESS: Final = frozenset({"TopologyAwareRoutingDisabled", "TopologyAwareHintsDisabled"})
_REPAIRED: Final = ("; repairing", "; cleaning up")
"""End what the API server reports about addresses and ports that it corrects itself (pkg/registry/core/service/
ipallocator/controller/repairip.go): it is over when it is read."""
_OF_LOAD_BALANCER: Final = ("LoadBalancer", "Allocation", "LB")


@check(
    "service-load-balancer",
    "a Service of type LoadBalancer gets no address",
    subjects=(SERVICE,),
    reads=("Event",),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer",
    remedy="install or repair the controller that makes load balancers, or use another type of Service",
)
def service_load_balancer(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield that a load balancer is pending, with what its controller reports."""
    spec = service.spec
    if spec.type != "LoadBalancer" or service.metadata.deletion_timestamp is not None:
        return
    if any(entry.ip or entry.hostname for entry in service.status.load_balancer.ingress or ()):
        return
    failure = _failure(service, graph)
    load_balancer_class = printable(spec.load_balancer_class)
    evidence = [field(service, "status.loadBalancer", "no address")]
    if load_balancer_class:
        evidence.append(field(service, "spec.loadBalancerClass", load_balancer_class))
    if failure is not None:
        evidence.append(event_evidence(service, failure))
        message = f"load balancer is pending: {_event_text(failure)}"
        yield Finding(
            Severity.DEGRADED,
            printable(failure.reason) or "LoadBalancerPending",
            message,
            service.key,
            failure.first_seen,
            evidence=tuple(evidence),
        )
        return
    if is_young(service, graph, _PATIENCE):
        return
    answered = [event for event in graph.events(service) if event.reason == "EnsuringLoadBalancer"]
    if answered:
        evidence.append(event_evidence(service, answered[0]))
        why = "its controller has begun, and not finished"
    elif load_balancer_class:
        why = f"no controller of class {load_balancer_class} has answered"
    else:
        why = "no controller has answered"
    yield Finding(
        Severity.WARNING,
        "LoadBalancerPending",
        f"load balancer is pending: {why}",
        service.key,
        service.metadata.creation_timestamp,
        evidence=tuple(evidence),
    )


@check(
    "service-events",
    "a controller reports that it cannot do its part for a Service",
    subjects=(SERVICE,),
    reads=("Event",),
    source="https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/endpointslice/endpointslice_controller.go",
    remedy="look at the log of the controller that reports it",
)
def service_events(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield the warnings about a Service: endpoints that cannot be written, addresses and ports that collide."""
    is_pending = service.spec.type == "LoadBalancer" and not service.status.load_balancer.ingress
    failure = _failure(service, graph) if is_pending else None
    reasons = set()
    for event in graph.events(service):
        if event.type != "Warning" or event is failure or event.reason in reasons or not _is_recent(event, graph):
            continue
        if event.message.endswith(_REPAIRED):
            continue
        reasons.add(event.reason)
        severity = Severity.INFO if event.reason in _HARMLESS else Severity.WARNING
        text = f"{printable(event.reason)}: {_event_text(event)}"
        evidence = (event_evidence(service, event),)
        yield Finding(severity, printable(event.reason), text, service.key, event.first_seen, evidence=evidence)


@check(
    "service-local-traffic",
    "a Service sends traffic only to endpoints on the same node, and some nodes have none",
    subjects=(SERVICE,),
    reads=("EndpointSlice", "Node"),
    source="https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-policies",
    remedy="run a pod on each node that gets traffic, or set the traffic policy to Cluster",
)
def service_local_traffic(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield on how many nodes a Service with a local traffic policy has no endpoint."""
    spec = service.spec
    policies = {
        "externalTrafficPolicy": spec.external_traffic_policy if spec.type in ("NodePort", "LoadBalancer") else "",
        "internalTrafficPolicy": spec.internal_traffic_policy,
    }
    local = [name for name, policy in policies.items() if policy == "Local"]
    if not local:
        return
    with_endpoint = {
        endpoint.node_name
        for each in graph.slices_of(service)
        for endpoint in each.endpoints or ()
        if endpoint.is_serving and endpoint.node_name
    }
    nodes = graph.list(NODE) if with_endpoint else ()
    if isinstance(nodes, Unread) or not with_endpoint:
        return
    without = sorted(node.name for node in nodes if node.name not in with_endpoint)
    if without:
        message = f"{local[0]} is Local, and {len(without)} of {len(nodes)} nodes have no endpoint"
        evidence = (field(service, f"spec.{local[0]}", "Local"),)
        yield Finding(Severity.INFO, "NoLocalEndpoints", message, service.key, evidence=evidence)


def _failure(service: Service, graph: Graph) -> Event | None:
    """Return the warning that says most about a load balancer, None when there is none."""
    warnings = [
        event
        for event in graph.events(service)
        if event.type == "Warning"
        and _is_recent(event, graph)
        and (any(part in event.reason for part in _OF_LOAD_BALANCER) or "load balancer" in event.message.lower())
    ]
    return max(warnings, key=lambda event: len(event.message), default=None)


def _is_recent(event: Event, graph: Graph) -> bool:
    seen = event.last_seen
    if seen is None or graph.now - seen > _LATEST:
        return False
    graph.look_again(seen + _LATEST)
    return True


def _event_text(event: Event) -> str:
    """Return the message of an event without what its reason says anyway."""
    return shorten(
        event.message.removeprefix("Error syncing load balancer: ").removeprefix("failed to ensure load balancer: ")
    )
