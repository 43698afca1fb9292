"""Load balancers that stay pending, traffic policies, and what controllers report about a Service."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from k9py.api.events import Event
from k9py.api.services import LoadBalancerIngress, LoadBalancerStatus, Service, ServiceStatus
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.load_balancers import service_events, service_load_balancer, service_local_traffic
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _service(*, created: float = 3600, address: str = "", **spec: Any) -> Service:
    service = make.service("web", type_=spec.pop("type_", "LoadBalancer"))
    ingress = (LoadBalancerIngress(ip=address),) if address else None
    return structs.replace(
        service,
        metadata=structs.replace(service.metadata, creation_timestamp=make.before(created)),
        spec=structs.replace(service.spec, **spec),
        status=ServiceStatus(LoadBalancerStatus(ingress)),
    )


def _findings(check: Check, service: Service, *events: Event) -> list[Finding]:
    return list(findings_of(check, service, GraphOfObjects(service, *events)))


def _event(reason: str, message: str, *, type_: str = "Warning", since: float = 60) -> Event:
    return make.event(make.service("web"), reason, message, type_=type_, since=since)


SYNC_FAILED = _event(
    "SyncLoadBalancerFailed",
    "Error syncing load balancer: failed to ensure load balancer: could not find any suitable subnets for the ELB",
)


@pytest.mark.parametrize(
    ("service", "events", "severity", "message"),
    [
        (_service(), [], Severity.WARNING, "load balancer is pending: no controller has answered"),
        (
            _service(load_balancer_class="example.com/nlb"),
            [],
            Severity.WARNING,
            "load balancer is pending: no controller of class example.com/nlb has answered",
        ),
        (
            _service(),
            [_event("EnsuringLoadBalancer", "Ensuring load balancer", type_="Normal")],
            Severity.WARNING,
            "load balancer is pending: its controller has begun, and not finished",
        ),
        # Of several events the one that says why, also of a Service that has just been created.
        (
            _service(created=20),
            [_event("UnAvailableLoadBalancer", "There are no available nodes", since=1), SYNC_FAILED],
            Severity.DEGRADED,
            "load balancer is pending: could not find any suitable subnets for the ELB",
        ),
        (
            _service(),
            [_event("AllocationFailed", 'Failed to allocate IP for "shop/web": no available IPs')],
            Severity.DEGRADED,
            'load balancer is pending: Failed to allocate IP for "shop/web": no available IPs',
        ),
    ],
)
def test_a_load_balancer_that_is_pending(
    service: Service, events: list[Event], severity: Severity, message: str
) -> None:
    (finding,) = _findings(service_load_balancer, service, *events)

    assert (finding.severity, finding.message) == (severity, message)


@pytest.mark.parametrize(
    ("service", "events"),
    [
        (_service(created=60), []),
        (_service(address="203.0.113.7"), [SYNC_FAILED]),
        (_service(type_="NodePort"), []),
    ],
)
def test_a_load_balancer_that_is_not_overdue(service: Service, events: list[Event]) -> None:
    assert _findings(service_load_balancer, service, *events) == []


@pytest.mark.parametrize(
    ("event", "severity"),
    [
        (_event("FailedToUpdateEndpointSlices", "Error updating Endpoint Slices for Service shop/web: x"), "WARNING"),
        (_event("PortAlreadyAllocated", "Port 30080 was assigned to multiple services"), "WARNING"),
        (_event("TopologyAwareRoutingDisabled", "Insufficient number of endpoints"), "INFO"),
        (_event("FailedToUpdateEndpointSlices", "x", since=7200), ""),
        (_event("EnsuredLoadBalancer", "Ensured load balancer", type_="Normal"), ""),
        (_event("ClusterIPNotAllocated", "Cluster IP [IPv4]: 10.0.16.41 is not allocated; repairing"), ""),
        (_event("ClusterIPAllocated", "Cluster IP [IPv4]: 10.0.0.1 has a wrong reference; cleaning up"), ""),
        (_event("ClusterIPOutOfRange", "Cluster IP 10.9.0.1 is not within 10.0.0.0/16; please recreate"), "WARNING"),
    ],
)
def test_what_controllers_report(event: Event, severity: str) -> None:
    findings = _findings(service_events, _service(type_="ClusterIP"), event)

    assert [finding.severity.name for finding in findings] == ([severity] if severity else [])


def test_a_failure_of_the_load_balancer_is_reported_once() -> None:
    assert _findings(service_events, _service(), SYNC_FAILED) == []


@pytest.mark.parametrize(
    ("policy", "messages"),
    [
        ({"external_traffic_policy": "Local"}, ["externalTrafficPolicy is Local, and 1 of 2 nodes have no endpoint"]),
        ({"internal_traffic_policy": "Local"}, ["internalTrafficPolicy is Local, and 1 of 2 nodes have no endpoint"]),
        ({"external_traffic_policy": "Cluster"}, []),
    ],
)
def test_nodes_without_an_endpoint_of_a_local_policy(policy: dict[str, Any], messages: list[str]) -> None:
    service = _service(**policy)
    slices = make.endpoint_slice(service, [make.pod("a", labels={"app": "web"})])
    endpoints = tuple(structs.replace(each, node_name="node-1") for each in slices.endpoints or ())
    nodes = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{number}"}} for number in (1, 2)]
    graph = GraphOfObjects(service, structs.replace(slices, endpoints=endpoints), *nodes)

    findings = findings_of(service_local_traffic, service, graph)

    assert [finding.message for finding in findings] == messages
    assert all(finding.severity is Severity.INFO for finding in findings)
