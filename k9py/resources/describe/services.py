"""Services and what receives their traffic: Endpoints and EndpointSlices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k9py.api.standard_types import standard_type
from k9py.resources.describe.describer import DescribeContext, Describer, Description, RelatedRequest, Unread
from k9py.resources.describe.json_fields import (
    JsonObject,
    list_at,
    object_at,
    objects_at,
    scalar_text,
    text_at,
    texts_at,
)
from k9py.resources.describe.lines import unknown_line, value_line
from k9py.views.describe import DescribeLine, Section, line, pairs, section
from k9py.views.values import Tone

SLICES = "endpoint slices"
SERVICE_NAME = "kubernetes.io/service-name"


def _requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    metadata = object_at(body, "metadata")
    selector = f"{SERVICE_NAME}={text_at(metadata, 'name')}"
    slices = standard_type("discovery.k8s.io", "EndpointSlice")
    return (RelatedRequest(SLICES, slices, text_at(metadata, "namespace"), selector),)


def _service(body: JsonObject, context: DescribeContext) -> Description:
    spec = object_at(body, "spec")
    balancer = ", ".join(_ingress_texts(body))
    affinity = text_at(spec, "sessionAffinity")
    seconds = text_at(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds")
    head = (
        value_line("type", spec, "type"),
        line("selector", pairs(object_at(spec, "selector"))),
        value_line("IP", spec, "clusterIP"),
        line("IPs", texts_at(spec, "clusterIPs")),
        value_line("external name", spec, "externalName"),
        line("external IPs", texts_at(spec, "externalIPs")),
        value_line("desired load balancer IP", spec, "loadBalancerIP"),
        line("load balancer ingress", balancer),
    )
    slices = context.objects(SLICES)
    details = section(
        "Traffic",
        [
            value_line("IP family policy", spec, "ipFamilyPolicy"),
            line("IP families", texts_at(spec, "ipFamilies")),
            line("session affinity", f"{affinity}{f' for {seconds}s' if seconds else ''}"),
            value_line("external traffic policy", spec, "externalTrafficPolicy"),
            value_line("internal traffic policy", spec, "internalTrafficPolicy"),
            value_line("health check node port", spec, "healthCheckNodePort"),
            line("load balancer source ranges", texts_at(spec, "loadBalancerSourceRanges")),
            value_line("load balancer class", spec, "loadBalancerClass"),
            value_line("traffic distribution", spec, "trafficDistribution"),
            line("publish not ready", "true" if spec.get("publishNotReadyAddresses") is True else ""),
        ],
    )
    ports = tuple(_port(port, slices) for port in objects_at(spec, "ports"))
    return Description(head, urgent=(*ports, *_endpoint_sections(slices)), details=(details,))


def _ingress_texts(body: JsonObject) -> Iterator[str]:
    for ingress in objects_at(body, "status", "loadBalancer", "ingress"):
        mode = text_at(ingress, "ipMode")
        yield f"{text_at(ingress, 'ip') or text_at(ingress, 'hostname')}{f' ({mode})' if mode else ''}"


def _port(port: JsonObject, slices: tuple[JsonObject, ...] | Unread) -> Section:
    name, protocol = text_at(port, "name"), text_at(port, "protocol") or "TCP"
    node_port = text_at(port, "nodePort")
    lines = [
        line("port", f"{text_at(port, 'port')}/{protocol}"),
        line("target port", f"{text_at(port, 'targetPort')}/{protocol}"),
        line("node port", f"{node_port}/{protocol}" if node_port not in ("", "0") else ""),
        value_line("app protocol", port, "appProtocol"),
    ]
    if isinstance(slices, Unread):
        lines.append(unknown_line("endpoints", slices))
    else:
        ready = ready_addresses(slices, name)
        lines.append(line("endpoints", ", ".join(ready) or "none ready", Tone.PLAIN if ready else Tone.WARN))
    return section(f"Port {name or text_at(port, 'port')}", lines)


def ready_addresses(slices: Iterable[JsonObject], port_name: str) -> list[str]:
    """Return the addresses that get traffic for a port of a Service, as `IP:port`."""
    addresses = []
    for endpoint_slice in slices:
        numbers = [
            text_at(port, "port") for port in objects_at(endpoint_slice, "ports") if text_at(port, "name") == port_name
        ]
        for endpoint in objects_at(endpoint_slice, "endpoints"):
            if object_at(endpoint, "conditions").get("ready") is not False:
                hosts = map(scalar_text, list_at(endpoint, "addresses"))
                addresses += [
                    f"[{host}]:{number}" if ":" in host else f"{host}:{number}" for host in hosts for number in numbers
                ]
    return sorted(addresses)


def _endpoint_sections(slices: tuple[JsonObject, ...] | Unread) -> Iterator[Section]:
    if isinstance(slices, Unread):
        return
    lines = [_endpoint_line(endpoint) for item in slices for endpoint in objects_at(item, "endpoints")]
    lines.sort(key=lambda shown: shown.tone is Tone.PLAIN)
    yield section("Endpoints", lines)


def _endpoint_line(endpoint: JsonObject) -> DescribeLine:
    conditions = object_at(endpoint, "conditions")
    is_ready = conditions.get("ready") is not False
    target = object_at(endpoint, "targetRef")
    node, zone, hostname = text_at(endpoint, "nodeName"), text_at(endpoint, "zone"), text_at(endpoint, "hostname")
    parts = (
        ", ".join(f"{name} {scalar_text(value)}" for name, value in conditions.items()) or "ready not reported",
        f"target {text_at(target, 'kind')}/{text_at(target, 'name')}" if target else "",
        f"node {node}" if node else "",
        f"zone {zone}" if zone else "",
        f"hostname {hostname}" if hostname else "",
    )
    text = " · ".join(filter(None, parts))
    return line(texts_at(endpoint, "addresses"), text, Tone.PLAIN if is_ready else Tone.WARN)


def _endpoint_slice(body: JsonObject, context: DescribeContext) -> Description:
    lines = [_endpoint_line(endpoint) for endpoint in objects_at(body, "endpoints")]
    ports = section("Ports", [_port_line(port) for port in objects_at(body, "ports")])
    lines.sort(key=lambda shown: shown.tone is Tone.PLAIN)
    endpoints = lines or [line("", "none", Tone.MUTED)]
    return Description(
        (value_line("address type", body, "addressType"),), urgent=(section("Endpoints", endpoints), ports)
    )


def _endpoints(body: JsonObject, context: DescribeContext) -> Description:
    subsets = tuple(map(_subset, objects_at(body, "subsets")))
    return Description(urgent=subsets or (section("Subsets", [line("", "none", Tone.MUTED)]),))


def _subset(subset: JsonObject) -> Section:
    return section(
        "Subset",
        [
            line("addresses", _addresses(subset, "addresses") or "none"),
            line("not ready addresses", _addresses(subset, "notReadyAddresses") or "none"),
            *(_port_line(port) for port in objects_at(subset, "ports")),
        ],
    )


def _addresses(subset: JsonObject, field: str) -> str:
    return ", ".join(text_at(address, "ip") for address in objects_at(subset, field))


def _port_line(port: JsonObject) -> DescribeLine:
    number = f"{text_at(port, 'port')}/{text_at(port, 'protocol') or 'TCP'}"
    protocol = text_at(port, "appProtocol")
    return line(f"port {text_at(port, 'name') or 'without a name'}", f"{number}{f' ({protocol})' if protocol else ''}")


DESCRIBERS = (
    Describer("Service", _service, _requests),
    Describer("EndpointSlice", _endpoint_slice),
    Describer("Endpoints", _endpoints),
)
