"""Check Services that are aliases: of nothing, an address, or a Service of this cluster that does not exist.

A name outside of the cluster cannot be judged from the API, and is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from k9py.api.kinds import NAMESPACE, SERVICE
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.missing_services import missing_service
from k9py.diagnosis.proof import absence, field
from k9py.diagnosis.service_names import ServiceName, service_name


@check(
    "service-external-name",
    "a Service of type ExternalName is an alias of nothing",
    subjects=(SERVICE,),
    reads=("Service", "Namespace", "EndpointSlice"),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#externalname",
    remedy="correct the external name",
)
def service_external_name(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield why an alias leads nowhere."""
    if service.spec.type != "ExternalName" or service.metadata.deletion_timestamp is not None:
        return
    name = service.spec.external_name.strip().rstrip(".")
    evidence = (field(service, "spec.externalName", name or "empty"),)
    steps = (NextStep("edit the external name", "object.edit"),)

    def finding(severity: Severity, reason: str, message: str) -> Finding:
        return Finding(severity, reason, message, service.key, evidence=evidence, next_steps=steps)

    if not name:
        yield finding(Severity.DOWN, "NoExternalName", "is an alias without an external name")
        return
    if _is_address(name):
        message = f"external name {printable(name)} is an address: DNS does not resolve it as one"
        yield finding(Severity.DOWN, "ExternalNameIsAddress", message)
        return
    target = service_name(name, "")
    if target is None or not target.namespace:
        return
    if not target.is_full:
        # CNAMEs are absolute: the search domains of a pod do not apply to them.
        known = graph.get(SERVICE, target.name, target.namespace) if graph.covers(target.namespace) else None
        if isinstance(known, Service):
            full = f"{target.name}.{target.namespace}.svc.cluster.local"
            message = f"external name {printable(name)} is not complete: Service {printable(target.name)} is {full}"
            yield finding(Severity.DOWN, "ExternalNameIncomplete", printable(message))
        return
    yield from _alias_of_service(service, target, finding(Severity.DOWN, "NoSuchService", ""), graph)


def _alias_of_service(service: Service, target: ServiceName, base: Finding, graph: Graph) -> Iterator[Finding]:
    """Yield that the Service of this cluster that an alias names does not exist, or serves nothing."""
    shown = printable(f"{target.name}.{target.namespace}")
    if (target.name, target.namespace) == (service.name, service.namespace):
        yield _with(base, "is an alias of itself")
        return
    namespace = graph.get(NAMESPACE, target.namespace)
    if namespace is None:
        missing = NAMESPACE.key("", target.namespace)
        text = f"is an alias of {shown}, but namespace {printable(target.namespace)} does not exist"
        yield _with(base, text, absence(missing))
        return
    known = graph.get(SERVICE, target.name, target.namespace)
    if isinstance(known, Unread):
        return
    if known is None:
        missing = SERVICE.key(target.namespace, target.name)
        text = f"is an alias of {shown}, which does not exist{missing_service(missing, graph)}"
        yield _with(base, text, absence(missing))
        return
    health = graph.service_health(known.key)
    if health is not None and health.severity <= Severity.DEGRADED:
        yield Finding(
            health.severity,
            "AliasOfFailing",
            f"is an alias of {shown}, which {'has no ready endpoints' if health.serving == 0 else 'is degraded'}",
            service.key,
            evidence=base.evidence,
            caused_by=(known.key,),
            is_effect=True,
        )


def _with(base: Finding, message: str, *evidence: Evidence) -> Finding:
    return replace(base, message=message, evidence=(*base.evidence, *evidence))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
