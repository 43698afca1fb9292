"""What a target stands for: its pods, which of them takes connections, and what its ports mean."""

from __future__ import annotations

import pytest
from msgspec import structs

from k9py.api.errors import KdashError, MissingPartError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Container, ContainerPort, Pod, PodSpec
from k9py.api.services import Service, ServicePort, ServiceSpec
from k9py.forwarding.ports import PortPair
from k9py.forwarding.targets import ForwardTarget, refuse_service
from tests.factories.meta import NOW
from tests.factories.pods import container_status, pod, waiting
from tests.factories.services import service

DEPLOYMENT = ForwardTarget(ObjectRef("Deployment", "shop", "web"), "app=web", template=PodSpec())
HTTP = ContainerPort(container_port=8080, name="http")


def with_ports(value: Pod, *ports: ContainerPort, sidecar: tuple[ContainerPort, ...] = ()) -> Pod:
    containers = (Container(name="app", ports=ports),)
    init = (Container(name="proxy", restart_policy="Always", ports=sidecar),) if sidecar else None
    return structs.replace(value, spec=structs.replace(value.spec, containers=containers, init_containers=init))


def of_service(*ports: ServicePort, cluster_ip: str = "10.96.0.10") -> ForwardTarget:
    value = service("web", ports=ports, cluster_ip=cluster_ip)
    return ForwardTarget(ObjectRef("Service", "shop", "web"), "app=web", service=value)


# -- ports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "remote", "expected"),
    [
        (ServicePort(port=80, name="http", target_port=8080), 80, 8080),
        (ServicePort(port=80, name="http", target_port=8080), "http", 8080),
        (ServicePort(port=80, target_port=None), 80, 80),
        (ServicePort(port=80, target_port=0), 80, 80),
        (ServicePort(port=80, target_port="web"), 80, 9000),
        (ServicePort(port=443, name="https", target_port="sidecar"), "https", 15000),
        (ServicePort(port=80, target_port="absent"), 80, None),
    ],
)
def test_a_port_of_a_service_means_its_target_port(port: ServicePort, remote: int | str, expected: int | None) -> None:
    web = with_ports(
        pod("web-1"), ContainerPort(container_port=9000, name="web"), sidecar=(ContainerPort(15000, "sidecar"),)
    )
    assert of_service(port).container_port(web, remote) == expected


def test_a_named_target_port_may_differ_between_pods() -> None:
    target = of_service(ServicePort(port=80, target_port="web"))
    old = with_ports(pod("web-1"), ContainerPort(8080, "web"))
    new = with_ports(pod("web-2"), ContainerPort(9090, "web"))
    assert [target.container_port(each, 80) for each in (old, new)] == [8080, 9090]


@pytest.mark.parametrize(("remote", "expected"), [(80, 80), (7000, 7000), ("http", 8080)])
def test_a_number_on_a_headless_service_is_a_port_of_the_pod(remote: int | str, expected: int) -> None:
    target = of_service(ServicePort(port=80, name="http", target_port=8080), cluster_ip="None")
    target.check(remote, [pod("web-1")])
    assert target.container_port(pod("web-1"), remote) == expected


def test_of_tcp_and_udp_on_one_number_tcp_is_meant() -> None:
    dns = of_service(
        ServicePort(port=53, name="udp", protocol="UDP", target_port=5353), ServicePort(port=53, target_port=5354)
    )
    assert dns.container_port(pod("web-1"), 53) == 5354


@pytest.mark.parametrize(
    ("target", "remote", "error", "message"),
    [
        (of_service(ServicePort(port=80, name="http")), 81, MissingPartError, "Service web has no port 81"),
        (of_service(ServicePort(port=80, name="http")), "web", MissingPartError, "Service web has no port web"),
        (of_service(ServicePort(port=53, protocol="UDP")), 53, RefusedError, "is UDP: only TCP"),
        (of_service(ServicePort(port=80, target_port="no")), 80, MissingPartError, "has a port named no"),
        (DEPLOYMENT, "web", MissingPartError, "no container of deploy/web has a port named web"),
        (DEPLOYMENT, 5353, RefusedError, "is UDP: only TCP"),
    ],
)
def test_a_port_that_does_not_exist_is_refused_with_those_that_do(
    target: ForwardTarget, remote: int | str, error: type[KdashError], message: str
) -> None:
    pods = [with_ports(pod("web-1"), HTTP, ContainerPort(5353, "dns", "UDP"))]
    with pytest.raises(error) as raised:
        target.check(remote, pods)
    assert message in raised.value.message
    if error is MissingPartError:
        assert "80" in raised.value.hint


def test_a_number_that_no_container_declares_is_allowed() -> None:
    DEPLOYMENT.check(6060, [with_ports(pod("web-1"), HTTP)])


