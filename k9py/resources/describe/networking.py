"""Ingresses, IngressClasses and NetworkPolicies (networking.k8s.io/v1)."""

from __future__ import annotations

from collections.abc import Iterator

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
from k9py.resources.describe.lines import selector_text, value_line
from k9py.resources.describe.services import SERVICE_NAME, SLICES, ready_addresses
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.values import Tone

_SERVICES = "services"


# -- Ingress ----------------------------------------------------------------------------------------------------------


def _ingress_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    namespace = text_at(body, "metadata", "namespace")
    names = sorted({name for backend in _backends(body) if (name := text_at(backend, "service", "name"))})
    if not names:
        return ()
    slices = standard_type("discovery.k8s.io", "EndpointSlice")
    return (
        RelatedRequest(_SERVICES, standard_type("", "Service"), namespace),
        RelatedRequest(SLICES, slices, namespace, f"{SERVICE_NAME} in ({','.join(names)})"),
    )


def _backends(body: JsonObject) -> Iterator[JsonObject]:
    spec = object_at(body, "spec")
    if default := object_at(spec, "defaultBackend"):
        yield default
    for rule in objects_at(spec, "rules"):
        for path in objects_at(rule, "http", "paths"):
            yield object_at(path, "backend")


def _ingress(body: JsonObject, context: DescribeContext) -> Description:
    spec = object_at(body, "spec")
    addresses = (
        text_at(ingress, "ip") or text_at(ingress, "hostname")
        for ingress in objects_at(body, "status", "loadBalancer", "ingress")
    )
    default = object_at(spec, "defaultBackend")
    head = (
        line("address", ", ".join(addresses) or "none yet"),
        line("ingress class", text_at(spec, "ingressClassName") or "the default"),
        _backend_line("default backend", default, context) if default else line("default backend", "the controller's"),
    )
    rules = []
    for rule in objects_at(spec, "rules"):
        host = text_at(rule, "host") or "*"
        for path in objects_at(rule, "http", "paths"):
            kind = text_at(path, "pathType")
            shown = _backend_line(f"{host}{text_at(path, 'path') or '/'}", object_at(path, "backend"), context)
            rules.append(line(shown.label, f"{shown.text}{f', {kind}' if kind else ''}", shown.tone))
    tls = (
        line(
            text_at(entry, "secretName") or "default certificate",
            f"terminates {texts_at(entry, 'hosts') or 'any host'}",
        )
        for entry in objects_at(spec, "tls")
    )
    return Description(head, urgent=(section("Rules", rules), section("TLS", tls)))


def _backend_line(label: str, backend: JsonObject, context: DescribeContext) -> DescribeLine:
    """Return a backend with its endpoints, or what is wrong with it."""
    if resource := object_at(backend, "resource"):
        group = text_at(resource, "apiGroup")
        return line(label, f"{text_at(resource, 'kind')} {text_at(resource, 'name')}{f' of {group}' if group else ''}")
    name = text_at(backend, "service", "name")
    port = text_at(backend, "service", "port", "name") or text_at(backend, "service", "port", "number")
    text = f"{name}:{port}"
    services, slices = context.objects(_SERVICES), context.objects(SLICES)
    if isinstance(services, Unread) or isinstance(slices, Unread):
        unread = services if isinstance(services, Unread) else slices
        assert isinstance(unread, Unread)
        return line(label, f"{text} (endpoints unknown: {unread.reason})", Tone.UNKNOWN)
    service = next((item for item in services if text_at(item, "metadata", "name") == name), None)
    if service is None:
        return line(label, f'{text} (service "{name}" not found)', Tone.FAIL)
    ports = [p for p in objects_at(service, "spec", "ports") if port in (text_at(p, "name"), text_at(p, "port"))]
    if not ports:
        return line(label, f'{text} (service "{name}" has no port {port})', Tone.FAIL)
    own = [item for item in slices if text_at(object_at(item, "metadata", "labels"), SERVICE_NAME) == name]
    ready = ready_addresses(own, text_at(ports[0], "name"))
    if not ready:
        return line(label, f"{text} (no ready endpoints)", Tone.FAIL)
    return line(label, f"{text} ({', '.join(ready)})")


def _ingress_class(body: JsonObject, context: DescribeContext) -> Description:
    parameters = object_at(body, "spec", "parameters")
    annotations = object_at(body, "metadata", "annotations")
    default = text_at(annotations, "ingressclass.kubernetes.io/is-default-class") == "true"
    return Description(
        (
            value_line("controller", body, "spec", "controller"),
            line("default class", "yes" if default else "no"),
            value_line("parameters kind", parameters, "kind"),
            value_line("parameters name", parameters, "name"),
            value_line("parameters API group", parameters, "apiGroup"),
            value_line("parameters namespace", parameters, "namespace"),
        )
    )


# -- NetworkPolicy ----------------------------------------------------------------------------------------------------


def _network_policy(body: JsonObject, context: DescribeContext) -> Description:
    spec = object_at(body, "spec")
    types = [scalar_text(name) for name in list_at(spec, "policyTypes")] or ["Ingress"]
    head = (
        line("pod selector", selector_text(spec.get("podSelector")) or "every pod of the namespace"),
        line("policy types", ", ".join(types)),
    )
    sections = [_direction(spec, name, field, word) for name, field, word in _DIRECTIONS if name in types]
    return Description(head, urgent=tuple(sections))


_DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


def _direction(spec: JsonObject, name: str, field: str, word: str) -> Section:
    rules = objects_at(spec, field)
    if not rules:
        return section(f"{name} traffic", [line("", f"none is allowed: selected pods are isolated for {field}")])
    lines: list[DescribeLine] = []
    for number, rule in enumerate(rules, 1):
        ports = ", ".join(map(_port_text, objects_at(rule, "ports"))) or "any port"
        peers = [_peer_text(peer) for peer in objects_at(rule, word)] or [
            "any source" if word == "from" else "any destination"
        ]
        lines.append(line(f"rule {number}", f"to port {ports}"))
        lines += [line("", f"{word} {peer}") for peer in peers]
    return section(f"Allowed {field} traffic", lines)


def _port_text(port: JsonObject) -> str:
    number, end = text_at(port, "port") or "any", text_at(port, "endPort")
    return f"{number}{f'-{end}' if end else ''}/{text_at(port, 'protocol') or 'TCP'}"


def _peer_text(peer: JsonObject) -> str:
    if block := object_at(peer, "ipBlock"):
        without = texts_at(block, "except")
        return f"IP block {text_at(block, 'cidr')}{f' except {without}' if without else ''}"
    pods = selector_text(peer.get("podSelector")) or "any"
    if "namespaceSelector" not in peer:
        return f"pods {pods} of this namespace"
    return f"pods {pods} in namespaces {selector_text(peer['namespaceSelector']) or 'any'}"


DESCRIBERS = (
    Describer("Ingress", _ingress, _ingress_requests),
    Describer("IngressClass", _ingress_class),
    Describer("NetworkPolicy", _network_policy),
)
