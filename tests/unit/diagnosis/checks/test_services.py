"""What a Service selects, and where endpoints written by hand point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

from k9py.api.kinds import SERVICE
from k9py.api.meta import ManagedFields, Meta, OwnedFields, OwnedSpec, Present
from k9py.api.pods import Container, ContainerPort, Pod, PodSpec, PodTemplate
from k9py.api.services import Endpoint, EndpointSlice, Service, TargetRef
from k9py.api.severity import Severity
from k9py.api.workloads import Deployment
from k9py.cluster.graph import ClusterGraph
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.endpoint_addresses import service_endpoints_nowhere
from k9py.diagnosis.checks.services import (
    service_mixed_pods,
    service_selector,
    service_terminating,
    service_without_endpoints,
)
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of
from tests.unit.diagnosis.timelines.world import deployment, replica_set

NOW_TEXT = make.NOW.isoformat()


def _found(check: Check, graph: ClusterGraph, name: str = "web") -> list[Finding]:
    subject = graph.get(SERVICE, name, "shop")
    return list(findings_of(check, subject, graph))


def _service(name: str = "web", *, created: float = 3600, **options: Any) -> Service:
    service = make.service(name, **options)
    metadata = structs.replace(service.metadata, creation_timestamp=make.before(created))
    return structs.replace(service, metadata=metadata)


def _workload(
    name: str, labels: Mapping[str, str], image: str = "web:1", *, replicas: int = 1, port: int = 8080
) -> Deployment:
    workload = make.deployment(name, replicas=replicas)
    container = Container(name="app", image=image, ports=(ContainerPort(port),))
    template = PodTemplate(Meta(labels=dict(labels)), PodSpec(containers=(container,)))
    return structs.replace(workload, spec=structs.replace(workload.spec, template=template))


# -- the selector -----------------------------------------------------------------------------------------------------


def test_a_selector_that_matches_nothing_names_the_labels_that_come_close() -> None:
    pods = [make.pod(f"web-{number}", labels={"app": "web2"}) for number in range(3)]
    graph = GraphOfObjects(_service(selector={"app": "web"}), *pods)

    (finding,) = _found(service_selector, graph)

    assert finding.severity is Severity.DOWN
    assert finding.message == "no pod matches its selector app=web; 3 pods have app=web2"
    assert [proof.text for proof in finding.evidence] == ["app=web", "app=web2"]
    assert finding.next_steps[0].action == "object.edit"


def test_templates_of_workloads_without_pods_are_compared_too() -> None:
    graph = GraphOfObjects(_service(selector={"app": "web"}), _workload("web", {"app": "frontend"}, replicas=0))

    (finding,) = _found(service_selector, graph)

    assert finding.message.endswith("; the pod template of Deployment web has app=frontend")


def test_a_match_in_another_namespace_is_named_where_nothing_is_close() -> None:
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "prod")]
    elsewhere = make.pod("web-1", "prod", labels={"app": "web"})
    graph = GraphOfObjects(_service(selector={"app": "web"}), elsewhere, *namespaces)

    (finding,) = _found(service_selector, graph)

    assert finding.message == "no pod matches its selector app=web; 1 pod in namespace prod matches"


@pytest.mark.parametrize(
    "objects",
    [
        [_service(selector={"app": "web"}), make.pod(labels={"app": "web"})],
        [_service(selector={"app": "web"}), make.pod(labels={"app": "web"}, ready=False)],
        [_service(selector={"app": "web"}), _workload("web", {"app": "web"})],  # its pods are being created
        [_service(selector={"app": "web"}), _workload("web", {"app": "web"}, replicas=0)],
        [_service(selector={"app": "web"}, created=5)],
        [_service(selector={})],
        [_service(selector={"app": "web"}, type_="ExternalName")],
    ],
)
def test_a_selector_is_not_reported_while_it_selects_or_may_do_so_soon(objects: list[Any]) -> None:
    assert _found(service_selector, GraphOfObjects(*objects)) == []


def test_nothing_matches_since_the_selector_was_written_whatever_pods_come_and_go() -> None:
    service = _service(selector={"app": "web"})
    written = ManagedFields("kubectl-edit", time=make.before(40), fields=OwnedFields(OwnedSpec(selector=Present())))
    metadata = structs.replace(service.metadata, managed_fields=(written,))
    service = structs.replace(service, metadata=metadata)

    (finding,) = _found(service_selector, GraphOfObjects(service, make.pod(labels={"app": "web2"}, created=600)))
    assert finding.since == make.before(40)

    (finding,) = _found(service_selector, GraphOfObjects(service, make.pod(labels={"app": "web2"}, created=20)))
    assert finding.since == make.before(40)

    never_written = structs.replace(service, metadata=structs.replace(metadata, managed_fields=None))
    (finding,) = _found(service_selector, GraphOfObjects(never_written, make.pod(labels={"app": "web2"}, created=20)))
    assert finding.since == service.metadata.creation_timestamp


def test_nothing_matches_since_the_revision_that_a_selector_matched_was_replaced() -> None:
    old = replica_set("aaa", 1, "reg/web:1", 900)
    new = replica_set("bbb", 2, "reg/web:1", 100)
    new["spec"]["template"]["metadata"]["labels"] = {"app": "web2"}
    workload = deployment()
    workload["spec"]["template"]["metadata"]["labels"] = {"app": "web2"}

    for objects, since in (((workload, old, new), 100), ((workload, new), None)):
        service = _service(selector={"app": "web"})
        (finding,) = _found(service_selector, GraphOfObjects(service, *objects))
        expected = service.metadata.creation_timestamp if since is None else make.before(since)
        assert finding.since == expected


def test_a_service_of_a_namespace_that_is_being_deleted_is_not_reported() -> None:
    gone = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "deletionTimestamp": NOW_TEXT}}

    assert _found(service_selector, GraphOfObjects(_service(selector={"app": "web"}), gone)) == []


def test_a_young_service_is_looked_at_again() -> None:
    graph = GraphOfObjects(_service(selector={"app": "web"}, created=20))

    assert _found(service_selector, graph) == []
    assert graph.again_at is not None
    assert (graph.again_at - graph.now).total_seconds() == 40


def test_nothing_is_claimed_while_pods_are_unread() -> None:
    assert _found(service_selector, GraphOfObjects(_service(selector={"app": "web"}), unread={"Pod": ""})) == []


def test_the_last_pods_of_a_service_that_nothing_replaces() -> None:
    ending = make.pod("web-1", labels={"app": "web"}, deleted=make.before(10))
    service = _service(selector={"app": "web"})

    (finding,) = _found(service_terminating, GraphOfObjects(service, ending))

    assert finding.severity is Severity.DOWN
    assert finding.message == "no workload makes pods for it: the last 1 pod is terminating"


@pytest.mark.parametrize(
    ("more", "severities"),
    [
        ([_workload("web", {"app": "web"})], [Severity.INFO]),  # it is being replaced
        ([_workload("web", {"app": "web"}, replicas=0)], []),
        ([make.pod("web-2", labels={"app": "web"})], []),
    ],
)
def test_terminating_pods_that_are_replaced_or_were_to_end(more: list[Any], severities: list[Severity]) -> None:
    ending = make.pod("web-1", labels={"app": "web"}, deleted=make.before(10))
    service = _service(selector={"app": "web"})
    graph = GraphOfObjects(service, ending, make.endpoint_slice(service, [ending]), *more)

    assert [finding.severity for finding in _found(service_terminating, graph)] == severities


# -- several applications ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "workloads"),
    [
        ("web", [("web", {"app": "shop", "tier": "web"}), ("worker", {"app": "shop", "tier": "worker"})]),
        ("web", [("web", {"app": "shop"}, "web:1"), ("worker", {"app": "shop"}, "worker:1")]),
        ("shop", [("web", {"app": "shop", "c": "web"}), ("worker", {"app": "shop", "c": "worker"}, "w:1", 9000)]),
    ],
)
def test_a_selector_that_takes_another_application_too(name: str, workloads: list[Any]) -> None:
    backends = [
        _workload(each[0], each[1], *each[2:3], **({"port": each[3]} if len(each) > 3 else {})) for each in workloads
    ]
    graph = GraphOfObjects(_service(name, selector={"app": "shop"}), *backends)

    (finding,) = _found(service_mixed_pods, graph, name)

    assert finding.severity is Severity.WARNING
    assert "Deployment web, Deployment worker" in finding.message


def test_the_label_that_tells_the_applications_apart_is_proposed() -> None:
    backends = [
        _workload("web", {"app": "shop", "tier": "web"}),
        _workload("worker", {"app": "shop", "tier": "worker"}),
    ]
    graph = GraphOfObjects(_service(selector={"app": "shop"}), *backends)

    (finding,) = _found(service_mixed_pods, graph)

    assert finding.message.endswith("; add tier=web to it")


@pytest.mark.parametrize(
    "workloads",
    [
        [("web", {"app": "web", "track": "stable"}), ("web-canary", {"app": "web", "track": "canary"}, "web:2")],
        [("web-blue", {"app": "web", "color": "blue"}), ("web-green", {"app": "web", "color": "green"}, "web:2")],
        [("web-v1", {"app": "web", "version": "v1"}), ("web-v2", {"app": "web", "version": "v2"}, "other/web:2")],
        [("web", {"app": "web"}, "web:1"), ("web-canary", {"app": "web", "role": "canary"}, "web:2")],
        [("web", {"app": "web"})],
        # A Service for several roles of one application: neither its name nor its ports speak against it.
        [("search-a1", {"app": "web", "role": "master"}), ("data", {"app": "web", "role": "data"})],
    ],
)
def test_versions_of_one_application_may_share_a_service(workloads: list[Any]) -> None:
    backends = [_workload(*each) for each in workloads]
    graph = GraphOfObjects(_service("web", selector={"app": "web"}), *backends)
    if workloads[0][0] == "search-a1":
        graph = GraphOfObjects(_service("search", selector={"app": "web"}), *backends)

    assert _found(service_mixed_pods, graph, "search" if workloads[0][0] == "search-a1" else "web") == []


# -- endpoints written by hand ----------------------------------------------------------------------------------------


def _slice(name: str, service: str, *endpoints: Endpoint, managed_by: str = "") -> EndpointSlice:
    labels = {"kubernetes.io/service-name": service} if service else {}
    if managed_by:
        labels["endpointslice.kubernetes.io/managed-by"] = managed_by
    return EndpointSlice(metadata=make.meta("EndpointSlice", name, labels=labels), endpoints=endpoints)


def _at(address: str, pod: Pod | None = None, uid: str | None = None) -> Endpoint:
    ref = None if pod is None else TargetRef("Pod", pod.namespace, pod.name, pod.uid if uid is None else uid)
    return Endpoint(addresses=(address,), target_ref=ref)


def _pod_at(address: str, name: str = "db-0") -> Pod:
    pod = make.pod(name, labels={"app": "db"})
    return structs.replace(pod, status=structs.replace(pod.status, pod_ip=address, host_ip="192.168.0.1"))


@pytest.mark.parametrize(
    ("slices", "severity", "message"),
    [
        (
            [_slice("db-1", "db2", _at("10.0.0.1"))],
            Severity.DOWN,
            "has no endpoints: EndpointSlice db-1 has kubernetes.io/service-name=db2, not db",
        ),
        (
            [_slice("db-1", "", _at("10.0.0.1"))],
            Severity.DOWN,
            "has no endpoints: EndpointSlice db-1 has no label kubernetes.io/service-name, not db",
        ),
        ([], Severity.DOWN, "has no selector, and no EndpointSlice belongs to it"),
        ([_slice("db-1", "db")], Severity.DOWN, "has no selector, and its EndpointSlice has no endpoints"),
        # Slices of other Services, or of a controller, are none of its own.
        (
            [_slice("web-1", "web", _at("10.0.0.1"))],
            Severity.DOWN,
            "has no selector, and no EndpointSlice belongs to it",
        ),
    ],
)
def test_a_service_without_selector_and_endpoints(
    slices: list[EndpointSlice], severity: Severity, message: str
) -> None:
    graph = GraphOfObjects(_service("db", selector={}), _service("web"), *slices)

    (finding,) = _found(service_without_endpoints, graph, "db")

    assert (finding.severity, finding.message) == (severity, message)


def test_a_service_with_manual_endpoints_is_fine() -> None:
    graph = GraphOfObjects(_service("db", selector={}), _slice("db-1", "db", _at("203.0.113.7")), _pod_at("10.0.0.9"))

    assert _found(service_without_endpoints, graph, "db") == []
    assert _found(service_endpoints_nowhere, graph, "db") == []


POD = _pod_at("10.0.0.9")
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "a"},
    "spec": {"podCIDRs": ["10.0.0.0/24", "fd00::/64"]},
}


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        (_at("10.0.0.9", POD), ""),
        (_at("10.0.0.9"), ""),
        (_at("192.168.0.1"), ""),  # a node
        (_at("10.7.7.7"), ""),  # not where pods are
        (_at("10.0.0.9", POD, "former"), "PodGone"),
        (_at("10.0.0.9", make.pod("gone")), "PodGone"),
        (_at("10.0.0.8", POD), "WrongAddress"),
        (_at("10.0.0.8"), "NoPodWithAddress"),
    ],
)
def test_endpoints_that_point_nowhere(endpoint: Endpoint, reason: str) -> None:
    graph = GraphOfObjects(_service("db", selector={}), _slice("db-1", "db", endpoint), POD, NODE)

    findings = _found(service_endpoints_nowhere, graph, "db")

    assert [finding.reason for finding in findings] == ([reason] if reason else [])
    assert all(finding.severity is Severity.DOWN and finding.evidence for finding in findings)


def test_addresses_are_not_judged_where_not_all_pods_are_read() -> None:
    graph = GraphOfObjects(
        _service("db", selector={}), _slice("db-1", "db", _at("10.0.0.8")), POD, NODE, scope=("shop",)
    )

    assert _found(service_endpoints_nowhere, graph, "db") == []
