"""Ports that a Service sends traffic to, and that its pods do not have."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from k9py.api.container_spec import EnvVar, HTTPGetAction, Probe
from k9py.api.pods import Container, ContainerPort, Pod
from k9py.api.services import ServicePort
from k9py.api.severity import Severity
from k9py.api.workloads import Deployment
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.service_ports import service_named_port, service_target_port
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of

PROBE_8080 = Probe(http_get=HTTPGetAction(port=8080))


def _pod(name: str = "web-1", *ports: ContainerPort, annotations: dict[str, str] | None = None, **spec: Any) -> Pod:
    pod = make.pod(name, labels={"app": "web"})
    container = Container(name="app", image="web:1", ports=ports or None, **spec)
    metadata = structs.replace(pod.metadata, annotations=annotations or {})
    return structs.replace(pod, metadata=metadata, spec=structs.replace(pod.spec, containers=(container,)))


def _findings(check: Check, ports: list[ServicePort], *pods: Pod) -> list[Finding]:
    service = make.service("web", ports=ports)
    return list(findings_of(check, service, GraphOfObjects(service, *pods)))


HTTP = ServicePort(port=80, target_port="http")


@pytest.mark.parametrize(
    ("ports", "pods", "severity", "message"),
    [
        (
            [HTTP],
            [_pod("a", ContainerPort(8080, "web"))],
            Severity.DOWN,
            "no container has the port http that port 80 targets; app declares web",
        ),
        (
            [HTTP],
            [_pod("a", ContainerPort(8080, "htpp"), ContainerPort(9090, "metrics"))],
            Severity.DOWN,
            "no container has the port http that port 80 targets; app declares htpp",
        ),
        ([HTTP], [_pod("a")], Severity.DOWN, "no container has the port http that port 80 targets"),
        (
            [HTTP],
            [_pod("a", ContainerPort(8080, "http", "UDP"))],
            Severity.DOWN,
            "no container has the port http that port 80 targets; app has it as UDP, not TCP",
        ),
        (
            [HTTP],
            [_pod("a", ContainerPort(8080, "http")), _pod("b", ContainerPort(8080, "web"))],
            Severity.DEGRADED,
            "1 of 2 pods has no port http, which port 80 targets; app declares web",
        ),
        (
            [HTTP, ServicePort(port=81, target_port=8080)],
            [_pod("a", ContainerPort(8080, "web"))],
            Severity.DEGRADED,
            "no container has the port http that port 80 targets; app declares web",
        ),
    ],
)
def test_named_ports_that_pods_lack(
    ports: list[ServicePort], pods: list[Pod], severity: Severity, message: str
) -> None:
    (finding,) = _findings(service_named_port, ports, *pods)

    assert (finding.severity, finding.message) == (severity, message)
    assert finding.evidence


@pytest.mark.parametrize(
    "pods",
    [
        [],
        [_pod("a", ContainerPort(8080, "http"))],
        [_pod("a", ContainerPort(8080, "http"), ContainerPort(8080, "http", "UDP"))],
    ],
)
def test_named_ports_that_all_pods_have(pods: list[Pod]) -> None:
    assert _findings(service_named_port, [HTTP], *pods) == []


TO_8081 = ServicePort(port=80, target_port=8081)


@pytest.mark.parametrize(
    ("ports", "pod", "severity", "message"),
    [
        (
            [TO_8081],
            _pod("a", ContainerPort(8080)),
            Severity.WARNING,
            "no container declares port 8081, which port 80 targets; app declares 8080",
        ),
        (
            [ServicePort(port=80)],
            _pod("a", ContainerPort(8080)),
            Severity.WARNING,
            "no container declares port 80, which port 80 targets; app declares 8080",
        ),
        (
            [TO_8081],
            _pod("a", readiness_probe=PROBE_8080),
            Severity.WARNING,
            "no container declares port 8081, which port 80 targets; the probes of app ask port 8080",
        ),
        (
            [ServicePort(port=53, target_port=53, protocol="UDP")],
            _pod("a", ContainerPort(53)),
            Severity.WARNING,
            "port 53 is UDP, but app declares 53 as TCP",
        ),
        # Another port of the Service is declared: this one may just not be.
        (
            [ServicePort(port=80, target_port=8080), TO_8081],
            _pod("a", ContainerPort(8080)),
            Severity.INFO,
            "no container declares port 8081, which port 80 targets; app declares 8080",
        ),
    ],
)
def test_target_ports_that_no_container_declares(
    ports: list[ServicePort], pod: Pod, severity: Severity, message: str
) -> None:
    (finding,) = _findings(service_target_port, ports, pod)

    assert (finding.severity, finding.message) == (severity, message)


@pytest.mark.parametrize(
    "pod",
    [
        _pod("a"),  # declares nothing, so nothing can be said
        _pod("a", ContainerPort(8080), ContainerPort(8081)),
        _pod("a", ContainerPort(8080), args=("--listen=:8081",)),
        _pod("a", ContainerPort(8080), env=(EnvVar("PORT", "8081"),)),
        _pod("a", ContainerPort(8080), annotations={"prometheus.io/port": "8081"}),
        _pod("a", ContainerPort(8080), readiness_probe=Probe(http_get=HTTPGetAction(port=8081))),
    ],
)
def test_target_ports_that_may_be_right(pod: Pod) -> None:
    assert _findings(service_target_port, [TO_8081], pod) == []


def test_one_pod_that_declares_the_port_is_enough_to_stay_silent() -> None:
    pods = [_pod("a", ContainerPort(8080)), _pod("b", ContainerPort(8081))]

    assert _findings(service_target_port, [TO_8081], *pods) == []


def test_terminating_pods_of_the_former_revision_do_not_count() -> None:
    former = _pod("old", ContainerPort(8081, "web"))
    former = structs.replace(former, metadata=structs.replace(former.metadata, deletion_timestamp=make.NOW))

    assert _findings(service_named_port, [HTTP], _pod("a", ContainerPort(8080, "http")), former) == []


def test_pods_of_another_application_that_lack_a_port_are_named_and_explain_it() -> None:
    def deployment(name: str, *ports: ContainerPort) -> Deployment:
        plain = make.deployment(name)
        labels = {"app": "web", "component": name}
        template = make.template(image=f"reg.test/{name}:1", labels=labels)
        containers = (Container(name=name, image=f"reg.test/{name}:1", ports=ports or None),)
        assert template.spec is not None
        spec = structs.replace(template.spec, containers=containers)
        return structs.replace(plain, spec=structs.replace(plain.spec, template=structs.replace(template, spec=spec)))

    service = make.service("web", ports=[HTTP])
    web, worker = deployment("web", ContainerPort(8080, "http")), deployment("worker")
    sets = [make.replica_set(each, "aaa") for each in (web, worker)]
    pods = [
        structs.replace(
            _pod(f"{each.name}-1", *ports),
            metadata=make.pod(f"{each.name}-1", owner=each, labels={"app": "web", "component": name}).metadata,
        )
        for each, name, ports in ((sets[0], "web", [ContainerPort(8080, "http")]), (sets[1], "worker", []))
    ]
    graph = GraphOfObjects(service, web, worker, *sets, *pods)

    (finding,) = findings_of(service_named_port, service, graph)

    assert finding.message == "1 of 2 pods (Deployment worker) has no port http, which port 80 targets"
    assert [each.check for each in finding.caused_by if isinstance(each, Finding)] == ["service-mixed-pods"]
