"""Ingresses: what their hosts feel, what they name wrongly, their class, address and certificates."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k9py.api.kinds import INGRESS
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.services import ServicePort
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.ingresses import ingress_backend, ingress_certificate, ingress_class, ingress_health
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects

DATA = Path(__file__).parents[3] / "data" / "certificates"
LONG_AGO = "2026-11-22T10:00:00Z"


def _ingress(
    *backends: str, name: str = "shop", created: str = LONG_AGO, address: str = "", **spec: Any
) -> dict[str, Any]:
    """Return an Ingress; a backend is `service:port`."""
    paths = [
        {"path": f"/{number}", "backend": {"service": {"name": service, "port": _port(port)}}}
        for number, (service, _, port) in enumerate(backend.partition(":") for backend in backends)
    ]
    status = {"loadBalancer": {"ingress": [{"ip": address}]} if address else {}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "shop", "uid": f"ingress-{name}", "creationTimestamp": created},
        "spec": {"rules": [{"host": "shop.example.com", "http": {"paths": paths}}], **spec},
        "status": status,
    }


def _port(port: str) -> dict[str, Any]:
    return {"number": int(port)} if port.isdigit() else {"name": port}


def _served(name: str) -> list[KubeObject]:
    service = make.service(name, ports=(ServicePort(port=80, name="http", target_port=8080),))
    pod = make.pod(f"{name}-1", labels={"app": name})
    return [service, pod, make.endpoint_slice(service, [pod])]


DOWN = make.service("down")
"""A Service that selects nothing."""


def _found(check: Check, *objects: Any, **options: Any) -> list[Finding]:
    graph = GraphOfObjects(*objects, **options)
    return list(check.run(graph.subject(INGRESS, "shop", "shop"), graph))


@pytest.mark.parametrize(
    ("backends", "objects", "severity", "message", "causes"),
    [
        (["down:80"], [DOWN], Severity.DOWN, "Service down has no ready endpoints", [DOWN.key]),
        (
            ["web:80", "down:80"],
            [DOWN, *_served("web")],
            Severity.DEGRADED,
            "1 of 2 paths fails: Service down has no ready endpoints",
            [DOWN.key],
        ),
        (["gone:80", "lost:80"], [], Severity.DOWN, "no path answers: Service gone does not exist", []),
        (["web:8080"], _served("web"), Severity.DOWN, "Service web has no port 8080", []),
    ],
)
def test_what_users_feel_of_an_ingress(
    backends: list[str], objects: list[Any], severity: Severity, message: str, causes: list[ObjectRef]
) -> None:
    (finding,) = _found(ingress_health, _ingress(*backends), *objects)

    assert (finding.severity, finding.message) == (severity, message)
    assert finding.is_effect
    assert list(finding.caused_by) == causes


@pytest.mark.parametrize(
    ("ingress", "objects"),
    [
        (_ingress("web:80"), _served("web")),
        (_ingress("web:http"), _served("web")),
        (_ingress("gone:80", created="2026-11-22T11:59:40Z"), []),  # its Service may still be applied
    ],
)
def test_an_ingress_that_answers(ingress: dict[str, Any], objects: list[Any]) -> None:
    assert _found(ingress_health, ingress, *objects) == []
    assert _found(ingress_backend, ingress, *objects) == []


def test_services_that_are_unread_are_not_judged() -> None:
    assert _found(ingress_health, _ingress("web:80"), unread={"Service": "forbidden"}) == []
    assert _found(ingress_backend, _ingress("web:80"), unread={"Service": "forbidden"}) == []


@pytest.mark.parametrize(
    ("backends", "severity", "message"),
    [
        (
            ["webs:80"],
            Severity.DOWN,
            "routes shop.example.com/0 to Service webs, which does not exist; Service web does",
        ),
        (
            ["web:80", "zebra:80"],
            Severity.DEGRADED,
            "routes shop.example.com/1 to Service zebra, which does not exist",
        ),
        (["web:8080"], Severity.DOWN, "routes shop.example.com/0 to port 8080 of Service web, which has 80 (http)"),
        (
            ["web:htpp"],
            Severity.DOWN,
            "routes shop.example.com/0 to port htpp of Service web, which has 80 (http); http is close",
        ),
        (
            ["zebra:80", "zebra:80"],
            Severity.DOWN,
            "routes shop.example.com/0 and 1 more path to Service zebra, which does not exist",
        ),
    ],
)
def test_backends_that_do_not_exist(backends: list[str], severity: Severity, message: str) -> None:
    (finding,) = _found(ingress_backend, _ingress(*backends), *_served("web"))

    assert (finding.severity, finding.message) == (severity, message)
    assert finding.evidence


def _class(name: str, *, is_default: bool = False) -> dict[str, Any]:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if is_default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": annotations},
    }


OTHER = _ingress("web:80", name="other", address="203.0.113.7", ingressClassName="nginx")
NGINX = _class("nginx")


@pytest.mark.parametrize(
    ("ingress", "others", "severity", "message"),
    [
        (
            _ingress("web:80", ingressClassName="ngnix"),
            [NGINX],
            Severity.DOWN,
            "IngressClass ngnix does not exist; similar: nginx: no controller takes it",
        ),
        (
            _ingress("web:80", ingressClassName="gone", address="203.0.113.7"),
            [NGINX],
            Severity.WARNING,
            "IngressClass gone does not exist: no controller takes it",
        ),
        (
            _ingress("web:80"),
            [NGINX, OTHER],
            Severity.WARNING,
            "has no class, and no IngressClass is the default: there is nginx",
        ),
        (
            _ingress("web:80", ingressClassName="nginx"),
            [NGINX, OTHER],
            Severity.WARNING,
            "has no address, while 1 other Ingress of its class has one",
        ),
        # Nothing shows that there is a controller that reports addresses at all.
        (_ingress("web:80"), [], Severity.INFO, "has no address: no controller has reported one"),
        (_ingress("web:80", ingressClassName="nginx"), [NGINX], Severity.INFO, "has no address: no controller"),
    ],
)
def test_the_class_and_the_address_of_an_ingress(
    ingress: dict[str, Any], others: list[Any], severity: Severity, message: str
) -> None:
    (finding,) = _found(ingress_class, ingress, *others)

    assert finding.severity is severity
    assert finding.message.startswith(message)


@pytest.mark.parametrize(
    ("ingress", "others"),
    [
        (_ingress("web:80", ingressClassName="nginx", address="203.0.113.7"), [NGINX]),
        (_ingress("web:80", ingressClassName="nginx", created="2026-11-22T11:57:00Z"), [NGINX, OTHER]),
        (_ingress("web:80", created="2026-11-22T11:59:50Z", ingressClassName="gone"), []),
    ],
)
def test_a_class_and_an_address_as_they_should_be(ingress: dict[str, Any], others: list[Any]) -> None:
    assert _found(ingress_class, ingress, *others) == []


def _secret(certificate: str, *, type_: str = "kubernetes.io/tls", key: str = "tls.key") -> dict[str, Any]:
    data = {key: "a2V5"}
    if certificate:
        text = (DATA / f"{certificate}.pem").read_bytes() if certificate != "garbage" else b"garbage"
        data["tls.crt"] = b64encode(text).decode()
    metadata = {"name": "shop-tls", "namespace": "shop", "uid": "secret"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": type_, "data": data}


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("secret", "hosts", "severity", "message"),
    [
        (None, ["shop.example.com"], Severity.DEGRADED, "TLS Secret shop-tls does not exist"),
        (_secret("expired"), ["shop.example.com"], Severity.DEGRADED, "certificate expired on 2026-11-19"),
        (_secret("soon"), ["shop.example.com"], Severity.WARNING, "certificate expires on 2026-12-01"),
        (
            _secret("valid"),
            ["www.example.org", "shop.example.com"],
            Severity.DEGRADED,
            (
                "certificate is not for www.example.org: it is for shop.example.com, *.shop.example.com, 10.0.0.7,"
                " 2001:db8::1"
            ),
        ),
        (
            _secret("plain"),
            ["shop.example.com"],
            Severity.DEGRADED,
            "certificate is not for shop.example.com: it has no subject alternative name",
        ),
        (_secret("garbage"), ["x"], Severity.DEGRADED, "tls.crt has no certificate in PEM"),
        (
            _secret("", type_="Opaque"),
            ["x"],
            Severity.DEGRADED,
            "TLS Secret has no key tls.crt (it is of type Opaque)",
        ),
        (_secret("valid", key="key"), ["x"], Severity.DEGRADED, "TLS Secret has no key tls.key"),
    ],
)
def test_certificates_that_are_not_valid(
    secret: dict[str, Any] | None, hosts: list[str], severity: Severity, message: str
) -> None:
    ingress = _ingress("web:80", tls=[{"hosts": hosts, "secretName": "shop-tls"}])
    objects = [ingress, *_served("web"), *([secret] if secret else [])]

    (finding,) = _found(ingress_certificate, *objects, now=NOW)
    (effect,) = _found(ingress_health, *objects, now=NOW)

    assert (finding.severity, finding.message) == (severity, message)
    assert str(finding.about) == "Secret shop/shop-tls"
    assert effect.severity is severity
    assert effect.caused_by == (finding,)


@pytest.mark.parametrize(
    ("secret", "hosts"),
    [
        (_secret("valid"), ["shop.example.com", "api.shop.example.com"]),
        (_secret("far"), []),
        (_secret("valid", type_="Opaque"), ["www.example.org"]),  # the certificate of another type is not read
    ],
)
def test_certificates_that_are_valid(secret: dict[str, Any], hosts: list[str]) -> None:
    ingress = _ingress("web:80", tls=[{"hosts": hosts, "secretName": "shop-tls"}])

    assert _found(ingress_certificate, ingress, secret) == []


def test_a_certificate_that_is_just_being_issued_is_waited_for() -> None:
    ingress = _ingress("web:80", tls=[{"secretName": "shop-tls"}])
    ingress["metadata"]["annotations"] = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    created = datetime.fromisoformat(LONG_AGO)

    assert _found(ingress_certificate, ingress, now=created + timedelta(minutes=5)) == []
    assert len(_found(ingress_certificate, ingress, now=created + timedelta(minutes=15))) == 1


def test_a_secret_that_may_not_be_read_is_not_judged() -> None:
    ingress = _ingress("web:80", tls=[{"secretName": "shop-tls"}])

    assert _found(ingress_certificate, ingress, unread={"Secret": "forbidden"}) == []
