"""Check Ingresses: what users feel of their hosts, their Services and ports, class, address and certificates.

Kubernetes has no controller for Ingresses itself, and many do not report an address: a missing one is only a problem
where the same controller gave others one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from k9py.api.kinds import INGRESS, INGRESS_CLASS, SECRET, SERVICE
from k9py.api.meta import ObjectRef
from k9py.api.networking import Backend, BackendPort, Ingress
from k9py.api.plural import count_noun, pluralize
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.certificates import certificate_findings
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.held_pods import served_state
from k9py.diagnosis.missing_services import missing_service
from k9py.diagnosis.near_misses import nearest_name
from k9py.diagnosis.proof import absence, did_you_mean, field
from k9py.diagnosis.settling import is_being_deleted, is_young, latest

_SOURCE: Final = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
_ADDRESS_PATIENCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Path:
    """One path and how its backend does.

    Args:
        where: host and path, "" for the default backend.
        causes: what is found about its backend.
    """

    where: str
    severity: Severity
    text: str
    causes: tuple[ObjectRef, ...] = ()


@check(
    "ingress-health",
    "hosts of an Ingress do not answer, or only in part",
    subjects=(INGRESS,),
    reads=("Service", "EndpointSlice", "Pod", "Deployment", "StatefulSet", "DaemonSet", "Secret", "IngressClass"),
    source=_SOURCE,
    remedy="look at the Services that it routes to",
)
def ingress_health(ingress: Ingress, graph: Graph) -> Iterator[Finding]:
    """Yield what users feel of an Ingress: all of its paths fail, some, or its certificate is not valid."""
    if is_being_deleted(ingress, graph):
        return
    paths = [path for where, backend in ingress.backends() if (path := _path(ingress, where, backend, graph))]
    failing = [path for path in paths if path.severity is Severity.DOWN]
    troubled = [path for path in paths if path.severity <= Severity.WARNING]
    certificates = tuple(ingress_certificate.run(ingress, graph))
    states: list[tuple[Severity, str]] = []
    if failing and len(failing) == len(paths):
        states.append((Severity.DOWN, _paths_text(failing, len(paths))))
    elif failing:
        states.append((Severity.DEGRADED, _paths_text(failing, len(paths))))
    elif troubled:
        worst = min(troubled, key=lambda path: path.severity)
        states.append((worst.severity, worst.text))
    states += [(each.severity, each.message) for each in certificates]
    states += [(each.severity, each.message) for each in ingress_class.run(ingress, graph) if each.severity.is_problem]
    if not states:
        return
    severity, message = min(states, key=lambda state: state[0])
    causes = tuple(dict.fromkeys(cause for path in troubled for cause in path.causes))
    yield Finding(severity, "Unavailable", message, ingress.key, caused_by=(*causes, *certificates), is_effect=True)


@check(
    "ingress-backend",
    "an Ingress routes to a Service or port that does not exist",
    subjects=(INGRESS,),
    reads=("Service", "Namespace"),
    source=_SOURCE,
    remedy="correct the name or port of the backend",
)
def ingress_backend(ingress: Ingress, graph: Graph) -> Iterator[Finding]:
    """Yield each Service and port that an Ingress names and that does not exist."""
    if ingress.metadata.deletion_timestamp is not None:
        return
    reported = set()
    for where, backend in ingress.backends():
        if backend.service is None or str(backend) in reported:
            continue
        reported.add(str(backend))
        name, port = backend.service.name, backend.service.port
        service = graph.get(SERVICE, name, ingress.namespace)
        if isinstance(service, Unread):
            continue
        paths = [path for path, other in ingress.backends() if other == backend]
        of_what = _where_text(where) + (f" and {count_noun(len(paths) - 1, 'more path')}" if len(paths) > 1 else "")
        steps = (NextStep("edit the backend", "object.edit"),)
        proof = field(ingress, "spec.rules[].http.paths[].backend.service", str(backend))
        if service is None:
            if is_young(ingress, graph):
                continue
            missing = SERVICE.key(ingress.namespace, name)
            text = f"routes {of_what} to Service {printable(name)}, which does not exist"
            yield Finding(
                Severity.DOWN if len(paths) == _count(ingress) else Severity.DEGRADED,
                "NoSuchService",
                f"{text}{missing_service(missing, graph)}",
                ingress.key,
                ingress.metadata.spec_changed_at,
                evidence=(absence(missing), proof),
                next_steps=steps,
            )
        elif _lacks(service, port):
            has = ", ".join(
                f"{each.port}{f' ({printable(each.name)})' if each.name else ''}" for each in service.spec.ports or ()
            )
            near = nearest_name(port.name, (each.name for each in service.spec.ports or ())) if port.name else ""
            meant = f"; {printable(near)} is close" if near else ""
            text = f"routes {of_what} to port {printable(str(port))} of Service {printable(name)}, which has {has}"
            yield Finding(
                Severity.DOWN if len(paths) == _count(ingress) else Severity.DEGRADED,
                "NoSuchPort",
                f"{text}{meant}",
                ingress.key,
                latest(ingress.metadata.spec_changed_at, service.metadata.ports_changed_at),
                evidence=(proof, field(service, "spec.ports", has)),
                next_steps=steps,
            )


@check(
    "ingress-class",
    "no controller takes an Ingress: its class does not exist, or it has none",
    subjects=(INGRESS,),
    reads=("IngressClass", "Ingress"),
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class",
    remedy="name an IngressClass that exists",
)
def ingress_class(ingress: Ingress, graph: Graph) -> Iterator[Finding]:
    """Yield that the class of an Ingress does not exist, or that it has no address while others of its class have."""
    if ingress.metadata.deletion_timestamp is not None:
        return
    classes = graph.list(INGRESS_CLASS)
    has_address = bool(str(ingress.status.load_balancer))
    if isinstance(classes, Unread) or is_young(ingress, graph):
        return
    name = ingress.spec.ingress_class_name
    steps = (NextStep("edit the class", "object.edit"),)
    if name and all(each.name != name for each in classes):
        missing = INGRESS_CLASS.key("", name)
        near = did_you_mean(name, (each.name for each in classes))
        yield Finding(
            Severity.WARNING if has_address else Severity.DOWN,
            "NoSuchIngressClass",
            f"IngressClass {printable(name)} does not exist{near}: no controller takes it",
            ingress.key,
            ingress.metadata.spec_changed_at,
            evidence=(absence(missing), field(ingress, "spec.ingressClassName", name)),
            next_steps=steps,
        )
        return
    if has_address or is_young(ingress, graph, _ADDRESS_PATIENCE):
        return
    address = field(ingress, "status.loadBalancer", "no address")
    if not ingress.class_name and classes and not any(each.is_default for each in classes):
        others = _with_address(ingress, graph, of_class=None)
        names = ", ".join(sorted(printable(each.name) for each in classes)[:3])
        yield Finding(
            Severity.WARNING if others else Severity.INFO,
            "NoIngressClass",
            f"has no class, and no IngressClass is the default: there is {names}",
            ingress.key,
            evidence=(field(ingress, "spec.ingressClassName", "none"), address),
            next_steps=steps,
        )
        return
    others = _with_address(ingress, graph, of_class=ingress.class_name)
    text = "has no address"
    if others:
        verb = pluralize(others, "has", "have")
        text += f", while {count_noun(others, 'other Ingress', 'other Ingresses')} of its class {verb} one"
    else:
        text += ": no controller has reported one"
    yield Finding(
        Severity.WARNING if others else Severity.INFO,
        "NoAddress",
        text,
        ingress.key,
        ingress.metadata.creation_timestamp,
        remedy="look at the log of the controller of its class",
        evidence=(address,),
    )


@check(
    "ingress-certificate",
    "the TLS Secret of an Ingress is missing, or its certificate is not valid for its hosts",
    subjects=(INGRESS,),
    reads=("Secret",),
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#tls",
    remedy="renew the certificate, or correct the name of the Secret",
)
def ingress_certificate(ingress: Ingress, graph: Graph) -> Iterator[Finding]:
    """Yield what is wrong with each certificate of an Ingress."""
    if ingress.metadata.deletion_timestamp is not None:
        return
    for tls in ingress.spec.tls or ():
        if tls.secret_name:
            secret = SECRET.key(ingress.namespace, tls.secret_name)
            yield from certificate_findings(secret, tls.hosts or (), ingress, graph, where="spec.tls[].secretName")


def _path(ingress: Ingress, where: str, backend: Backend, graph: Graph) -> _Path | None:
    """Return how a path does, None when that is unknown."""
    if backend.service is None:
        return None
    name, port = backend.service.name, backend.service.port
    service = graph.get(SERVICE, name, ingress.namespace)
    if isinstance(service, Unread):
        return None
    if service is None:
        if is_young(ingress, graph):
            return None
        return _Path(where, Severity.DOWN, f"Service {printable(name)} does not exist")
    if _lacks(service, port):
        return _Path(where, Severity.DOWN, f"Service {printable(name)} has no port {printable(str(port))}")
    state = served_state(service, graph)
    return _Path(where, state.severity_for_users, state.of(name), (service.key,))


def _lacks(service: Service, port: BackendPort) -> bool:
    """Return whether a Service has no such port; an alias needs none."""
    ports = service.spec.ports or ()
    if service.spec.type == "ExternalName" or not ports or (port.number is None and not port.name):
        return False
    return all(each.port != port.number if port.number else each.name != port.name for each in ports)


def _count(ingress: Ingress) -> int:
    return sum(1 for _ in ingress.backends())


def _where_text(where: str) -> str:
    return printable(where) if where else "all other requests"


def _paths_text(failing: list[_Path], total: int) -> str:
    """Return which paths fail and why: `2 of 3 paths fail: Service web has no ready endpoints`."""
    first = failing[0].text
    if len(failing) == total:
        return f"no path answers: {first}" if total > 1 else first
    return f"{len(failing)} of {total} paths {'fails' if len(failing) == 1 else 'fail'}: {first}"


def _with_address(ingress: Ingress, graph: Graph, *, of_class: str | None) -> int:
    """Return how many other Ingresses have an address; `of_class` None: of any class."""
    others = graph.list(INGRESS)
    if isinstance(others, Unread):
        return 0
    return sum(
        bool(str(each.status.load_balancer)) and of_class in (None, each.class_name)
        for each in others
        if each.key != ingress.key
    )
