"""Common situations in real clusters that are no failures: leftovers of reboots, workloads at zero, deletions."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from k9py.api.batch import Job
from k9py.api.meta import KubeObject, OwnerReference
from k9py.api.pods import Container, ContainerPort, Pod
from k9py.api.services import Endpoint, EndpointSlice, ServicePort, TargetRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.pods import pod_findings
from k9py.diagnosis.services import service_findings
from k9py.diagnosis.workloads import workload_findings
from tests import factories as make


@dataclass(frozen=True)
class Left:
    """A leftover pod of a node, and its severity."""

    owner: KubeObject | None
    severity: Severity


def severities(findings: tuple[Finding, ...]) -> list[tuple[Severity, str]]:
    return [(finding.severity, finding.reason) for finding in findings]


@pytest.mark.parametrize(
    "left",
    [
        Left(make.replica_set(), Severity.WARNING),
        Left(make.stateful_set(), Severity.WARNING),
        Left(make.daemon_set(), Severity.WARNING),
        Left(Job(metadata=make.meta("Job", "import")), Severity.DOWN),
        Left(None, Severity.DOWN),
    ],
    ids=["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "nobody"],
)
def test_a_pod_its_node_rejected_is_a_leftover_if_its_owner_replaces_it(left: Left) -> None:
    rejected = make.pod(
        owner=left.owner, ready=False, phase="Failed", reason="NodeAffinity", message="Predicate NodeAffinity failed"
    )
    assert severities(pod_findings(rejected, make.NOW)) == [(left.severity, "NodeAffinity")]


def test_what_was_replaced_long_ago_is_garbage() -> None:
    evicted = make.pod(
        owner=make.replica_set(), ready=False, phase="Failed", reason="Evicted", statuses=[], created=9000
    )
    assert severities(pod_findings(evicted, make.NOW)) == [(Severity.INFO, "Evicted")]


def test_a_sidecar_that_died_not_long_ago_warns_though_its_pod_is_ready() -> None:
    proxy = make.container_status("proxy", last=make.terminated(137, "OOMKilled", since=120), restarts=2)
    pod = make.pod(init_statuses=[proxy])
    sidecar = Container(name="proxy", restart_policy="Always")
    with_sidecar = msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, init_containers=(sidecar,)))
    assert severities(pod_findings(with_sidecar, make.NOW)) == [(Severity.WARNING, "OOMKilled")]
    assert pod_findings(pod, make.NOW) == ()  # an init container that needed two tries is done with


def test_a_workload_that_is_being_deleted_does_not_fail_however_its_pods_end() -> None:
    crashed = make.pod(
        ready=False, statuses=[make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"))]
    )
    plain = make.deployment(ready=0, available=0)
    for seconds, severity in ((5, Severity.INFO), (600, Severity.WARNING)):
        meta = msgspec.structs.replace(
            plain.metadata, deletion_timestamp=make.before(seconds), finalizers=("foregroundDeletion",)
        )
        [finding] = workload_findings(msgspec.structs.replace(plain, metadata=meta), [], [crashed], [], make.NOW)
        assert finding.severity is severity
        assert "held by finalizer foregroundDeletion" in finding.message


def test_a_service_of_workloads_at_zero_leaves_the_explanation_to_them() -> None:
    service = make.service()
    assert service_findings(service, [], [], make.NOW, is_scaled_to_zero=True) == ()
    ending = [make.pod(deleted=make.before(-20), ready=False)]
    assert service_findings(service, [], ending, make.NOW, is_scaled_to_zero=True) == ()


def test_a_service_in_front_of_a_finished_job_is_not_broken() -> None:
    service, pods = make.service(), [make.pod(ready=False, phase="Succeeded", statuses=[])]
    findings = service_findings(service, [make.endpoint_slice(service)], pods, make.NOW)
    assert severities(findings) == [(Severity.INFO, "Completed")]


def test_a_named_port_of_the_other_protocol_does_not_answer() -> None:
    def with_port(protocol: str) -> Pod:
        pod = make.pod()
        container = Container(name="app", ports=(ContainerPort(container_port=53, name="dns", protocol=protocol),))
        return msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, containers=(container,)))

    service = make.service(ports=[ServicePort(port=53, protocol="UDP", target_port="dns")])
    for protocol, reasons in (("TCP", ["NoSuchPort"]), ("UDP", [])):
        pods = [with_port(protocol)]
        findings = service_findings(service, [make.endpoint_slice(service, pods)], pods, make.NOW)
        assert [finding.reason for finding in findings] == reasons


def test_endpoints_managed_manually_are_distinguished_without_uids() -> None:
    service = make.service()
    by_hand = EndpointSlice(
        metadata=make.endpoint_slice(service).metadata,
        endpoints=tuple(
            Endpoint(addresses=(f"10.0.0.{number}",), target_ref=TargetRef(kind="Node", name=f"node-{number}"))
            for number in (1, 2)
        ),
    )
    assert len({endpoint.backend_identity for endpoint in by_hand.endpoints or ()}) == 2


def test_an_owner_that_does_not_control_puts_nothing_in_a_pods_place() -> None:
    failed = make.pod(ready=False, phase="Failed", reason="NodeLost")
    meta = msgspec.structs.replace(failed.metadata, owner_references=(OwnerReference(kind="ReplicaSet", name="x"),))
    assert severities(pod_findings(msgspec.structs.replace(failed, metadata=meta), make.NOW)) == [
        (Severity.DOWN, "NodeLost")
    ]


def test_a_readiness_gate_that_nobody_opens_is_named() -> None:
    message = 'the status of pod readiness gate "lb.example.com/registered" is not "True", but False'
    pod = make.pod(
        ready=False,
        statuses=[make.container_status()],
        conditions=[make.condition("Ready", "False", "ReadinessGatesNotReady", message)],
    )
    [finding] = pod_findings(pod, make.NOW)
    assert finding.message == f"readiness gate is not met: {message}"
