"""Check Gateways of the Gateway API: their class, what their controller reports, and the certificates of listeners.

Only where the API is served.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.gateway import GATEWAY, GATEWAY_CLASS, REFERENCE_GRANT, Gateway
from k9py.api.kinds import SECRET
from k9py.api.meta import Condition, find_condition
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.certificates import certificate_findings
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, did_you_mean, field
from k9py.diagnosis.settling import is_recent, is_young

_PATIENCE: Final = timedelta(minutes=3)
"""The address of a Gateway may be that of a load balancer, which takes a few minutes."""
_STEPS: Final = (NextStep("edit the Gateway", "object.edit"),)


@check(
    "gateway-status",
    "the controller of a Gateway refuses it, or one of its listeners",
    subjects=(GATEWAY,),
    reads=("GatewayClass",),
    source="https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype",
    remedy="correct what the controller reports",
)
def gateway_status(gateway: Gateway, graph: Graph) -> Iterator[Finding]:
    """Yield conditions that say no, and a class that does not exist."""
    if gateway.metadata.deletion_timestamp is not None:
        return
    conditions = gateway.status.conditions
    programmed = find_condition(conditions, "Programmed")
    if programmed is None or programmed.status != "True":
        yield from _class(gateway, graph)
    for type_ in ("Accepted", "Programmed"):
        condition = find_condition(conditions, type_)
        if _is_bad(condition, "False", graph) and condition is not None:
            text = f"is not {type_.lower()}: {_text(condition)}"
            yield _finding(gateway, Severity.DOWN, condition, text, f"status.conditions[{type_}]")
            break
    listeners = gateway.status.listeners or ()
    for listener in listeners:
        for type_, bad in (("Conflicted", "True"), ("Accepted", "False"), ("ResolvedRefs", "False")):
            condition = find_condition(listener.conditions, type_)
            if _is_bad(condition, bad, graph) and condition is not None:
                severity = Severity.DOWN if len(listeners) == 1 else Severity.DEGRADED
                text = f"listener {printable(listener.name)}: {_text(condition)}"
                where = f"status.listeners[{listener.name}].conditions[{type_}]"
                yield _finding(gateway, severity, condition, text, where)
                break


@check(
    "gateway-certificate",
    "the TLS Secret of a listener is missing, or its certificate is not valid",
    subjects=(GATEWAY,),
    reads=("Secret", "ReferenceGrant"),
    source="https://gateway-api.sigs.k8s.io/guides/tls/",
    remedy="renew the certificate, or correct the name of the Secret",
)
def gateway_certificate(gateway: Gateway, graph: Graph) -> Iterator[Finding]:
    """Yield what is wrong with each certificate of a Gateway."""
    if gateway.metadata.deletion_timestamp is not None:
        return
    for listener in gateway.spec.listeners or ():
        if listener.tls is None or listener.tls.mode != "Terminate":
            continue
        hosts = (listener.hostname,) if listener.hostname else ()
        for ref in listener.tls.certificate_refs or ():
            if ref.kind != "Secret" or ref.group:
                continue
            namespace = ref.namespace or gateway.namespace
            secret = SECRET.key(namespace, ref.name)
            if namespace != gateway.namespace:
                grants = graph.list(REFERENCE_GRANT, namespace)
                if not isinstance(grants, Unread) and not any(each.allows(gateway.key, secret) for each in grants):
                    text = f"no ReferenceGrant in namespace {printable(namespace)} lets it use"
                    text += f" Secret {printable(ref.name)}"
                    evidence = (field(gateway, "spec.listeners[].tls.certificateRefs", f"{namespace}/{ref.name}"),)
                    yield Finding(Severity.DEGRADED, "RefNotPermitted", text, gateway.key, evidence=evidence)
                    continue
            where = "spec.listeners[].tls.certificateRefs"
            yield from certificate_findings(secret, hosts, gateway, graph, where=where)


def _class(gateway: Gateway, graph: Graph) -> Iterator[Finding]:
    name = gateway.spec.gateway_class_name
    classes = graph.list(GATEWAY_CLASS)
    if isinstance(classes, Unread) or is_young(gateway, graph) or any(each.name == name for each in classes):
        return
    near = did_you_mean(name, (each.name for each in classes))
    yield Finding(
        Severity.DOWN,
        "NoSuchGatewayClass",
        f"GatewayClass {printable(name)} does not exist{near}: no controller takes it",
        gateway.key,
        evidence=(absence(GATEWAY_CLASS.key("", name)), field(gateway, "spec.gatewayClassName", name)),
        next_steps=_STEPS,
    )


def _is_bad(condition: Condition | None, bad: str, graph: Graph) -> bool:
    """Return whether a condition says no, and has for a while."""
    if condition is None or condition.status != bad:
        return False
    return not is_recent(condition.last_transition_time, graph, _PATIENCE)


def _finding(gateway: Gateway, severity: Severity, condition: Condition, message: str, where: str) -> Finding:
    return Finding(
        severity,
        printable(condition.reason) or condition.type,
        message,
        gateway.key,
        condition.last_transition_time,
        evidence=(field(gateway, where, _text(condition)),),
        next_steps=_STEPS,
    )


def _text(condition: Condition) -> str:
    return shorten(condition.message) or printable(condition.reason)
