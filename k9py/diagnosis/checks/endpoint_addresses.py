"""Check where the manually managed endpoints of a Service point: to pods that exist, or to nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from k9py.api.kinds import (
    NODE,
    POD,
    SERVICE,
)
from k9py.api.plural import count_noun, pluralize
from k9py.api.pods import Pod
from k9py.api.services import Endpoint, Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, field
from k9py.diagnosis.services import deleted_endpoints
from k9py.diagnosis.settling import is_young


@check(
    "service-endpoints-nowhere",
    "manually managed endpoints of a Service point to pods that do not exist",
    subjects=(SERVICE,),
    reads=("EndpointSlice", "Pod", "Node"),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors",
    remedy="use a selector instead of endpoints written by hand, or correct their addresses",
)
def service_endpoints_nowhere(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield endpoints of deleted pods, or with an address that their pod does not have: nothing updates them."""
    if service.spec.selector or service.spec.type == "ExternalName":
        return
    endpoints = [endpoint for each in graph.slices_of(service) for endpoint in each.endpoints or ()]
    if not endpoints or is_young(service, graph):
        return
    names = {ref.name for each in endpoints if (ref := each.target_ref) is not None and ref.kind == Pod.KIND}
    known = [graph.get(POD, name, service.namespace) for name in sorted(names)]
    if any(isinstance(each, Unread) for each in known):
        return
    pods = [each for each in known if isinstance(each, Pod)]
    gone = deleted_endpoints(service, endpoints, pods)
    if gone:
        which = _share(len(gone), len(endpoints))
        name = printable(gone[0].name)
        text = f"{which} {pluralize(len(gone), 'refers', 'refer')} to a deleted pod: {name}"
        evidence = (absence(POD.key(service.namespace, gone[0].name)),)
        severity = Severity.DOWN if len(gone) == len(endpoints) else Severity.WARNING
        yield Finding(severity, "PodGone", text, service.key, evidence=evidence)
    moved = [(endpoint, pod) for endpoint in endpoints if (pod := _moved_pod(endpoint, pods)) is not None]
    if moved:
        endpoint, pod = moved[0]
        address = printable((endpoint.addresses or ("",))[0])
        which = _share(len(moved), len(endpoints))
        text = f"{which} {pluralize(len(moved), 'has', 'have')} an address that pod {printable(pod.name)} does not have"
        evidence = (field(pod, "status.podIP", f"{pod.status.pod_ip}, not {address}"),)
        severity = Severity.DOWN if len(moved) == len(endpoints) else Severity.WARNING
        yield Finding(severity, "WrongAddress", f"{text}: {address}", service.key, evidence=evidence)
    yield from _unknown_addresses(service, endpoints, graph)


def _unknown_addresses(service: Service, endpoints: list[Endpoint], graph: Graph) -> Iterator[Finding]:
    """Yield addresses of the pod networks of nodes that no pod has: pods have been there, or it is a typo."""
    without_pod = [each for each in endpoints if each.target_ref is None and each.is_serving and each.addresses]
    nodes = graph.list(NODE) if without_pod and graph.covers("") else ()
    if isinstance(nodes, Unread):
        return
    networks = [network for node in nodes for text in node.spec.pod_cidrs or () if (network := _network(text))]
    inside = [
        address
        for each in without_pod
        if (address := _address((each.addresses or ("",))[0])) and any(address in network for network in networks)
    ]
    pods = graph.list(POD) if inside else ()
    if isinstance(pods, Unread):
        return
    taken = {pod.status.pod_ip for pod in pods}
    unknown = [str(address) for address in inside if str(address) not in taken]
    if unknown:
        severity = Severity.DOWN if len(unknown) == len(endpoints) else Severity.WARNING
        verb = pluralize(len(unknown), "has", "have")
        text = f"{_share(len(unknown), len(endpoints))} {verb} an address of the pod network that no pod has"
        yield Finding(
            severity,
            "NoPodWithAddress",
            f"{text}: {unknown[0]}",
            service.key,
            evidence=tuple(field(service, "endpoints[].addresses", address) for address in unknown[:3]),
        )


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _moved_pod(endpoint: Endpoint, pods: Iterable[Pod]) -> Pod | None:
    """Return the pod that an endpoint refers to, if it has none of the addresses of the endpoint."""
    ref = endpoint.target_ref
    if ref is None or ref.kind != Pod.KIND or not endpoint.addresses:
        return None
    for pod in pods:
        if pod.name == ref.name and ref.uid in ("", pod.uid):
            address = pod.status.pod_ip
            # Of a pod with two addresses only the first is read: compare those of its family alone.
            same_family = [each for each in endpoint.addresses if (":" in each) == (":" in address)]
            return pod if address and same_family and address not in same_family else None
    return None


def _share(count: int, total: int) -> str:
    return "its endpoint" if total == 1 else f"{count} of {count_noun(total, 'endpoint')}"
