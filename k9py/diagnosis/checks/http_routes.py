"""Check HTTPRoutes of the Gateway API: what users feel, their Services and ports, and what their Gateways answer.

Only where the API is served. What a controller writes into the status is believed; where it has not answered, the same
is found from the objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.gateway import GATEWAY, HTTP_ROUTE, REFERENCE_GRANT, BackendRef, Gateway, HttpRoute, ParentRef
from k9py.api.kinds import SERVICE
from k9py.api.meta import Condition, ObjectRef, find_condition
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.held_pods import served_state
from k9py.diagnosis.missing_services import missing_service
from k9py.diagnosis.proof import absence, did_you_mean, field
from k9py.diagnosis.settling import is_being_deleted, is_recent, is_young

_ANSWER_PATIENCE: Final = timedelta(minutes=2)
_STEPS: Final = (NextStep("edit the route", "object.edit"),)
_BACKEND_REASONS: Final = frozenset({"BackendNotFound", "PortNotFound", "RefNotPermitted"})
"""Reasons of ResolvedRefs that `httproute-backend` finds by itself, with more detail."""


@check(
    "httproute-health",
    "an HTTPRoute does not answer, or only in part",
    subjects=(HTTP_ROUTE,),
    reads=("Service", "EndpointSlice", "Pod", "Deployment", "StatefulSet", "DaemonSet", "Gateway", "ReferenceGrant"),
    source="https://gateway-api.sigs.k8s.io/api-types/httproute/",
    remedy="look at the Services and the Gateway that it names",
)
def httproute_health(route: HttpRoute, graph: Graph) -> Iterator[Finding]:
    """Yield what users feel of a route: all of its rules fail, some, or no Gateway takes it."""
    if is_being_deleted(route, graph):
        return
    states: list[tuple[Severity, str]] = []
    causes: list[ObjectRef] = []
    rules: dict[int, list[Severity]] = {}
    for number, backend in route.backends():
        state = _backend(route, backend, graph)
        if state is None:
            rules.setdefault(number, []).append(Severity.UNKNOWN)
            continue
        severity, text, ref = state
        rules.setdefault(number, []).append(severity)
        if severity <= Severity.WARNING:
            states.append((severity, text))
            causes += [ref] if ref else []
    own = [finding for each in (httproute_parent, httproute_backend) for finding in each.run(route, graph)]
    for parent in route.spec.parent_refs or ():
        gateway = graph.get(GATEWAY, parent.name, parent.namespace or route.namespace) if parent.is_gateway else None
        if isinstance(gateway, Gateway):
            causes.append(gateway.key)
    states += [(finding.severity, finding.message) for finding in own if finding.severity.is_problem]
    if not states:
        return
    severity, message = min(states, key=lambda each: each[0])
    is_all = all(all(each is Severity.DOWN for each in backends) for backends in rules.values())
    is_refused = any(finding.check == httproute_parent.id and finding.severity is Severity.DOWN for finding in own)
    if severity is Severity.DOWN and not is_all and not is_refused:
        severity = Severity.DEGRADED
    yield Finding(severity, "Unavailable", message, route.key, caused_by=tuple(dict.fromkeys(causes)), is_effect=True)


@check(
    "httproute-backend",
    "an HTTPRoute names a Service or port that does not exist, or that it may not refer to",
    subjects=(HTTP_ROUTE,),
    reads=("Service", "Namespace", "ReferenceGrant"),
    source="https://gateway-api.sigs.k8s.io/api-types/httproute/#backendrefs-optional",
    remedy="correct the backend of the route",
)
def httproute_backend(route: HttpRoute, graph: Graph) -> Iterator[Finding]:
    """Yield each backend that does not exist, or is in another namespace that has not granted it."""
    if route.metadata.deletion_timestamp is not None:
        return
    backends = list(dict.fromkeys(backend for _, backend in route.backends()))
    for backend in backends:
        found = _missing(route, backend, graph)
        if found is None:
            continue
        reason, text, evidence = found
        severity = Severity.DOWN if len(backends) == 1 else Severity.DEGRADED
        proof = field(route, "spec.rules[].backendRefs", f"{backend.name}:{backend.port}")
        yield Finding(
            severity,
            reason,
            text,
            route.key,
            route.metadata.spec_changed_at,
            evidence=(*evidence, proof),
            next_steps=_STEPS,
        )


@check(
    "httproute-parent",
    "a Gateway does not take an HTTPRoute",
    subjects=(HTTP_ROUTE,),
    reads=("Gateway", "Service", "ReferenceGrant"),
    source="https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus",
    remedy="correct what the Gateway reports about the route",
)
def httproute_parent(route: HttpRoute, graph: Graph) -> Iterator[Finding]:
    """Yield why a Gateway refuses a route, that it does not exist, or has not answered."""
    if route.metadata.deletion_timestamp is not None:
        return
    has_own_findings = any(_missing(route, backend, graph) is not None for _, backend in route.backends())
    parents = route.status.parents or ()
    for status in parents:
        name = printable(f"{status.parent_ref.kind} {status.parent_ref.name}")
        for type_, bad in (("Accepted", "False"), ("ResolvedRefs", "False"), ("PartiallyInvalid", "True")):
            condition = find_condition(status.conditions, type_)
            if condition is None or condition.status != bad:
                continue
            if condition.reason in _BACKEND_REASONS and has_own_findings:
                continue
            if condition.reason == "Pending" and is_recent(condition.last_transition_time, graph, _ANSWER_PATIENCE):
                continue
            verb = {"Accepted": "does not accept it", "ResolvedRefs": "cannot resolve what it refers to"}.get(
                type_, "takes it only in part"
            )
            severity = {"Accepted": Severity.DOWN, "ResolvedRefs": Severity.DEGRADED}.get(type_, Severity.WARNING)
            yield Finding(
                severity,
                printable(condition.reason) or type_,
                f"{name} {verb}: {_condition_text(condition)}",
                route.key,
                condition.last_transition_time,
                evidence=(field(route, f"status.parents[].conditions[{type_}]", _condition_text(condition)),),
                next_steps=_STEPS,
            )
    answered = {(status.parent_ref.name, status.parent_ref.namespace or route.namespace) for status in parents}
    for parent in route.spec.parent_refs or ():
        if parent.is_gateway and (parent.name, parent.namespace or route.namespace) not in answered:
            yield from _unanswered(route, parent, graph)


def _unanswered(route: HttpRoute, parent: ParentRef, graph: Graph) -> Iterator[Finding]:
    """Yield that a Gateway does not exist, or has not answered for a while."""
    if is_young(route, graph, _ANSWER_PATIENCE):
        return
    namespace = parent.namespace or route.namespace
    gateway = graph.get(GATEWAY, parent.name, namespace)
    if isinstance(gateway, Unread):
        return
    where = field(route, "spec.parentRefs", parent.name)
    if gateway is None:
        missing = GATEWAY.key(namespace, parent.name)
        others = graph.list(GATEWAY, namespace)
        near = "" if isinstance(others, Unread) else did_you_mean(parent.name, (each.name for each in others))
        text = f"its Gateway {printable(parent.name)} does not exist{near}"
        evidence = (absence(missing), where)
        yield Finding(Severity.DOWN, "NoSuchGateway", text, route.key, evidence=evidence, next_steps=_STEPS)
        return
    programmed = find_condition(gateway.status.conditions, "Programmed")
    is_working = programmed is not None and programmed.status == "True"
    yield Finding(
        Severity.WARNING if is_working else Severity.INFO,
        "NotAnswered",
        f"Gateway {printable(parent.name)} has not answered whether it takes it",
        route.key,
        route.metadata.creation_timestamp,
        evidence=(field(route, "status.parents", "none"), where),
    )


def _backend(route: HttpRoute, backend: BackendRef, graph: Graph) -> tuple[Severity, str, ObjectRef | None] | None:
    """Return how a backend does, and the Service that explains it; None when that is unknown."""
    if not backend.is_service:
        return None
    missing = _missing(route, backend, graph)
    if missing is not None:
        return Severity.DOWN, missing[1], None
    service = graph.get(SERVICE, backend.name, backend.namespace or route.namespace)
    if not isinstance(service, Service):
        return None
    state = served_state(service, graph)
    return state.severity_for_users, state.of(backend.name), service.key


def _missing(route: HttpRoute, backend: BackendRef, graph: Graph) -> tuple[str, str, tuple[Evidence, ...]] | None:
    """Return (reason, text, evidence) of a backend that does not exist or is not granted, None when it is fine."""
    if not backend.is_service:
        return None
    namespace = backend.namespace or route.namespace
    ref, name = SERVICE.key(namespace, backend.name), printable(backend.name)
    if namespace != route.namespace:
        grants = graph.list(REFERENCE_GRANT, namespace)
        if not isinstance(grants, Unread) and not any(each.allows(route.key, ref) for each in grants):
            text = f"no ReferenceGrant in namespace {printable(namespace)} lets it refer to Service {name}"
            return "RefNotPermitted", text, (field(route, "spec.rules[].backendRefs[].namespace", namespace),)
    service = graph.get(SERVICE, backend.name, namespace)
    if isinstance(service, Unread) or (service is None and is_young(route, graph)):
        return None
    if service is None:
        text = f"routes to Service {name}, which does not exist{missing_service(ref, graph)}"
        return "NoSuchService", text, (absence(ref),)
    ports = [each.port for each in service.spec.ports or ()]
    if backend.port is None or not ports or backend.port in ports:
        return None
    has = ", ".join(map(str, ports))
    text = f"routes to port {backend.port} of Service {name}, which has {has}"
    return "NoSuchPort", text, (field(service, "spec.ports", has),)


def _condition_text(condition: Condition) -> str:
    return shorten(condition.message) or printable(condition.reason)
