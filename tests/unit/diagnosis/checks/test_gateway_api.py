"""HTTPRoutes and Gateways, where the server has them."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.gateway import GATEWAY, HTTP_ROUTE
from k9py.api.kinds import Kind
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.gateways import gateway_certificate, gateway_status
from k9py.diagnosis.checks.http_routes import httproute_backend, httproute_health, httproute_parent
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects

LONG_AGO = "2026-11-22T10:00:00Z"


def _condition(type_: str, status: str, reason: str = "", message: str = "", at: str = LONG_AGO) -> dict[str, str]:
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def _route(
    *rules: list[dict[str, Any]], conditions: list[dict[str, str]] | None = None, created: str = LONG_AGO
) -> dict[str, Any]:
    answered = [_condition("Accepted", "True"), _condition("ResolvedRefs", "True")]
    parents = [{"parentRef": {"name": "public"}, "conditions": answered if conditions is None else conditions}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shop", "namespace": "shop", "uid": "route", "creationTimestamp": created},
        "spec": {"parentRefs": [{"name": "public"}], "rules": [{"backendRefs": rule} for rule in rules]},
        "status": {"parents": [] if conditions == [] else parents},
    }


def _gateway(*conditions: dict[str, str], listeners: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "public", "namespace": "shop", "uid": "gateway", "creationTimestamp": LONG_AGO},
        "spec": {"gatewayClassName": "envoy", **spec},
        "status": {"conditions": list(conditions), "listeners": listeners or []},
    }


PROGRAMMED = _gateway(_condition("Programmed", "True"))


def _class(name: str) -> dict[str, Any]:
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name}}


def _to(name: str, port: int = 80, **more: Any) -> dict[str, Any]:
    return {"name": name, "port": port, **more}


def _found(check: Check, kind: Kind[Any], *objects: Any) -> list[Finding]:
    service, pod = make.service("web"), make.pod("web-1", labels={"app": "web"})
    elsewhere = make.service("api", "data")
    served = [service, pod, make.endpoint_slice(service, [pod]), make.service("down"), elsewhere]
    graph = GraphOfObjects(*objects, *served)
    name = "shop" if kind is HTTP_ROUTE else "public"
    return list(check.run(graph.subject(kind, name, "shop"), graph))


@pytest.mark.parametrize(
    ("rules", "severity", "message"),
    [
        ([[_to("down")]], Severity.DOWN, "Service down has no ready endpoints"),
        ([[_to("web")], [_to("down")]], Severity.DEGRADED, "Service down has no ready endpoints"),
        ([[_to("web", weight=90), _to("down", weight=10)]], Severity.DEGRADED, "Service down has no ready endpoints"),
        ([[_to("wbe")]], Severity.DOWN, "routes to Service wbe, which does not exist; Service web does"),
        ([[_to("web", 8080)]], Severity.DOWN, "routes to port 8080 of Service web, which has 80"),
    ],
)
def test_what_users_feel_of_a_route(rules: list[list[dict[str, Any]]], severity: Severity, message: str) -> None:
    (finding,) = _found(httproute_health, HTTP_ROUTE, _route(*rules), PROGRAMMED)

    assert (finding.severity, finding.message) == (severity, message)
    assert finding.is_effect
    assert str(finding.about) == "HTTPRoute.gateway.networking.k8s.io shop/shop"


@pytest.mark.parametrize(
    "route",
    [
        _route([_to("web")]),
        _route([_to("web"), _to("down", weight=0)]),
        _route([_to("bucket", kind="Bucket", group="example.com")]),
        _route([_to("gone")], created="2026-11-22T11:59:50Z"),
        _route([]),
    ],
)
def test_a_route_that_answers(route: dict[str, Any]) -> None:
    assert _found(httproute_health, HTTP_ROUTE, route, PROGRAMMED) == []


def _grant(name: str = "") -> dict[str, Any]:
    source = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": "shop", "namespace": "data"},
        "spec": {"from": [source], "to": [{"group": "", "kind": "Service", **({"name": name} if name else {})}]},
    }


@pytest.mark.parametrize(
    ("grants", "is_refused"), [([], True), ([_grant()], False), ([_grant("api")], False), ([_grant("other")], True)]
)
def test_a_backend_of_another_namespace_needs_a_grant(grants: list[Any], is_refused: bool) -> None:
    route = _route([_to("api", namespace="data")])

    findings = _found(httproute_backend, HTTP_ROUTE, route, *grants)

    message = "no ReferenceGrant in namespace data lets it refer to Service api"
    assert [finding.message for finding in findings] == ([message] if is_refused else [])


@pytest.mark.parametrize(
    ("route", "objects", "severity", "message"),
    [
        (
            _route([_to("web")], conditions=[_condition("Accepted", "False", "NoMatchingParent", "No listener.")]),
            [PROGRAMMED],
            Severity.DOWN,
            "Gateway public does not accept it: No listener",
        ),
        (
            _route([_to("web")], conditions=[_condition("ResolvedRefs", "False", "InvalidKind", "No such kind")]),
            [PROGRAMMED],
            Severity.DEGRADED,
            "Gateway public cannot resolve what it refers to: No such kind",
        ),
        (
            _route([_to("web")], conditions=[]),
            [PROGRAMMED],
            Severity.WARNING,
            "Gateway public has not answered whether it takes it",
        ),
        (_route([_to("web")], conditions=[]), [], Severity.DOWN, "its Gateway public does not exist"),
        # Nothing shows that the controller of the Gateway is there.
        (_route([_to("web")], conditions=[]), [_gateway()], Severity.INFO, "Gateway public has not answered"),
    ],
)
def test_what_gateways_answer(route: dict[str, Any], objects: list[Any], severity: Severity, message: str) -> None:
    (finding,) = _found(httproute_parent, HTTP_ROUTE, route, *objects)

    assert finding.severity is severity
    assert finding.message.startswith(message)


def test_a_backend_that_the_controller_misses_is_reported_once() -> None:
    refused = _condition("ResolvedRefs", "False", "BackendNotFound", 'Service "gone" not found')
    route = _route([_to("gone")], conditions=[_condition("Accepted", "True"), refused])

    assert _found(httproute_parent, HTTP_ROUTE, route, PROGRAMMED) == []
    assert len(_found(httproute_backend, HTTP_ROUTE, route, PROGRAMMED)) == 1


@pytest.mark.parametrize(
    ("gateway", "objects", "messages"),
    [
        (PROGRAMMED, [], []),
        (_gateway(_condition("Programmed", "False", "Pending", at="2026-11-22T11:59:00Z")), [_class("envoy")], []),
        (_gateway(), [_class("envoi")], ["GatewayClass envoy does not exist; similar: envoi: no controller takes it"]),
        (
            _gateway(_condition("Accepted", "False", "InvalidParameters", "bad"), _condition("Programmed", "False")),
            [_class("envoy")],
            ["is not accepted: bad"],
        ),
        (
            _gateway(
                _condition("Programmed", "True"),
                listeners=[
                    {"name": "https", "conditions": [_condition("ResolvedRefs", "False", "InvalidCertificateRef")]}
                ],
            ),
            [],
            ["listener https: InvalidCertificateRef"],
        ),
    ],
)
def test_what_the_controller_of_a_gateway_reports(
    gateway: dict[str, Any], objects: list[Any], messages: list[str]
) -> None:
    findings = _found(gateway_status, GATEWAY, gateway, *objects)

    assert [finding.message for finding in findings] == messages


def test_the_certificate_of_a_listener() -> None:
    tls = {"certificateRefs": [{"name": "shop-tls"}, {"name": "other", "namespace": "data"}]}
    listener = {"name": "https", "protocol": "HTTPS", "port": 443, "hostname": "shop.example.com", "tls": tls}

    gateway = _gateway()
    gateway["spec"]["listeners"] = [listener]

    findings = _found(gateway_certificate, GATEWAY, gateway)

    assert [finding.reason for finding in findings] == ["TlsSecretMissing", "RefNotPermitted"]
