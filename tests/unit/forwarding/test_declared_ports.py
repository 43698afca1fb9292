"""The ports that can be chosen: which, in which order, and the local port that is proposed."""

from __future__ import annotations

import socket
from typing import Any

import msgspec

from k9py.api.pods import PodSpec
from k9py.api.services import Service
from k9py.forwarding.declared_ports import DeclaredPort, declared_ports, has_other_protocols
from k9py.forwarding.local_ports import next_free, port_problem


def spec(**containers: list[dict[str, Any]]) -> PodSpec:
    return msgspec.convert(
        {"containers": [{"name": name, "ports": ports} for name, ports in containers.items()]}, PodSpec
    )


def service(*ports: dict[str, Any]) -> Service:
    return msgspec.convert({"metadata": {"name": "web"}, "spec": {"ports": list(ports)}}, Service)


def test_the_usual_port_comes_first_those_of_probes_and_sidecars_last() -> None:
    pod = spec(
        **{
            "istio-proxy": [{"containerPort": 15090, "name": "http-envoy-prom"}],
            "app": [
                {"containerPort": 9090, "name": "metrics"},
                {"containerPort": 5432, "name": "postgres"},
                {"containerPort": 8443, "name": "https"},
                {"containerPort": 53, "name": "dns", "protocol": "UDP"},
            ],
        }
    )
    assert declared_ports(None, [pod]) == (
        DeclaredPort(8443, "https", "container app"),
        DeclaredPort(5432, "postgres", "container app"),
        DeclaredPort(9090, "metrics", "container app"),
        DeclaredPort(15090, "http-envoy-prom", "container istio-proxy"),
    )
    assert has_other_protocols(None, [pod])


def test_a_service_names_the_target_where_it_differs() -> None:
    web = service(
        {"port": 80, "name": "http", "targetPort": "web"},
        {"port": 9000, "targetPort": 9000},
        {"port": 443, "targetPort": 8443},
    )
    assert declared_ports(web, []) == (
        DeclaredPort(80, "http", "target port web"),
        DeclaredPort(443, "", "target port 8443"),
        DeclaredPort(9000),
    )
    assert not has_other_protocols(web, [])


def test_pods_of_one_port_list_it_once_and_without_ports_nothing_is_listed() -> None:
    assert len(declared_ports(None, [spec(app=[{"containerPort": 80}]), spec(app=[{"containerPort": 80}])])) == 1
    assert declared_ports(None, [PodSpec()]) == ()
    assert declared_ports(service(), [spec(app=[{"containerPort": 80}])]) == ()


def test_a_port_that_needs_privileges_is_proposed_with_an_offset() -> None:
    assert [DeclaredPort(number).local for number in (80, 443, 1023, 1024, 8080)] == [8080, 8443, 9023, 1024, 8080]


def test_the_next_free_port_skips_what_is_used_or_wanted_for_others() -> None:
    used = {8080, 8082}

    def problem(port: int) -> str:
        return "in use" if port in used else ""

    assert next_free(8080, {8081}, problem) == 8083
    assert next_free(65535, (), lambda _port: "in use") == 0


def test_a_port_that_somebody_listens_on_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert port_problem(port) == "in use"
    assert port_problem(port) == ""
    assert port_problem(0) == ""