def test_without_a_port_the_only_one_is_taken() -> None:
    udp = ContainerPort(53, "dns", "UDP")
    assert DEPLOYMENT.only_ports([with_ports(pod("web-1"), HTTP, udp)]) == (PortPair(8080),)
    assert of_service(ServicePort(port=80, target_port=1)).only_ports([]) == (PortPair(80),)
    with pytest.raises(MissingPartError) as raised:
        of_service(ServicePort(port=80, name="http"), ServicePort(port=81)).only_ports([])
    assert raised.value.hint == "ports: 80 (http), 81"
    with pytest.raises(MissingPartError, match="no declared TCP port"):
        DEPLOYMENT.only_ports([pod("web-1")])


# -- Services ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (ServiceSpec(type="ExternalName", external_name="db.example.org"), "alias of db.example.org"),
        (ServiceSpec(selector=None, ports=(ServicePort(port=1),)), "has no selector"),
        (ServiceSpec(selector={}, ports=(ServicePort(port=1),)), "has no selector"),
        (ServiceSpec(selector={"app": "web"}), "has no ports"),
    ],
)
def test_a_service_that_stands_for_no_pods_is_refused(spec: ServiceSpec, message: str) -> None:
    value: Service = structs.replace(service("web"), spec=spec)
    with pytest.raises(RefusedError) as raised:
        refuse_service(value)
    assert message in raised.value.message
    assert raised.value.hint


# -- pods -------------------------------------------------------------------------------------------------------------


def chosen(target: ForwardTarget, *pods: Pod, current: str = "", avoided: tuple[str, ...] = ()) -> str:
    uids = {each.name: each.uid for each in pods}
    pod_ = target.choose(pods, uids.get(current, ""), {8080}, {uids[name] for name in avoided})
    return pod_.name if pod_ is not None else ""


READY, NEWER, UNREADY = pod("ready"), pod("newer", created=5), pod("unready", ready=False)
DELETED = pod("deleted", deleted=NOW)
ENDED = pod("ended", phase="Succeeded")


@pytest.mark.parametrize(
    ("pods", "current", "avoided", "expected"),
    [
        ((READY, NEWER, UNREADY, DELETED), "", (), "newer"),
        ((READY, NEWER), "ready", (), "ready"),
        ((READY, NEWER), "ready", ("ready",), "newer"),
        ((READY,), "ready", ("ready",), "ready"),
        ((UNREADY, DELETED, ENDED), "unready", (), ""),
        ((READY, DELETED), "deleted", (), "ready"),
        ((), "ready", (), ""),
    ],
)
def test_of_a_workload_a_ready_pod_takes_connections_and_keeps_them(
    pods: tuple[Pod, ...], current: str, avoided: tuple[str, ...], expected: str
) -> None:
    assert chosen(DEPLOYMENT, *pods, current=current, avoided=avoided) == expected


NAMED = ForwardTarget(ObjectRef("Pod", "shop", "web-1"), pod="web-1", has_stand_ins=True)


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ((pod("web-1", ready=False), READY), "web-1"),
        ((pod("web-1", deleted=NOW), READY), "ready"),
        ((pod("web-1", deleted=NOW),), "web-1"),
        ((pod("web-1", phase="Failed"), READY), "ready"),
        ((pod("web-1", phase="Pending", ready=False), READY), "ready"),
        ((READY,), "ready"),
    ],
)
def test_a_named_pod_is_used_as_long_as_it_runs(pods: tuple[Pod, ...], expected: str) -> None:
    assert chosen(NAMED, *pods) == expected


def test_a_service_that_publishes_pods_that_are_not_ready_uses_them_last() -> None:
    target = of_service(ServicePort(port=8080))
    assert target.service is not None
    spec = structs.replace(target.service.spec, publish_not_ready_addresses=True)
    target = target.with_service(structs.replace(target.service, spec=spec))
    assert chosen(target, UNREADY) == "unready"
    assert chosen(target, UNREADY, READY) == "ready"


def test_a_pod_without_the_port_takes_no_connections() -> None:
    target = of_service(ServicePort(port=8080, target_port="http"))
    with_http = with_ports(pod("with"), HTTP)
    assert chosen(target, pod("without", created=1), with_http) == "with"
    assert chosen(target, pod("without")) == ""
    assert target.why_none([pod("without")], {8080}, NOW) == "without has no port 8080"


def test_pods_of_other_controllers_are_not_its_own() -> None:
    target = ForwardTarget(ObjectRef("StatefulSet", "shop", "db"), controller_kind="StatefulSet", controller_name="db")
    assert target.own([pod("db-0")]) == ()


@pytest.mark.parametrize(
    ("pods", "why"),
    [
        ((), "deploy/web has no pods"),
        ((DELETED,), "deleted is being deleted"),
        ((ENDED,), "ended has ended (Succeeded)"),
        ((UNREADY, DELETED), "none of 2 pods is ready: unready: container app is not ready"),
        (
            (pod("web-1", ready=False, statuses=[container_status(ready=False, state=waiting("ImagePullBackOff"))]),),
            "web-1: ",
        ),
    ],
)
def test_why_no_pod_takes_connections(pods: tuple[Pod, ...], why: str) -> None:
    assert DEPLOYMENT.why_none(pods, {8080}, NOW).startswith(why)
