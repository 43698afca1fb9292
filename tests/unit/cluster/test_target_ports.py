"""Services whose target port has a name: only pods that have the port serve."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from k9py.api.meta import KubeObject
from k9py.api.pods import Container, ContainerPort, Pod
from k9py.api.services import Service, ServicePort
from k9py.api.severity import Severity
from k9py.cluster.views import ServiceView
from k9py.views.services import why_cell
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.situations import CRASHING, THROUGH
from tests.unit.cluster.world import World

WEB = Container(name="app", image="registry.example.com/shop/web:1.0", ports=(ContainerPort(80, "http"),))
TO_HTTP = (ServicePort(port=80, target_port="http"),)


def deployment(name: str, *, ready: int) -> tuple[KubeObject, KubeObject]:
    workload = make.deployment(name, replicas=1, ready=ready, available=ready, updated=1, conditions=[THROUGH])
    workload = replace(
        workload, spec=replace(workload.spec, template=make.template(labels={"app": "checkout", "part": name}))
    )
    return workload, make.replica_set(workload, "aaa", revision=1)


def pod(owner: KubeObject, *, port: bool, ready: bool = True) -> Pod:
    made = make.pod(
        f"{owner.name}-1",
        owner=owner,
        labels={"app": "checkout"},
        ready=ready,
        statuses=None if ready else [CRASHING],
    )
    return replace(made, spec=replace(made.spec, containers=(WEB,))) if port else made


def slices(service: Service, with_port: Sequence[Pod], without: Sequence[Pod]) -> list[KubeObject]:
    """Return slices as the controller makes them: pods without the port are in a slice without ports."""
    return [
        make.endpoint_slice(service, with_port, "aaaaa"),
        replace(make.endpoint_slice(service, without, "bbbbb"), ports=None),
    ]


def seen(*, is_ready: bool, cluster_ip: str = "10.96.0.10") -> ServiceView:
    """Two Deployments behind a service: pods of `blue` have the port, those of `green` have not, and are ready."""
    service = make.service("checkout", ports=TO_HTTP, cluster_ip=cluster_ip)
    blue, blues = deployment("blue", ready=int(is_ready))
    green, greens = deployment("green", ready=1)
    first, second = pod(blues, port=True, ready=is_ready), pod(greens, port=False)
    world = World(blue, blues, green, greens, first, second, service, *slices(service, [first], [second]))
    view = world.queries.service_view(service.key, NOW)
    assert view is not None
    return view


def test_a_service_is_down_when_no_pod_with_its_port_is_ready_whatever_others_are() -> None:
    view = seen(is_ready=False)
    assert (view.severity, view.serving, view.desired) == (Severity.DOWN, 0, 2)
    assert why_cell(view).text == "its pod with port http is not ready: container app is crash-looping (exit 1)"


@pytest.mark.parametrize(
    ("cluster_ip", "severity", "serving"),
    [("10.96.0.10", Severity.DEGRADED, 1), ("None", Severity.WARNING, 2)],
    ids=["proxied", "headless: DNS asks for no port"],
)
def test_pods_without_its_port_do_not_serve_a_service(cluster_ip: str, severity: Severity, serving: int) -> None:
    view = seen(is_ready=True, cluster_ip=cluster_ip)
    assert (view.severity, view.serving, view.desired) == (severity, serving, 2)
    assert why_cell(view).text == "1 of 2 pods has no port http"


def test_a_pod_of_no_workload_that_lacks_the_port_is_not_one_that_should_serve() -> None:
    service = make.service("checkout", ports=TO_HTTP)
    blue, blues = deployment("blue", ready=1)
    first, job = pod(blues, port=True), make.pod("migrate", labels={"app": "checkout"})
    world = World(blue, blues, first, job, service, *slices(service, [first], [job]))
    view = world.queries.service_view(service.key, NOW)
    assert view is not None
    assert (view.severity, view.serving, view.desired) == (Severity.WARNING, 1, 1)
